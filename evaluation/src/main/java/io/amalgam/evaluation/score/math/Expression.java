package io.amalgam.evaluation.score.math;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A number, or a formula that becomes one when its symbols have values. */
sealed interface Expression {

    /** Returns the value where the symbols have values; not finite where it has none. */
    Complex evaluate(Map<String, Complex> symbols);

    /** Adds the names of the symbols in it. */
    void collectSymbols(Set<String> names);

    /** Returns the exact value if it is rational and of reasonable size, else null. */
    Fraction exact();

    /**
     * A fraction.
     *
     * @param value its value
     * @param decimal whether it was written with a decimal point
     */
    record Number(Fraction value, boolean decimal) implements Expression {
        static Number of(long value) {
            return new Number(new Fraction(BigInteger.valueOf(value), BigInteger.ONE), false);
        }

        @Override
        public Complex evaluate(Map<String, Complex> symbols) {
            return Complex.of(value.toDouble());
        }

        @Override
        public void collectSymbols(Set<String> names) {
            // It has none.
        }

        @Override
        public Fraction exact() {
            return value;
        }
    }

    /** A constant that is not rational: pi, e, i, infinity. */
    enum Constant implements Expression {
        PI("pi", Complex.of(Math.PI)),
        E("e", Complex.of(Math.E)),
        I("i", Complex.I),
        INFINITY("infinity", Complex.of(Double.POSITIVE_INFINITY));

        private final String letters;
        private final Complex value;

        Constant(String letters, Complex value) {
            this.letters = letters;
            this.value = value;
        }

        /** Returns how it is written in a word: {@code even} is not a product with e squared. */
        String letters() {
            return letters;
        }

        @Override
        public Complex evaluate(Map<String, Complex> symbols) {
            return value;
        }

        @Override
        public void collectSymbols(Set<String> names) {
            // It has none.
        }

        @Override
        public Fraction exact() {
            return null;
        }
    }

    /** A variable, or a word. */
    record Symbol(String name) implements Expression {
        @Override
        public Complex evaluate(Map<String, Complex> symbols) {
            return symbols.getOrDefault(name, Complex.of(Double.NaN));
        }

        @Override
        public void collectSymbols(Set<String> names) {
            names.add(name);
        }

        @Override
        public Fraction exact() {
            return null;
        }
    }

    /** A sum. */
    record Sum(List<Expression> terms) implements Expression {
        @Override
        public Complex evaluate(Map<String, Complex> symbols) {
            Complex sum = Complex.ZERO;
            for (Expression term : terms) {
                sum = sum.plus(term.evaluate(symbols));
            }
            return sum;
        }

        @Override
        public void collectSymbols(Set<String> names) {
            terms.forEach(term -> term.collectSymbols(names));
        }

        @Override
        public Fraction exact() {
            Fraction sum = Fraction.ZERO;
            for (Expression term : terms) {
                Fraction value = term.exact();
                if (value == null) {
                    return null;
                }
                sum = sum.plus(value);
            }
            return sum;
        }
    }

    /** A product. */
    record Product(List<Expression> factors) implements Expression {
        @Override
        public Complex evaluate(Map<String, Complex> symbols) {
            Complex product = Complex.ONE;
            for (Expression factor : factors) {
                product = product.times(factor.evaluate(symbols));
            }
            return product;
        }

        @Override
        public void collectSymbols(Set<String> names) {
            factors.forEach(factor -> factor.collectSymbols(names));
        }

        @Override
        public Fraction exact() {
            Fraction product = Fraction.ONE;
            for (Expression factor : factors) {
                Fraction value = factor.exact();
                if (value == null) {
                    return null;
                }
                product = product.times(value);
            }
            return product;
        }
    }

    /** A quotient. */
    record Quotient(Expression dividend, Expression divisor) implements Expression {
        @Override
        public Complex evaluate(Map<String, Complex> symbols) {
            return dividend.evaluate(symbols).dividedBy(divisor.evaluate(symbols));
        }

        @Override
        public void collectSymbols(Set<String> names) {
            dividend.collectSymbols(names);
            divisor.collectSymbols(names);
        }

        @Override
        public Fraction exact() {
            Fraction above = dividend.exact();
            Fraction below = divisor.exact();
            return above == null || below == null || below.isZero() ? null : above.dividedBy(below);
        }
    }

    /** A power; roots are powers too. */
    record Power(Expression base, Expression exponent) implements Expression {
        @Override
        public Complex evaluate(Map<String, Complex> symbols) {
            return base.evaluate(symbols).power(exponent.evaluate(symbols));
        }

        @Override
        public void collectSymbols(Set<String> names) {
            base.collectSymbols(names);
            exponent.collectSymbols(names);
        }

        @Override
        public Fraction exact() {
            Fraction value = base.exact();
            Fraction power = exponent.exact();
            return value == null || power == null ? null : value.power(power);
        }
    }

    /** A function of one or two arguments that {@link Functions} knows. */
    record Call(String name, List<Expression> arguments) implements Expression {
        @Override
        public Complex evaluate(Map<String, Complex> symbols) {
            return Functions.evaluate(name, arguments.stream().map(argument -> argument.evaluate(symbols)).toList());
        }

        @Override
        public void collectSymbols(Set<String> names) {
            arguments.forEach(argument -> argument.collectSymbols(names));
        }

        @Override
        public Fraction exact() {
            List<Fraction> values = new ArrayList<>();
            for (Expression argument : arguments) {
                Fraction value = argument.exact();
                if (value == null) {
                    return null;
                }
                values.add(value);
            }
            return Functions.exact(name, values);
        }
    }
}
