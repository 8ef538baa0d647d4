package io.amalgam.mergeworker.service;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalDouble;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a merge's throughput is held against: a plain copy on the store's file system, by one thread, of bytes that the
 * machine has just written. A merge that reads many models and writes one can exceed it, with as many threads.
 */
final class CopyCeiling {

    private static final Logger LOG = LoggerFactory.getLogger(CopyCeiling.class);
    private static final int BLOCK = 1 << 20;
    private static final int BLOCKS = 64;

    private CopyCeiling() {
    }

    /**
     * Copies 64 MiB within the store and leaves nothing behind.
     *
     * @param store the store's folder
     * @return bytes read and written a second; empty if the store has no room for it or does not answer
     */
    static OptionalDouble measure(Path store) {
        Path folder = store.resolve("health");
        Path source = folder.resolve("copied-" + ProcessHandle.current().pid());
        Path target = folder.resolve("copy-" + ProcessHandle.current().pid());
        try {
            Files.createDirectories(folder);
            ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
            try (FileChannel out = create(source)) {
                for (int i = 0; i < BLOCKS; i++) {
                    write(out, block.clear());
                }
            }
            long begun = System.nanoTime();
            try (FileChannel in = FileChannel.open(source, StandardOpenOption.READ); FileChannel out = create(target)) {
                while (in.read(block.clear()) > 0) {
                    write(out, block.flip());
                }
            }
            return OptionalDouble.of(2e9 * BLOCK * BLOCKS / (System.nanoTime() - begun));
        } catch (IOException failure) {
            LOG.warn("the store's ceiling is not known, a copy within it failed: {}", failure.getMessage());
            return OptionalDouble.empty();
        } finally {
            delete(source);
            delete(target);
        }
    }

    private static FileChannel create(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
    }

    private static void write(FileChannel out, ByteBuffer block) throws IOException {
        while (block.hasRemaining()) {
            out.write(block);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException failure) {
            LOG.warn("{} cannot be deleted: {}", file, failure.getMessage());
        }
    }
}
