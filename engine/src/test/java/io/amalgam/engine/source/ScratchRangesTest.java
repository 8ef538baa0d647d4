package io.amalgam.engine.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.source.ScratchRanges.Range;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept is what the remote file holds, fetched once, and nothing else is fetched. */
class ScratchRangesTest {
    @TempDir
    Path folder;
    private final byte[] content = new byte[3 * ScratchRanges.BLOCK + 1000];
    private final AtomicIntegerArray fetched = new AtomicIntegerArray(content.length);
    private volatile boolean broken;

    ScratchRangesTest() {
        new Random(3).nextBytes(content);
    }

    private RangeReader remote() {
        return new RangeReader() {
            @Override
            public long length() {
                return content.length;
            }

            @Override
            public void read(long position, MemorySegment destination) throws IOException {
                if (broken) {
                    throw new IOException("broken");
                }
                for (int i = 0; i < destination.byteSize(); i++) {
                    fetched.incrementAndGet((int) position + i);
                }
                MemorySegment.copy(MemorySegment.ofArray(content), position, destination, 0, destination.byteSize());
            }

            @Override
            public void close() {
            }
        };
    }

    private byte[] read(RangeReader reader, long position, int length) throws IOException {
        byte[] part = new byte[length];
        reader.read(position, MemorySegment.ofArray(part));
        return part;
    }

    private byte[] expected(int position, int length) {
        return Arrays.copyOfRange(content, position, position + length);
    }

    @Test
    void readingAgainAndByManyThreadsFetchesEachByteOnce() throws Exception {
        try (ScratchRanges ranges = new ScratchRanges(folder, 1L << 30);
                RangeReader reader = ranges.keep(remote(), List.of(new Range(0, content.length)));
                ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Callable<byte[]>> reads = IntStream.range(0, 200)
                    .mapToObj(i -> (Callable<byte[]>) () -> read(reader, (i * 77_777L) % (content.length - 70_000), 70_000))
                    .toList();
            List<Future<byte[]>> results = threads.invokeAll(reads);
            for (int i = 0; i < results.size(); i++) {
                assertArrayEquals(expected((int) ((i * 77_777L) % (content.length - 70_000)), 70_000), results.get(i).get());
            }
        }
        for (int i = 0; i < content.length; i++) {
            assertTrue(fetched.get(i) <= 1, "byte " + i + " was fetched " + fetched.get(i) + " times");
        }
    }

    @Test
    void onlyAnnouncedRangesAreFetchedAndRead() throws IOException {
        try (ScratchRanges ranges = new ScratchRanges(folder, 1L << 30);
                RangeReader reader = ranges.keep(remote(), List.of(new Range(5000, 100), new Range(100, 50), new Range(120, 80)))) {
            assertArrayEquals(expected(110, 60), read(reader, 110, 60));
            assertArrayEquals(expected(5000, 100), read(reader, 5000, 100));
            assertThrows(IOException.class, () -> read(reader, 190, 20));
            assertThrows(IOException.class, () -> read(reader, 0, 10));
        }
        for (int i = 0; i < content.length; i++) {
            boolean announced = i >= 100 && i < 200 || i >= 5000 && i < 5100;
            assertEquals(announced ? 1 : 0, fetched.get(i), "byte " + i);
        }
    }

    @Test
    void aFullScratchFileMakesRoomForWhatIsReadNext() throws IOException {
        try (ScratchRanges ranges = new ScratchRanges(folder, 2L * ScratchRanges.BLOCK);
                RangeReader reader = ranges.keep(remote(), List.of(new Range(0, content.length)))) {
            for (int round = 0; round < 2; round++) {
                for (int position = 0; position < content.length - 1000; position += 500_000) {
                    assertArrayEquals(expected(position, 1000), read(reader, position, 1000));
                }
            }
            assertEquals(2L * ScratchRanges.BLOCK, ranges.size());
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(0, files.count(), "the scratch file goes when it is closed");
        }
    }

    @Test
    void aFailureIsToldAndTheNextReadFetchesAgain() throws IOException {
        try (ScratchRanges ranges = new ScratchRanges(folder, 1L << 30);
                RangeReader reader = ranges.keep(remote(), List.of(new Range(0, content.length)))) {
            broken = true;
            assertThrows(IOException.class, () -> read(reader, 0, 10));
            broken = false;
            assertArrayEquals(expected(0, 10), read(reader, 0, 10));
        }
    }
}
