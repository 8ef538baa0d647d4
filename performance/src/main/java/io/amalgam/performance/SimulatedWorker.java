package io.amalgam.performance;

import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.execute.ExecutionResult;
import io.amalgam.engine.plan.ChunkSlice;
import io.amalgam.engine.store.FileSystemStore;
import io.amalgam.engine.store.ShardWriter;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.LogReader;
import io.amalgam.events.Topics;
import io.amalgam.events.work.ShareGroupQueue;
import io.amalgam.events.work.WorkLoop;
import io.amalgam.mergeworker.chunk.MergeWork;
import io.amalgam.mergeworker.chunk.ShardMaker;
import io.amalgam.mergeworker.coordination.MergesView;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * A merge-worker whose work is simulated: it takes real chunks from the real share group, waits as long as it is told
 * instead of computing, and leaves real receipts of tiny shards in the store. Everything but the arithmetic is what the
 * service does. {@code SimulatedWorker NAME BOOTSTRAP STORE MILLISECONDS}; it ends with its parent.
 */
public final class SimulatedWorker {
    /** How many chunks it has in its hands at most: one that it works on, and the next. */
    static final int SLOTS = 2;
    private static final long STEP_MILLIS = 10;

    private SimulatedWorker() {
    }

    /**
     * Takes work until the process ends.
     *
     * @param arguments name, bootstrap servers, the store's folder, milliseconds of a chunk
     */
    public static void main(String[] arguments) throws InterruptedException {
        String name = arguments[0];
        Map<String, Object> connection = Map.of("bootstrap.servers", arguments[1]);
        FileSystemStore store = new FileSystemStore(Path.of(arguments[2]), false);
        Duration work = Duration.ofMillis(Long.parseLong(arguments[3]));
        Clock clock = Clock.systemUTC();
        EventPublisher publisher = new EventPublisher(connection, "merge-worker/" + name, clock);
        MergesView view = new MergesView(clock);
        LogReader log = new LogReader(connection, Topics.MERGES, view::accept);
        log.start();
        MergeWork handler = new MergeWork(
                name, store, (slice, listener, computed) -> make(store, slice, listener, computed, work), view, publisher,
                clock, new Silent());
        WorkLoop loop = new WorkLoop(
                name, new ShareGroupQueue(connection, Topics.CHUNK_WORKERS), SLOTS, handler, publisher, clock,
                letter -> System.err.println("dead letter: " + letter.reason()));
        loop.start();
        System.out.println("ready " + name);
        new CountDownLatch(1).await();
    }

    private static ShardMaker.MadeShard make(
            FileSystemStore store, ChunkSlice slice, ExecutionListener listener, Runnable computed, Duration work) {
        long end = System.nanoTime() + work.toNanos();
        try {
            while (System.nanoTime() < end) {
                if (listener.cancelled()) {
                    throw new AmalgamException(ErrorCode.CANCELLED, "the chunk was given up");
                }
                Thread.sleep(Math.clamp((end - System.nanoTime()) / 1_000_000, 0, STEP_MILLIS));
            }
            byte[] shard = slice.chunk().key().getBytes(StandardCharsets.US_ASCII);
            try (ShardWriter writer = store.openShard(slice.artifactKey(), slice.chunk())) {
                writer.write(MemorySegment.ofArray(shard));
                computed.run();
                String digest = Sha256.of(shard);
                return new ShardMaker.MadeShard(
                        writer.commit(new ExecutionResult(shard.length, digest, 0, Map.of())), 0);
            }
        } catch (IOException failure) {
            throw new AmalgamException(ErrorCode.STORE_UNAVAILABLE, "the shard cannot be written: " + failure, failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AmalgamException(ErrorCode.CANCELLED, "the worker ends", interrupted);
        }
    }

    /** Counts nothing: what is measured is read from the topics. */
    private static final class Silent implements MergeWork.WorkListener {

        @Override
        public void started() {
            // Seen in the topics.
        }

        @Override
        public void done(Duration duration, boolean reused) {
            // Seen in the topics.
        }

        @Override
        public void failed(String code) {
            System.err.println("a chunk failed: " + code);
        }

        @Override
        public void retried(String code) {
            System.err.println("a chunk is tried again: " + code);
        }

        @Override
        public void redelivered() {
            // Seen in the topics.
        }

        @Override
        public void read(long bytes) {
            // Nothing is read.
        }

        @Override
        public void written(long bytes) {
            // Next to nothing is written.
        }
    }
}
