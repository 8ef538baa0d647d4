package io.amalgam.engine.execute;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.method.Pass;
import io.amalgam.engine.method.RandomStream;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.tensor.TensorPlan;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The work of one chunk, shared out among threads.
 *
 * <p>A few tensors are on their way at a time. A thread takes a block of the earliest tensor that has one; blocks of
 * statistics may be taken of any of these tensors, blocks of output only in the order in which they lie in the shard, so
 * that the threads never hold all output buffers with blocks that must wait. A thread that has finished a block of output
 * also writes what is due of the shard, unless another does. Where reading is mostly waiting there are twice as many threads
 * as may compute: the others are reading ahead.
 */
final class ChunkRun implements AutoCloseable {
    /** Tensors on their way at a time. */
    private static final int WINDOW = 6;
    /** Bytes after which somebody looks how quickly they were read. */
    private static final long LOOKED_AT = 64L << 20;
    /** Bytes a nanosecond; who reads less is waiting for a disk or a network, and not copying from the page cache. */
    private static final long SLOW = 1;

    private final ChunkPlan chunk;
    private final ElementSources sources;
    private final ExecutionOptions options;
    private final ExecutionListener listener;
    private final ShardOutput output;
    private final Arena arena = Arena.ofShared();
    private final Semaphore computing;
    private final RandomStream random;
    private final int mostWorkers;

    /** Guards all that follows. Few are woken, since on a virtual machine that takes as long as some blocks do. */
    private final ReentrantLock lock = new ReentrantLock();
    /** There may be a block to take, or none ever again. */
    private final Condition claimable = lock.newCondition();

    private final List<Thread> threads = new ArrayList<>();
    private final ArrayDeque<TensorJob> active = new ArrayDeque<>();
    private final ArrayDeque<OutputBlock> free = new ArrayDeque<>();
    private final Map<String, Long> nonFinite = new HashMap<>();
    private int nextTensor;
    private long claimed;
    /** What was read since somebody last looked how quick that was, and how long it took the threads together. */
    private long readBytes;
    private long readNanoseconds;
    private Throwable failure;

    ChunkRun(ChunkPlan chunk, ElementSources sources, ExecutionOptions options, ExecutionListener listener, ShardOutput output) {
        this.chunk = chunk;
        this.sources = sources;
        this.options = options;
        this.listener = listener;
        this.output = output;
        random = new RandomStream(chunk.seed());
        computing = new Semaphore(options.threads());
        mostWorkers = 2 * options.threads();
        for (int block = 0; block < mostWorkers + options.threads() + 1; block++) {
            free.add(new OutputBlock(arena));
        }
    }

    /** Starts as many threads as may compute. */
    void start() {
        lock.lock();
        try {
            startWorkers();
        } finally {
            lock.unlock();
        }
    }

    private void startWorkers() {
        for (int started = 0; started < options.threads(); started++) {
            int worker = threads.size();
            threads.add(Thread.ofPlatform().daemon().name("amalgam-merge-" + worker).start(() -> work(worker)));
        }
    }

    /** Waits until all threads have ended; one that starts others has not ended before them. */
    void join() throws InterruptedException {
        int index = 0;
        for (Thread thread = thread(index); thread != null; thread = thread(++index)) {
            thread.join();
        }
    }

    private Thread thread(int index) {
        lock.lock();
        try {
            return index < threads.size() ? threads.get(index) : null;
        } finally {
            lock.unlock();
        }
    }

    /** A block that a thread has taken: of a pass, or of the output, with the buffer to compute it into. */
    private record Claim(TensorJob job, Pass pass, int block, OutputBlock output) {
    }

    private void work(int worker) {
        WorkerStrip strip = new WorkerStrip(worker, arena);
        try {
            for (Claim claim = claim(); claim != null; claim = claim()) {
                run(claim, strip);
                if (claim.output() != null) {
                    output.add(claim.output(), this::release);
                }
                complete(claim);
            }
        } catch (Throwable e) {
            fail(e);
        }
    }

    private void run(Claim claim, WorkerStrip strip) throws Exception {
        TensorJob job = claim.job();
        int firstStrip = job.firstStrip(claim.block());
        int endStrip = job.endStrip(claim.block());
        if (claim.pass() != null && !job.wants(claim.pass(), firstStrip, endStrip)) {
            return;
        }
        long start = System.nanoTime();
        long bytes = strip.read(job, claim.pass(), firstStrip, endStrip);
        haveRead(bytes, System.nanoTime() - start);
        computing.acquire();
        try {
            if (claim.output() != null) {
                strip.openOutput(claim.output().reserve((long) job.elements(firstStrip, endStrip) * job.plan.dtype().bytes()));
            }
            for (int index = firstStrip; index < endStrip; index++) {
                strip.moveTo(index);
                if (claim.pass() == null) {
                    job.merge.output(strip);
                } else if (claim.pass().wants(index)) {
                    claim.pass().strip(strip);
                }
            }
        } finally {
            computing.release();
        }
        if (claim.output() != null) {
            claim.output().length = strip.outputLength();
            if (strip.emitted() != job.elements(firstStrip, endStrip)) {
                throw new IllegalStateException("method " + job.plan.method() + " gave " + strip.emitted()
                        + " elements of tensor " + job.plan.name() + " instead of " + job.elements(firstStrip, endStrip));
            }
        }
    }

