package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.method.MergeMethods;
import io.amalgam.engine.method.Pass;
import io.amalgam.engine.method.RandomStream;
import io.amalgam.engine.method.TensorMerge;
import io.amalgam.engine.method.TensorTask;
import io.amalgam.engine.tensor.TensorPlan;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One output tensor on its way: its merge, the pass it is in, and which blocks of the pass are taken and done. Guarded
 * by the lock of {@link ChunkRun}, except {@link #advance}, which one thread calls while no block is out.
 */
final class TensorJob implements AutoCloseable {
    /** Blocks that a pass learns from. */
    private static final int LEARNT_FROM = 4;
    /** Tensors of fewer blocks are done before anything is learnt. */
    private static final int LEAST_TO_LEARN = 16;

    final TensorPlan plan;
    final List<ElementSource> sources;
    final TensorMerge merge;
    /** The type that each input is cast to when it is decoded. */
    final DType[] casts;
    final int stripLength;
    final int strips;
    final int blocks;
    final AtomicLong nonFinite = new AtomicLong();

    private final int stripsOfBlock;
    /** The pass whose blocks are being worked on, or null for the output. */
    Pass pass;
    /** Whether {@link #pass} is settled; false while one thread prepares the next. */
    boolean open;

    int nextBlock;
    int blocksDone;

    TensorJob(TensorPlan plan, List<ElementSource> sources, RandomStream random, int workers, ExecutionOptions options) {
        this.plan = plan;
        this.sources = sources;
        casts = new DType[sources.size()];
        for (int input = 0; input < casts.length; input++) {
            // Rows of a remapped vocabulary have been cast and promoted one by one.
            casts[input] = sources.get(input) instanceof RemappedSource
                    ? plan.arithmetic()
                    : plan.inputs().get(input).dtype();
        }
        if (plan.arithmetic().floating()) {
            MergeMethod method = MergeMethods.find(plan.method()).orElseThrow();
            merge = method.begin(new TensorTask(
                    plan,
                    Kernels.of(plan.arithmetic()),
                    plan.elements(),
                    random,
                    workers,
                    options.maskBytes(),
                    options.scratch()));
        } else {
            merge = new IdenticalCopy(plan);
        }
        stripLength = merge.stripLength();
        strips = Math.toIntExact((plan.elements() + stripLength - 1) / stripLength);
        stripsOfBlock = options.strips();
        blocks = (strips + stripsOfBlock - 1) / stripsOfBlock;
    }

    /** Goes on to the next pass that has blocks, or to the output. */
    void advance(Pass finished) {
        if (finished != null) {
            finished.complete();
        }
        Pass next = merge.nextPass();
        while (next != null && blocks == 0) {
            next.complete();
            next = merge.nextPass();
        }
        pass = next;
        nextBlock = 0;
        blocksDone = 0;
    }

    /** Whether the pass (the output, if null) looks at an input. */
    boolean reads(Pass current, int input) {
        return current != null ? current.reads(input) : merge.reads(input);
    }

    /** Whether a pass looks at any of a run of strips. */
    boolean wants(Pass current, int firstStrip, int endStrip) {
        for (int strip = firstStrip; strip < endStrip; strip++) {
            if (current.wants(strip)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Takes the next block of the pass or the output: in their order, but where a pass learns from its first blocks, those
     * come from all over the tensor.
     */
    int takeBlock() {
        int number = nextBlock++;
        if (pass == null || !pass.learns() || blocks < LEAST_TO_LEARN) {
            return number;
        }
        if (number < LEARNT_FROM) {
            return learntFrom(number);
        }
        int block = number - LEARNT_FROM;
        for (int first = 0; first < LEARNT_FROM; first++) {
            block += block >= learntFrom(first) ? 1 : 0;
        }
        return block;
    }

    private int learntFrom(int number) {
        return (int) ((2L * number + 1) * blocks / (2 * LEARNT_FROM));
    }

    /** Index of a block's first strip. */
    int firstStrip(int block) {
        return block * stripsOfBlock;
    }

    /** Index behind a block's last strip. */
    int endStrip(int block) {
        return Math.min(strips, (block + 1) * stripsOfBlock);
    }

    /** Elements of a run of strips. */
    int elements(int firstStrip, int endStrip) {
        long end = Math.min(plan.elements(), (long) endStrip * stripLength);
        return Math.toIntExact(end - (long) firstStrip * stripLength);
    }

    /** Whether an input's stored bytes are what the output holds if nothing is done to them. */
    boolean storedAsOutput(int input) {
        return sources.get(input).dtype() == plan.dtype()
                && casts[input] == plan.dtype()
                && plan.arithmetic() == plan.dtype();
    }

    @Override
    public void close() {
        merge.close();
    }
}
