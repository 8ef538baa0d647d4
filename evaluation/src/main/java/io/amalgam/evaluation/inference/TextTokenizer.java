package io.amalgam.evaluation.inference;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A model's tokenizer: Hugging Face's own library on the model's {@code tokenizer.json}, with the conventions that
 * lm-evaluation-harness adds.
 */
final class TextTokenizer implements AutoCloseable {
    private static final String FILE = "tokenizer.json";
    private static final String CONFIGURATION_FILE = "tokenizer_config.json";
    private static final int FILE_LIMIT = 64 << 20;
    private static final int CONFIGURATION_LIMIT = 4 << 20;
    private static final String LIBRARY_FOLDER = "DJL_CACHE_DIR";

    static {
        // The library unpacks its native part into a folder; by default one in the user's home, which is not ours.
        if (System.getenv(LIBRARY_FOLDER) == null && System.getProperty(LIBRARY_FOLDER) == null) {
            System.setProperty(LIBRARY_FOLDER, Path.of(".amalgam", "djl").toAbsolutePath().toString());
        }
        if (System.getenv("OPT_OUT_TRACKING") == null) {
            System.setProperty("OPT_OUT_TRACKING", "true");
        }
    }

    private final HuggingFaceTokenizer tokenizer;
    private final ObjectNode configuration;
    private final int size;
    private final OptionalInt beginning;
    private final OptionalInt end;
    private final String prefixText;
    private final int prefix;

    private TextTokenizer(HuggingFaceTokenizer tokenizer, ObjectNode configuration, int size, OptionalInt beginning,
            OptionalInt end, int prefix) {
        this.tokenizer = tokenizer;
        this.configuration = configuration;
        this.size = size;
        this.beginning = beginning;
        this.end = end;
        this.prefix = prefix;
        this.prefixText = tokenizer.decode(new long[] {prefix}, false);
    }

