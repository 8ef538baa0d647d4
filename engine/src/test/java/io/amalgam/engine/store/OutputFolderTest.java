package io.amalgam.engine.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.ChunkPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line's output is there whole or not at all, and never replaces what it was not told to. */
class OutputFolderTest {
    @TempDir
    Path folder;
    private final SmallMerge merge = new SmallMerge("artifact-1", 2);

    private Path out() {
        return folder.resolve("out");
    }

    private List<String> entries() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    private Manifest write(SmallMerge each, boolean overwrite) throws IOException {
        try (OutputFolder output = OutputFolder.open(out(), each.plan.artifactKey(), 1000, overwrite, false)) {
            for (ChunkPlan chunk : each.plan.chunks()) {
                SmallMerge.write(output.openShard(chunk), chunk);
            }
            return output.finish(each.plan, each.pinned);
        }
    }

    @Test
    void aFinishedFolderIsAllThatRemains() throws IOException {
        assertTrue(OutputFolder.finished(out(), "artifact-1").isEmpty());
        Manifest manifest = write(merge, false);
        assertEquals(List.of("out"), entries());
        assertEquals(manifest, OutputFolder.finished(out(), "artifact-1").orElseThrow());
    }

    @Test
    void theFilesAreThoseOfTheStore(@TempDir Path root) throws IOException {
        FileSystemStore store = new FileSystemStore(root);
        merge.writeAll(store);
        store.assemble(merge.plan, merge.pinned);
        write(merge, false);
        try (Stream<Path> files = Files.list(out())) {
            for (Path file : files.toList()) {
                assertEquals(-1, Files.mismatch(file, root.resolve("artifacts/artifact-1").resolve(file.getFileName())));
            }
        }
    }

    @Test
    void anUnfinishedFolderLeavesNothing() throws IOException {
        try (OutputFolder output = OutputFolder.open(out(), "artifact-1", 1000, false, false)) {
            SmallMerge.write(output.openShard(merge.chunk(0)), merge.chunk(0));
            assertFalse(Files.exists(out()));
        }
        assertEquals(List.of(), entries());
    }

    @Test
    void whatAKilledProcessLeftIsRemoved() throws IOException {
        Path left = folder.resolve(".out.amalgam/staging/files");
        Files.createDirectories(left);
        Files.writeString(left.resolve("model-00009-of-00009.safetensors"), "half");
        write(merge, false);
        assertEquals(List.of("out"), entries());
        assertFalse(Files.exists(out().resolve("model-00009-of-00009.safetensors")));
    }

    @Test
    void anEmptyFolderIsFilledAndStaysTheSameFolder() throws IOException {
        Files.createDirectory(out());
        Object before = Files.getAttribute(out(), "unix:ino");
        // What a process that was killed left in it is not content.
        Files.createDirectories(out().resolve(".amalgam/staging/files"));
        Files.writeString(out().resolve(".amalgam/staging/files/model-00009-of-00009.safetensors"), "half");
        assertTrue(OutputFolder.finished(out(), "artifact-1").isEmpty());
        write(merge, false);
        assertTrue(OutputFolder.finished(out(), "artifact-1").isPresent());
        assertEquals(before, Files.getAttribute(out(), "unix:ino"), "it may be a mounted disk");
        try (Stream<Path> files = Files.list(out())) {
            assertEquals(6, files.count());
        }
    }

    @Test
    void aFolderThatCannotBeRenamedIsFilled() throws IOException {
        Files.createDirectory(out());
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("r-xr-xr-x"));
        try {
            write(merge, false);
        } finally {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        assertTrue(OutputFolder.finished(out(), "artifact-1").isPresent());
    }

    @Test
    void anUnfinishedMergeLeavesAnEmptyFolderEmpty() throws IOException {
        Files.createDirectory(out());
        try (OutputFolder output = OutputFolder.open(out(), "artifact-1", 1000, false, false)) {
            SmallMerge.write(output.openShard(merge.chunk(0)), merge.chunk(0));
        }
        try (Stream<Path> files = Files.list(out())) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void otherContentIsKeptUnlessToldOtherwise() throws IOException {
        Files.createDirectory(out());
        Files.writeString(out().resolve("thesis.txt"), "mine");
        Files.createSymbolicLink(out().resolve("link"), Path.of("nowhere"));
        assertEquals(ErrorCode.OUTPUT_NOT_EMPTY, assertThrows(AmalgamException.class, () -> OutputFolder.finished(out(), "artifact-1")).code());
        assertEquals(ErrorCode.OUTPUT_NOT_EMPTY, assertThrows(AmalgamException.class, () -> write(merge, false)).code());
        assertEquals("mine", Files.readString(out().resolve("thesis.txt")));
        assertEquals(List.of("out"), entries());

        write(merge, true);
        assertFalse(Files.exists(out().resolve("thesis.txt")));
        assertFalse(Files.isSymbolicLink(out().resolve("link")));
        assertTrue(OutputFolder.finished(out(), "artifact-1").isPresent());
        assertEquals(List.of("out"), entries());
    }

    @Test
    void anotherMergeIsOtherContent() throws IOException {
        write(merge, false);
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> OutputFolder.finished(out(), "artifact-2"));
        assertEquals(ErrorCode.OUTPUT_NOT_EMPTY, refusal.code());
        assertTrue(refusal.getMessage().contains("--overwrite"));
    }

    @Test
    void aDamagedCopyOfTheSameMergeIsNotSuccess() throws IOException {
        write(merge, false);
        Files.write(out().resolve("model-00002-of-00002.safetensors"), new byte[5]);
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> OutputFolder.finished(out(), "artifact-1"));
        assertTrue(refusal.getMessage().contains("model-00002-of-00002.safetensors has 5 bytes"), refusal.getMessage());
    }

    @Test
    void twoProcessesDoNotWriteOneFolder() {
        OutputFolder first = OutputFolder.open(out(), "artifact-1", 1000, false, false);
        try (first) {
            assertEquals(ErrorCode.CONFLICT,
                    assertThrows(AmalgamException.class, () -> OutputFolder.open(out(), "artifact-1", 1000, false, false)).code());
        }
    }

    @Test
    void aFileIsNotAFolder() throws IOException {
        Files.writeString(out(), "x");
        assertEquals(ErrorCode.OUTPUT_NOT_EMPTY, assertThrows(AmalgamException.class, () -> OutputFolder.finished(out(), "artifact-1")).code());
    }
}
