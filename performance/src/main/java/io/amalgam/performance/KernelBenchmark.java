package io.amalgam.performance;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.MersenneTwister;
import io.amalgam.engine.kernel.SelectionKernels;
import io.amalgam.engine.kernel.Tile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Each kernel on tiles that lie in the cache, scalar and vector, beside a plain copy. An operation is a byte of stored
 * 16-bit input, so the table's numbers are GB/s of model data, and 1 means half a billion weights a second.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class KernelBenchmark {
    private static final int LENGTH = Tile.LENGTH;
    private static final int BYTES = 2 * LENGTH;
    private static final int MODELS = 5;

    /** Type of the arithmetic. */
    @Param({"BF16", "F16", "F32"})
    public DType type;

    private Kernels kernels;
    private Tile[] tiles;
    private Tile target;
    private Tile divisor;
    private MemorySegment from;
    private MemorySegment to;
    private final double[] weights = {0.3, 0.25, 0.2, 0.15, 0.35};
    private final int[] counts = new int[SelectionKernels.DIGITS];
    private final int[] raw = new int[MersenneTwister.STATE + LENGTH];
    private final long[] bits = new long[LENGTH / Long.SIZE];
    private final MersenneTwister twister = MersenneTwister.seeded(1);
    private long key;

    /** Makes the data. */
    @Setup
    public void setUp() {
        kernels = Kernels.of(type);
        Random random = new Random(1);
        tiles = new Tile[MODELS];
        for (int model = 0; model < MODELS; model++) {
            tiles[model] = kernels.tile(LENGTH);
            for (int i = 0; i < LENGTH; i++) {
                tiles[model].set(i, kernels.round(random.nextGaussian() * 0.002));
            }
        }
        target = kernels.tile(LENGTH);
        divisor = kernels.tile(LENGTH);
        from = Arena.global().allocate(BYTES, 64);
        to = Arena.global().allocate(2 * BYTES, 64);
        kernels.codec().encode(tiles[0], DType.BF16, from, 0, LENGTH);
        key = kernels.selection().key(0.002);
    }

    /** A plain copy: the ceiling. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public void copy() {
        MemorySegment.copy(from, 0, to, 0, BYTES);
    }

    /** Stored bfloat16 to a tile. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public void decode() {
        kernels.codec().decode(from, 0, DType.BF16, DType.BF16, target, LENGTH);
    }

    /** A tile to its type. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public long encode() {
        return kernels.codec().encode(tiles[0], type, to, 0, LENGTH);
    }

    /** The inner step of linear. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public void multiplyAdd() {
        kernels.arithmetic().multiplyAdd(target, tiles[0], 0.3, LENGTH);
    }

    /** A task vector, weighted. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public void scaledDifference() {
        kernels.arithmetic().scaledDifference(target, tiles[0], tiles[1], 0.3, LENGTH);
    }

    /** A division by a scalar. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public void divideBy() {
        kernels.arithmetic().divideBy(target, tiles[0], 0.3, LENGTH);
    }

    /** A dot product in binary64. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public double dot() {
        return kernels.reductions().dot(tiles[0], tiles[1], LENGTH);
    }

    /** A histogram of magnitudes. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public int[] histogram() {
        kernels.selection().count(tiles[0], LENGTH, 0, 0, counts);
        return counts;
    }

    /** Keeping the largest magnitudes. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public int keepLargest() {
        return kernels.selection().keepLargest(tiles[0], LENGTH, key, Long.MAX_VALUE);
    }

    /** Sign election among five models. */
    @Benchmark
    @OperationsPerInvocation(MODELS * BYTES)
    public void elect() {
        kernels.voting().elect(target, divisor, tiles, tiles, weights, MODELS, Integer.MAX_VALUE, LENGTH);
    }

    /** The variance among five models. */
    @Benchmark
    @OperationsPerInvocation(MODELS * BYTES)
    public void variance() {
        kernels.voting().variance(target, tiles, MODELS, LENGTH);
    }

    /** Random numbers and a mask of them. */
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public long[] randomMask() {
        twister.generate(Kernels.random(), raw, LENGTH);
        Kernels.random().mark(raw, MersenneTwister.STATE, LENGTH, 1 << 23, bits, 0);
        return bits;
    }

    /** Runs all of them, scalar and then vector; arguments are JMH patterns of what to run. */
    public static void main(String[] arguments) throws RunnerException {
        String pattern = arguments.length == 0 ? KernelBenchmark.class.getSimpleName() : String.join("|", arguments);
        for (String implementation : new String[] {"scalar", "vector"}) {
            System.out.println("\nKernels: " + implementation + "; GB/s of 16-bit weights\n");
            new Runner(new OptionsBuilder()
                            .include(pattern)
                            .forks(1)
                            .jvmArgsAppend("--add-modules", "jdk.incubator.vector", "-Damalgam.kernels=" + implementation)
                            .build())
                    .run();
        }
    }
}
