package io.amalgam.engine.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.ValueNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * JSON from outside: valid UTF-8, no key twice, bounded depth, nothing behind the document.
 *
 * <p>Two readers may take different values of a key that occurs twice; that is how a file is one thing to the tool that
 * checks it and another to the tool that uses it, so it is refused. The one liberty taken is Python's: {@code NaN} and
 * {@code Infinity}, which {@code json.dump} writes into {@code config.json}.
 */
public final class StrictJson {
    private static final int DEPTH_LIMIT = 64;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEPTH_LIMIT)
                    .maxNameLength(1 << 20)
                    .maxStringLength(64 << 20)
                    .maxNumberLength(400)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            // Names are data here, hundreds of thousands of them: a table of those seen before only costs.
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    /** No number of a model has more zeros; a power of ten with a billion of them would be written out one day. */
    private static final int SCALE_LIMIT = 1_000;

    private static final JsonMapper MAPPER = JsonMapper.builder(FACTORY)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .nodeFactory(new BoundedNumbers())
            .build();

    /** Makes the nodes of numbers that have an end. */
    private static final class BoundedNumbers extends JsonNodeFactory {
        private static final long serialVersionUID = 1L;

        @Override
        public ValueNode numberNode(BigDecimal value) {
            if (Math.abs((long) value.scale()) > SCALE_LIMIT) {
                throw new NumberFormatException("a number has an exponent beyond " + SCALE_LIMIT);
            }
            return super.numberNode(value);
        }
    }

    private StrictJson() {
    }

    /**
     * Reads a JSON object.
     *
     * @param content of the file
     * @param label names the file in messages
     * @param code of the refusal
     */
    public static ObjectNode object(byte[] content, String label, ErrorCode code) {
        JsonNode node;
        try {
            node = MAPPER.readTree(text(content, label, code));
        } catch (JsonProcessingException e) {
            throw refusal(e, label, code);
        } catch (NumberFormatException e) {
            throw new AmalgamException(code, label + " is not valid JSON: " + firstLine(String.valueOf(e.getMessage())) + ".", e);
        }
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new AmalgamException(code, label + " must be a JSON object, but is "
                + (node == null || node.isMissingNode() ? "empty" : node.getNodeType().name().toLowerCase(java.util.Locale.ROOT)) + ".");
    }

    /** A streaming parser over text that {@link #text} checked. */
    public static JsonParser parser(String text) throws IOException {
        return FACTORY.createParser(text);
    }

    /** A streaming parser over a file's bytes, with the same limits; duplicate keys are refused as they are met. */
    public static JsonParser parser(byte[] content) throws IOException {
        return FACTORY.createParser(content);
    }

    /** Decodes UTF-8, refusing what is not. */
    public static String text(byte[] content, String label, ErrorCode code) {
        try {
            CharBuffer decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content));
            return decoded.toString();
        } catch (CharacterCodingException e) {
            throw new AmalgamException(code, label + " is not valid UTF-8.", e);
        }
    }

    /** The refusal for a document that is not JSON, or breaks a limit. */
    public static AmalgamException refusal(JsonProcessingException cause, String label, ErrorCode code) {
        long offset = cause.getLocation() == null ? -1 : cause.getLocation().getCharOffset();
        return new AmalgamException(code, label + " is not valid JSON"
                + (offset >= 0 ? " at character " + offset : "") + ": " + firstLine(cause.getOriginalMessage()) + ".", cause);
    }

    private static String firstLine(String message) {
        int end = message.indexOf('\n');
        String line = end < 0 ? message : message.substring(0, end);
        return line.length() > 200 ? line.substring(0, 200) + "…" : line;
    }
}
