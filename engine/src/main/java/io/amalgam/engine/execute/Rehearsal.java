package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.MersenneTwister;
import io.amalgam.engine.method.Pass;
import io.amalgam.engine.method.RandomStream;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Gets kernels compiled before weights come: a chunk's most frequent kind of tensor is merged over and over with a few
 * made-up elements. Vector operations that are not compiled yet are thousands of times slower than compiled ones, and a
 * compiler counts calls, not elements, so that tiny tensors get it to work soonest. Nothing of it is seen in any result.
 */
public final class Rehearsal {
    /** Chunks of fewer elements are done before they would be rehearsed. */
    private static final long LEAST_ELEMENTS = 1 << 24;
    /** Elements of what is merged; a power of two. */
    private static final int ELEMENTS = 1 << 10;
    /** Rounds after which the launcher's thresholds have everything compiled. */
    private static final int ROUNDS = 160;

    private static final Map<Kind, FutureTask<Void>> REHEARSALS = new ConcurrentHashMap<>();

    private final TensorPlan plan;
    private final List<ElementSource> sources;
    private final ExecutionOptions options;

    /** What decides which kernels a tensor needs. */
    private record Kind(String method, DType arithmetic, DType dtype, List<DType> inputs, int dimensions) {
        static Kind of(TensorPlan tensor) {
            return new Kind(
                    tensor.method(),
                    tensor.arithmetic(),
                    tensor.dtype(),
                    tensor.inputs().stream().map(Rehearsal::stored).toList(),
                    tensor.shape().length);
        }
    }

    /** The rehearsal of a tensor of any shape that has elements. */
    Rehearsal(TensorPlan tensor, ExecutionOptions options) {
        this.options = options;
        long[] shape = tensor.shape().clone();
        int left = ELEMENTS;
        for (int dimension = shape.length - 1; dimension >= 0; dimension--) {
            int most = dimension == 0 ? left : Math.min(left, ELEMENTS / 4);
            shape[dimension] = Long.highestOneBit(Math.min(shape[dimension], most));
            left /= (int) shape[dimension];
        }
        List<TensorInput> inputs = new ArrayList<>();
        sources = new ArrayList<>();
        for (TensorInput input : tensor.inputs()) {
            inputs.add(new TensorInput(
                    input.model(),
                    input.tensor(),
                    input.source(),
                    input.dtype(),
                    input.parameters(),
                    Math.min(input.randomOffset(), 0)));
            sources.add(new MadeUpSource(stored(input), sources.size()));
        }
        plan = new TensorPlan(
                tensor.name(),
                shape,
                tensor.dtype(),
                tensor.method(),
                tensor.arithmetic(),
                inputs,
                tensor.base(),
                tensor.parameters());
    }

    private static DType stored(TensorInput input) {
        return input.source() instanceof TensorSource.Stored stored ? stored.dtype() : input.dtype();
    }

    /**
     * Begins to rehearse a tensor that is likely to come, on a thread of its own. If another kind comes, that is rehearsed
     * when it is there.
     */
    public static void begin(TensorPlan likely, ExecutionOptions options) {
        Thread.ofPlatform().daemon().name("amalgam-rehearsal").start(rehearsal(likely, options));
    }

    private static FutureTask<Void> rehearsal(TensorPlan tensor, ExecutionOptions options) {
        return REHEARSALS.computeIfAbsent(Kind.of(tensor), kind -> new FutureTask<>(() -> {
            new Rehearsal(tensor, options).run(ROUNDS);
            return null;
        }));
    }

