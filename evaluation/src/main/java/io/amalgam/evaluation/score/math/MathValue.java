package io.amalgam.evaluation.score.math;

import java.util.List;

/** What a mathematical answer is, once read. */
sealed interface MathValue {

    /**
     * A number or formula.
     *
     * @param expression it
     */
    record Scalar(Expression expression) implements MathValue {
    }

    /**
     * Several answers in any order: {@code 1, 2} or {@code \{1, 2\}}.
     *
     * @param elements the answers, in the order in which they were written
     */
    record Collection(List<MathValue> elements) implements MathValue {
    }

    /**
     * Three or more values in parentheses, in order.
     *
     * @param elements the values
     */
    record Tuple(List<MathValue> elements) implements MathValue {
    }

    /**
     * Two values in parentheses or brackets: an interval, or if both ends are open, perhaps a pair.
     *
     * @param start the first value
     * @param end the second value
     * @param startOpen whether the start does not belong to it
     * @param endOpen whether the end does not belong to it
     */
    record Interval(MathValue start, MathValue end, boolean startOpen, boolean endOpen) implements MathValue {
        /** Whether it can be read as a pair. */
        boolean isPair() {
            return startOpen && endOpen;
        }
    }

    /**
     * Several sets together.
     *
     * @param parts the sets
     */
    record Union(List<MathValue> parts) implements MathValue {
    }

    /**
     * A matrix or vector.
     *
     * @param rows its rows, all of the same length
     */
    record Matrix(List<List<MathValue>> rows) implements MathValue {
    }

    /** How two sides are related. */
    enum Relation {
        EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL, NOT_EQUAL;

        /** Returns the relation with the sides exchanged. */
        Relation flipped() {
            return switch (this) {
                case EQUAL, NOT_EQUAL -> this;
                case LESS -> GREATER;
                case LESS_OR_EQUAL -> GREATER_OR_EQUAL;
                case GREATER -> LESS;
                case GREATER_OR_EQUAL -> LESS_OR_EQUAL;
            };
        }
    }

    /**
     * An equation, inequality or chain of them: {@code 1 < x < 2}.
     *
     * @param sides the sides, one more than relations
     * @param relations what stands between them
     */
    record Statement(List<MathValue> sides, List<Relation> relations) implements MathValue {
        MathValue first() {
            return sides.getFirst();
        }

        MathValue last() {
            return sides.getLast();
        }

        boolean isEquation() {
            return relations.stream().allMatch(relation -> relation == Relation.EQUAL);
        }
    }
}
