package io.amalgam.performance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** The ceiling of every merge: reading its inputs once, on all processors, and writing as much as its output has. */
final class PlainCopy {
    private static final int BLOCK = 1 << 18;

    private PlainCopy() {
    }

    /**
     * Times it.
     *
     * @param inputs that are read whole
     * @param target becomes as long as the first of them, and is removed
     */
    static double seconds(List<Path> inputs, Path target) throws IOException, InterruptedException {
        long start = System.nanoTime();
        try (FileChannel out = FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            int processors = Runtime.getRuntime().availableProcessors();
            List<Thread> threads = new ArrayList<>();
            for (int part = 0; part < processors; part++) {
                int own = part;
                threads.add(Thread.ofPlatform().start(() -> copyPart(inputs, out, own, processors)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        Files.delete(target);
        return seconds;
    }

    private static void copyPart(List<Path> inputs, FileChannel out, int part, int parts) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BLOCK);
        for (int input = 0; input < inputs.size(); input++) {
            try (FileChannel in = FileChannel.open(inputs.get(input))) {
                for (long position = (long) part * BLOCK; position < in.size(); position += (long) parts * BLOCK) {
                    buffer.clear();
                    in.read(buffer, position);
                    if (input == 0) {
                        out.write(buffer.flip(), position);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
