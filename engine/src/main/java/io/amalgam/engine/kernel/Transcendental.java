package io.amalgam.engine.kernel;

/**
 * Exponential and logarithm by polynomials with a fixed order of operations in binary64, so that their bits are the same
 * on every machine. Their relative error is below 2^-50: enough for results rounded to binary32.
 */
final class Transcendental {
    static final double LOG2_E = 0x1.71547652b82fep0;
    /** ln 2 in two parts; products of the first with exponents are exact. */
    static final double LN2_HIGH = 0x1.62e42feep-1;
    static final double LN2_LOW = 0x1.a39ef35793c76p-33;
    /** Below this, e^x is zero even as a subnormal binary32. */
    static final double UNDERFLOW = -700;
    /** The bits of √½. */
    static final long ROOT_HALF = 0x3FE6A09E667F3BCDL;

    private static final int TAYLOR_TERMS = 13;
    static final double[] INVERSE_FACTORIALS = new double[TAYLOR_TERMS + 1];
    /** Twice the terms of the inverse hyperbolic tangent: 2/1, 2/3, … 2/21. */
    static final double[] TWICE_INVERSE_ODD = new double[11];

    static {
        double factorial = 1;
        for (int i = 0; i <= TAYLOR_TERMS; i++) {
            factorial *= Math.max(1, i);
            INVERSE_FACTORIALS[i] = 1 / factorial;
        }
        for (int i = 0; i < TWICE_INVERSE_ODD.length; i++) {
            TWICE_INVERSE_ODD[i] = 2.0 / (2 * i + 1);
        }
    }

    private Transcendental() {
    }

    /** e^x for x up to 700; below -700 it is zero. */
    static double exp(double x) {
        if (x < UNDERFLOW) {
            return 0;
        }
        double exponent = Math.rint(x * LOG2_E);
        double rest = x - exponent * LN2_HIGH - exponent * LN2_LOW;
        double sum = INVERSE_FACTORIALS[TAYLOR_TERMS];
        for (int i = TAYLOR_TERMS - 1; i >= 0; i--) {
            sum = sum * rest + INVERSE_FACTORIALS[i];
        }
        return sum * Double.longBitsToDouble((long) exponent + 1023 << 52);
    }

    /** ln x for x that is a normal binary64, zero, infinite or NaN. */
    static double log(double x) {
        if (!(x > 0) || x == Double.POSITIVE_INFINITY) {
            return x == 0 ? Double.NEGATIVE_INFINITY : x > 0 ? x : Double.NaN;
        }
        long bits = Double.doubleToRawLongBits(x);
        // The exponent that leaves a mantissa between √½ and √2.
        int exponent = (int) (bits - ROOT_HALF >> 52);
        double mantissa = Double.longBitsToDouble(bits - ((long) exponent << 52));
        double s = (mantissa - 1) / (mantissa + 1);
        double square = s * s;
        double sum = TWICE_INVERSE_ODD[TWICE_INVERSE_ODD.length - 1];
        for (int i = TWICE_INVERSE_ODD.length - 2; i >= 0; i--) {
            sum = sum * square + TWICE_INVERSE_ODD[i];
        }
        return exponent * LN2_LOW + sum * s + exponent * LN2_HIGH;
    }
}
