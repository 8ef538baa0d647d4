package io.amalgam.evaluation.score.math;

import java.math.BigInteger;
import java.util.List;
import java.util.Set;

/** The functions that answers may hold. */
final class Functions {
    /** Functions that are written as LaTeX commands of the same name, with one argument. */
    static final Set<String> COMMANDS = Set.of(
            "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "log",
            "lg", "exp");

    private static final int MAXIMUM_FACTORIAL = 2_000;
    private static final Complex NOT_A_NUMBER = Complex.of(Double.NaN);

    private Functions() {
    }

    /** Returns a function's value; not finite where it has none. */
    static Complex evaluate(String name, List<Complex> arguments) {
        Complex x = arguments.getFirst();
        return switch (name) {
            case "exp" -> x.exponential();
            case "ln" -> x.logarithm();
            case "log" -> {
                Complex base = arguments.size() > 1 ? arguments.get(1) : Complex.of(10);
                yield x.logarithm().dividedBy(base.logarithm());
            }
            case "lg" -> x.logarithm().dividedBy(Complex.of(Math.log(10)));
            case "abs" -> Complex.of(x.absolute());
            default -> x.imaginary() == 0 ? real(name, x.real(), arguments) : NOT_A_NUMBER;
        };
    }

    private static Complex real(String name, double x, List<Complex> arguments) {
        return Complex.of(switch (name) {
            case "sin" -> Math.sin(x);
            case "cos" -> Math.cos(x);
            case "tan" -> Math.tan(x);
            case "cot" -> 1 / Math.tan(x);
            case "sec" -> 1 / Math.cos(x);
            case "csc" -> 1 / Math.sin(x);
            case "arcsin" -> Math.asin(x);
            case "arccos" -> Math.acos(x);
            case "arctan" -> Math.atan(x);
            case "sinh" -> Math.sinh(x);
            case "cosh" -> Math.cosh(x);
            case "tanh" -> Math.tanh(x);
            case "floor" -> Math.floor(x);
            case "ceil" -> Math.ceil(x);
            case "factorial" -> factorial(x);
            case "binom" -> arguments.get(1).imaginary() == 0
                    ? factorial(x) / factorial(arguments.get(1).real()) / factorial(x - arguments.get(1).real())
                    : Double.NaN;
            default -> Double.NaN;
        });
    }

    private static double factorial(double x) {
        if (x < 0 || x != Math.rint(x) || x > 170) {
            return Double.NaN;
        }
        double product = 1;
        for (int factor = 2; factor <= x; factor++) {
            product *= factor;
        }
        return product;
    }

    /** Returns a function's value where it is rational and computed exactly, else null. */
    static Fraction exact(String name, List<Fraction> arguments) {
        Fraction x = arguments.getFirst();
        return switch (name) {
            case "abs" -> new Fraction(x.numerator().abs(), x.denominator());
            case "floor" -> integer(floor(x));
            case "ceil" -> integer(floor(x.negated()).negate());
            case "factorial" -> isSmall(x) ? integer(factorial(x.numerator().intValue())) : null;
            case "binom" -> isSmall(x) && isSmall(arguments.get(1))
                            && x.numerator().compareTo(arguments.get(1).numerator()) >= 0
                    ? binomial(x.numerator().intValue(), arguments.get(1).numerator().intValue())
                    : null;
            default -> null;
        };
    }

    private static BigInteger floor(Fraction x) {
        BigInteger[] parts = x.numerator().divideAndRemainder(x.denominator());
        return parts[1].signum() < 0 ? parts[0].subtract(BigInteger.ONE) : parts[0];
    }

    private static boolean isSmall(Fraction x) {
        return x.isInteger() && x.numerator().signum() >= 0
                && x.numerator().compareTo(BigInteger.valueOf(MAXIMUM_FACTORIAL)) <= 0;
    }

    private static BigInteger factorial(int n) {
        BigInteger product = BigInteger.ONE;
        for (int factor = 2; factor <= n; factor++) {
            product = product.multiply(BigInteger.valueOf(factor));
        }
        return product;
    }

    private static Fraction binomial(int n, int k) {
        return new Fraction(factorial(n), factorial(k).multiply(factorial(n - k)));
    }

    private static Fraction integer(BigInteger value) {
        return new Fraction(value, BigInteger.ONE);
    }
}
