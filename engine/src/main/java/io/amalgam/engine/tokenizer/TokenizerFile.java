package io.amalgam.engine.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What merging needs to know of a {@code tokenizer.json}.
 *
 * @param label names the file in messages
 * @param content the file
 * @param modelType {@code BPE}, {@code Unigram}, {@code WordPiece} or {@code WordLevel}
 * @param subwordPrefix {@code continuing_subword_prefix} of a BPE model, or empty
 * @param vocabulary of the model alone: token to row, in the file's order
 * @param addedTokens in the file's order
 */
record TokenizerFile(
        String label, byte[] content, String modelType, String subwordPrefix, Map<String, Integer> vocabulary, List<AddedToken> addedTokens) {
    /** Its name in a model. */
    static final String NAME = "tokenizer.json";
    /** The most bytes it may have: the largest in use have 35 million. */
    static final int LIMIT = 128 << 20;
    /** No vocabulary has more rows; a row beyond it is damage, not to be allocated for. */
    private static final int ROW_LIMIT = 1 << 23;

    /**
     * Reads a tokenizer.
     *
     * @throws AmalgamException with {@code TOKENIZER_INVALID}
     */
    static TokenizerFile parse(byte[] content, String label) {
        Parser parser = new Parser(label);
        try (JsonParser json = StrictJson.parser(content)) {
            parser.parse(json);
        } catch (JsonProcessingException e) {
            throw StrictJson.refusal(e, label, ErrorCode.TOKENIZER_INVALID);
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.TOKENIZER_INVALID, label + " cannot be read: " + e.getMessage() + ".", e);
        }
        if (parser.vocabulary == null) {
            throw new AmalgamException(ErrorCode.TOKENIZER_INVALID, label + " has no model.vocab.");
        }
        String type = parser.type != null ? parser.type : parser.listVocabulary ? "Unigram" : parser.merges ? "BPE" : "WordPiece";
        return new TokenizerFile(label, content, type, parser.subwordPrefix, parser.vocabulary, parser.addedTokens);
    }

    /** All tokens with their rows, as {@code get_vocab()} gives them: an added token wins over the model's. */
    Map<String, Integer> allTokens() {
        Map<String, Integer> all = LinkedHashMap.newLinkedHashMap(vocabulary.size() + addedTokens.size());
        all.putAll(vocabulary);
        for (AddedToken token : addedTokens) {
            all.put(token.content(), token.id());
        }
        return all;
    }

    /** Pulls the four things out of the document and skips everything else. */
    private static final class Parser {
        private final String label;
        private final List<AddedToken> addedTokens = new ArrayList<>();
        private Map<String, Integer> vocabulary;
        private boolean listVocabulary;
        private boolean merges;
        private String type;
        private String subwordPrefix = "";

        Parser(String label) {
            this.label = label;
        }

        void parse(JsonParser json) throws IOException {
            expect(json.nextToken() == JsonToken.START_OBJECT, "must be a JSON object");
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                json.nextToken();
                switch (field) {
                    case "added_tokens" -> parseAddedTokens(json);
                    case "model" -> parseModel(json);
                    default -> json.skipChildren();
                }
            }
            expect(json.nextToken() == null, "has something behind its JSON object");
        }

        private void parseAddedTokens(JsonParser json) throws IOException {
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                return;
            }
            expect(json.currentToken() == JsonToken.START_ARRAY, "has added_tokens that are not a list");
            while (json.nextToken() != JsonToken.END_ARRAY) {
                expect(json.currentToken() == JsonToken.START_OBJECT, "has an added token that is not an object");
                int id = -1;
                String content = null;
                boolean singleWord = false;
                boolean leftStrip = false;
                boolean rightStrip = false;
                boolean normalized = false;
                boolean special = false;
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    String field = json.currentName();
                    json.nextToken();
                    switch (field) {
                        case "id" -> id = row(json, "an added token");
                        case "content" -> content = json.getText();
                        case "single_word" -> singleWord = json.getBooleanValue();
                        case "lstrip" -> leftStrip = json.getBooleanValue();
                        case "rstrip" -> rightStrip = json.getBooleanValue();
                        case "normalized" -> normalized = json.getBooleanValue();
                        case "special" -> special = json.getBooleanValue();
                        default -> json.skipChildren();
                    }
                }
                expect(id >= 0 && content != null, "has an added token without id or content");
                addedTokens.add(new AddedToken(id, content, singleWord, leftStrip, rightStrip, normalized, special));
            }
        }

        private void parseModel(JsonParser json) throws IOException {
            expect(json.currentToken() == JsonToken.START_OBJECT, "has a model that is not an object");
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                json.nextToken();
                switch (field) {
                    case "type" -> type = json.getText();
                    case "continuing_subword_prefix" -> subwordPrefix =
                            json.currentToken() == JsonToken.VALUE_STRING ? json.getText() : "";
                    case "vocab" -> parseVocabulary(json);
                    case "merges" -> checkMerges(json);
                    default -> json.skipChildren();
                }
            }
        }

        private void checkMerges(JsonParser json) throws IOException {
            merges = true;
            expect(json.currentToken() == JsonToken.START_ARRAY, "has model.merges that are not a list");
            while (json.nextToken() != JsonToken.END_ARRAY) {
                boolean pair = json.currentToken() == JsonToken.VALUE_STRING
                        || json.currentToken() == JsonToken.START_ARRAY
                                && json.nextToken() == JsonToken.VALUE_STRING
                                && json.nextToken() == JsonToken.VALUE_STRING
                                && json.nextToken() == JsonToken.END_ARRAY;
                expect(pair, "has an entry of model.merges that is not a pair of tokens");
            }
        }

        private void parseVocabulary(JsonParser json) throws IOException {
            vocabulary = new LinkedHashMap<>();
            if (json.currentToken() == JsonToken.START_OBJECT) {
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    String token = json.currentName();
                    json.nextToken();
                    vocabulary.put(token, row(json, "'" + token + "'"));
                }
                return;
            }
            expect(json.currentToken() == JsonToken.START_ARRAY, "has a model.vocab that is neither an object nor a list");
            listVocabulary = true;
            int next = 0;
            while (json.nextToken() != JsonToken.END_ARRAY) {
                expect(json.currentToken() == JsonToken.START_ARRAY && json.nextToken() == JsonToken.VALUE_STRING,
                        "has an entry of model.vocab that is not a token with its score");
                vocabulary.putIfAbsent(json.getText(), next++);
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    json.skipChildren();
                }
            }
        }

        private int row(JsonParser json, String what) throws IOException {
            expect(json.currentToken() == JsonToken.VALUE_NUMBER_INT, "gives " + what + " a row that is not a whole number");
            long row = json.getLongValue();
            expect(row >= 0 && row < ROW_LIMIT, "gives " + what + " the row " + row + "; rows go from 0 to " + (ROW_LIMIT - 1));
            return (int) row;
        }

        private void expect(boolean condition, String otherwise) {
            if (!condition) {
                throw new AmalgamException(ErrorCode.TOKENIZER_INVALID, label + " " + otherwise + ".");
            }
        }
    }
}
