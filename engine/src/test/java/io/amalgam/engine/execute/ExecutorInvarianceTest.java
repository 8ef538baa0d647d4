package io.amalgam.engine.execute;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.method.InputRule;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.method.MergeMethods;
import io.amalgam.engine.method.MethodParameter;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.ChunkSlice;
import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A chunk's bytes do not depend on threads, blocks or memory for masks; and failures are told as they are. */
class ExecutorInvarianceTest {
    /** Several strips, one strip, several rows of odd length, a vector. */
    private static final long[][] SHAPES = {{300, 700}, {1, 2}, {40, 61}, {997}};

    @TempDir
    Path folder;

    /** Models in memory. */
    private record MemoryReader(byte[] bytes) implements RangeReader {
        @Override
        public long length() {
            return bytes.length;
        }

        @Override
        public void read(long position, MemorySegment destination) throws IOException {
            if (position + destination.byteSize() > bytes.length) {
                throw new IOException("the file ends at " + bytes.length);
            }
            MemorySegment.copy(MemorySegment.ofArray(bytes), position, destination, 0, destination.byteSize());
        }

        @Override
        public void close() {
        }
    }

    private static final class Models {
        final List<byte[]> files = new ArrayList<>();
        final ChunkSlice slice;

        Models(MergeMethod method, DType type, long[]... shapes) {
            InputRule rule = method.inputs();
            boolean hasBase = rule.base() == InputRule.BaseRule.REQUIRED;
            int count = Math.min(rule.maximum(), Math.max(rule.minimum(), 3)) + (hasBase && !rule.countsBase() ? 1 : 0);
            long total = 0;
            for (long[] shape : shapes) {
                total += elements(shape);
            }
            Random random = new Random(7);
            float[] base = new float[(int) total];
            for (int i = 0; i < total; i++) {
                base[i] = (float) (random.nextGaussian() * 0.02);
            }
            List<PlannedModel> planned = new ArrayList<>();
            for (int model = 0; model < count; model++) {
                byte[] bytes = new byte[(int) total * type.bytes()];
                for (int i = 0; i < total; i++) {
                    float value = base[i] + (model == 0 ? 0 : (float) (random.nextGaussian() * 0.01));
                    write(bytes, i, type, value);
                }
                files.add(bytes);
                planned.add(new PlannedModel("model" + model, null, "memory:" + model));
            }
            List<TensorPlan> tensors = new ArrayList<>();
            long position = 0;
            long drawn = 0;
            for (long[] shape : shapes) {
                List<TensorInput> inputs = new ArrayList<>();
                for (int model = 0; model < count; model++) {
                    boolean isBase = hasBase && model == 0;
                    Map<String, Object> parameters = parameters(method, isBase, model);
                    long draws = method.draws(elements(shape), parameters, isBase);
                    inputs.add(new TensorInput(
                            model,
                            "tensor",
                            new TensorSource.Stored(model, "weights", position * type.bytes(), type, shape),
                            type,
                            parameters,
                            draws > 0 ? drawn : -1));
                    drawn += draws;
                }
                tensors.add(new TensorPlan(
                        "tensor" + tensors.size(),
                        shape,
                        method.outputType(type),
                        method.name(),
                        type,
                        inputs,
                        hasBase ? 0 : -1,
                        parameters(method, false, -1)));
                position += elements(shape);
            }
            slice = new ChunkSlice("key", "digest", planned, new ChunkPlan(0, 1, "f", "c", 42, tensors), Map.of());
        }

        private static void write(byte[] bytes, int index, DType type, float value) {
            int bits = type == DType.F32 ? Float.floatToRawIntBits(value) : Float.floatToRawIntBits(value) >>> 16;
            for (int b = 0; b < type.bytes(); b++) {
                bytes[index * type.bytes() + b] = (byte) (bits >>> 8 * b);
            }
        }

