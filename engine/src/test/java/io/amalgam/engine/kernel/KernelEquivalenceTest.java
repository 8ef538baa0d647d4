package io.amalgam.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.amalgam.engine.checkpoint.DType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Vector kernels equal the scalar specification bit for bit: every operation, type, width and tail. */
class KernelEquivalenceTest {
    private static final int[] LENGTHS = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 61, 127, 128, 129, 499};
    /** Elements of a tile: a little more than the longest length, so that copies are cheap. */
    private static final int CAPACITY = 576;
    private static final int MODELS = 5;
    /** Defined once each: classes that are made anew for every comparison never get compiled. */
    private static final Map<String, Kernels> VECTOR_KERNELS = new ConcurrentHashMap<>();

    private static Kernels vectorKernels(DType type, int bits) {
        return VECTOR_KERNELS.computeIfAbsent(type + "/" + bits, key -> VectorTemplates.kernels(type, bits));
    }

    static Stream<Arguments> variants() {
        List<Arguments> variants = new ArrayList<>();
        for (DType type : new DType[] {DType.BF16, DType.F16, DType.F32}) {
            for (int bits : new int[] {128, 256, 512}) {
                variants.add(Arguments.of(type, bits));
            }
        }
        return variants.stream();
    }

    /** Values of a type: sizes of all orders, equal ones, zeros of both signs and, where asked, infinities and NaN. */
    private static Tile tile(DType type, int length, Random random, boolean special) {
        Tile tile = Tile.of(type, CAPACITY);
        Rounding rounding = Rounding.of(type);
        for (int i = 0; i < length; i++) {
            float value = switch (random.nextInt(special ? 12 : 9)) {
                case 0 -> 0f;
                case 1 -> -0f;
                case 2 -> (random.nextInt(5) - 2) * 0.25f;
                case 3 -> (float) (random.nextGaussian() * 1e-8);
                case 4 -> (float) (random.nextGaussian() * 1000);
                case 9 -> Float.POSITIVE_INFINITY;
                case 10 -> Float.NEGATIVE_INFINITY;
                case 11 -> Float.NaN;
                default -> (float) (random.nextGaussian() * 0.02);
            };
            tile.floats[i] = rounding.cast(value);
        }
        return tile;
    }

    private static Tile copy(Tile tile, DType type) {
        Tile copy = Tile.of(type, tile.capacity());
        System.arraycopy(tile.floats, 0, copy.floats, 0, tile.floats.length);
        return copy;
    }

    /** All NaNs count as one: their payloads depend on the order of operands. */
    private static int[] bits(Tile tile, int length) {
        int[] bits = new int[length];
        for (int i = 0; i < length; i++) {
            bits[i] = Float.floatToIntBits(tile.floats[i]);
        }
        return bits;
    }

    private static void same(
            DType type, int width, int length, String what, Tile[] tiles, BiConsumer<Kernels, Tile[]> operation) {
        Tile[] left = Arrays.stream(tiles).map(tile -> copy(tile, type)).toArray(Tile[]::new);
        Tile[] right = Arrays.stream(tiles).map(tile -> copy(tile, type)).toArray(Tile[]::new);
        operation.accept(Kernels.scalar(type), left);
        operation.accept(vectorKernels(type, width), right);
        for (int tile = 0; tile < tiles.length; tile++) {
            assertArrayEquals(bits(left[tile], length), bits(right[tile], length), what + ", length " + length);
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void elementWiseOperations(DType type, int width) {
        Random random = new Random(17);
        for (int n : LENGTHS) {
            for (boolean special : new boolean[] {false, true}) {
                Tile[] t = {tile(type, n, random, special), tile(type, n, random, special), tile(type, n, random, special)};
                double s = Kernels.scalar(type).round(random.nextGaussian());
                same(type, width, n, "add", t, (k, x) -> k.arithmetic().add(x[2], x[0], x[1], n));
                same(type, width, n, "subtract", t, (k, x) -> k.arithmetic().subtract(x[2], x[0], x[1], n));
                same(type, width, n, "multiply", t, (k, x) -> k.arithmetic().multiply(x[2], x[0], x[1], n));
                same(type, width, n, "divide", t, (k, x) -> k.arithmetic().divide(x[2], x[0], x[1], n));
                same(type, width, n, "scale", t, (k, x) -> k.arithmetic().scale(x[2], x[0], s, n));
                same(type, width, n, "divideBy", t, (k, x) -> k.arithmetic().divideBy(x[2], x[0], s, n));
                same(type, width, n, "addScalar", t, (k, x) -> k.arithmetic().addScalar(x[2], x[0], s, n));
                same(type, width, n, "magnitude", t, (k, x) -> k.arithmetic().magnitude(x[2], x[0], n));
                same(type, width, n, "fill", t, (k, x) -> k.arithmetic().fill(x[2], s, n));
                same(type, width, n, "round", t, (k, x) -> k.arithmetic().round(x[2], x[0], n));
                same(type, width, n, "scaledDifference", t, (k, x) -> k.arithmetic().scaledDifference(x[2], x[0], x[1], s, n));
                same(type, width, n, "weightedSum", t, (k, x) -> k.arithmetic().weightedSum(x[2], x[0], s, x[1], 1 - s, n));
                same(type, width, n, "multiplyAdd", t, (k, x) -> k.arithmetic().multiplyAdd(x[2], x[0], s, n));
                same(type, width, n, "blend", t, (k, x) -> k.arithmetic().blend(x[2], x[0], s, x[1], 1 - s, n));
                same(type, width, n, "nearSwap", t, (k, x) -> k.arithmetic().nearSwap(x[2], x[0], x[1], 0.005, 1e-6, n));
                same(type, width, n, "keepAtLeast", t, (k, x) -> k.arithmetic().keepAtLeast(x[2], x[0], s, n));
                same(type, width, n, "oneForZero", t, (k, x) -> k.voting().oneForZero(x[2], x[0], n));
                same(type, width, n, "atLeast", t, (k, x) -> k.voting().atLeast(x[2], x[0], 1e-6, n));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void operationsOnStoredWeights(DType type, int width) {
        Random random = new Random(37);
        for (int n : LENGTHS) {
            byte[] bytes = new byte[2 * n + 3];
            random.nextBytes(bytes);
            MemorySegment stored = MemorySegment.ofArray(bytes);
            Tile decoded = Tile.of(type, CAPACITY);
            Kernels.scalar(type).codec().decode(stored, 3, DType.BF16, DType.BF16, decoded, n);
            Tile[] t = {tile(type, n, random, true), tile(type, n, random, true)};
            double factor = Kernels.scalar(type).factor(random.nextGaussian());
            same(type, width, n, "difference", t, (k, x) -> k.arithmetic().difference(x[1], stored, 3, x[0], n));
            same(type, width, n, "multiplyAdd", t, (k, x) -> k.arithmetic().multiplyAdd(x[1], stored, 3, factor, n));
            same(type, width, n, "quotient", t, (k, x) -> k.arithmetic().quotient(x[1], stored, 3, factor, n));
            same(type, width, n, "addLogarithm", t, (k, x) ->
                    k.arithmetic().addLogarithm(x[1], x[0], x[0], factor, 0.5, n));
            Tile[] fused = {copy(t[0], type), copy(t[0], type)};
            Kernels.scalar(type).arithmetic().difference(fused[0], stored, 3, t[1], n);
            Kernels.scalar(type).arithmetic().subtract(fused[1], decoded, t[1], n);
            assertArrayEquals(bits(fused[1], n), bits(fused[0], n), "difference is decoding and subtraction");
            fused = new Tile[] {copy(t[0], type), copy(t[0], type)};
            Kernels.scalar(type).arithmetic().multiplyAdd(fused[0], stored, 3, factor, n);
            Kernels.scalar(type).arithmetic().multiplyAdd(fused[1], decoded, factor, n);
            assertArrayEquals(bits(fused[1], n), bits(fused[0], n), "multiplyAdd is decoding and multiplyAdd");
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void exponentialsAndLogarithms(DType type, int width) {
        Random random = new Random(41);
        float[] special = {0f, -0f, Float.NaN, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, 1f, -700f, -700.5f, -1e30f, 0.70710677f, 0.7071068f};
        for (int n : LENGTHS) {
            Tile[] t = {Tile.of(type, CAPACITY), Tile.of(type, CAPACITY)};
            for (int i = 0; i < n; i++) {
                t[0].floats[i] = i < special.length ? special[i] : (float) (random.nextGaussian() * Math.exp(10 * random.nextGaussian()));
            }
            Kernels.scalar(type).arithmetic().round(t[0], t[0], n);
            same(type, width, n, "logarithm", t, (k, x) -> k.arithmetic().logarithm(x[1], x[0], n));
            for (int i = 0; i < n; i++) {
                t[0].floats[i] = Math.min(t[0].floats[i], 600);
            }
            same(type, width, n, "exponential", t, (k, x) -> k.arithmetic().exponential(x[1], x[0], 0, n));
            same(type, width, n, "shifted exponential", t, (k, x) -> k.arithmetic().exponential(x[1], x[0], 3.7, n));
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void operationsAcrossModels(DType type, int width) {
        Random random = new Random(19);
        double[] weights = {0.5, -0.25, 1, 0.125, 0.75};
        for (int n : LENGTHS) {
            for (boolean special : new boolean[] {false, true}) {
                Tile[] t = new Tile[MODELS + 2];
                for (int i = 0; i < t.length; i++) {
                    t[i] = tile(type, n, random, special);
                }
                for (int interleavedFrom : new int[] {Integer.MAX_VALUE, n / 2}) {
                    same(type, width, n, "sum", t, (k, x) -> k.arithmetic().sum(x[5], x, MODELS, interleavedFrom, n));
                    same(type, width, n, "elect", t, (k, x) ->
                            k.voting().elect(x[5], x[6], x, x, weights, MODELS, interleavedFrom, n));
                    same(type, width, n, "overlap", t, (k, x) ->
                            k.voting().overlap(x[5], x, MODELS, 1e-5, null, false, interleavedFrom, n));
                    same(type, width, n, "amplified overlap", t, (k, x) ->
                            k.voting().overlap(x[5], x, MODELS, 1e-5, weights, true, interleavedFrom, n));
                }
                same(type, width, n, "variance", t, (k, x) -> k.voting().variance(x[5], x, MODELS, n));
                same(type, width, n, "keepWhere", t, (k, x) -> k.voting().keepWhere(x, MODELS, x[6], n));
                long[][] counts = new long[4][MODELS];
                Kernels.scalar(type).voting().countOverlap(t, MODELS, 1e-5, counts[0], counts[1], n);
                vectorKernels(type, width).voting().countOverlap(t, MODELS, 1e-5, counts[2], counts[3], n);
                assertArrayEquals(counts[0], counts[2]);
                assertArrayEquals(counts[1], counts[3]);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void reductions(DType type, int width) {
        Random random = new Random(23);
        ReductionKernels scalar = Kernels.scalar(type).reductions();
        ReductionKernels vector = vectorKernels(type, width).reductions();
        for (int n : LENGTHS) {
            Tile a = tile(type, n, random, false);
            Tile b = tile(type, n, random, false);
            assertEquals(scalar.sum(a, n), vector.sum(a, n));
            assertEquals(scalar.sumOfMagnitudes(a, n), vector.sumOfMagnitudes(a, n));
            assertEquals(scalar.dot(a, b, n), vector.dot(a, b, n));
            assertEquals(scalar.dotRounded(a, b, n), vector.dotRounded(a, b, n));
            assertEquals(scalar.maximum(a, n), vector.maximum(a, n));
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void selection(DType type, int width) {
        Random random = new Random(29);
        SelectionKernels scalar = Kernels.scalar(type).selection();
        SelectionKernels vector = vectorKernels(type, width).selection();
        for (int n : LENGTHS) {
            Tile a = tile(type, n, random, true);
            Tile[] t = {a};
            int[] left = new int[SelectionKernels.DIGITS];
            int[] right = new int[SelectionKernels.DIGITS];
            long key = n == 0 ? 0 : scalar.key(a.floats[random.nextInt(n)]);
            long other = n == 0 ? 0 : scalar.key(a.floats[random.nextInt(n)]);
            for (int level = 0; level < scalar.levels(); level++) {
                scalar.count(a, n, level, key >>> 16, left);
                vector.count(a, n, level, key >>> 16, right);
                assertArrayEquals(left, right);
            }
            int digit = (int) (key >>> 16 * (scalar.levels() - 1));
            for (int keys : new int[] {0, 1, 64}) {
                int first = Math.clamp(digit - keys / 2, 1, SelectionKernels.DIGITS / 2 - 100);
                int[] scratch = new int[n + 64];
                scalar.countWithin(a, n, first, first + keys, left, scratch);
                vector.countWithin(a, n, first, first + keys, right, scratch);
                assertArrayEquals(left, right);
            }
            assertEquals(scalar.countEqual(a, n, key), vector.countEqual(a, n, key));
            assertEquals(scalar.countNonZero(a, n), vector.countNonZero(a, n));
            int[] leftKeys = new int[n + 3];
            int[] rightKeys = new int[n + 3];
            scalar.keys(a, n, leftKeys, 3);
            vector.keys(a, n, rightKeys, 3);
            assertArrayEquals(leftKeys, rightKeys);
            long high = Math.max(key, other);
            long low = Math.min(key, other);
            for (long quota : new long[] {0, 1, 3, Long.MAX_VALUE}) {
                same(type, width, n, "keepLargest", t, (k, x) -> k.selection().keepLargest(x[0], n, key, quota));
                same(type, width, n, "keepBetween", t, (k, x) ->
                        k.selection().keepBetween(x[0], n, low, quota, high, 2, new int[2]));
                same(type, width, n, "keepBetween", t, (k, x) ->
                        k.selection().keepBetween(x[0], n, low, 1, high, quota, new int[2]));
                same(type, width, n, "keepBetween, open", t, (k, x) ->
                        k.selection().keepBetween(x[0], n, low, quota, Long.MAX_VALUE, 0, new int[2]));
            }
            long[] bits = random.longs(80).toArray();
            same(type, width, n, "keepMarked", t, (k, x) -> k.selection().keepMarked(x[0], n, bits, 128));
            long[] leftMarks = bits.clone();
            long[] rightMarks = bits.clone();
            scalar.markNonZero(a, n, leftMarks, 128);
            vector.markNonZero(a, n, rightMarks, 128);
            assertArrayEquals(leftMarks, rightMarks);
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void conversions(DType type, int width) {
        Random random = new Random(31);
        CodecKernels scalar = Kernels.scalar(type).codec();
        CodecKernels vector = vectorKernels(type, width).codec();
        for (DType stored : new DType[] {DType.BF16, DType.F16, DType.F32, DType.F64, DType.I64, DType.U8}) {
            for (int n : LENGTHS) {
                byte[] bytes = new byte[n * stored.bytes() + 3];
                random.nextBytes(bytes);
                MemorySegment segment = MemorySegment.ofArray(bytes);
                Tile left = Tile.of(type, CAPACITY);
                Tile right = Tile.of(type, CAPACITY);
                scalar.decode(segment, 3, stored, type, left, n);
                vector.decode(segment, 3, stored, type, right, n);
                assertArrayEquals(bits(left, n), bits(right, n), stored + " to " + type + ", length " + n);
                assertEquals(scalar.countNonFinite(left, n), vector.countNonFinite(left, n));
                if (stored.floating()) {
                    byte[] one = new byte[bytes.length];
                    byte[] two = new byte[bytes.length];
                    assertEquals(
                            scalar.encode(left, stored, MemorySegment.ofArray(one), 3, n),
                            vector.encode(left, stored, MemorySegment.ofArray(two), 3, n));
                    assertArrayEquals(one, two, type + " to " + stored + ", length " + n);
                }
            }
        }
    }

    /** What rounds to infinity is counted though no element is infinite; ordinary elements are encoded without a second look. */
    @ParameterizedTest
    @MethodSource("variants")
    void encodingOfFiniteElements(DType type, int width) {
        Random random = new Random(37);
        for (DType stored : new DType[] {DType.BF16, DType.F16, DType.F32}) {
            for (boolean large : new boolean[] {false, true}) {
                for (int n : LENGTHS) {
                    Tile a = tile(type, n, random, false);
                    if (large && n > 0) {
                        a.set(random.nextInt(n), -Float.MAX_VALUE);
                    }
                    byte[] one = new byte[n * stored.bytes() + 3];
                    byte[] two = one.clone();
                    assertEquals(
                            Kernels.scalar(type).codec().encode(a, stored, MemorySegment.ofArray(one), 3, n),
                            vectorKernels(type, width).codec().encode(a, stored, MemorySegment.ofArray(two), 3, n));
                    assertArrayEquals(one, two, type + " to " + stored + ", length " + n);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void randomMasks(DType type, int width) {
        RandomKernels scalar = new ScalarRandom();
        RandomKernels vector = VectorTemplates.random(width);
        for (int n : LENGTHS) {
            int[] left = new int[MersenneTwister.STATE + n];
            int[] right = left.clone();
            MersenneTwister.seeded(n).generate(scalar, left, n);
            MersenneTwister.seeded(n).generate(vector, right, n);
            assertArrayEquals(left, right);
            long[] one = new long[n / 64 + 2];
            long[] two = new long[n / 64 + 2];
            scalar.mark(left, MersenneTwister.STATE, n, 1 << 23, one, 1);
            vector.mark(left, MersenneTwister.STATE, n, 1 << 23, two, 1);
            assertArrayEquals(one, two);
            int[] thresholds = new Random(n).ints(n, 0, 1 << 24).toArray();
            scalar.mark(left, MersenneTwister.STATE, n, thresholds, one, 1);
            vector.mark(left, MersenneTwister.STATE, n, thresholds, two, 1);
            assertArrayEquals(one, two);
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void sumsOfStates(DType type, int width) {
        int[] stream = new Random(width).ints(3 * MersenneTwister.STATE).toArray();
        for (int count : new int[] {0, 1, 2, 700}) {
            int[] places = new Random(count).ints(count, 0, 2 * MersenneTwister.STATE + 1).toArray();
            int[] left = new int[MersenneTwister.STATE];
            int[] right = new int[MersenneTwister.STATE];
            new ScalarRandom().addStates(stream, places, left);
            VectorTemplates.random(width).addStates(stream, places, right);
            assertArrayEquals(left, right, count + " places");
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void roundingAroundItsTurningPoints(DType type, int width) {
        // Upper halves of binary32 with lower halves at, below and above the places where rounding turns.
        int[] lower = {0, 1, 0x0FFF, 0x1000, 0x1001, 0x7FFF, 0x8000, 0x8001, 0xFFFF};
        Tile tile = Tile.of(DType.F32, CAPACITY);
        for (int upper = 0; upper < 1 << 16; upper += 1024) {
            for (int i = 0; i < 64 * lower.length; i++) {
                tile.floats[i] = Float.intBitsToFloat(upper + i / lower.length << 16 | lower[i % lower.length]);
            }
            int n = 64 * lower.length;
            same(DType.F32, width, n, "round", new Tile[] {tile}, (k, x) -> {
                boolean specification = k.arithmetic() instanceof ScalarArithmetic;
                Kernels own = specification ? Kernels.scalar(type) : vectorKernels(type, width);
                own.arithmetic().round(x[0], x[0], n);
            });
        }
    }
}