    /**
     * Opens a model's tokenizer.
     *
     * @throws AmalgamException with {@code TOKENIZER_INVALID} if there is none in a readable form
     */
    static TextTokenizer open(ModelSnapshot model) throws IOException {
        String label = FILE + " of " + model.reference();
        if (!model.has(FILE)) {
            throw new AmalgamException(ErrorCode.TOKENIZER_INVALID, "Model " + model.reference() + " has no " + FILE
                    + "; save its tokenizer in the fast form (AutoTokenizer.from_pretrained(…).save_pretrained(…)).");
        }
        byte[] content = model.readSmall(FILE, FILE_LIMIT);
        ObjectNode json = StrictJson.object(content, label, ErrorCode.TOKENIZER_INVALID);
        ObjectNode configuration = model.has(CONFIGURATION_FILE)
                ? StrictJson.object(model.readSmall(CONFIGURATION_FILE, CONFIGURATION_LIMIT),
                        CONFIGURATION_FILE + " of " + model.reference(), ErrorCode.TOKENIZER_INVALID)
                : com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.objectNode();
        HuggingFaceTokenizer tokenizer;
        try {
            tokenizer = HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(content),
                    Map.of("truncation", "false", "padding", "false"));
        } catch (RuntimeException e) {
            throw new AmalgamException(ErrorCode.TOKENIZER_INVALID, label + " cannot be used: " + e.getMessage(), e);
        }
        try {
            OptionalInt beginning = idOf(json, tokenText(configuration, "bos_token"));
            OptionalInt end = idOf(json, tokenText(configuration, "eos_token"));
            OptionalInt prefix = beginning.isPresent() ? beginning : end;
            return new TextTokenizer(tokenizer, configuration, size(json), beginning, end,
                    prefix.orElseThrow(() -> new AmalgamException(ErrorCode.TOKENIZER_INVALID, "The tokenizer of "
                            + model.reference() + " names neither a bos_token nor an eos_token in " + CONFIGURATION_FILE
                            + ", one of which scoring without context needs.")));
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    private static String tokenText(ObjectNode configuration, String key) {
        JsonNode node = configuration.get(key);
        if (node instanceof ObjectNode object) {
            node = object.get("content");
        }
        return node != null && node.isTextual() ? node.textValue() : null;
    }

    private static OptionalInt idOf(ObjectNode json, String text) {
        if (text == null) {
            return OptionalInt.empty();
        }
        for (JsonNode added : json.path("added_tokens")) {
            if (text.equals(added.path("content").asText())) {
                return OptionalInt.of(added.path("id").asInt());
            }
        }
        JsonNode id = json.path("model").path("vocab").get(text);
        return id != null && id.isInt() ? OptionalInt.of(id.intValue()) : OptionalInt.empty();
    }

    /** One more than the highest token id. */
    private static int size(ObjectNode json) {
        int highest = -1;
        JsonNode vocabulary = json.path("model").path("vocab");
        if (vocabulary.isArray()) {
            highest = vocabulary.size() - 1;
        } else {
            for (JsonNode id : vocabulary) {
                highest = Math.max(highest, id.asInt());
            }
        }
        for (JsonNode added : json.path("added_tokens")) {
            highest = Math.max(highest, added.path("id").asInt());
        }
        return highest + 1;
    }

    /** One more than the highest token id: what the embedding must have room for. */
    int size() {
        return size;
    }

    /** The token that begins a text, if the model has one. */
    OptionalInt beginning() {
        return beginning;
    }

    /** The token that ends a text, if the model has one. */
    OptionalInt end() {
        return end;
    }

    /** The token that a continuation without context follows: the beginning, else the end of a text. */
    int prefix() {
        return prefix;
    }

    /** {@code tokenizer_config.json}, or an empty object. */
    ObjectNode configuration() {
        return configuration;
    }

    /**
     * Tokenizes texts as lm-evaluation-harness does: with the special tokens that the tokenizer adds by itself, unless the
     * text begins with the prefix token's text already.
     */
    int[][] encode(List<String> texts) {
        List<String> plain = new ArrayList<>();
        List<String> begun = new ArrayList<>();
        for (String text : texts) {
            (text.startsWith(prefixText) ? begun : plain).add(text);
        }
        int[][] plainTokens = encode(plain, true);
        int[][] begunTokens = encode(begun, false);
        int[][] tokens = new int[texts.size()][];
        int nextPlain = 0;
        int nextBegun = 0;
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = texts.get(i).startsWith(prefixText) ? begunTokens[nextBegun++] : plainTokens[nextPlain++];
        }
        return tokens;
    }

    /** Tokenizes texts. */
    int[][] encode(List<String> texts, boolean addSpecialTokens) {
        int[][] tokens = new int[texts.size()][];
        if (tokens.length == 0) {
            return tokens;
        }
        Encoding[] encodings = tokenizer.batchEncode(texts, addSpecialTokens, false);
        for (int i = 0; i < tokens.length; i++) {
            long[] ids = encodings[i].getIds();
            tokens[i] = new int[ids.length];
            for (int j = 0; j < ids.length; j++) {
                tokens[i][j] = Math.toIntExact(ids[j]);
            }
        }
        return tokens;
    }

    /** Text of tokens. */
    String decode(int[] tokens, int from, int to, boolean skipSpecialTokens) {
        long[] ids = new long[to - from];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = tokens[from + i];
        }
        return tokenizer.decode(ids, skipSpecialTokens);
    }

    /** A request's stop strings and the end-of-text token's own text, without empty ones: what lm-evaluation-harness stops at. */
    List<String> stopStrings(List<String> until) {
        List<String> stops = new ArrayList<>(until);
        if (end.isPresent()) {
            String endText = tokenizer.decode(new long[] {end.getAsInt()}, false);
            if (!stops.contains(endText)) {
                stops.add(endText);
            }
        }
        stops.removeIf(String::isEmpty);
        return stops;
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
