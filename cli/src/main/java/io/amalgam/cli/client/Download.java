package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.ArtifactSigner;
import io.amalgam.engine.store.ModelSignature;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Downloads an artifact's files into a folder. A file under way has the suffix {@value #PARTIAL} and is continued by a
 * range request; it gets its name when its SHA-256 is the manifest's. The manifest comes last, so that a folder that has
 * it is whole.
 */
final class Download {

    private static final String MANIFEST = "amalgam.json";
    private static final String PARTIAL = ".part";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,254}");
    private static final int BLOCK_BYTES = 1 << 20;
    private static final int ATTEMPTS = 6;
    private static final long PAUSE_MILLISECONDS = 500;
    private static final int PARTIAL_CONTENT = 206;

    private final Server server;
    private final String artifact;
    private final Path directory;
    private final Path publicKey;
    private final Progress progress;

    /** Told how far a file is. */
    @FunctionalInterface
    interface Progress {
        /** So many of a file's bytes are there. */
        void at(String file, long position, long length);
    }

    /** What the manifest says of a file. */
    private record Entry(String name, long length, String sha256) {
    }

    /**
     * What was downloaded.
     *
     * @param manifest of the artifact
     * @param signed whether its signature is there, too
     */
    record Pulled(JsonNode manifest, boolean signed) {
    }

    /**
     * Prepares to download an artifact into a folder.
     *
     * @param publicKey a file with the key that the artifact must have been signed with, or null
     */
    Download(Server server, String artifact, Path directory, Path publicKey, Progress progress) {
        this.server = server;
        this.artifact = artifact;
        this.directory = directory;
        this.publicKey = publicKey;
        this.progress = progress;
    }

    /**
     * Downloads what is missing, the signature first: what it does not cover is not downloaded.
     *
     * @throws AmalgamException with {@code OUTPUT_NOT_EMPTY}, {@code NOT_FOUND}, {@code DIGEST_MISMATCH},
     *     {@code SIGNATURE_INVALID} or {@code SERVICE_UNAVAILABLE}
     */
    Pulled run() throws IOException {
        JsonNode detail = server.get("api/artifacts/" + Server.encode(artifact));
        String manifestSha256 = detail.path("manifestSha256").asText();
        byte[] manifestBytes = manifest(manifestSha256);
        JsonNode manifest = Server.parse(manifestBytes);
        List<Entry> entries = entries(manifest);
        Optional<Entry> signature = signature(detail);
        if (publicKey != null && signature.isEmpty()) {
            throw new AmalgamException(ErrorCode.SIGNATURE_INVALID, "Artifact " + artifact + " is not signed.");
        }
        refuseOtherContent(entries, manifestBytes);
        Files.createDirectories(directory);
        if (signature.isPresent()) {
            fetch(signature.get());
            if (publicKey != null) {
                verify(entries, manifestSha256);
            }
        }
        for (Entry entry : entries) {
            fetch(entry);
        }
        Path partial = directory.resolve(MANIFEST + PARTIAL);
        Files.write(partial, manifestBytes);
        Files.move(partial, directory.resolve(MANIFEST), StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        return new Pulled(manifest, signature.isPresent());
    }

    /** The signature is no file of the manifest, which is signed with it. */
    private static Optional<Entry> signature(JsonNode detail) {
        for (JsonNode file : detail.path("files")) {
            if (file.path("name").asText().equals(ArtifactSigner.FILE)) {
                return Optional.of(entry(file, ArtifactSigner.FILE));
            }
        }
        return Optional.empty();
    }

    private void verify(List<Entry> entries, String manifestSha256) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        entries.forEach(entry -> digests.put(entry.name(), entry.sha256()));
        digests.put(MANIFEST, manifestSha256);
        ModelSignature.verify(Files.readAllBytes(directory.resolve(ArtifactSigner.FILE)), publicKey, digests);
    }

    private byte[] manifest(String expected) throws IOException {
        HttpResponse<InputStream> response = server.open(path(MANIFEST));
        byte[] bytes;
        try (InputStream body = response.body()) {
            bytes = body.readAllBytes();
        }
        String found = Sha256.of(bytes);
        if (!found.equals(expected)) {
            throw mismatch(MANIFEST, found, expected);
        }
        return bytes;
    }

    private static List<Entry> entries(JsonNode manifest) {
        List<Entry> entries = new ArrayList<>();
        for (JsonNode shard : manifest.path("shards")) {
            entries.add(entry(shard, shard.path("file").asText()));
        }
        for (JsonNode file : manifest.path("files")) {
            entries.add(entry(file, file.path("name").asText()));
        }
        return entries;
    }

    private static Entry entry(JsonNode node, String name) {
        // The server is not trusted with where files are written.
        if (!NAME.matcher(name).matches()) {
            throw new AmalgamException(ErrorCode.CHECKPOINT_INVALID, "The manifest names a file \"" + name
                    + "\"; expected a plain file name.");
        }
        return new Entry(name, node.path("length").asLong(), node.path("sha256").asText());
    }

    /** A folder may hold this artifact, whole or in parts, and nothing else. */
    private void refuseOtherContent(List<Entry> entries, byte[] manifestBytes) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        Path present = directory.resolve(MANIFEST);
        if (Files.exists(present) && !Arrays.equals(Files.readAllBytes(present), manifestBytes)) {
            throw new AmalgamException(ErrorCode.OUTPUT_NOT_EMPTY,
                    directory + " holds another artifact; name another folder.");
        }
        List<String> expected = new ArrayList<>(entries.stream().map(Entry::name).toList());
        expected.add(MANIFEST);
        expected.add(ArtifactSigner.FILE);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                String whole = name.endsWith(PARTIAL) ? name.substring(0, name.length() - PARTIAL.length()) : name;
                if (!expected.contains(whole)) {
                    throw new AmalgamException(ErrorCode.OUTPUT_NOT_EMPTY, directory + " holds " + name
                            + ", which is no file of the artifact; name an empty or new folder.");
                }
            }
        }
    }

    private void fetch(Entry entry) throws IOException {
        Path whole = directory.resolve(entry.name());
        if (Files.exists(whole) && Files.size(whole) == entry.length() && Sha256.of(whole).equals(entry.sha256())) {
            return;
        }
        Path partial = directory.resolve(entry.name() + PARTIAL);
        IOException last = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                if (attempt > 0) {
                    Thread.sleep(PAUSE_MILLISECONDS << attempt);
                }
                continueAt(entry, partial);
                String found = Sha256.of(partial);
                if (!found.equals(entry.sha256())) {
                    Files.delete(partial);
                    throw mismatch(entry.name(), found, entry.sha256());
                }
                Files.move(partial, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                return;
            } catch (IOException broken) {
                last = broken;
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new AmalgamException(ErrorCode.CANCELLED, "Interrupted while downloading.", interrupted);
            }
        }
        throw server.unreachable(last);
    }

    private void continueAt(Entry entry, Path partial) throws IOException {
        long position = Files.exists(partial) ? Files.size(partial) : 0;
        if (position > entry.length()) {
            Files.delete(partial);
            position = 0;
        }
        if (position == entry.length() && Files.exists(partial)) {
            return;
        }
        HttpResponse<InputStream> response = position == 0
                ? server.open(path(entry.name()))
                : server.open(path(entry.name()), "Range", "bytes=" + position + "-",
                        "If-Range", '"' + entry.sha256() + '"');
        boolean continues = response.statusCode() == PARTIAL_CONTENT;
        try (InputStream body = response.body();
                OutputStream output = Files.newOutputStream(partial, StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        continues ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING)) {
            long written = continues ? position : 0;
            byte[] block = new byte[BLOCK_BYTES];
            for (int length = body.read(block); length >= 0; length = body.read(block)) {
                output.write(block, 0, length);
                written += length;
                progress.at(entry.name(), written, entry.length());
            }
            if (written != entry.length()) {
                throw new IOException(entry.name() + " broke off at byte " + written + " of " + entry.length());
            }
        }
    }

    private String path(String file) {
        return "api/artifacts/" + Server.encode(artifact) + "/files/" + Server.encode(file);
    }

    private static AmalgamException mismatch(String file, String found, String expected) {
        return new AmalgamException(ErrorCode.DIGEST_MISMATCH,
                file + " has SHA-256 " + found + "; expected " + expected + ". Run the command again.");
    }
}
