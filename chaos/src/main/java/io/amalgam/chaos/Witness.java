package io.amalgam.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** Looks at the store all the time: whatever is visible of an artifact must be all of it, at any moment. */
final class Witness {
    private static final long PAUSE_MILLIS = 20;

    private final Path artifacts;
    private final ObjectMapper json = new ObjectMapper();
    private final Set<String> whole = new HashSet<>();
    private final List<String> halves = new CopyOnWriteArrayList<>();
    private final Thread thread = Thread.ofPlatform().name("witness").unstarted(this::run);
    private volatile boolean watching = true;

    /** Looks at a store. */
    Witness(Path store) {
        this.artifacts = store.resolve("artifacts");
    }

    void start() {
        thread.start();
    }

    /** What was seen of artifacts that were not whole. */
    List<String> halves() {
        return List.copyOf(halves);
    }

    /** How many whole artifacts were seen. */
    int whole() {
        return whole.size();
    }

    /** Looks a last time, and no more. */
    void close() throws InterruptedException {
        watching = false;
        thread.join();
    }

    private void run() {
        try {
            while (watching) {
                look();
                Thread.sleep(PAUSE_MILLIS);
            }
            look();
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(artifacts)) {
            for (Path folder : folders) {
                String name = folder.getFileName().toString();
                if (!whole.contains(name)) {
                    examine(folder);
                    whole.add(name);
                }
            }
        } catch (NoSuchFileException none) {
            // Nothing has been published yet.
        } catch (IOException failure) {
            halves.add("the artifacts cannot be listed: " + failure);
        }
    }

    private void examine(Path folder) {
        try {
            JsonNode manifest = json.readTree(folder.resolve("amalgam.json").toFile());
            for (JsonNode shard : manifest.path("shards")) {
                requireLength(folder.resolve(shard.path("file").asText()), shard.path("length").asLong());
            }
            for (JsonNode file : manifest.path("files")) {
                requireLength(folder.resolve(file.path("name").asText()), file.path("length").asLong());
            }
        } catch (IOException half) {
            halves.add("artifact " + folder.getFileName() + " was visible and not whole: " + half.getMessage());
        }
    }

    private static void requireLength(Path file, long length) throws IOException {
        long actual = Files.size(file);
        if (actual != length) {
            throw new IOException(file.getFileName() + " has " + actual + " bytes; the manifest says " + length);
        }
    }
}
