package io.amalgam.engine.kernel;

import java.util.Arrays;

/**
 * The generator MT19937 (Matsumoto and Nishimura 1998), as torch's CPU generator has it: seeded by
 * {@code init_genrand}, 32 bits a draw. An instance is a place in the stream; it can be copied, advanced, and moved far
 * ahead by a polynomial ({@link #jump}).
 *
 * <p>The stream is the linear recurrence x[k+624] = x[k+397] ⊕ twist(x[k], x[k+1]); draw number k is the tempered
 * x[k+624]. An instance holds x[k] … x[k+623].
 */
public final class MersenneTwister {
    /** Words of the state, which lie before the draws in a buffer of {@link #generate}. */
    public static final int STATE = 624;
    /** Distance of the other term of the recurrence. */
    static final int MIDDLE = 397;
    /** The twist's matrix. */
    static final int MATRIX = 0x9908B0DF;
    /** Draws that are skipped at a time. */
    private static final int SKIP = 1 << 12;

    private final int[] words;

    private MersenneTwister(int[] words) {
        this.words = words;
    }

    /** The beginning of the stream of a seed, of which the lower 32 bits count. */
    public static MersenneTwister seeded(long seed) {
        int[] words = new int[STATE];
        words[0] = (int) seed;
        for (int i = 1; i < STATE; i++) {
            words[i] = 1812433253 * (words[i - 1] ^ words[i - 1] >>> 30) + i;
        }
        return new MersenneTwister(words);
    }

    /** The same place, independent of this instance. */
    public MersenneTwister copy() {
        return new MersenneTwister(words.clone());
    }

    /**
     * Draws without tempering, and moves ahead.
     *
     * @param buffer at least {@code count} + 624 long; the draws come to lie at 624 and after
     */
    public void generate(RandomKernels kernels, int[] buffer, int count) {
        System.arraycopy(words, 0, buffer, 0, STATE);
        kernels.generate(buffer, count);
        System.arraycopy(buffer, count, words, 0, STATE);
    }

    /** Moves ahead by generating; fit for short ways. */
    public void skip(RandomKernels kernels, long draws) {
        int[] buffer = new int[STATE + SKIP];
        for (long left = draws; left > 0; left -= SKIP) {
            generate(kernels, buffer, (int) Math.min(left, SKIP));
        }
    }

    /** Moves ahead by the number of draws that the polynomial was made for. */
    public void jump(JumpPolynomial polynomial, RandomKernels kernels) {
        // The state so many draws ahead is the sum, over the polynomial's terms t^i, of the states i draws ahead.
        int[] stream = new int[2 * STATE + JumpPolynomial.DEGREE];
        System.arraycopy(words, 0, stream, 0, STATE);
        kernels.generate(stream, JumpPolynomial.DEGREE);
        kernels.addStates(stream, polynomial.terms(), words);
    }

    /** A draw from an untempered one. */
    public static int temper(int raw) {
        int y = raw;
        y ^= y >>> 11;
        y ^= y << 7 & 0x9D2C5680;
        y ^= y << 15 & 0xEFC60000;
        return y ^ y >>> 18;
    }

    /** Whether two instances are at places with the same continuation. */
    @Override
    public boolean equals(Object other) {
        // Of the first word only the highest bit is part of the state.
        return other instanceof MersenneTwister that
                && words[0] < 0 == that.words[0] < 0
                && Arrays.equals(words, 1, STATE, that.words, 1, STATE);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(Arrays.copyOfRange(words, 1, STATE));
    }
}
