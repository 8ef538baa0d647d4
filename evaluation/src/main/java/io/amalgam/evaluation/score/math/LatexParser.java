package io.amalgam.evaluation.score.math;

import io.amalgam.evaluation.score.math.Expression.Call;
import io.amalgam.evaluation.score.math.Expression.Constant;
import io.amalgam.evaluation.score.math.Expression.Number;
import io.amalgam.evaluation.score.math.Expression.Power;
import io.amalgam.evaluation.score.math.Expression.Product;
import io.amalgam.evaluation.score.math.Expression.Quotient;
import io.amalgam.evaluation.score.math.Expression.Sum;
import io.amalgam.evaluation.score.math.Expression.Symbol;
import io.amalgam.evaluation.score.math.LatexTokens.Kind;
import io.amalgam.evaluation.score.math.LatexTokens.Token;
import io.amalgam.evaluation.score.math.MathValue.Collection;
import io.amalgam.evaluation.score.math.MathValue.Interval;
import io.amalgam.evaluation.score.math.MathValue.Matrix;
import io.amalgam.evaluation.score.math.MathValue.Relation;
import io.amalgam.evaluation.score.math.MathValue.Scalar;
import io.amalgam.evaluation.score.math.MathValue.Statement;
import io.amalgam.evaluation.score.math.MathValue.Tuple;
import io.amalgam.evaluation.score.math.MathValue.Union;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads the LaTeX of mathematical answers: arithmetic, roots, powers, functions, relations, sets, intervals, tuples,
 * matrices, words. What is beyond it is refused, never guessed.
 */
final class LatexParser {
    private static final int MAXIMUM_DEPTH = 60;
    private static final int MAXIMUM_LENGTH = 2_000;

    private final List<Token> tokens;
    private final boolean caseSensitive;
    private int position;
    private int depth;

    private LatexParser(List<Token> tokens, boolean caseSensitive) {
        this.tokens = tokens;
        this.caseSensitive = caseSensitive;
    }

