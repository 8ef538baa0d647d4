package io.amalgam.evaluation.inference.jinja;

import java.util.Collection;

/**
 * What one rendering may use: a template comes with a model, and neither fills the memory nor computes for ever.
 *
 * <p>Everything is counted in units of about the same cost: a step of the interpreter, a character that is copied or
 * compared, an element of a list. No clock is asked, so that a template that is accepted once is accepted always.
 */
final class Budget {

    /** The most characters of any string that a template builds. */
    static final int TEXT_LIMIT = 16 << 20;
    /** The most elements of any list that a template builds. */
    static final int LIST_LIMIT = 1 << 20;
    /** How deep values may lie in one another where something goes through all of them. */
    static final int VALUE_DEPTH_LIMIT = 200;

    private static final long UNIT_LIMIT = 50_000_000;
    /** An element of a list that has just been made takes as much memory as so many characters. */
    private static final int ELEMENT_UNITS = 8;
    private static final ScopedValue<Budget> CURRENT = ScopedValue.newInstance();

    private long units;

    /** Work that gives a value. */
    @FunctionalInterface
    interface Work<T> {
        /** Does it. */
        T run();
    }

    private Budget() {
    }

    /** Does work within a budget of its own. */
    static <T> T within(Work<T> work) {
        return ScopedValue.where(CURRENT, new Budget()).call(work::run);
    }

    /** Uses units of the budget of the rendering at hand. */
    static void spend(long units) {
        Budget budget = CURRENT.get();
        budget.units += units;
        if (budget.units > UNIT_LIMIT) {
            throw new JinjaException("the template computes too much");
        }
    }

    /** Uses what going through a value once takes. */
    static void spendOn(Object value) {
        if (value instanceof String text) {
            spend(text.length() / 16);
        } else if (value instanceof Collection<?> items) {
            spend(items.size());
        }
    }

    /** Makes sure that a string of so many characters may be built, and uses what that takes. */
    static void text(long length) {
        if (length < 0 || length > TEXT_LIMIT) {
            throw new JinjaException("the template builds a text of more than " + TEXT_LIMIT + " characters");
        }
        spend(length);
    }

    /** Makes sure that a list of so many elements may be built, and uses what that takes. */
    static void list(long size) {
        if (size < 0 || size > LIST_LIMIT) {
            throw new JinjaException("the template builds a list of more than " + LIST_LIMIT + " elements");
        }
        spend(size * ELEMENT_UNITS);
    }

    /** Makes sure that values do not lie too deep in one another. */
    static void depth(int depth) {
        if (depth > VALUE_DEPTH_LIMIT) {
            throw new JinjaException("the template has values that lie more than " + VALUE_DEPTH_LIMIT
                    + " deep in one another, or in themselves");
        }
    }
}
