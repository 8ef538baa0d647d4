package io.amalgam.recipeservice.rest;

import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.store.ArtifactSigner;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.ChunkReceipt;
import io.amalgam.engine.store.Manifest;
import io.amalgam.recipeservice.view.ArtifactView;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.EntityTag;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The files of finished artifacts: only what a manifest lists can be had, whatever name is asked for. */
@ApplicationScoped
public class ArtifactFiles {

    private static final int BLOCK_BYTES = 1 << 20;
    private static final int PARTIAL_CONTENT = 206;
    private static final String CARD = "README.md";
    private static final long CARD_LIMIT = 1 << 20;

    private final ArtifactStore store;

    /** Takes the store. */
    public ArtifactFiles(ArtifactStore store) {
        this.store = store;
    }

    /**
     * A file of an artifact.
     *
     * @param name in the artifact
     * @param length in bytes
     * @param sha256 of its content, hexadecimal
     */
    public record FileView(String name, long length, String sha256) {
    }

    /** The refusal of an artifact that does not exist. */
    static AmalgamException unknown(String artifact) {
        return new AmalgamException(ErrorCode.NOT_FOUND, "there is no artifact " + artifact);
    }

    /**
     * Lists an artifact's files: the manifest, the weights, the others.
     *
     * @throws AmalgamException with {@code NOT_FOUND}
     */
    public List<FileView> list(String artifact) {
        Manifest manifest = store.manifest(artifact).orElseThrow(() -> unknown(artifact));
        List<FileView> files = new ArrayList<>();
        files.add(small(artifact, Manifest.FILE));
        for (ChunkReceipt shard : manifest.shards()) {
            files.add(new FileView(shard.file(), shard.length(), shard.sha256()));
        }
        for (Manifest.FileEntry file : manifest.files()) {
            files.add(new FileView(file.name(), file.length(), file.sha256()));
        }
        if (signed(artifact)) {
            files.add(small(artifact, ArtifactSigner.FILE));
        }
        return files;
    }

    /** The text of an artifact's model card, if it has one that is not too long for a page. */
    public Optional<String> card(String artifact) {
        Optional<Manifest> manifest = store.manifest(artifact);
        if (manifest.isEmpty() || manifest.get().files().stream()
                .noneMatch(file -> file.name().equals(CARD) && file.length() <= CARD_LIMIT)) {
            return Optional.empty();
        }
        return Optional.of(new String(content(artifact, CARD), StandardCharsets.UTF_8));
    }

    private boolean signed(String artifact) {
        try {
            store.openArtifactFile(artifact, ArtifactSigner.FILE).close();
            return true;
        } catch (AmalgamException absent) {
            if (absent.code() != ErrorCode.NOT_FOUND) {
                throw absent;
            }
            return false;
        } catch (IOException failure) {
            throw unreadable(artifact, ArtifactSigner.FILE, failure);
        }
    }

    /**
     * What the store alone tells of an artifact, which the line has not told of: one that was put there by hand, or whose
     * completion is yet to be read.
     *
     * @throws AmalgamException with {@code NOT_FOUND}
     */
    ArtifactView describe(String artifact) {
        Manifest manifest = store.manifest(artifact).orElseThrow(() -> unknown(artifact));
        List<ArtifactView.ModelView> models = manifest.parents().stream()
                .map(model -> new ArtifactView.ModelView(model.path(), "PARENT", model.identity(), null))
                .toList();
        return new ArtifactView(artifact, null, "", null, "artifacts/" + artifact, small(artifact, Manifest.FILE).sha256(),
                manifest.shards().stream().mapToLong(ChunkReceipt::length).sum(), List.of(), null, models);
    }

    /** Answers a request for a file. */
    Response response(
            String artifact, String name, String range, String ifRange, String ifNoneMatch, boolean withContent) {
        FileView file = list(artifact).stream()
                .filter(candidate -> candidate.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AmalgamException(ErrorCode.NOT_FOUND,
                        "artifact " + artifact + " has no file " + name));
        EntityTag tag = new EntityTag(file.sha256());
        String quoted = '"' + file.sha256() + '"';
        if (ifNoneMatch != null && (ifNoneMatch.strip().equals("*") || ifNoneMatch.contains(quoted))) {
            return Response.notModified(tag).build();
        }
        // A client that continues a download of other content starts again.
        boolean same = ifRange == null || ifRange.strip().equals(quoted);
        Optional<ByteRange> wanted = ByteRange.of(same ? range : null, file.length());
        if (wanted.isEmpty()) {
            return ProblemResponse.rangeNotSatisfiable(
                    "the range \"" + range + "\" lies outside of " + name + ", which has " + file.length() + " bytes",
                    file.length());
        }
        ByteRange bytes = wanted.get();
        boolean partial = bytes.length() < file.length();
        Response.ResponseBuilder response = Response.status(partial ? PARTIAL_CONTENT : 200)
                .tag(tag)
                .type(type(name))
                .header(HttpHeaders.CONTENT_LENGTH, bytes.length())
                .header("Accept-Ranges", "bytes")
                .header("Content-Disposition", "attachment; filename=\"" + name + '"');
        if (partial) {
            response.header("Content-Range", "bytes " + bytes.first() + "-" + (bytes.first() + bytes.length() - 1) + "/"
                    + file.length());
        }
        if (withContent) {
            response.entity((StreamingOutput) output -> copy(artifact, name, bytes, output));
        }
        return response.build();
    }

    private void copy(String artifact, String name, ByteRange range, OutputStream output) throws IOException {
        byte[] block = new byte[(int) Math.min(BLOCK_BYTES, Math.max(range.length(), 1))];
        try (RangeReader reader = store.openArtifactFile(artifact, name)) {
            long position = range.first();
            long end = range.first() + range.length();
            while (position < end) {
                int length = (int) Math.min(block.length, end - position);
                reader.read(position, MemorySegment.ofArray(block).asSlice(0, length));
                output.write(block, 0, length);
                position += length;
            }
        }
    }

    private FileView small(String artifact, String name) {
        byte[] bytes = content(artifact, name);
        return new FileView(name, bytes.length, Sha256.of(bytes));
    }

    /** All of a small file. */
    private byte[] content(String artifact, String name) {
        try (RangeReader reader = store.openArtifactFile(artifact, name)) {
            byte[] bytes = new byte[Math.toIntExact(reader.length())];
            reader.read(0, MemorySegment.ofArray(bytes));
            return bytes;
        } catch (IOException failure) {
            throw unreadable(artifact, name, failure);
        }
    }

    private static AmalgamException unreadable(String artifact, String name, IOException failure) {
        return new AmalgamException(ErrorCode.STORE_UNAVAILABLE,
                "the store did not give " + name + " of artifact " + artifact + ": " + failure.getMessage(), failure);
    }

    private static MediaType type(String name) {
        if (name.endsWith(".json")) {
            return MediaType.APPLICATION_JSON_TYPE;
        }
        return name.endsWith(".md") || name.endsWith(".yml") || name.endsWith(".jinja") || name.endsWith(".txt")
                ? MediaType.TEXT_PLAIN_TYPE.withCharset("utf-8")
                : MediaType.APPLICATION_OCTET_STREAM_TYPE;
    }
}
