package io.amalgam.engine.recipe;

import java.util.Map;
import java.util.Objects;

/**
 * Which vocabulary the output has and how rows of embeddings are filled (mergekit.md §4). {@code tokenizer_source} is
 * the same without tokens and padding.
 *
 * @param source where the vocabulary comes from
 * @param model the model whose tokenizer is used; null unless {@code source} is {@link Source#MODEL}
 * @param tokens tokens with a row of their own making, by token
 * @param padToMultipleOf rows are padded to a multiple of this, or 0
 * @param position where the value stands
 */
public record TokenizerRecipe(
        Source source, ModelReference model, Map<String, Token> tokens, int padToMultipleOf, Position position) {

    /** Where the output vocabulary comes from. */
    public enum Source {
        /** All tokens of all models. */
        UNION,
        /** The base model's tokenizer, without tokens that it has no row for. */
        BASE,
        /** The tokenizer of one model, as it is. */
        MODEL
    }

    /**
     * A configured token.
     *
     * @param fill where its row comes from, or null for the usual rule
     * @param force whether models that have the token take the fill too
     * @param position where the token stands
     */
    public record Token(Fill fill, boolean force, Position position) {
    }

    /** Where a configured token's row comes from. */
    public sealed interface Fill {

        /** Zeros. */
        record Zero() implements Fill {
        }

        /** The same token's row in a given model. */
        record SameToken(ModelReference model) implements Fill {
        }

        /**
         * The row of a token of a given model: exactly one of the two is given.
         *
         * @param model the model
         * @param tokenId index of the row, or null
         * @param token the token, or null
         */
        record OtherToken(ModelReference model, Integer tokenId, String token) implements Fill {
        }
    }

    /** Keeps the tokens as they are now. */
    public TokenizerRecipe {
        Objects.requireNonNull(source, "source");
        tokens = Ordered.copyOf(tokens);
    }
}
