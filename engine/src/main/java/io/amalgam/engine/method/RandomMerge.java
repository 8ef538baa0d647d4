package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.MersenneTwister;
import io.amalgam.engine.kernel.RandomKernels;
import io.amalgam.engine.kernel.Tile;

/**
 * Task vectors whose elements are kept at random (dare, della), by the random stream that MergeKit would use: element by
 * element, model by model, tensor by tensor (mergekit.md §2.1.6). Masks are kept as bits from the statistics to the output
 * where memory allows, else drawn again.
 */
abstract class RandomMerge extends TaskVectorMerge {
    private static final int STATE = MersenneTwister.STATE;

    /** By model; null where nothing is drawn. */
    private final StripGenerators[] generators;
    private final boolean[] dropped;
    /** By model, the bits of all strips, each from a whole word on; null if they are drawn again for each pass. */
    private final long[][] kept;
    private final boolean[] drawn;
    private final int wordsOfStrip;
    private final int stripLength;
    private final Buffers[] buffers;

    /** What a thread draws with. */
    protected static final class Buffers {
        /** Draws, from index {@link #STATE} on. */
        final int[] raw;
        /** By model, the bits of the strip at hand. */
        final long[][] bits;
        /** Index in {@link #bits} of the first word. */
        int firstWord;
        /** The threshold of each draw, where they differ. */
        final int[] thresholds;
        /** The keys of the strip's elements, where they are ranked. */
        final int[] keys;

        final MagnitudeRanks ranks;

        Buffers(int models, int stripLength, int ranked, int keyBits) {
            raw = new int[STATE + stripLength];
            bits = new long[models][];
            thresholds = new int[ranked];
            keys = new int[ranked];
            ranks = new MagnitudeRanks(keyBits);
        }
    }

    RandomMerge(TensorTask task, boolean election, int stripLength) {
        super(task, election);
        this.stripLength = stripLength;
        wordsOfStrip = (stripLength + Long.SIZE - 1) / Long.SIZE;
        generators = new StripGenerators[models.length];
        dropped = new boolean[models.length];
        int drawing = 0;
        for (int model = 0; model < models.length; model++) {
            dropped[model] = dropsAll(model);
            if (draws(model)) {
                MersenneTwister start = task.random().at(task.input(models[model]).randomOffset());
                generators[model] = new StripGenerators(start, stripLength);
                drawing++;
            }
        }
        int strips = task.strips(stripLength);
        long words = (long) strips * wordsOfStrip;
        boolean keep = words * drawing * Long.BYTES <= task.maskBytes() && words < Integer.MAX_VALUE - 8;
        kept = keep ? new long[models.length][] : null;
        drawn = new boolean[strips];
        for (int model = 0; keep && model < models.length; model++) {
            kept[model] = generators[model] == null ? null : new long[(int) words];
        }
        buffers = new Buffers[task.workers()];
    }

    /** Whether a model's mask is drawn; otherwise all is kept, or all is dropped. Asked once, by the constructor. */
    protected abstract boolean draws(int model);

    /** Whether all of a model's task vector is dropped. Asked once, by the constructor. */
    protected abstract boolean dropsAll(int model);

    /** Elements whose ranks are taken at a time, or 0. */
    protected int ranked() {
        return 0;
    }

    /**
     * Sets the bits of one strip of one model.
     *
     * @param buffers of this thread; {@link Buffers#raw} has the strip's draws, the first at {@code from}
     */
    protected abstract void mark(
            RandomKernels kernels, Strip strip, int model, Buffers buffers, int from, long[] bits, int firstWord);

    @Override
    public int stripLength() {
        return stripLength;
    }

    @Override
    protected boolean sparsifies(int model) {
        return generators[model] != null || dropped[model];
    }

    @Override
    protected Object beginStrip(Strip strip) {
        Buffers own = buffers(strip.worker());
        own.firstWord = kept == null ? 0 : strip.index() * wordsOfStrip;
        for (int model = 0; model < models.length; model++) {
            if (generators[model] == null) {
                continue;
            }
            if (kept != null) {
                own.bits[model] = kept[model];
            } else if (own.bits[model] == null) {
                own.bits[model] = new long[wordsOfStrip];
            }
            if (kept == null || !drawn[strip.index()]) {
                generators[model].draw(strip.index(), own.raw, strip.length());
                mark(Kernels.random(), strip, model, own, STATE, own.bits[model], own.firstWord);
            }
        }
        drawn[strip.index()] = true;
        return own;
    }

    /** Random sparsifiers work in F32 on whatever is not BF16. */
    @Override
    protected final Kernels workKernels() {
        return kernels.type() == DType.BF16 ? kernels : Kernels.of(DType.F32);
    }

    @Override
    protected void rescale(Tile delta, double ratio, int length) {
        super.rescale(delta, ratio, length);
        roundToSingle(delta, length);
    }

    /** What is F64 has been F32 on the way. */
    private void roundToSingle(Tile delta, int length) {
        if (kernels.type() == DType.F64) {
            for (int i = 0; i < length; i++) {
                delta.set(i, (float) delta.get(i));
            }
        }
    }

    private Buffers buffers(int worker) {
        if (buffers[worker] == null) {
            buffers[worker] = new Buffers(models.length, stripLength, ranked(), kernels.selection().keyBits());
        }
        return buffers[worker];
    }

    @Override
    protected void sparsify(Strip strip, Object state, int model, Tile delta, int from, int length) {
        if (dropped[model]) {
            arithmetic.fill(delta, 0, length);
        } else {
            Buffers own = (Buffers) state;
            roundToSingle(delta, length);
            kernels.selection().keepMarked(delta, length, own.bits[model], (long) own.firstWord * Long.SIZE + from);
        }
    }

    /** 2^24 times a probability, rounded up: draws of 24 bits are below it with that probability. */
    protected static int threshold(double probability) {
        return (int) Math.clamp((long) Math.ceil(probability * (1 << 24)), 0, 1 << 24);
    }
}
