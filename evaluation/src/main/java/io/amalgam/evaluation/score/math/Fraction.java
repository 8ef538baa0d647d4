package io.amalgam.evaluation.score.math;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * An exact fraction in lowest terms.
 *
 * @param numerator the numerator, which has the sign
 * @param denominator the denominator, above 0
 */
record Fraction(BigInteger numerator, BigInteger denominator) {
    static final Fraction ZERO = new Fraction(BigInteger.ZERO, BigInteger.ONE);
    static final Fraction ONE = new Fraction(BigInteger.ONE, BigInteger.ONE);

    /** Numbers beyond this many bits are not computed exactly: an answer must not stop the scorer. */
    private static final int MAXIMUM_BITS = 100_000;

    Fraction {
        if (denominator.signum() == 0) {
            throw new ArithmeticException("division by zero");
        }
        BigInteger divisor = numerator.gcd(denominator);
        if (denominator.signum() < 0) {
            divisor = divisor.negate();
        }
        if (!divisor.equals(BigInteger.ONE)) {
            numerator = numerator.divide(divisor);
            denominator = denominator.divide(divisor);
        }
    }

    static Fraction of(BigDecimal value) {
        return value.scale() >= 0
                ? new Fraction(value.unscaledValue(), BigInteger.TEN.pow(value.scale()))
                : new Fraction(value.toBigIntegerExact(), BigInteger.ONE);
    }

    boolean isZero() {
        return numerator.signum() == 0;
    }

    boolean isInteger() {
        return denominator.equals(BigInteger.ONE);
    }

    Fraction plus(Fraction other) {
        return new Fraction(
                numerator.multiply(other.denominator).add(other.numerator.multiply(denominator)),
                denominator.multiply(other.denominator));
    }

    Fraction times(Fraction other) {
        return new Fraction(numerator.multiply(other.numerator), denominator.multiply(other.denominator));
    }

    Fraction dividedBy(Fraction other) {
        return new Fraction(numerator.multiply(other.denominator), denominator.multiply(other.numerator));
    }

    Fraction negated() {
        return new Fraction(numerator.negate(), denominator);
    }

    /** Returns the power if it is rational and not huge, else null. */
    Fraction power(Fraction exponent) {
        if (exponent.isInteger()) {
            if (exponent.numerator.bitLength() > 31) {
                return null;
            }
            int power = exponent.numerator.intValue();
            long bits = (long) Math.abs((long) power)
                    * Math.max(numerator.bitLength(), denominator.bitLength());
            if (bits > MAXIMUM_BITS || power < 0 && isZero()) {
                return null;
            }
            return power >= 0
                    ? new Fraction(numerator.pow(power), denominator.pow(power))
                    : new Fraction(denominator.pow(-power), numerator.pow(-power));
        }
        if (exponent.denominator.equals(BigInteger.TWO) && numerator.signum() >= 0) {
            BigInteger above = numerator.sqrt();
            BigInteger below = denominator.sqrt();
            boolean square = above.multiply(above).equals(numerator) && below.multiply(below).equals(denominator);
            return square
                    ? new Fraction(above, below).power(new Fraction(exponent.numerator, BigInteger.ONE))
                    : null;
        }
        return null;
    }

    double toDouble() {
        return new BigDecimal(numerator).divide(new BigDecimal(denominator), MathContext.DECIMAL64).doubleValue();
    }

    /** Returns the value rounded to some decimals, half to even. */
    BigDecimal rounded(int decimals) {
        return new BigDecimal(numerator)
                .divide(new BigDecimal(denominator), decimals + 20, RoundingMode.HALF_EVEN)
                .setScale(decimals, RoundingMode.HALF_EVEN);
    }
}
