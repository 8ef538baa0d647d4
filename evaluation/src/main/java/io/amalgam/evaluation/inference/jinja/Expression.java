package io.amalgam.evaluation.inference.jinja;

import java.util.List;
import java.util.Map;

/** Expressions of a template. */
sealed interface Expression {
    /** A value written in the template. */
    record Literal(Object value) implements Expression { }

    /** A variable. */
    record Name(String name) implements Expression { }

    /** {@code [a, b]} or {@code (a, b)}. */
    record ListOf(List<Expression> items) implements Expression { }

    /** <code>{a: b}</code>. */
    record MapOf(List<Expression> keys, List<Expression> values) implements Expression { }

    /** {@code object.name} or {@code object[key]}; {@code attribute} tells which. */
    record Item(Expression object, Expression key, boolean attribute) implements Expression { }

    /** {@code object[from:to:step]}, each part possibly null. */
    record Slice(Expression object, Expression from, Expression to, Expression step) implements Expression { }

    /** {@code function(arguments)}. */
    record Call(Expression function, List<Expression> arguments, Map<String, Expression> named) implements Expression { }

    /** {@code value | name(arguments)}. */
    record Filter(Expression value, String name, List<Expression> arguments, Map<String, Expression> named)
            implements Expression { }

    /** {@code value is name(arguments)}. */
    record Test(Expression value, String name, List<Expression> arguments) implements Expression { }

    /** {@code -value}. */
    record Negative(Expression value) implements Expression { }

    /** {@code not value}. */
    record Not(Expression value) implements Expression { }

    /** Two operands with anything but a short-circuit operator between. */
    record Binary(String operator, Expression left, Expression right) implements Expression { }

    /** {@code left and right}. */
    record And(Expression left, Expression right) implements Expression { }

    /** {@code left or right}. */
    record Or(Expression left, Expression right) implements Expression { }

    /** {@code value if condition else other}; {@code other} may be null. */
    record Conditional(Expression value, Expression condition, Expression other) implements Expression { }
}
