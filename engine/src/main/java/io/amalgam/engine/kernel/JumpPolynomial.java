package io.amalgam.engine.kernel;

import java.util.Arrays;
import java.util.BitSet;

/**
 * A polynomial over GF(2) that moves MT19937 ahead: t^n modulo the characteristic polynomial of the recurrence (Haramoto,
 * Matsumoto, Nishimura, Panneton, L'Ecuyer 2008, Efficient jump ahead for F2-linear random number generators).
 */
public final class JumpPolynomial {
    /** Degree of the characteristic polynomial. */
    static final int DEGREE = 19937;

    /** Words of 64 terms. */
    private static final int WORDS = DEGREE / 64 + 1;
    /** The characteristic polynomial's terms below the highest; the next one is t^19710, so words can be folded whole. */
    private static final int[] LOWER_TERMS = lowerTerms();

    private final int[] terms;

    private JumpPolynomial(int[] terms) {
        this.terms = terms;
    }

    /** The polynomial that moves ahead by so many draws. */
    public static JumpPolynomial of(long draws) {
        long[] power = new long[WORDS];
        power[0] = 1;
        for (int bit = 63 - Long.numberOfLeadingZeros(Math.max(1, draws)); bit >= 0; bit--) {
            power = square(power);
            if ((draws >>> bit & 1) == 1) {
                power = timesT(power);
            }
        }
        return new JumpPolynomial(exponents(power));
    }

    /** The exponents of its terms, in ascending order. */
    int[] terms() {
        return terms;
    }

    private static int[] exponents(long[] polynomial) {
        return BitSet.valueOf(polynomial).stream().toArray();
    }

    private static long[] square(long[] factor) {
        long[] product = new long[2 * WORDS];
        for (int word = 0; word < WORDS; word++) {
            product[2 * word] = spread((int) factor[word]);
            product[2 * word + 1] = spread((int) (factor[word] >>> 32));
        }
        reduce(product);
        return Arrays.copyOf(product, WORDS);
    }

    private static long[] timesT(long[] factor) {
        long[] product = new long[WORDS + 1];
        for (int word = 0; word < WORDS; word++) {
            product[word] |= factor[word] << 1;
            product[word + 1] |= factor[word] >>> 63;
        }
        reduce(product);
        return Arrays.copyOf(product, WORDS);
    }

    /** The square of a polynomial of degree 31: a zero between all bits. */
    private static long spread(int value) {
        long x = value & 0xFFFFFFFFL;
        x = (x | x << 16) & 0x0000FFFF0000FFFFL;
        x = (x | x << 8) & 0x00FF00FF00FF00FFL;
        x = (x | x << 4) & 0x0F0F0F0F0F0F0F0FL;
        x = (x | x << 2) & 0x3333333333333333L;
        return (x | x << 1) & 0x5555555555555555L;
    }

    /** Takes away multiples of the characteristic polynomial until the degree is below its degree. */
    private static void reduce(long[] product) {
        for (int word = product.length - 1; word >= DEGREE / 64; word--) {
            int base = word * 64;
            // In the last word only the bits from t^19937 on are too high.
            long high = base > DEGREE ? product[word] : product[word] & -1L << DEGREE;
            product[word] ^= high;
            for (int term : LOWER_TERMS) {
                int place = base - DEGREE + term;
                if (place >= 0) {
                    product[place >>> 6] ^= high << place;
                    if ((place & 63) != 0) {
                        product[(place >>> 6) + 1] ^= high >>> -place;
                    }
                } else {
                    product[0] ^= high >>> -place;
                }
            }
        }
    }

    /**
     * The characteristic polynomial in closed form (Matsumoto and Nishimura 1998, appendix): with P = t^624 + t^397,
     * Q = t^623 + t^396 and the matrix's bits a_0 … a_31 from the highest to the lowest,
     * P·Q^31 + Σ_{i<31} a_i·P·Q^(30-i) + a_31, written here with the bits in the order that the recurrence has them.
     */
    private static int[] lowerTerms() {
        long[] sum = new long[WORDS];
        long[] power = new long[WORDS];
        power[0] = 1;
        // Q^j for j from 0; a bit of the matrix goes with each.
        toggle(sum, MersenneTwister.MATRIX >>> 31 != 0 ? power : new long[WORDS]);
        for (int j = 0; j <= 31; j++) {
            long[] term = timesBinomial(power, MersenneTwister.STATE, MersenneTwister.MIDDLE);
            boolean wanted = j == 31 || (MersenneTwister.MATRIX >>> 30 - j & 1) == 1;
            if (wanted) {
                toggle(sum, term);
            }
            if (j < 31) {
                power = timesBinomial(power, MersenneTwister.STATE - 1, MersenneTwister.MIDDLE - 1);
            }
        }
        return Arrays.stream(exponents(sum)).filter(term -> term < DEGREE).toArray();
    }

    private static void toggle(long[] sum, long[] term) {
        for (int word = 0; word < WORDS; word++) {
            sum[word] ^= term[word];
        }
    }

    /** {@code factor × (t^first + t^second)}, of a degree that fits. */
    private static long[] timesBinomial(long[] factor, int first, int second) {
        long[] product = new long[WORDS];
        for (int term = 0; term < WORDS * 64; term++) {
            if ((factor[term >>> 6] >>> term & 1) == 1) {
                product[term + first >>> 6] ^= 1L << term + first;
                product[term + second >>> 6] ^= 1L << term + second;
            }
        }
        return product;
    }
}
