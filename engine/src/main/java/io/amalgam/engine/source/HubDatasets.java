package io.amalgam.engine.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Data sets on the Hugging Face Hub. A revision is resolved to a commit once; files of that commit come from the shared
 * cache ({@code datasets--owner--name}), which is read and never written, or else from the Hub.
 */
public final class HubDatasets {
    private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,199}");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final int DESCRIPTION_LIMIT = 32 << 20;

    private final HubOptions options;
    private final HubClient client;

    /** Data sets of the Hub that these settings name. */
    public HubDatasets(HubOptions options) {
        this.options = options;
        this.client = new HubClient(options);
    }

    /**
     * A data set at a commit.
     *
     * @param name its name, {@code owner/name}
     * @param commit the commit
     * @param files the paths of its files, in order
     */
    public record Snapshot(String name, String commit, List<String> files) {
        /** Copies the files. */
        public Snapshot {
            files = List.copyOf(files);
        }
    }

    /**
     * Resolves a revision.
     *
     * @param name the data set, {@code owner/name}
     * @param revision a branch, tag or commit
     * @throws AmalgamException with {@code MODEL_NOT_FOUND} if there is none, or it may not be read (gated);
     *     {@code SOURCE_UNAVAILABLE} if the Hub does not answer, or is not to be asked and the cache has nothing
     */
    public Snapshot resolve(String name, String revision) throws IOException {
        if (!HubModelSource.isName(name) || !REVISION.matcher(revision).matches() || revision.contains("..")) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "Data set " + name + " at revision " + revision + " is no name (owner/name) with a branch, tag or commit.");
        }
        if (options.offline()) {
            String commit = cachedCommit(name, revision).orElseThrow(() -> new AmalgamException(
                    ErrorCode.SOURCE_UNAVAILABLE, "Data set " + name + " at revision " + revision + " is not in the cache "
                            + options.cache() + ", and HF_HUB_OFFLINE is set."));
            return new Snapshot(name, commit, cachedFiles(name, commit));
        }
        String what = "Data set " + name + " at revision " + revision;
        URI address = URI.create(options.endpoint() + "/api/datasets/" + name + "/revision/" + encoded(revision));
        ObjectNode description = StrictJson.object(
                client.document(address, DESCRIPTION_LIMIT, what), "The Hub's description of " + name,
                ErrorCode.SOURCE_UNAVAILABLE);
        String commit = description.path("sha").asText();
        if (!COMMIT.matcher(commit).matches()) {
            throw new AmalgamException(
                    ErrorCode.SOURCE_UNAVAILABLE, "The Hub's description of " + name + " names no commit.");
        }
        List<String> files = new ArrayList<>();
        for (JsonNode sibling : description.path("siblings")) {
            String file = sibling.path("rfilename").asText();
            if (!file.isEmpty() && !file.startsWith("/") && !file.contains("..") && file.chars().noneMatch(c -> c < ' ' || c == '\\')) {
                files.add(file);
            }
        }
        files.sort(null);
        return new Snapshot(name, commit, files);
    }

    /**
     * Reads a file whole.
     *
     * @param file one of the snapshot's files
     * @param limit the most bytes it may have
     */
    public byte[] read(Snapshot snapshot, String file, int limit) throws IOException {
        Path cached = folder(snapshot.name(), snapshot.commit()).resolve(file);
        if (Files.isRegularFile(cached) && Files.size(cached) <= limit) {
            return Files.readAllBytes(cached);
        }
        String what = "File " + file + " of data set " + snapshot.name();
        if (options.offline()) {
            throw new AmalgamException(
                    ErrorCode.SOURCE_UNAVAILABLE, what + " is not in the cache " + options.cache() + ", and HF_HUB_OFFLINE is set.");
        }
        StringBuilder path = new StringBuilder();
        for (String part : file.split("/")) {
            path.append('/').append(encoded(part));
        }
        return client.document(
                URI.create(options.endpoint() + "/datasets/" + snapshot.name() + "/resolve/" + snapshot.commit() + path),
                limit, what);
    }

    private Path folder(String name, String commit) {
        return repository(name).resolve("snapshots").resolve(commit);
    }

    private Path repository(String name) {
        return options.cache().resolve("datasets--" + name.replace("/", "--"));
    }

    private Optional<String> cachedCommit(String name, String revision) throws IOException {
        if (COMMIT.matcher(revision).matches()) {
            return Files.isDirectory(folder(name, revision)) ? Optional.of(revision) : Optional.empty();
        }
        try {
            return Optional.of(Files.readString(repository(name).resolve("refs").resolve(revision)).strip())
                    .filter(commit -> COMMIT.matcher(commit).matches());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private List<String> cachedFiles(String name, String commit) throws IOException {
        Path folder = folder(name, commit);
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString().replace('\\', '/'))
                    .sorted()
                    .toList();
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
