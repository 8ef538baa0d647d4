package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;
import io.amalgam.engine.method.Pass;
import io.amalgam.engine.method.Strip;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The buffers of one thread, and the strip that it works on. Everything is reused from strip to strip. */
final class WorkerStrip implements Strip {
    private final int worker;
    private final Arena arena;
    private final List<MemorySegment> inputBytes = new ArrayList<>();
    private final Map<DType, List<Tile>> inputTiles = new EnumMap<>(DType.class);
    private final Map<DType, List<Tile>> scratchTiles = new EnumMap<>(DType.class);

    private TensorJob job;
    private Kernels kernels;
    private long blockFirst;
    private int index;
    private long first;
    private int length;
    private MemorySegment output;
    private long outputPosition;
    private long emitted;

    WorkerStrip(int worker, Arena arena) {
        this.worker = worker;
        this.arena = arena;
    }

    /** Reads what a pass looks at of a block; returns how many bytes that is. */
    long read(TensorJob tensor, Pass pass, int firstStrip, int endStrip) throws IOException {
        job = tensor;
        kernels = tensor.plan.arithmetic().floating() ? Kernels.of(tensor.plan.arithmetic()) : null;
        blockFirst = (long) firstStrip * tensor.stripLength;
        int count = tensor.elements(firstStrip, endStrip);
        long read = 0;
        for (int input = 0; input < tensor.sources.size(); input++) {
            if (tensor.reads(pass, input)) {
                ElementSource source = tensor.sources.get(input);
                long bytes = (long) count * source.dtype().bytes();
                source.read(blockFirst, count, inputMemory(input, bytes));
                read += bytes;
            }
        }
        return read;
    }

    private MemorySegment inputMemory(int input, long bytes) {
        while (inputBytes.size() <= input) {
            inputBytes.add(MemorySegment.NULL);
        }
        if (inputBytes.get(input).byteSize() < bytes) {
            inputBytes.set(input, arena.allocate(bytes, 64));
        }
        return inputBytes.get(input);
    }

    /** Moves to a strip of the block that was read. */
    void moveTo(int strip) {
        index = strip;
        first = (long) strip * job.stripLength;
        length = job.elements(strip, strip + 1);
    }

    /** Says where output goes. */
    void openOutput(MemorySegment memory) {
        output = memory;
        outputPosition = 0;
        emitted = 0;
    }

    /** Bytes of output since {@link #openOutput}. */
    long outputLength() {
        return outputPosition;
    }

    /** Elements of output since {@link #openOutput}. */
    long emitted() {
        return emitted;
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public long first() {
        return first;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public int worker() {
        return worker;
    }

    @Override
    public Tile input(int input, int from, int count) {
        Tile tile = tile(inputTiles, kernels.type(), input, count);
        DType stored = job.sources.get(input).dtype();
        long offset = (first - blockFirst + from) * stored.bytes();
        kernels.codec().decode(inputBytes.get(input), offset, stored, job.casts[input], tile, count);
        return tile;
    }

    /** Where an element lies in the bytes of an input that are plain bfloat16, or -1 if they are not. */
    private long plainOffset(int input, int from) {
        boolean plain = job.sources.get(input).dtype() == DType.BF16 && job.casts[input] == DType.BF16;
        return plain ? (first - blockFirst + from) * DType.BF16.bytes() : -1;
    }

    @Override
    public void difference(int input, int from, Tile base, Tile to, int count) {
        long offset = plainOffset(input, from);
        if (offset >= 0) {
            kernels.arithmetic().difference(to, inputBytes.get(input), offset, base, count);
        } else {
            kernels.arithmetic().subtract(to, input(input, from, count), base, count);
        }
    }

    @Override
    public void quotient(int input, int from, double divisor, Tile to, int count) {
        long offset = plainOffset(input, from);
        if (offset >= 0) {
            kernels.arithmetic().quotient(to, inputBytes.get(input), offset, divisor, count);
        } else {
            kernels.arithmetic().divideBy(to, input(input, from, count), divisor, count);
        }
    }

    @Override
    public void multiplyAdd(int input, int from, Kernels wide, Tile sum, double factor, int count) {
        long offset = plainOffset(input, from);
        if (offset >= 0) {
            wide.arithmetic().multiplyAdd(sum, inputBytes.get(input), offset, factor, count);
        } else {
            wide.arithmetic().multiplyAdd(sum, input(input, from, count), factor, count);
        }
    }

    @Override
    public MemorySegment stored(int input) {
        int bytes = job.sources.get(input).dtype().bytes();
        return inputBytes.get(input).asSlice((first - blockFirst) * bytes, (long) length * bytes);
    }

    @Override
    public Tile scratch(int slot, int capacity) {
        return tile(scratchTiles, kernels.type(), slot, capacity);
    }

    private static Tile tile(Map<DType, List<Tile>> tiles, DType type, int slot, int capacity) {
        List<Tile> list = tiles.computeIfAbsent(type == DType.F64 ? type : DType.F32, key -> new ArrayList<>());
        while (list.size() <= slot) {
            list.add(Tile.of(type, Tile.LENGTH));
        }
        if (list.get(slot).capacity() < capacity) {
            list.set(slot, Tile.of(type, capacity));
        }
        return list.get(slot);
    }

    @Override
    public void emit(Tile tile, DType type, int count) {
        DType target = job.plan.dtype();
        Kernels from = Kernels.of(type);
        if (type != target) {
            from.arithmetic().round(tile, tile, count);
        }
        job.nonFinite.addAndGet(from.codec().encode(tile, target, output, outputPosition, count));
        outputPosition += (long) count * target.bytes();
        emitted += count;
    }

    @Override
    public boolean emitStored(int input) {
        if (!job.storedAsOutput(input)) {
            return false;
        }
        MemorySegment bytes = stored(input);
        MemorySegment.copy(bytes, 0, output, outputPosition, bytes.byteSize());
        if (kernels != null) {
            countNonFinite(input);
        }
        outputPosition += bytes.byteSize();
        emitted += length;
        return true;
    }

    private void countNonFinite(int input) {
        for (int from = 0; from < length; from += Tile.LENGTH) {
            int count = Math.min(Tile.LENGTH, length - from);
            job.nonFinite.addAndGet(kernels.codec().countNonFinite(input(input, from, count), count));
        }
    }
}
