package io.amalgam.evaluation.score.math;

/**
 * A complex number in double precision.
 *
 * @param real its real part
 * @param imaginary its imaginary part
 */
record Complex(double real, double imaginary) {
    static final Complex ZERO = new Complex(0, 0);
    static final Complex ONE = new Complex(1, 0);
    static final Complex I = new Complex(0, 1);

    static Complex of(double real) {
        return new Complex(real, 0);
    }

    Complex plus(Complex other) {
        return new Complex(real + other.real, imaginary + other.imaginary);
    }

    Complex minus(Complex other) {
        return new Complex(real - other.real, imaginary - other.imaginary);
    }

    Complex times(Complex other) {
        if (imaginary == 0 && other.imaginary == 0) {
            return of(real * other.real);
        }
        return new Complex(
                real * other.real - imaginary * other.imaginary, real * other.imaginary + imaginary * other.real);
    }

    Complex dividedBy(Complex other) {
        if (imaginary == 0 && other.imaginary == 0) {
            return of(real / other.real);
        }
        double square = other.real * other.real + other.imaginary * other.imaginary;
        return new Complex(
                (real * other.real + imaginary * other.imaginary) / square,
                (imaginary * other.real - real * other.imaginary) / square);
    }

    double absolute() {
        return imaginary == 0 ? Math.abs(real) : Math.hypot(real, imaginary);
    }

    boolean finite() {
        return Double.isFinite(real) && Double.isFinite(imaginary);
    }

    Complex exponential() {
        double length = Math.exp(real);
        return imaginary == 0
                ? of(length)
                : new Complex(length * Math.cos(imaginary), length * Math.sin(imaginary));
    }

    /** The principal natural logarithm. */
    Complex logarithm() {
        return new Complex(Math.log(absolute()), Math.atan2(imaginary, real));
    }

    /** The principal power. */
    Complex power(Complex exponent) {
        if (exponent.imaginary == 0 && exponent.real == Math.rint(exponent.real) && Math.abs(exponent.real) <= 64) {
            return integerPower((int) exponent.real);
        }
        if (imaginary == 0 && exponent.imaginary == 0 && real >= 0) {
            return of(Math.pow(real, exponent.real));
        }
        if (absolute() == 0) {
            return exponent.real > 0 ? ZERO : of(Double.NaN);
        }
        return logarithm().times(exponent).exponential();
    }

    private Complex integerPower(int exponent) {
        Complex result = ONE;
        for (int step = 0; step < Math.abs(exponent); step++) {
            result = result.times(this);
        }
        return exponent < 0 ? ONE.dividedBy(result) : result;
    }
}
