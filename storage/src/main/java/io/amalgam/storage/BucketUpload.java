package io.amalgam.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.HubUpload;
import io.amalgam.engine.source.UploadFile;
import io.amalgam.engine.store.Manifest;
import io.amalgam.engine.store.ObjectStorage;
import io.amalgam.engine.store.ObjectStorage.StoredObject;
import io.amalgam.engine.store.ObjectStorage.Upload;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Sends a model to a bucket, its manifest last. What has arrived is noted beside it, so that an attempt after one that
 * broke off sends the rest. The digest of each file is checked on the way.
 */
public final class BucketUpload {
    private static final String NOTES = ".amalgam-push.json";
    private static final int NOTES_LIMIT = 16 << 20;
    private static final int BLOCK = 4 << 20;

    private final ObjectStorage bucket;
    private final String prefix;
    private final HubUpload.Listener listener;
    private final ObjectMapper json = new ObjectMapper();

    /**
     * Uploads to a place in a bucket.
     *
     * @param prefix what the keys begin with: empty, or ending with a slash
     */
    public BucketUpload(ObjectStorage bucket, String prefix, HubUpload.Listener listener) {
        this.bucket = bucket;
        this.prefix = prefix;
        this.listener = listener;
    }

    /**
     * Sends files.
     *
     * @throws AmalgamException with {@code OUTPUT_NOT_EMPTY} if another artifact lies there, {@code DIGEST_MISMATCH} if a
     *     file is not what its digest says, {@code STORE_UNAVAILABLE} or {@code STORAGE_FULL}
     */
    public void send(List<UploadFile> files) throws IOException {
        List<UploadFile> inOrder = new ArrayList<>(files);
        inOrder.sort(Comparator.comparing(file -> file.name().equals(Manifest.FILE)));
        refuseOtherContent(inOrder.getLast());
        ObjectNode notes = notes();
        for (UploadFile file : inOrder) {
            if (isThere(file, notes)) {
                listener.sent(file.name(), file.length());
                continue;
            }
            send(file);
            StoredObject sent = bucket.find(prefix + file.name()).orElseThrow(() -> new AmalgamException(
                    ErrorCode.STORE_UNAVAILABLE, bucket.address(prefix + file.name()) + " was written, and is not there."));
            notes.putObject(file.name()).put("sha256", file.sha256()).put("tag", sent.tag());
            bucket.put(prefix + NOTES, json.writeValueAsBytes(notes));
        }
        bucket.delete(prefix + NOTES);
    }

    private void refuseOtherContent(UploadFile last) throws IOException {
        if (!last.name().equals(Manifest.FILE)) {
            return;
        }
        Optional<byte[]> present = bucket.get(prefix + Manifest.FILE, Integer.MAX_VALUE);
        if (present.isPresent() && !Sha256.of(present.get()).equals(last.sha256())) {
            throw new AmalgamException(ErrorCode.OUTPUT_NOT_EMPTY, bucket.address(prefix)
                    + " holds another artifact; name another place, or delete it there.");
        }
    }

    private ObjectNode notes() {
        Optional<byte[]> present = bucket.get(prefix + NOTES, NOTES_LIMIT);
        try {
            return present.isPresent() && json.readTree(present.get()) instanceof ObjectNode notes ? notes : json.createObjectNode();
        } catch (IOException damaged) {
            return json.createObjectNode();
        }
    }

    private boolean isThere(UploadFile file, JsonNode notes) {
        JsonNode note = notes.path(file.name());
        return note.path("sha256").asText().equals(file.sha256()) && bucket.find(prefix + file.name())
                .filter(object -> object.length() == file.length() && object.tag().equals(note.path("tag").asText()))
                .isPresent();
    }

    private void send(UploadFile file) throws IOException {
        Upload upload = bucket.upload(prefix + file.name(), file.length());
        boolean complete = false;
        try {
            MessageDigest digest = Sha256.newDigest();
            byte[] block = new byte[(int) Math.min(BLOCK, Math.max(1, file.length()))];
            for (long position = 0; position < file.length(); position += block.length) {
                int count = (int) Math.min(block.length, file.length() - position);
                MemorySegment part = MemorySegment.ofArray(block).asSlice(0, count);
                file.content().read(position, part);
                digest.update(block, 0, count);
                upload.write(part);
                listener.sent(file.name(), position + count);
            }
            String found = Sha256.end(digest);
            if (!found.equals(file.sha256())) {
                throw new AmalgamException(ErrorCode.DIGEST_MISMATCH, file.name() + " has SHA-256 " + found + "; expected "
                        + file.sha256() + ". It changed, or is damaged; nothing of it was sent.");
            }
            upload.complete();
            complete = true;
        } finally {
            if (!complete) {
                upload.abandon();
            }
        }
    }
}
