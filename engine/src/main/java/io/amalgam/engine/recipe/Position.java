package io.amalgam.engine.recipe;

/**
 * A place in a recipe's text.
 *
 * @param line counted from 1, or 0 where there is none
 * @param column counted from 1, or 0 where there is none
 */
public record Position(int line, int column) {

    /** No place: for what was made by the program, or for a key that is absent. */
    public static final Position NONE = new Position(0, 0);
}