        /** For {@code model} -1 the shared ones. */
        private static Map<String, Object> parameters(MergeMethod method, boolean base, int model) {
            Map<String, Object> values = new HashMap<>();
            for (MethodParameter parameter : method.parameters()) {
                boolean shared = parameter.scope() == MethodParameter.Scope.SHARED;
                boolean wanted = model < 0
                        ? shared
                        : parameter.scope() == MethodParameter.Scope.PER_INPUT
                                || parameter.scope() == MethodParameter.Scope.PER_INPUT_NON_BASE && !base;
                Object value = switch (parameter.name()) {
                    case "weight" -> 0.3 + 0.1 * model;
                    case "density" -> 0.55;
                    case "gamma" -> 0.05;
                    case "epsilon" -> method.name().startsWith("della") ? 0.1 : 1e-5;
                    case "select_topk" -> 0.5;
                    case "t" -> 0.3;
                    default -> parameter.defaultValue();
                };
                if (wanted && value != null) {
                    values.put(parameter.name(), value);
                }
            }
            return values;
        }

        private static long elements(long[] shape) {
            long product = 1;
            for (long dimension : shape) {
                product *= dimension;
            }
            return product;
        }

        ExecutionResult run(ExecutionOptions options, ShardSink sink) {
            return new ChunkExecutor(options)
                    .execute(slice, (model, file) -> new MemoryReader(files.get(model)), sink, ExecutionListener.NONE);
        }
    }

    static Stream<Arguments> methods() {
        return MergeMethods.all().stream()
                .flatMap(method -> Stream.of(Arguments.of(method.name(), DType.BF16), Arguments.of(method.name(), DType.F32)));
    }

