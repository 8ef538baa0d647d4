package io.amalgam.engine.tokenizer;

/**
 * A token that is matched before the text is split, as in {@code added_tokens} of {@code tokenizer.json}.
 *
 * @param id its row
 * @param content its text
 * @param singleWord whether it is matched as a whole word only
 * @param leftStrip whether it takes white space before it
 * @param rightStrip whether it takes white space behind it
 * @param normalized whether it is matched in the normalised text
 * @param special whether decoding can leave it out
 */
public record AddedToken(
        int id, String content, boolean singleWord, boolean leftStrip, boolean rightStrip, boolean normalized, boolean special) {

    /** What adding a plain text gives: not special, matched in the normalised text. */
    static AddedToken plain(int id, String content) {
        return new AddedToken(id, content, false, false, false, true, false);
    }

    /** The same token in another row. */
    AddedToken withId(int newId) {
        return new AddedToken(newId, content, singleWord, leftStrip, rightStrip, normalized, special);
    }

    /** Whether it behaves like another one, whatever their rows. */
    boolean sameSettings(AddedToken other) {
        return withId(0).equals(other.withId(0));
    }
}