    /** Lets more threads read ahead once reading turns out to be waiting. */
    private void haveRead(long bytes, long nanoseconds) {
        lock.lock();
        try {
            readBytes += bytes;
            readNanoseconds += nanoseconds;
            if (readBytes >= LOOKED_AT) {
                if (readNanoseconds > readBytes / SLOW && threads.size() < mostWorkers) {
                    startWorkers();
                }
                readBytes = 0;
                readNanoseconds = 0;
            }
        } finally {
            lock.unlock();
        }
    }

    private Claim claim() throws InterruptedException {
        lock.lock();
        try {
            while (failure == null) {
                if (listener.cancelled()) {
                    throw new AmalgamException(ErrorCode.CANCELLED, "Chunk " + chunk.index() + " was cancelled.");
                }
                admit();
                Claim claim = find();
                if (claim != null) {
                    return claim;
                }
                if (nextTensor == chunk.tensors().size() && active.isEmpty()) {
                    return null;
                }
                claimable.await();
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    /** Lets tensors in while there is room. */
    private void admit() {
        while (active.size() < WINDOW && nextTensor < chunk.tensors().size()) {
            TensorPlan tensor = chunk.tensors().get(nextTensor++);
            TensorJob job = new TensorJob(tensor, sources.of(tensor), random, mostWorkers, options);
            job.advance(null);
            job.open = true;
            if (job.blocks > 0) {
                active.add(job);
            } else {
                job.close();
            }
        }
    }

    private Claim find() {
        boolean outputInOrder = true;
        for (TensorJob job : active) {
            boolean left = job.nextBlock < job.blocks;
            if (job.open && left && job.pass != null) {
                return new Claim(job, job.pass, job.takeBlock(), null);
            }
            if (job.open && left && outputInOrder && !free.isEmpty()) {
                OutputBlock block = free.remove();
                block.sequence = claimed++;
                return new Claim(job, null, job.takeBlock(), block);
            }
            outputInOrder &= job.open && job.pass == null && !left;
        }
        return null;
    }

    private void complete(Claim claim) {
        TensorJob job = claim.job();
        lock.lock();
        try {
            job.blocksDone++;
            if (job.blocksDone < job.blocks) {
                return;
            }
            if (claim.output() != null) {
                finish(job);
                claimable.signalAll();
                return;
            }
            job.open = false;
        } finally {
            lock.unlock();
        }
        // The last block of a pass: no other thread touches the job until it is open again.
        job.advance(claim.pass());
        lock.lock();
        try {
            job.open = true;
            claimable.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void finish(TensorJob job) {
        active.remove(job);
        long count = job.nonFinite.get();
        if (count > 0) {
            nonFinite.put(job.plan.name(), count);
            if (options.refuseNonFinite()) {
                throw new AmalgamException(
                        ErrorCode.NON_FINITE_WEIGHTS,
                        "Tensor %s of the result has %d elements that are NaN or infinite, and the request refuses them; look for them in the inputs of that name."
                                .formatted(job.plan.name(), count));
            }
        }
        job.close();
    }

    /** Ends the run with a failure, the first of which is kept. */
    void fail(Throwable cause) {
        lock.lock();
        try {
            if (failure == null) {
                failure = cause;
            }
            claimable.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Throws the failure that ended the run, if one did. */
    void check() {
        lock.lock();
        try {
            if (failure != null) {
                throw asRuntime(failure);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Gives a buffer back. */
    private void release(OutputBlock block) {
        lock.lock();
        try {
            free.add(block);
            claimable.signal();
        } finally {
            lock.unlock();
        }
    }

    /** For each tensor with NaN or infinity, how many; when the run has ended. */
    Map<String, Long> nonFinite() {
        return nonFinite;
    }

    private static RuntimeException asRuntime(Throwable failure) {
        return switch (failure) {
            case AmalgamException known -> known;
            case InterruptedException interrupted ->
                new AmalgamException(ErrorCode.CANCELLED, "The chunk's threads were interrupted.", interrupted);
            default -> new AmalgamException(
                    ErrorCode.INTERNAL, "Computing the chunk failed: " + failure, failure);
        };
    }

    /** Frees all buffers; no thread may be running any more. */
    @Override
    public void close() {
        active.forEach(TensorJob::close);
        arena.close();
    }
}
