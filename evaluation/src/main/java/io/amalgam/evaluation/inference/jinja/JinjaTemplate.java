package io.amalgam.evaluation.inference.jinja;

import java.time.DateTimeException;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/** A template, read once and rendered any number of times. */
public final class JinjaTemplate {
    private static final int SOURCE_LIMIT = 1 << 18;

    private final List<Statement> statements;

    private JinjaTemplate(List<Statement> statements) {
        this.statements = statements;
    }

    /**
     * Reads a template.
     *
     * @throws JinjaException if it is not valid or uses tags that are not supported
     */
    public static JinjaTemplate parse(String source) {
        if (source.length() > SOURCE_LIMIT) {
            throw new JinjaException("the template has more than " + SOURCE_LIMIT + " characters");
        }
        return new JinjaTemplate(Parser.parse(source));
    }

    /**
     * Renders it.
     *
     * @param variables by name: null, Boolean, Long, Double, String, and Lists and Maps of these
     * @throws JinjaException if the template raises an exception, does what is not supported, or exceeds a limit
     */
    public String render(Map<String, Object> variables) {
        try {
            return Budget.within(() -> new Interpreter(variables).render(statements));
        } catch (IndexOutOfBoundsException | NoSuchElementException | IllegalArgumentException | ClassCastException
                | ArithmeticException | DateTimeException e) {
            throw new JinjaException("an argument is missing or of the wrong type (" + e.getMessage() + ")");
        }
    }
}
