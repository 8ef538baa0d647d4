package io.amalgam.engine.store;

import io.amalgam.engine.source.RangeReader;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What Amalgam asks of a bucket of an object store such as S3: keys with contents that appear whole or not at all,
 * conditional creation, uploads in parts, copies within the store.
 *
 * <p>Everything that is wanted of artifacts is made of these operations by {@link ObjectArtifactStore}; everything that
 * is wanted of models by {@link ObjectModelSource}. What implements this knows only the
 * protocol. All operations throw {@link io.amalgam.engine.error.AmalgamException} with {@code STORE_UNAVAILABLE} when the
 * store does not answer after patient attempts or refuses, and {@code STORAGE_FULL} when it has no room.
 */
public interface ObjectStorage {

    /**
     * An object as it was when it was looked at.
     *
     * @param key its name in the bucket
     * @param length in bytes
     * @param tag the store's entity tag, which changes whenever the content does
     * @param modified when it was written, by the store's clock
     */
    record StoredObject(String key, long length, String tag, Instant modified) {
    }

    /**
     * An upload in parts that was begun and neither completed nor abandoned.
     *
     * @param key of the object that it would become
     * @param id the store's name of the upload
     * @param begun when, by the store's clock
     */
    record UnfinishedUpload(String key, String id, Instant begun) {
    }

    /** An object on its way: bytes in order, by one thread. Nothing is visible until it is completed. */
    interface Upload {
        /** Appends bytes; the memory is the caller's again when this returns. */
        void write(MemorySegment block);

        /** Bytes that have been appended. */
        long length();

        /** Makes the object visible, in place of one that was there. */
        void complete();

        /** Removes what was sent. Nothing happens after completion, or the second time. */
        void abandon();
    }

    /** Writes a small object, in place of one that was there. */
    void put(String key, byte[] content);

    /**
     * Writes a small object if there is none of that key; of many writers at once exactly one does.
     *
     * @return whether this call wrote it
     */
    boolean putIfAbsent(String key, byte[] content);

    /**
     * Reads a small object.
     *
     * @throws io.amalgam.engine.error.AmalgamException with {@code DIGEST_MISMATCH} if it has more than {@code limit} bytes
     */
    Optional<byte[]> get(String key, int limit);

    /** Looks at an object without reading it. */
    Optional<StoredObject> find(String key);

    /** Every object whose key begins with a prefix, in the order of their keys. */
    List<StoredObject> list(String prefix);

    /**
     * Opens an object for positional reads, which fail with {@code MODEL_CHANGED} once it is not the one that was looked
     * at any more.
     */
    RangeReader open(StoredObject object);

    /**
     * Begins an object of any size.
     *
     * @param expected about how many bytes it will have, from which the size of its parts is chosen; more are taken too,
     *     as long as they are no thousand times as many
     */
    Upload upload(String key, long expected);

    /** Copies an object within the store, in place of one that was there. */
    void copy(StoredObject from, String key);

    /** Removes an object, if it is there. */
    void delete(String key);

    /** Uploads under a prefix that nobody has finished. */
    List<UnfinishedUpload> unfinishedUploads(String prefix);

    /** Removes what was sent of an upload, if it is still there. */
    void abandon(UnfinishedUpload upload);

    /** The time, by the store's clock. */
    Instant now();

    /** Where a key is, as a person or another program finds it: {@code s3://bucket/key}. */
    String address(String key);
}
