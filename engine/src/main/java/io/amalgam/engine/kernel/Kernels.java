package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The arithmetic of one type, in the implementation that this process has chosen ({@link KernelChoice}).
 *
 * @param type of the arithmetic: F64, F32, F16 or BF16
 * @param codec between bytes and tiles
 * @param arithmetic element-wise operations
 * @param reductions over a tile
 * @param selection by magnitude
 * @param voting across models
 */
public record Kernels(
        DType type,
        CodecKernels codec,
        ArithmeticKernels arithmetic,
        ReductionKernels reductions,
        SelectionKernels selection,
        VotingKernels voting) {

    private static final Map<DType, Kernels> CHOSEN = new ConcurrentHashMap<>();

    private static final class RandomHolder {
        static final RandomKernels RANDOM = KernelChoice.chosen().random();
    }

    /**
     * The kernels for arithmetic in {@code type}; made when they are first asked for.
     *
     * @throws IllegalArgumentException if no arithmetic is defined on it
     */
    public static Kernels of(DType type) {
        Kernels kernels = CHOSEN.get(type);
        if (kernels != null) {
            return kernels;
        }
        if (!type.floating()) {
            throw new IllegalArgumentException("no arithmetic on " + type);
        }
        return CHOSEN.computeIfAbsent(type, KernelChoice.chosen()::kernels);
    }

    /**
     * Begins to make the kernels that most merges need, on a thread of its own: what a program has to do before it knows
     * its weights need not wait for them. A choice that cannot be had is told to whoever asks for kernels first.
     */
    public static void prepare() {
        if (KernelChoice.free()) {
            Thread.ofPlatform().daemon().name("amalgam-kernels").start(() -> {
                of(DType.BF16);
                of(DType.F32);
            });
        }
    }

    /** A new tile for this arithmetic. */
    public Tile tile(int capacity) {
        return Tile.of(type, capacity);
    }

    /** A scalar rounded to the type of the arithmetic. */
    public double round(double value) {
        return type == DType.F64 ? value : Rounding.of(type).cast((float) value);
    }

    /**
     * A scalar as torch uses a Python number in a product with a tensor: rounded to binary32, and no further
     * (mergekit.md §2.1.2).
     */
    public double factor(double value) {
        return type == DType.F64 ? value : (float) value;
    }

    /** The inner loops of the random stream. */
    public static RandomKernels random() {
        return RandomHolder.RANDOM;
    }

    /** The scalar implementation, which is the specification. */
    static Kernels scalar(DType type) {
        CodecKernels codec = new ScalarCodec();
        if (type == DType.F64) {
            return new Kernels(
                    type, codec, new DoubleArithmetic(), new DoubleReductions(), new ScalarSelection(type), new ScalarVoting(type));
        }
        Rounding rounding = Rounding.of(type);
        return new Kernels(
                type,
                codec,
                new ScalarArithmetic(rounding),
                new ScalarReductions(rounding),
                new ScalarSelection(type),
                new ScalarVoting(type));
    }
}
