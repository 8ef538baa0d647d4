package io.amalgam.evaluation.score.math;

import io.amalgam.evaluation.score.math.AnswerExtractor.Extraction;
import io.amalgam.evaluation.score.math.Expression.Constant;
import io.amalgam.evaluation.score.math.Expression.Number;
import io.amalgam.evaluation.score.math.Expression.Product;
import io.amalgam.evaluation.score.math.Expression.Symbol;
import io.amalgam.evaluation.score.math.MathValue.Collection;
import io.amalgam.evaluation.score.math.MathValue.Interval;
import io.amalgam.evaluation.score.math.MathValue.Matrix;
import io.amalgam.evaluation.score.math.MathValue.Relation;
import io.amalgam.evaluation.score.math.MathValue.Scalar;
import io.amalgam.evaluation.score.math.MathValue.Statement;
import io.amalgam.evaluation.score.math.MathValue.Tuple;
import io.amalgam.evaluation.score.math.MathValue.Union;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * Judges whether a solution's answer means the same as the reference's: numbers exactly or to six decimals where one is
 * a decimal, formulas by their values at random points, sets without order, tuples with it, intervals by their ends.
 *
 * <p>It follows math_verify 0.9.0, which decides by computer algebra, closely but not always: its verdicts are therefore
 * a metric of another name ({@code exact_match_jv}).
 */
public final class MathEquivalence {
    private static final int DECIMALS = 6;
    private static final int POINTS = 6;
    private static final double TOLERANCE = 1e-9;
    private static final double EXACT_TOLERANCE = 1e-12;
    /** The limit of the random points; they lie on both sides of zero. */
    private static final double RANGE = 3;

    private MathEquivalence() {
    }

    /**
     * Whether a response has the answer of a reference solution.
     *
     * @param goldSolution the reference, whose answer is in a formula or box
     * @param response what a model wrote
     */
    public static boolean verify(String goldSolution, String response) {
        Extraction gold = AnswerExtractor.extract(goldSolution, true);
        Extraction answer = AnswerExtractor.extract(response, false);
        if (gold == null || answer == null) {
            return false;
        }
        if (!gold.text().isBlank() && gold.text().strip().equals(answer.text().strip())) {
            return true;
        }
        return gold.value() != null && answer.value() != null && equal(gold.value(), answer.value());
    }

