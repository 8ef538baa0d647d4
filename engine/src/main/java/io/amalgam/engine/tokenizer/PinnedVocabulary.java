package io.amalgam.engine.tokenizer;

import java.util.List;
import java.util.Map;

/**
 * The output vocabulary, and which row of each model every token of it has (mergekit.md §4.3).
 *
 * @param tokens rows of the output vocabulary before padding
 * @param paddedRows rows with padding
 * @param models indices into {@code PinnedRecipe.models()}, one a column of {@code ownRow}
 * @param ownRow {@code ownRow[column][token]}: the token's row in that model, or -1 if the model lacks it
 * @param configured tokens that the recipe gives a row of their own making, by index of the token
 */
public record PinnedVocabulary(
        int tokens, int paddedRows, List<Integer> models, int[][] ownRow, Map<Integer, ConfiguredRow> configured) {

    /**
     * Where a configured token's row comes from.
     *
     * @param column the column of {@code ownRow} whose model gives the row, or -1 for zeros, or -2 for the usual rule
     * @param row the row in that model
     * @param force whether models that have the token take it too
     */
    public record ConfiguredRow(int column, int row, boolean force) {

        /** Column that stands for zeros. */
        public static final int ZERO = -1;
        /** Column that stands for the usual rule. */
        public static final int USUAL = -2;
    }

    /** Keeps collections as they are now. */
    public PinnedVocabulary {
        models = List.copyOf(models);
        configured = Map.copyOf(configured);
    }
}
