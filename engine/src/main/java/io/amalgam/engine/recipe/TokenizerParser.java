package io.amalgam.engine.recipe;

import io.amalgam.engine.error.ErrorCode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Reads what a recipe says of the output's tokenizer (mergekit.md §1.1, §4). */
final class TokenizerParser {

    private static final Set<String> TOKENIZER_KEYS = Ordered.keys("source", "tokens", "pad_to_multiple_of");
    private static final Set<String> TOKEN_KEYS = Ordered.keys("source", "force");

    private final RecipeForm form;
    private final ReferenceParser references;

    TokenizerParser(RecipeForm form, ReferenceParser references) {
        this.form = form;
        this.references = references;
    }

    /** The tokenizer that {@code tokenizer_source} asks for; null if there is none. */
    TokenizerRecipe source(YamlValue value) {
        return value == null ? null : tokenizerOf(value, Map.of(), 0, value.position());
    }

    /** The tokenizer that {@code tokenizer} describes; null if it cannot be understood. */
    TokenizerRecipe description(YamlValue value) {
        if (!(value instanceof YamlValue.Mapping mapping)) {
            form.error(ErrorCode.RECIPE_INVALID, value.position(), "tokenizer must be a mapping with source, tokens and"
                    + " pad_to_multiple_of, not " + RecipeForm.described(value) + "; or use tokenizer_source: " + RecipeForm.plain(value) + ".");
            return null;
        }
        form.unknownKeys(mapping, TOKENIZER_KEYS, "tokenizer");
        int pad = 0;
        YamlValue multiple = mapping.get("pad_to_multiple_of");
        if (multiple != null) {
            Long number = RecipeForm.integer(multiple);
            if (number == null || number < 1 || number > 1 << 20) {
                form.error(ErrorCode.RECIPE_INVALID, multiple.position(), "pad_to_multiple_of must be a whole number of at"
                        + " least 1, not " + RecipeForm.described(multiple) + ".");
            } else {
                pad = number.intValue();
            }
        }
        return tokenizerOf(mapping.get("source"), tokens(mapping.get("tokens")), pad, mapping.position());
    }

    private TokenizerRecipe tokenizerOf(
            YamlValue source, Map<String, TokenizerRecipe.Token> tokens, int pad, Position position) {
        if (source == null || "union".equals(RecipeForm.plain(source))) {
            return new TokenizerRecipe(TokenizerRecipe.Source.UNION, null, tokens, pad, position);
        }
        if ("base".equals(RecipeForm.plain(source))) {
            return new TokenizerRecipe(TokenizerRecipe.Source.BASE, null, tokens, pad, position);
        }
        ModelReference model = references.parse(source);
        return model == null
                ? null
                : new TokenizerRecipe(TokenizerRecipe.Source.MODEL, model, tokens, pad, position);
    }

    private Map<String, TokenizerRecipe.Token> tokens(YamlValue value) {
        Map<String, TokenizerRecipe.Token> tokens = new LinkedHashMap<>();
        if (value == null) {
            return tokens;
        }
        if (!(value instanceof YamlValue.Mapping mapping)) {
            form.error(ErrorCode.RECIPE_INVALID, value.position(), "tokens must be a mapping from tokens to {source, force},"
                    + " not " + RecipeForm.described(value) + ".");
            return tokens;
        }
        mapping.entries().forEach((token, each) -> {
            Position position = mapping.keyPositions().get(token);
            if (!(each instanceof YamlValue.Mapping settings)) {
                form.error(ErrorCode.RECIPE_INVALID, position, "The token \"" + token + "\" must have a mapping {source, force},"
                        + " not " + RecipeForm.described(each) + ".");
                return;
            }
            form.unknownKeys(settings, TOKEN_KEYS, "a token");
            boolean force = settings.get("force") != null && Boolean.TRUE.equals(form.bool(settings.get("force"), "force"));
            tokens.put(token, new TokenizerRecipe.Token(fill(settings.get("source")), force, position));
        });
        return tokens;
    }

    private TokenizerRecipe.Fill fill(YamlValue value) {
        if (value == null) {
            return null;
        }
        if (!(value instanceof YamlValue.Mapping mapping) || mapping.get("kind") == null) {
            ModelReference model = references.parse(value);
            return model == null ? null : new TokenizerRecipe.Fill.SameToken(model);
        }
        String kind = RecipeForm.plain(mapping.get("kind"));
        if ("zero".equals(kind)) {
            return new TokenizerRecipe.Fill.Zero();
        }
        if (!"model_token".equals(kind)) {
            form.error(ErrorCode.RECIPE_INVALID, mapping.get("kind").position(), "The kind of a token's source must be zero or"
                    + " model_token, not " + RecipeForm.described(mapping.get("kind")) + ".");
            return null;
        }
        form.unknownKeys(mapping, Ordered.keys("kind", "model", "token_id", "token"), "a token's source");
        ModelReference model = mapping.get("model") == null ? null : references.parse(mapping.get("model"));
        if (model == null || (mapping.get("token_id") == null) == (mapping.get("token") == null)) {
            form.error(ErrorCode.RECIPE_INVALID, mapping.position(), "A source of kind model_token needs model and exactly one"
                    + " of token and token_id.");
            return null;
        }
        if (mapping.get("token") != null) {
            String token = form.text(mapping.get("token"), "token");
            return token == null ? null : new TokenizerRecipe.Fill.OtherToken(model, null, token);
        }
        Long id = RecipeForm.integer(mapping.get("token_id"));
        if (id == null || id < 0 || id > Integer.MAX_VALUE) {
            form.error(ErrorCode.RECIPE_INVALID, mapping.get("token_id").position(), "token_id must be a whole number of at"
                    + " least 0, not " + RecipeForm.described(mapping.get("token_id")) + ".");
            return null;
        }
        return new TokenizerRecipe.Fill.OtherToken(model, id.intValue(), null);
    }
}
