package io.amalgam.engine.tokenizer;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A vocabulary that is being put together: a tokenizer's own tokens, less those that are stripped, and those that are
 * appended, with rows as the tokenizers library gives them.
 */
final class OutputVocabulary {
    private final TokenizerFile source;
    private final Set<String> removed = new HashSet<>();
    private final List<AddedToken> addedTokens = new ArrayList<>();
    private final Map<String, Integer> rows = new HashMap<>();
    private final Set<String> addedContents = new HashSet<>();
    private boolean changed;
    private int modelSize;
    private int largestAddedRow = -1;

    /** Begins with all tokens of a tokenizer. */
    OutputVocabulary(TokenizerFile source) {
        this.source = source;
        rows.putAll(source.vocabulary());
        modelSize = source.vocabulary().size();
        for (AddedToken token : source.addedTokens()) {
            keep(token);
        }
    }

    private void keep(AddedToken token) {
        addedTokens.add(token);
        addedContents.add(token.content());
        rows.put(token.content(), token.id());
        largestAddedRow = Math.max(largestAddedRow, token.id());
    }

    /**
     * Leaves out the tokens for which a model has no row, as MergeKit does with a base tokenizer.
     *
     * @param size rows that the model has, by its configuration
     * @param model names it in messages
     * @throws AmalgamException with {@code TOKENIZER_INVALID} where the kind of tokenizer does not allow it
     */
    void strip(long size, String model) {
        if (rows.values().stream().allMatch(row -> row < size)) {
            return;
        }
        if (!source.modelType().equals("BPE")) {
            throw new AmalgamException(ErrorCode.TOKENIZER_INVALID, "The tokenizer of " + model + " has tokens beyond its vocab_size of "
                    + size + ", which can be cut off BPE tokenizers only, and it is a " + source.modelType()
                    + " tokenizer; set vocab_size in its config.json to the number of its rows, or use tokenizer: {source: union}.");
        }
        source.vocabulary().forEach((token, row) -> {
            if (row >= size) {
                removed.add(token);
            }
        });
        List<AddedToken> all = List.copyOf(addedTokens);
        addedTokens.clear();
        addedContents.clear();
        rows.clear();
        largestAddedRow = -1;
        source.vocabulary().forEach((token, row) -> {
            if (row < size) {
                rows.put(token, row);
            }
        });
        modelSize = rows.size();
        all.stream().filter(token -> token.id() < size).forEach(this::keep);
        changed = true;
    }

    /** Whether it has a token. */
    boolean has(String token) {
        return rows.containsKey(token);
    }

    /** The token's row, or null. */
    Integer row(String token) {
        return rows.get(token);
    }

    /** Appends a token that is not there, keeping its settings; its row is the next one. */
    void append(AddedToken token) {
        if (!addedContents.contains(token.content())) {
            // The library's rule: behind the largest added row, but never inside the model's own vocabulary.
            Integer own = rows.get(token.content());
            keep(token.withId(own != null ? own : Math.max(largestAddedRow + 1, modelSize)));
            changed = true;
        }
    }

    /** All tokens with their rows. */
    Map<String, Integer> rows() {
        return rows;
    }

    /** Number of rows: one behind the largest. */
    int size() {
        int largest = -1;
        for (int row : rows.values()) {
            largest = Math.max(largest, row);
        }
        return largest + 1;
    }

    /** Whether it differs from the tokenizer it began with. */
    boolean changed() {
        return changed;
    }

    /** Its added tokens. */
    List<AddedToken> addedTokens() {
        return addedTokens;
    }

    /** Its {@code tokenizer.json}: the very bytes it began with if nothing changed. */
    byte[] file() {
        return changed ? TokenizerRewriter.rewrite(source, removed, addedTokens) : source.content();
    }
}