    /**
     * Whether two normalised answers are the same formula, as Minerva's fallback to computer algebra has it: nothing but
     * numbers and formulas, upper and lower case apart, no rounding.
     */
    public static boolean sameFormula(String gold, String answer) {
        try {
            return LatexParser.parse(gold, true) instanceof Scalar(Expression first)
                    && LatexParser.parse(answer, true) instanceof Scalar(Expression second)
                    && sameValues(first, second, EXACT_TOLERANCE);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    static boolean equal(MathValue gold, MathValue answer) {
        MathValue left = gold;
        MathValue right = answer;
        boolean goldAssigns = isAssignment(left);
        boolean answerEquates = right instanceof Statement statement && statement.isEquation();
        boolean goldEquates = left instanceof Statement statement && statement.isEquation();
        if (goldAssigns && left instanceof Statement statement) {
            left = assignment(statement);
        }
        if (isAssignment(right) && right instanceof Statement statement) {
            right = assignment(statement);
        }
        // An answer may name its variable where the reference does not, and the other way round.
        if (answerEquates && !goldEquates && right instanceof Statement statement) {
            right = statement.last();
        } else if (goldAssigns && !answerEquates && left instanceof Statement statement) {
            left = statement.last();
        }
        if (left instanceof Statement statement && isSet(right)) {
            left = asInterval(statement);
        }
        if (left instanceof Statement first && right instanceof Statement second) {
            return equalStatements(first, second);
        }
        if (isSet(left) || isSet(right)) {
            return equalSets(left, right);
        }
        if (left instanceof Matrix first && right instanceof Matrix second) {
            return equalMatrices(first, second);
        }
        return left instanceof Scalar(Expression first) && right instanceof Scalar(Expression second)
                && equalScalars(first, second);
    }

    private static boolean isAssignment(MathValue value) {
        return value instanceof Statement statement && statement.isEquation()
                && statement.first() instanceof Scalar(Expression side) && isOnlySymbols(side);
    }

    private static boolean isOnlySymbols(Expression expression) {
        return expression instanceof Symbol
                || expression instanceof Product(List<Expression> factors)
                        && factors.stream().allMatch(factor -> factor instanceof Symbol);
    }

    private static Statement assignment(Statement chain) {
        return new Statement(List.of(chain.first(), chain.last()), List.of(Relation.EQUAL));
    }

    private static boolean isSet(MathValue value) {
        return value instanceof Collection || value instanceof Tuple || value instanceof Interval
                || value instanceof Union;
    }

    /** Reads an inequality in one variable as the interval of its solutions; anything else stays as it is. */
    private static MathValue asInterval(Statement statement) {
        MathValue infinity = new Scalar(Constant.INFINITY);
        MathValue minusInfinity = new Scalar(new Product(List.of(Number.of(-1), Constant.INFINITY)));
        Statement ascending = isDescending(statement.relations().getFirst()) ? reversed(statement) : statement;
        List<MathValue> sides = ascending.sides();
        List<Relation> relations = ascending.relations();
        if (relations.stream().anyMatch(r -> r != Relation.LESS && r != Relation.LESS_OR_EQUAL)) {
            return statement;
        }
        if (sides.size() == 3) {
            return new Interval(
                    sides.get(0), sides.get(2), relations.get(0) == Relation.LESS, relations.get(1) == Relation.LESS);
        }
        if (sides.size() != 2) {
            return statement;
        }
        boolean open = relations.getFirst() == Relation.LESS;
        return sides.get(0) instanceof Scalar(Symbol symbol)
                ? new Interval(minusInfinity, sides.get(1), true, open)
                : new Interval(sides.get(0), infinity, open, true);
    }

    private static boolean isDescending(Relation relation) {
        return relation == Relation.GREATER || relation == Relation.GREATER_OR_EQUAL;
    }

    private static Statement reversed(Statement statement) {
        return new Statement(
                statement.sides().reversed(), statement.relations().reversed().stream().map(Relation::flipped).toList());
    }

    private static boolean equalStatements(Statement gold, Statement answer) {
        if (gold.relations().size() != answer.relations().size()) {
            return false;
        }
        if (gold.relations().size() > 1) {
            Statement turned = gold.relations().equals(answer.relations()) ? answer : reversed(answer);
            return gold.relations().equals(turned.relations()) && equalInOrder(gold.sides(), turned.sides());
        }
        if (!(gold.first() instanceof Scalar(Expression goldLeft) && gold.last() instanceof Scalar(Expression goldRight)
                && answer.first() instanceof Scalar(Expression left)
                && answer.last() instanceof Scalar(Expression right))) {
            return gold.relations().equals(answer.relations()) && equalInOrder(gold.sides(), answer.sides());
        }
        Relation relation = gold.relations().getFirst();
        Relation other = answer.relations().getFirst();
        Expression difference = difference(goldLeft, goldRight);
        return relation == other && sameValues(difference, difference(left, right), TOLERANCE)
                || relation == other.flipped() && sameValues(difference, difference(right, left), TOLERANCE);
    }

    private static Expression difference(Expression left, Expression right) {
        return new Expression.Sum(List.of(left, new Product(List.of(Number.of(-1), right))));
    }

    private static boolean equalSets(MathValue gold, MathValue answer) {
        if (gold instanceof Interval first && answer instanceof Interval second) {
            return first.startOpen() == second.startOpen() && first.endOpen() == second.endOpen()
                    && equal(first.start(), second.start()) && equal(first.end(), second.end());
        }
        if (gold instanceof Union(List<MathValue> parts) && answer instanceof Union(List<MathValue> others)) {
            return equalInAnyOrder(parts, others);
        }
        List<MathValue> goldElements = elements(gold);
        List<MathValue> answerElements = elements(answer);
        if (goldElements == null || answerElements == null) {
            return false;
        }
        return gold instanceof Collection
                ? equalInAnyOrder(goldElements, answerElements)
                : equalInOrder(goldElements, answerElements);
    }

    private static List<MathValue> elements(MathValue value) {
        return switch (value) {
            case Collection(List<MathValue> elements) -> elements;
            case Tuple(List<MathValue> elements) -> elements;
            case Interval interval -> interval.isPair() ? List.of(interval.start(), interval.end()) : null;
            case Union union -> null;
            case Scalar scalar -> List.of(scalar);
            case Matrix matrix -> List.of(matrix);
            case Statement statement -> List.of(statement);
        };
    }

    private static boolean equalInOrder(List<MathValue> gold, List<MathValue> answer) {
        if (gold.size() != answer.size()) {
            return false;
        }
        for (int index = 0; index < gold.size(); index++) {
            if (!equal(gold.get(index), answer.get(index))) {
                return false;
            }
        }
        return true;
    }

    private static boolean equalInAnyOrder(List<MathValue> gold, List<MathValue> answer) {
        List<MathValue> golds = distinct(gold);
        List<MathValue> open = distinct(answer);
        if (golds.size() != open.size()) {
            return false;
        }
        for (MathValue element : golds) {
            boolean found = false;
            for (int index = 0; index < open.size() && !found; index++) {
                if (equal(element, open.get(index))) {
                    open.remove(index);
                    found = true;
                }
            }
            if (!found) {
                return false;
            }
        }
        return true;
    }

    private static List<MathValue> distinct(List<MathValue> elements) {
        List<MathValue> distinct = new ArrayList<>();
        for (MathValue element : elements) {
            if (distinct.stream().noneMatch(other -> equal(other, element))) {
                distinct.add(element);
            }
        }
        return distinct;
    }

    private static boolean equalMatrices(Matrix gold, Matrix answer) {
        if (gold.rows().size() != answer.rows().size()) {
            return false;
        }
        for (int row = 0; row < gold.rows().size(); row++) {
            if (!equalInOrder(gold.rows().get(row), answer.rows().get(row))) {
                return false;
            }
        }
        return true;
    }

    private static boolean equalScalars(Expression gold, Expression answer) {
        String goldWord = word(gold);
        String answerWord = word(answer);
        if (goldWord != null && answerWord != null && (gold instanceof Symbol || answer instanceof Symbol)) {
            return goldWord.equals(answerWord);
        }
        if (isDecimal(gold) || isDecimal(answer)) {
            BigDecimal first = rounded(gold);
            return first != null && Objects.equals(first, rounded(answer));
        }
        return sameValues(gold, answer, TOLERANCE);
    }

    /** What a product of letters spells: a word in a formula is one. */
    private static String word(Expression expression) {
        return switch (expression) {
            case Symbol(String name) -> name.toLowerCase(Locale.ROOT);
            case Constant constant -> constant == Constant.E || constant == Constant.I ? constant.letters() : null;
            case Product(List<Expression> factors) -> {
                StringBuilder word = new StringBuilder();
                for (Expression factor : factors) {
                    String part = factor instanceof Product ? null : word(factor);
                    if (part == null) {
                        yield null;
                    }
                    word.append(part);
                }
                yield word.toString();
            }
            default -> null;
        };
    }

    private static boolean isDecimal(Expression expression) {
        return expression instanceof Number number && number.decimal();
    }

    private static BigDecimal rounded(Expression expression) {
        Fraction exact = expression.exact();
        if (exact != null) {
            return exact.rounded(DECIMALS);
        }
        Complex value = expression.evaluate(Map.of());
        return value.finite() && value.imaginary() == 0
                ? new BigDecimal(value.real()).setScale(DECIMALS, RoundingMode.HALF_EVEN)
                : null;
    }

    /** Whether two formulas have the same values: exactly where they are rational, else at random points. */
    private static boolean sameValues(Expression first, Expression second, double tolerance) {
        Fraction firstExact = exact(first);
        Fraction secondExact = exact(second);
        if (firstExact != null && secondExact != null) {
            return firstExact.equals(secondExact);
        }
        Set<String> names = new TreeSet<>();
        first.collectSymbols(names);
        second.collectSymbols(names);
        if (names.isEmpty()) {
            return near(first.evaluate(Map.of()), second.evaluate(Map.of()), tolerance);
        }
        Random random = new Random(0);
        int compared = 0;
        for (int point = 0; point < 4 * POINTS && compared < POINTS; point++) {
            Map<String, Complex> symbols = new HashMap<>();
            for (String name : names) {
                symbols.put(name, Complex.of((2 * random.nextDouble() - 1) * RANGE));
            }
            Complex one = first.evaluate(symbols);
            Complex other = second.evaluate(symbols);
            if (!one.finite() && !other.finite()) {
                continue;
            }
            if (!near(one, other, tolerance)) {
                return false;
            }
            compared++;
        }
        return compared > 1;
    }

    private static Fraction exact(Expression expression) {
        try {
            return expression.exact();
        } catch (ArithmeticException e) {
            // Division by zero, or beyond all bounds: it has no exact value.
            return null;
        }
    }

    private static boolean near(Complex one, Complex other, double tolerance) {
        if (one.equals(other) && !Double.isNaN(one.real())) {
            return true;
        }
        if (!one.finite() || !other.finite()) {
            return false;
        }
        return one.minus(other).absolute() <= tolerance * Math.max(1, Math.max(one.absolute(), other.absolute()));
    }
}
