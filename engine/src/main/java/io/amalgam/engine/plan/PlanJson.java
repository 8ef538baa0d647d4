package io.amalgam.engine.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;

/**
 * The canonical JSON of pinned recipes, plans and slices: keys sorted, no spaces, so that equal values have equal bytes
 * and a digest of the bytes is a digest of the value. Unknown fields are ignored when reading.
 */
public final class PlanJson {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .enable(DeserializationFeature.USE_LONG_FOR_INTS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private PlanJson() {
    }

    /** The canonical bytes of a record of this package. */
    public static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new AmalgamException(ErrorCode.INTERNAL, "A plan cannot be written as JSON: " + e.getOriginalMessage(), e);
        }
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws AmalgamException with {@code EVENT_INVALID} if the bytes are something else
     */
    public static <T> T read(byte[] json, Class<T> type) {
        try {
            return MAPPER.readValue(json, type);
        } catch (IOException e) {
            throw new AmalgamException(
                    ErrorCode.EVENT_INVALID,
                    "A stored " + type.getSimpleName() + " cannot be read: " + e.getMessage().lines().findFirst().orElse(""),
                    e);
        }
    }

    /** SHA-256 of the canonical bytes, in lower-case hexadecimal. The bytes are never in memory as a whole. */
    public static String digest(Object value) {
        try {
            MessageDigest digest = Sha256.newDigest();
            try (DigestOutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
                MAPPER.writeValue(out, value);
            }
            return Sha256.end(digest);
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.INTERNAL, "A plan cannot be written as JSON: " + e.getMessage(), e);
        }
    }
}
