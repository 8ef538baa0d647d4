package io.amalgam.engine.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.IndentedJson;
import java.io.IOException;
import java.util.Optional;

/** Receipts and manifests as JSON: keys in the order of their names, so that equal values have equal bytes. */
final class StoreJson {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private StoreJson() {
    }

    /** A document that people read too. */
    static byte[] write(Object value) {
        return IndentedJson.bytes(MAPPER.valueToTree(value), true);
    }

    /** Reads a manifest. */
    static Manifest manifest(byte[] json, String artifact) {
        Manifest manifest;
        try {
            manifest = MAPPER.readValue(json, Manifest.class);
        } catch (IOException | IllegalArgumentException | NullPointerException e) {
            throw damaged(artifact, e);
        }
        if (manifest.schemaVersion() > Manifest.SCHEMA_VERSION) {
            throw new AmalgamException(ErrorCode.NUMERICS_MISMATCH, "The manifest of artifact " + artifact
                    + " has schema version " + manifest.schemaVersion() + ", newer than this program's "
                    + Manifest.SCHEMA_VERSION + "; use the version of Amalgam that wrote it.");
        }
        return manifest;
    }

    private static AmalgamException damaged(String artifact, Exception cause) {
        return new AmalgamException(ErrorCode.DIGEST_MISMATCH,
                "The manifest of artifact " + artifact + " is damaged; remove the artifact and submit its recipe again.", cause);
    }

    /** Reads a receipt; a damaged one is none, and its chunk runs again. */
    static Optional<ChunkReceipt> receipt(byte[] json) {
        return optional(json, ChunkReceipt.class);
    }

    /** Reads where a shard lies; a damaged entry is none. */
    static Optional<ShardLocation> shardLocation(byte[] json) {
        return optional(json, ShardLocation.class);
    }

    private static <T> Optional<T> optional(byte[] json, Class<T> type) {
        try {
            return Optional.ofNullable(MAPPER.readValue(json, type));
        } catch (JsonProcessingException | NullPointerException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new IllegalStateException("Reading from memory does not fail.", e);
        }
    }

    /**
     * Where a shard with some chunk key lies.
     *
     * @param artifact that has or had it
     * @param receipt of its chunk there
     */
    record ShardLocation(String artifact, ChunkReceipt receipt) {
    }
}
