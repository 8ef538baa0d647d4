package io.amalgam.engine.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Finds what crashed writers left in a store's folder, and removes it. */
final class StoreSweep {
    private final Path root;
    private final Path scratch;
    private final List<Path> leftovers;
    private final Duration age;
    private final SweepResult.Counter counter = new SweepResult.Counter();

    /**
     * A sweep.
     *
     * @param scratch folder of files on their way, which exists
     * @param leftovers further folders of which nothing is needed once it is old
     * @param age what is younger stays
     */
    StoreSweep(Path root, Path scratch, List<Path> leftovers, Duration age) {
        this.root = root;
        this.scratch = scratch;
        this.leftovers = leftovers;
        this.age = age;
    }

    /** Sweeps, but for artifacts that are in use. */
    SweepResult sweep(Predicate<String> inUse) throws IOException {
        Instant limit = storeTime().minus(age);
        for (Path staging : entries(root.resolve(".staging"))) {
            if (newest(staging).isBefore(limit) && !inUse.test(staging.getFileName().toString())) {
                remove(staging);
            }
        }
        List<Path> folders = new ArrayList<>(leftovers);
        folders.add(scratch);
        for (Path folder : folders) {
            for (Path entry : entries(folder)) {
                if (newest(entry).isBefore(limit)) {
                    remove(entry);
                }
            }
        }
        return counter.result();
    }

    /** The time by the clock that stamps the store's files, which may be another machine's. */
    private Instant storeTime() throws IOException {
        Path probe = scratch.resolve("clock." + UUID.randomUUID() + ".part");
        Files.write(probe, new byte[1]);
        try {
            return Files.getLastModifiedTime(probe).toInstant();
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    private static List<Path> entries(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    /** When the youngest thing in a tree was written; now and later if it vanishes meanwhile: somebody works in it. */
    private static Instant newest(Path tree) throws IOException {
        Instant newest = Instant.MIN;
        try (Stream<Path> paths = Files.walk(tree)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                Instant modified = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant();
                newest = modified.isAfter(newest) ? modified : newest;
            }
            return newest;
        } catch (NoSuchFileException e) {
            return Instant.MAX;
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof NoSuchFileException) {
                return Instant.MAX;
            }
            throw e.getCause();
        }
    }

    private void remove(Path tree) throws IOException {
        try (Stream<Path> paths = Files.walk(tree)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                BasicFileAttributes attributes =
                        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                if (!attributes.isDirectory()) {
                    counter.file(attributes.size());
                }
            }
        } catch (NoSuchFileException e) {
            // Another sweep is as good as this one.
            return;
        }
        StoreFiles.removeTree(tree);
    }
}