    /** Rehearses what a chunk needs, unless the chunk is small, or that was rehearsed in this process. */
    static void before(ChunkPlan chunk, ExecutionOptions options) throws IOException {
        Map<Kind, Long> elements = new HashMap<>();
        for (TensorPlan tensor : chunk.tensors()) {
            if (tensor.arithmetic().floating() && tensor.elements() > 0) {
                elements.merge(Kind.of(tensor), tensor.elements(), Long::sum);
            }
        }
        Kind kind = elements.keySet().stream().max(Comparator.comparing(elements::get)).orElse(null);
        if (kind == null || elements.get(kind) < LEAST_ELEMENTS) {
            return;
        }
        TensorPlan tensor = chunk.tensors().stream()
                .filter(each -> each.elements() > 0 && Kind.of(each).equals(kind))
                .findFirst()
                .orElseThrow();
        FutureTask<Void> rehearsal = rehearsal(tensor, options);
        rehearsal.run();
        await(rehearsal);
    }

    private static void await(FutureTask<Void> rehearsal) throws IOException {
        try {
            rehearsal.get();
        } catch (InterruptedException e) {
            // Whoever interrupts cancels the chunk, which is noticed where it is worked on.
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IllegalStateException("a rehearsal failed", e.getCause());
        }
    }

    /** Merges so many times. */
    void run(int rounds) throws IOException {
        RandomStream random = new RandomStream(0);
        boolean draws = plan.inputs().stream().anyMatch(input -> input.randomOffset() >= 0);
        MersenneTwister draw = MersenneTwister.seeded(0);
        try (Arena arena = Arena.ofConfined()) {
            WorkerStrip strip = new WorkerStrip(0, arena);
            MemorySegment output = arena.allocate(plan.bytes(), 64);
            for (int round = 0; round < rounds; round++) {
                if (draws) {
                    // Who draws from large tensors only does not draw for so few elements.
                    draw.skip(Kernels.random(), ELEMENTS);
                }
                try (TensorJob job = new TensorJob(plan, sources, random, 1, options)) {
                    job.advance(null);
                    while (job.pass != null) {
                        Pass pass = job.pass;
                        for (int index = 0; index < job.strips; index++) {
                            if (pass.wants(index)) {
                                strip.read(job, pass, index, index + 1);
                                strip.moveTo(index);
                                pass.strip(strip);
                            }
                        }
                        job.advance(pass);
                    }
                    strip.openOutput(output);
                    for (int index = 0; index < job.strips; index++) {
                        strip.read(job, null, index, index + 1);
                        strip.moveTo(index);
                        job.merge.output(strip);
                    }
                }
            }
        }
    }

    /** Elements that look like weights, a little different for each input. */
    private static final class MadeUpSource implements ElementSource {
        private static final double DEVIATION = 0.02;
        private static final double CHANGE = 0.002;

        private final DType dtype;
        private final MemorySegment bytes;

        MadeUpSource(DType dtype, int input) {
            this.dtype = dtype;
            bytes = MemorySegment.ofArray(new byte[ELEMENTS * dtype.bytes()]);
            SplittableRandom common = new SplittableRandom(0);
            SplittableRandom own = new SplittableRandom(1 + input);
            for (int i = 0; i < ELEMENTS; i++) {
                put(i, DEVIATION * common.nextDouble(-1, 1) + CHANGE * own.nextDouble(-1, 1));
            }
        }

        private void put(int index, double value) {
            switch (dtype) {
                case F64 -> bytes.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * index, value);
                case F32 -> bytes.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * index, (float) value);
                case F16 -> bytes.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * index, Float.floatToFloat16((float) value));
                case BF16 -> bytes.set(
                        ValueLayout.JAVA_SHORT_UNALIGNED, 2L * index, (short) (Float.floatToRawIntBits((float) value) >>> 16));
                default -> bytes.set(ValueLayout.JAVA_BYTE, (long) dtype.bytes() * index, (byte) 1);
            }
        }

        @Override
        public DType dtype() {
            return dtype;
        }

        @Override
        public void read(long first, int count, MemorySegment to) {
            MemorySegment.copy(bytes, first * dtype.bytes(), to, 0, (long) count * dtype.bytes());
        }
    }
}