    /**
     * Reads an answer.
     *
     * @param caseSensitive whether symbols in upper and lower case differ
     * @throws IllegalArgumentException if it cannot be read
     */
    static MathValue parse(String latex, boolean caseSensitive) {
        if (latex.length() > MAXIMUM_LENGTH) {
            throw new IllegalArgumentException("longer than " + MAXIMUM_LENGTH + " characters");
        }
        LatexParser parser = new LatexParser(LatexTokens.read(latex), caseSensitive);
        try {
            MathValue value = parser.list();
            if (parser.peek().kind() != Kind.END) {
                throw parser.unexpected();
            }
            return value;
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** Statements separated by commas: several are a collection. */
    private MathValue list() {
        List<MathValue> elements = new ArrayList<>();
        elements.add(statement());
        while (peek().is(",") || peek().is(";")) {
            position++;
            elements.add(statement());
        }
        return elements.size() == 1 ? elements.getFirst() : collection(elements);
    }

    /** A collection within a collection ({@code \pm}) is part of it. */
    private static MathValue collection(List<MathValue> elements) {
        List<MathValue> flat = new ArrayList<>();
        for (MathValue element : elements) {
            if (element instanceof Collection(List<MathValue> inner)) {
                flat.addAll(inner);
            } else {
                flat.add(element);
            }
        }
        return new Collection(flat);
    }

    private MathValue statement() {
        List<MathValue> sides = new ArrayList<>();
        List<Relation> relations = new ArrayList<>();
        sides.add(union());
        for (Relation relation = relation(); relation != null; relation = relation()) {
            position++;
            if (relation == Relation.LESS || relation == Relation.GREATER) {
                relation = takeEqualSign() ? orEqual(relation) : relation;
            }
            relations.add(relation);
            sides.add(union());
        }
        return relations.isEmpty() ? sides.getFirst() : new Statement(sides, relations);
    }

    private boolean takeEqualSign() {
        if (peek().is("=")) {
            position++;
            return true;
        }
        return false;
    }

    private static Relation orEqual(Relation relation) {
        return relation == Relation.LESS ? Relation.LESS_OR_EQUAL : Relation.GREATER_OR_EQUAL;
    }

    private Relation relation() {
        if (peek().kind() == Kind.TEXT) {
            return null;
        }
        return switch (peek().text()) {
            case "=", "\\in", "\\equiv", "\\approx" -> Relation.EQUAL;
            case "<", "\\lt" -> Relation.LESS;
            case ">", "\\gt" -> Relation.GREATER;
            case "\\le", "\\leq", "\\leqslant", "\u2264" -> Relation.LESS_OR_EQUAL;
            case "\\ge", "\\geq", "\\geqslant", "\u2265" -> Relation.GREATER_OR_EQUAL;
            case "\\ne", "\\neq", "\u2260" -> Relation.NOT_EQUAL;
            default -> null;
        };
    }

    private MathValue union() {
        List<MathValue> parts = new ArrayList<>();
        parts.add(sum());
        while (peek().is("\\cup") || peek().is("\u222a")) {
            position++;
            parts.add(sum());
        }
        return parts.size() == 1 ? parts.getFirst() : new Union(parts);
    }

    /** A sum; with {@code \pm} both of its values. What is no number must stand alone. */
    private MathValue sum() {
        List<Expression> terms = new ArrayList<>();
        Expression plusMinus = null;
        boolean negative = false;
        if (peek().is("-") || peek().is("+") || peek().is("\u2212")) {
            negative = !next().is("+");
        }
        if (!peek().is("\\pm")) {
            MathValue first = product();
            if (!(first instanceof Scalar(Expression expression))) {
                if (negative) {
                    throw unexpected();
                }
                return first;
            }
            terms.add(negative ? negate(expression) : expression);
        }
        while (true) {
            Token token = peek();
            if (token.is("+") || token.is("-") || token.is("\u2212")) {
                position++;
                boolean minus = !token.is("+");
                if (peek().is("-")) {
                    position++;
                    minus = !minus;
                }
                Expression term = scalar(product());
                terms.add(minus ? negate(term) : term);
            } else if (token.is("\\pm") && plusMinus == null) {
                position++;
                plusMinus = scalar(product());
            } else {
                break;
            }
        }
        if (plusMinus == null) {
            return new Scalar(sumOf(terms));
        }
        List<Expression> minus = new ArrayList<>(terms);
        terms.add(plusMinus);
        minus.add(negate(plusMinus));
        return new Collection(List.of(new Scalar(sumOf(terms)), new Scalar(sumOf(minus))));
    }

    private static Expression sumOf(List<Expression> terms) {
        return terms.size() == 1 ? terms.getFirst() : new Sum(List.copyOf(terms));
    }

    private static Expression negate(Expression expression) {
        return expression instanceof Number(Fraction value, boolean decimal)
                ? new Number(value.negated(), decimal)
                : new Product(List.of(Number.of(-1), expression));
    }

    private MathValue product() {
        Token start = peek();
        MathValue first = power();
        if (!(first instanceof Scalar(Expression expression))) {
            return first;
        }
        List<Expression> factors = new ArrayList<>();
        factors.add(expression);
        boolean wholeNumber = start.kind() == Kind.NUMBER && expression instanceof Number number && !number.decimal();
        while (true) {
            Token token = peek();
            if (token.is("*") || token.is("\\cdot") || token.is("\\times") || token.is("\u00d7")) {
                position++;
                factors.add(signed());
            } else if (token.is("/") || token.is("\\div") || token.is(":") || token.is("\u00f7")) {
                position++;
                Expression dividend = productOf(factors);
                factors.clear();
                factors.add(new Quotient(dividend, signed()));
            } else if (startsFactor(token)) {
                Expression factor = scalar(power());
                boolean mixed = wholeNumber && factors.size() == 1 && token.is("\\frac")
                        && factor instanceof Quotient(Number above, Number below);
                if (mixed) {
                    // Five and a half, written as 5\frac12.
                    factors.set(0, new Sum(List.of(factors.getFirst(), factor)));
                } else {
                    factors.add(factor);
                }
            } else {
                return new Scalar(productOf(factors));
            }
        }
    }

    private static Expression productOf(List<Expression> factors) {
        return factors.size() == 1 ? factors.getFirst() : new Product(List.copyOf(factors));
    }

    private Expression signed() {
        if (peek().is("-")) {
            position++;
            return negate(scalar(power()));
        }
        return scalar(power());
    }

    private static boolean startsFactor(Token token) {
        return switch (token.kind()) {
            case NUMBER, LETTER, TEXT -> true;
            case COMMAND -> LatexFactors.starts(token.text());
            case OTHER -> token.text().equals("(") || token.text().equals("{");
            case BEGIN, END_ENVIRONMENT, END -> false;
        };
    }

    /** A factor with what follows it: powers, subscripts, factorials, degrees. */
    private MathValue power() {
        MathValue base = factor();
        while (true) {
            Token token = peek();
            if (token.is("^")) {
                position++;
                if (isDegree()) {
                    continue;
                }
                base = new Scalar(new Power(scalar(base), argument()));
            } else if (token.is("_")) {
                position++;
                base = subscript(base);
            } else if (token.is("!")) {
                position++;
                base = new Scalar(new Call("factorial", List.of(scalar(base))));
            } else if (token.is("\\circ") || token.is("\\degree") || token.is("\u00b0")) {
                position++;
            } else {
                return base;
            }
        }
    }

    /** Degrees are not converted: 90 degrees are 90. */
    private boolean isDegree() {
        if (peek().is("\\circ")) {
            position++;
            return true;
        }
        if (peek().is("{") && tokens.get(position + 1).is("\\circ") && tokens.get(position + 2).is("}")) {
            position += 3;
            return true;
        }
        return false;
    }

    /** A subscript belongs to a symbol's name; that of a number, its base, is passed over as the reference does. */
    private MathValue subscript(MathValue base) {
        StringBuilder index = new StringBuilder();
        if (peek().is("{")) {
            position++;
            while (!peek().is("}")) {
                if (peek().kind() == Kind.END) {
                    throw unexpected();
                }
                index.append(next().text());
            }
            position++;
        } else {
            index.append(next().text());
        }
        return switch (base) {
            case Scalar(Symbol(String name)) -> new Scalar(new Symbol(name + "_" + index));
            case Scalar(Number number) -> base;
            default -> throw unexpected();
        };
    }

    private MathValue factor() {
        if (++depth > MAXIMUM_DEPTH) {
            throw new IllegalArgumentException("nested too deeply");
        }
        MathValue factor = undividedFactor();
        depth--;
        return factor;
    }

    private MathValue undividedFactor() {
        Token token = next();
        return switch (token.kind()) {
            case NUMBER -> new Scalar(new Number(Fraction.of(new BigDecimal(token.text())), token.text().contains(".")));
            case LETTER -> new Scalar(letter(token.text()));
            case TEXT -> new Scalar(word(token.text()));
            case BEGIN -> matrix(token.text());
            case COMMAND -> command(token);
            case OTHER -> switch (token.text()) {
                case "(", "[" -> bracketed(token.text().equals("("));
                case "{" -> grouped();
                case "|" -> new Scalar(absolute("|"));
                case "\u221e" -> new Scalar(Constant.INFINITY);
                case "\u03c0" -> new Scalar(Constant.PI);
                default -> throw unexpected();
            };
            case END_ENVIRONMENT, END -> throw unexpected();
        };
    }

    private Expression letter(String letter) {
        return switch (letter) {
            case "e" -> Constant.E;
            case "i" -> Constant.I;
            default -> new Symbol(caseSensitive ? letter : letter.toLowerCase(Locale.ROOT));
        };
    }

    private Expression word(String text) {
        String bare = text.length() > 2 && text.startsWith("(") && text.endsWith(")")
                ? text.substring(1, text.length() - 1)
                : text;
        return new Symbol(caseSensitive ? bare : bare.toLowerCase(Locale.ROOT));
    }

    private MathValue command(Token token) {
        String name = token.text().substring(1);
        if (Functions.COMMANDS.contains(name)) {
            return new Scalar(function(name));
        }
        return switch (name) {
            case "frac", "dfrac", "tfrac", "cfrac" -> new Scalar(new Quotient(argument(), argument()));
            case "sqrt" -> new Scalar(root());
            case "pi" -> new Scalar(Constant.PI);
            case "infty" -> new Scalar(Constant.INFINITY);
            case "binom", "dbinom", "tbinom" -> new Scalar(new Call("binom", List.of(argument(), argument())));
            case "{", "lbrace" -> set();
            case "lvert", "vert" -> new Scalar(absolute(name.equals("lvert") ? "\\rvert" : "\\vert"));
            case "|" -> new Scalar(absolute("\\|"));
            case "lfloor" -> new Scalar(enclosed("floor", "\\rfloor"));
            case "lceil" -> new Scalar(enclosed("ceil", "\\rceil"));
            case "emptyset", "varnothing" -> new Collection(List.of());
            case "mathbb", "mathbf", "mathrm", "mathit", "mathcal", "bold" -> new Scalar(named());
            default -> {
                if (LatexFactors.isLetter(name)) {
                    yield new Scalar(new Symbol(name));
                }
                throw unexpected();
            }
        };
    }

    private Expression named() {
        StringBuilder name = new StringBuilder();
        if (!next().is("{")) {
            throw unexpected();
        }
        while (!peek().is("}")) {
            if (peek().kind() != Kind.LETTER) {
                throw unexpected();
            }
            name.append(next().text());
        }
        position++;
        return word(name.toString());
    }

    private Expression function(String name) {
        Expression base = null;
        Expression power = null;
        while (peek().is("_") || peek().is("^")) {
            if (next().is("_")) {
                base = argument();
            } else {
                power = argument();
            }
        }
        Expression argument = functionArgument();
        Expression call = name.equals("log") && base != null
                ? new Call("log", List.of(argument, base))
                : new Call(name, List.of(argument));
        return power == null ? call : new Power(call, power);
    }

    /** What stands in brackets; otherwise all factors up to the next sign or function. */
    private Expression functionArgument() {
        if (peek().is("(") || peek().is("{")) {
            return scalar(power());
        }
        List<Expression> factors = new ArrayList<>();
        factors.add(signed());
        while (startsFactor(peek()) && !Functions.COMMANDS.contains(peek().text().replace("\\", ""))) {
            factors.add(scalar(power()));
        }
        return productOf(factors);
    }

    private Expression root() {
        Expression degree = Number.of(2);
        if (peek().is("[")) {
            position++;
            degree = scalar(sum());
            expect("]");
        }
        return new Power(argument(), new Quotient(Number.of(1), degree));
    }

    /** The argument of a command: a group, or the next token alone. */
    private Expression argument() {
        Token token = peek();
        if (token.is("{")) {
            position++;
            return scalar(grouped());
        }
        if (token.is("-")) {
            position++;
            return negate(argument());
        }
        if (token.kind() == Kind.NUMBER && token.text().length() > 1 && !token.text().contains(".")) {
            // \frac12 is a half: a bare argument is one digit.
            tokens.set(position, new Token(Kind.NUMBER, token.text().substring(1)));
            return Number.of(token.text().charAt(0) - '0');
        }
        return scalar(factor());
    }

    private MathValue grouped() {
        MathValue value = list();
        expect("}");
        return value;
    }

    private MathValue set() {
        if (peek().is("\\}") || peek().is("\\rbrace")) {
            position++;
            return new Collection(List.of());
        }
        MathValue elements = list();
        if (!peek().is("\\}") && !peek().is("\\rbrace")) {
            throw unexpected();
        }
        position++;
        return elements instanceof Collection ? elements : new Collection(List.of(elements));
    }

    private MathValue bracketed(boolean startOpen) {
        List<MathValue> elements = new ArrayList<>();
        elements.add(statement());
        while (peek().is(",") || peek().is(";")) {
            position++;
            elements.add(statement());
        }
        Token end = next();
        if (!end.is(")") && !end.is("]")) {
            throw unexpected();
        }
        return switch (elements.size()) {
            case 1 -> elements.getFirst();
            case 2 -> new Interval(elements.get(0), elements.get(1), startOpen, end.is(")"));
            default -> new Tuple(elements);
        };
    }

    private Expression absolute(String end) {
        return enclosed("abs", end);
    }

    private Expression enclosed(String function, String end) {
        Expression argument = scalar(sum());
        expect(end);
        return new Call(function, List.of(argument));
    }

    private MathValue matrix(String kind) {
        if (kind.equals("array") && peek().is("{")) {
            while (!next().is("}")) {
                if (peek().kind() == Kind.END) {
                    throw unexpected();
                }
            }
        }
        List<List<MathValue>> rows = new ArrayList<>();
        List<MathValue> row = new ArrayList<>();
        while (true) {
            row.add(statement());
            Token token = next();
            if (token.is("&")) {
                continue;
            }
            rows.add(row);
            row = new ArrayList<>();
            boolean end = token.kind() == Kind.END_ENVIRONMENT;
            if (!end && !token.is("\\\\")) {
                throw unexpected();
            }
            if (!end && peek().kind() == Kind.END_ENVIRONMENT) {
                position++;
                end = true;
            }
            if (end) {
                int columns = rows.getFirst().size();
                if (rows.stream().anyMatch(other -> other.size() != columns)) {
                    throw new IllegalArgumentException("a matrix with rows of different lengths");
                }
                return new Matrix(rows);
            }
        }
    }

    private Expression scalar(MathValue value) {
        if (value instanceof Scalar(Expression expression)) {
            return expression;
        }
        throw new IllegalArgumentException("a set where a number should be");
    }

    private void expect(String text) {
        if (!peek().is(text)) {
            throw unexpected();
        }
        position++;
    }

    private Token peek() {
        return tokens.get(position);
    }

    private Token next() {
        Token token = tokens.get(position);
        if (token.kind() != Kind.END) {
            position++;
        }
        return token;
    }

    private IllegalArgumentException unexpected() {
        return new IllegalArgumentException("unexpected \"" + peek().text() + "\"");
    }
}