    /** A rehearsal that failed would fail a merge that can be made. */
    @ParameterizedTest
    @MethodSource("methods")
    void tensorsOfAllShapesAreRehearsed(String name, DType type) throws IOException {
        long[][] shapes = {{300, 700}, {1, 2}, {997}, {3, 5, 70}, {1}, {}};
        Models models = new Models(MergeMethods.find(name).orElseThrow(), type, shapes);
        for (TensorPlan tensor : models.slice.chunk().tensors()) {
            new Rehearsal(tensor, ExecutionOptions.defaults().withScratch(folder)).run(2);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("methods")
    void bytesDoNotDependOnHowTheWorkIsSharedOut(String name, DType type) throws Exception {
        Models models = new Models(MergeMethods.find(name).orElseThrow(), type, SHAPES);
        ExecutionOptions one = new ExecutionOptions(1, 1, ExecutionOptions.DEFAULT_MASK_BYTES, folder, ExecutionOptions.DEFAULT_SCRATCH_BYTES, false);
        MemorySink sink = new MemorySink();
        ExecutionResult result = models.run(one, sink);
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(sink.bytes());
        assertEquals(HexFormat.of().formatHex(digest), result.sha256());
        assertEquals(sink.bytes().length, result.length());
        for (ExecutionOptions options : List.of(
                one.withThreads(2), one.withThreads(8), one.withStrips(2), one.withStrips(100), one.withThreads(3).withMaskBytes(0))) {
            assertEquals(result.sha256(), models.run(options, new MemorySink()).sha256(), options.toString());
        }
    }

    /** Files that are far away, with a count of how often each byte was read. */
    private record RemoteReader(MemoryReader files, AtomicIntegerArray reads) implements RangeReader {
        @Override
        public long length() {
            return files.length();
        }

        @Override
        public boolean remote() {
            return true;
        }

        @Override
        public void read(long position, MemorySegment destination) throws IOException {
            files.read(position, destination);
            for (long at = position; at < position + destination.byteSize(); at++) {
                reads.incrementAndGet((int) at);
            }
        }

        @Override
        public void close() {
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("methods")
    void everyByteOfARemoteModelIsReadAtMostOnce(String name, DType type) {
        Models models = new Models(MergeMethods.find(name).orElseThrow(), type, SHAPES);
        ExecutionOptions options = ExecutionOptions.defaults().withThreads(2).withScratch(folder);
        ExecutionResult near = models.run(options, new MemorySink());
        List<AtomicIntegerArray> reads = models.files.stream().map(file -> new AtomicIntegerArray(file.length)).toList();
        ExecutionResult far = new ChunkExecutor(options).execute(
                models.slice,
                (model, file) -> new RemoteReader(new MemoryReader(models.files.get(model)), reads.get(model)),
                new MemorySink(),
                ExecutionListener.NONE);
        assertEquals(near.sha256(), far.sha256());
        for (AtomicIntegerArray model : reads) {
            for (int at = 0; at < model.length(); at++) {
                assertTrue(model.get(at) <= 1, "byte " + at + " was read " + model.get(at) + " times");
            }
        }
    }

    @Test
    void moreThreadsReadAheadWhereReadingIsWaiting() {
        Models models = new Models(MergeMethods.find("linear").orElseThrow(), DType.F32, new long[] {8000, 1000});
        ExecutionOptions options = ExecutionOptions.defaults().withThreads(2).withScratch(folder);
        MemorySink quick = new MemorySink();
        models.run(options, quick);
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        MemorySink slow = new MemorySink();
        new ChunkExecutor(options).execute(
                models.slice,
                (model, file) -> new SlowReader(new MemoryReader(models.files.get(model)), threads),
                slow,
                ExecutionListener.NONE);
        assertTrue(threads.size() > 2, threads::toString);
        assertArrayEquals(quick.bytes(), slow.bytes());
    }

    /** A file of which every read takes a few milliseconds; it notices which threads read. */
    private record SlowReader(MemoryReader files, Set<Thread> threads) implements RangeReader {
        @Override
        public long length() {
            return files.length();
        }

        @Override
        public void read(long position, MemorySegment destination) throws IOException {
            threads.add(Thread.currentThread());
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
            files.read(position, destination);
        }

        @Override
        public void close() {
        }
    }

    @Test
    void aReadThatFailsNamesFileAndModel() {
        Models models = new Models(MergeMethods.find("linear").orElseThrow(), DType.BF16, SHAPES);
        models.files.set(1, new byte[10]);
        AmalgamException failure = assertThrows(
                AmalgamException.class, () -> models.run(ExecutionOptions.defaults().withScratch(folder), new MemorySink()));
        assertEquals(ErrorCode.SOURCE_UNAVAILABLE, failure.code());
        assertTrue(failure.getMessage().contains("weights of model model1"), failure.getMessage());
    }

    @Test
    void aWriteThatFailsSaysWhetherThereIsRoom() {
        Models models = new Models(MergeMethods.find("linear").orElseThrow(), DType.BF16, SHAPES);
        AmalgamException failure = assertThrows(AmalgamException.class, () -> models.run(ExecutionOptions.defaults(), block -> {
            throw new IOException("No space left on device");
        }));
        assertEquals(ErrorCode.STORAGE_FULL, failure.code());
    }

    @Test
    void cancellationStopsTheChunk() {
        Models models = new Models(MergeMethods.find("ties").orElseThrow(), DType.BF16, SHAPES);
        ExecutionListener cancelling = new ExecutionListener() {
            @Override
            public boolean cancelled() {
                return true;
            }
        };
        AmalgamException failure = assertThrows(AmalgamException.class, () -> new ChunkExecutor(ExecutionOptions.defaults())
                .execute(
                        models.slice,
                        (model, file) -> new MemoryReader(models.files.get(model)),
                        new MemorySink(),
                        cancelling));
        assertEquals(ErrorCode.CANCELLED, failure.code());
    }

    @Test
    void nonFiniteResultsAreCountedOrRefused() {
        Models models = new Models(MergeMethods.find("linear").orElseThrow(), DType.F32, SHAPES);
        Models.write(models.files.get(0), 5, DType.F32, Float.NaN);
        Models.write(models.files.get(1), 300 * 700, DType.F32, Float.POSITIVE_INFINITY);
        ExecutionOptions options = ExecutionOptions.defaults().withScratch(folder);
        assertEquals(Map.of("tensor0", 1L, "tensor1", 1L), models.run(options, new MemorySink()).nonFinite());
        AmalgamException failure =
                assertThrows(AmalgamException.class, () -> models.run(options.withRefuseNonFinite(true), new MemorySink()));
        assertEquals(ErrorCode.NON_FINITE_WEIGHTS, failure.code());
    }
}
