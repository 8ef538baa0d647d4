package io.amalgam.engine.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * Copies a {@code tokenizer.json} with other added tokens and without some tokens, token by token and laid out as the
 * tokenizers library lays it out; everything else comes through as it is.
 */
final class TokenizerRewriter {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
            .build();

    private final TokenizerFile source;
    private final Set<String> removed;
    private final List<AddedToken> addedTokens;

    private TokenizerRewriter(TokenizerFile source, Set<String> removed, List<AddedToken> addedTokens) {
        this.source = source;
        this.removed = removed;
        this.addedTokens = addedTokens;
    }

    /**
     * Rewrites a tokenizer.
     *
     * @param removed tokens of the model's vocabulary that are left out, with every merge that makes or takes one
     * @param addedTokens all added tokens of the result
     */
    static byte[] rewrite(TokenizerFile source, Set<String> removed, List<AddedToken> addedTokens) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(source.content().length + 4096);
        try (JsonParser json = StrictJson.parser(source.content());
                JsonGenerator generator = FACTORY.createGenerator(out)) {
            generator.setPrettyPrinter(layout());
            new TokenizerRewriter(source, removed, addedTokens).copyDocument(json, generator);
        } catch (IOException e) {
            // It was parsed before and is copied in memory: what remains are texts that no UTF-8 stands for.
            throw new AmalgamException(ErrorCode.TOKENIZER_INVALID, source.label() + " has a text that is not valid Unicode.", e);
        }
        return out.toByteArray();
    }

    private static DefaultPrettyPrinter layout() {
        DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
        DefaultPrettyPrinter layout = new DefaultPrettyPrinter(new Separators()
                .withObjectFieldValueSpacing(Spacing.AFTER)
                .withObjectEmptySeparator("")
                .withArrayEmptySeparator("")
                .withRootSeparator(null));
        layout.indentObjectsWith(indenter);
        layout.indentArraysWith(indenter);
        return layout;
    }

    private void copyDocument(JsonParser json, JsonGenerator out) throws IOException {
        json.nextToken();
        out.writeStartObject();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            json.nextToken();
            out.writeFieldName(field);
            switch (field) {
                case "added_tokens" -> {
                    json.skipChildren();
                    writeAddedTokens(out);
                }
                case "model" -> copyModel(json, out);
                default -> copyExactly(json, out);
            }
        }
        out.writeEndObject();
    }

    private void writeAddedTokens(JsonGenerator out) throws IOException {
        out.writeStartArray();
        for (AddedToken token : addedTokens.stream().sorted(Comparator.comparingInt(AddedToken::id)).toList()) {
            out.writeStartObject();
            out.writeNumberField("id", token.id());
            out.writeStringField("content", token.content());
            out.writeBooleanField("single_word", token.singleWord());
            out.writeBooleanField("lstrip", token.leftStrip());
            out.writeBooleanField("rstrip", token.rightStrip());
            out.writeBooleanField("normalized", token.normalized());
            out.writeBooleanField("special", token.special());
            out.writeEndObject();
        }
        out.writeEndArray();
    }

    private void copyModel(JsonParser json, JsonGenerator out) throws IOException {
        out.writeStartObject();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            json.nextToken();
            out.writeFieldName(field);
            if (field.equals("vocab") && json.currentToken() == JsonToken.START_OBJECT) {
                copyVocabulary(json, out);
            } else if (field.equals("merges") && json.currentToken() == JsonToken.START_ARRAY) {
                copyMerges(json, out);
            } else {
                copyExactly(json, out);
            }
        }
        out.writeEndObject();
    }

    private void copyVocabulary(JsonParser json, JsonGenerator out) throws IOException {
        out.writeStartObject();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String token = json.currentName();
            json.nextToken();
            if (!removed.contains(token)) {
                out.writeFieldName(token);
                out.writeNumber(json.getText());
            }
        }
        out.writeEndObject();
    }

    /** Merges are pairs, or in older files one text with a space between its two parts. */
    private void copyMerges(JsonParser json, JsonGenerator out) throws IOException {
        out.writeStartArray();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (json.currentToken() == JsonToken.VALUE_STRING) {
                String merge = json.getText();
                int space = merge.indexOf(' ');
                if (space < 0 || keeps(merge.substring(0, space), merge.substring(space + 1))) {
                    out.writeString(merge);
                }
            } else {
                json.nextToken();
                String left = json.getText();
                json.nextToken();
                String right = json.getText();
                json.nextToken();
                if (keeps(left, right)) {
                    out.writeStartArray();
                    out.writeString(left);
                    out.writeString(right);
                    out.writeEndArray();
                }
            }
        }
        out.writeEndArray();
    }

    private boolean keeps(String left, String right) {
        if (removed.isEmpty()) {
            return true;
        }
        String prefix = source.subwordPrefix();
        String tail = !prefix.isEmpty() && right.startsWith(prefix) ? right.substring(prefix.length()) : right;
        return !removed.contains(left) && !removed.contains(right) && !removed.contains(left + tail);
    }

    /** Copies a value; a floating-point number keeps the digits it was written with. */
    private static void copyExactly(JsonParser json, JsonGenerator out) throws IOException {
        int depth = 0;
        do {
            switch (json.currentToken()) {
                case START_OBJECT -> {
                    out.writeStartObject();
                    depth++;
                }
                case START_ARRAY -> {
                    out.writeStartArray();
                    depth++;
                }
                case END_OBJECT -> {
                    out.writeEndObject();
                    depth--;
                }
                case END_ARRAY -> {
                    out.writeEndArray();
                    depth--;
                }
                case FIELD_NAME -> out.writeFieldName(json.currentName());
                case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> out.writeNumber(json.getText());
                default -> out.copyCurrentEvent(json);
            }
        } while (depth > 0 && json.nextToken() != null);
    }
}
