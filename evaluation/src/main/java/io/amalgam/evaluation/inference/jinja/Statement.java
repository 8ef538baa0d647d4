package io.amalgam.evaluation.inference.jinja;

import java.util.List;

/** Statements of a template. */
sealed interface Statement {
    /** Text. */
    record Text(String text) implements Statement { }

    /** <code>{{ value }}</code>. */
    record Print(Expression value) implements Statement { }

    /** Branches with their conditions; the last condition is null for {@code else}. */
    record If(List<Expression> conditions, List<List<Statement>> bodies) implements Statement { }

    /** A loop; {@code condition} and {@code otherwise} may be null. */
    record For(List<String> targets, Expression items, Expression condition, List<Statement> body,
            List<Statement> otherwise) implements Statement { }

    /** An assignment to names. */
    record Set(List<String> targets, Expression value) implements Statement { }

    /** An assignment to an attribute of a namespace. */
    record SetAttribute(String object, String attribute, Expression value) implements Statement { }

    /** An assignment of rendered text. */
    record SetBlock(String target, List<Statement> body) implements Statement { }

    /** A macro; a default is null where the parameter has none. */
    record Macro(String name, List<String> parameters, List<Expression> defaults, List<Statement> body)
            implements Statement { }

    /** Text whose only meaning is to be marked, as {@code generation} is. */
    record Block(List<Statement> body) implements Statement { }

    /** Leaves the loop. */
    record Break() implements Statement { }

    /** Goes on with the next item. */
    record Continue() implements Statement { }
}
