package io.amalgam.engine.report;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ElementSource;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.execute.InputReader;
import io.amalgam.engine.execute.ModelOpener;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.SignBits;
import io.amalgam.engine.kernel.Tile;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.tensor.TensorPlan;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Reads all inputs of a plan once, on several threads, each with small buffers of its own. */
final class ReportScan {
    private final List<TensorSums> tensors = new ArrayList<>();
    private final MergePlan plan;
    private final ModelOpener models;
    private final ExecutionListener listener;

    private int nextTensor;
    private int nextUnit;
    private List<ElementSource> current;
    private Throwable failure;

    ReportScan(MergePlan plan, ReportInputs inputs, ModelOpener models, ExecutionListener listener) {
        this.plan = plan;
        this.models = models;
        this.listener = listener;
        for (ChunkPlan chunk : plan.chunks()) {
            for (TensorPlan tensor : chunk.tensors()) {
                if (tensor.arithmetic().floating()) {
                    tensors.add(new TensorSums(tensor, inputs.numbers(tensor)));
                }
            }
        }
    }

    /** A run of elements that a thread has taken. */
    private record Claim(TensorSums tensor, List<ElementSource> sources, int unit) {
    }

    /** The sums of all tensors. */
    List<TensorSums> run(int threads) {
        try (InputReader reader = new InputReader(plan, models, listener)) {
            List<Thread> workers = new ArrayList<>();
            for (int worker = 0; worker < threads; worker++) {
                workers.add(Thread.ofPlatform().daemon().name("amalgam-report-" + worker).start(() -> work(reader)));
            }
            for (Thread worker : workers) {
                join(worker);
            }
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE, "Closing an input failed: " + e.getMessage(), e);
        }
        switch (failure) {
            case null -> {
                return tensors;
            }
            case AmalgamException known -> throw known;
            default -> throw new AmalgamException(ErrorCode.INTERNAL, "Comparing the models failed: " + failure, failure);
        }
    }

    /** Waits for a thread; an interrupt stops all of them first, since they use files that are closed next. */
    private void join(Thread worker) {
        boolean interrupted = false;
        while (worker.isAlive()) {
            try {
                worker.join();
            } catch (InterruptedException e) {
                interrupted = true;
                fail(new AmalgamException(ErrorCode.CANCELLED, "The report was interrupted.", e));
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void work(InputReader reader) {
        try (Worker worker = new Worker()) {
            for (Claim claim = claim(reader); claim != null; claim = claim(reader)) {
                worker.compute(claim);
            }
        } catch (Throwable e) {
            fail(e);
        }
    }

    private synchronized void fail(Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
    }

    private synchronized Claim claim(InputReader reader) {
        if (listener.cancelled()) {
            throw new AmalgamException(ErrorCode.CANCELLED, "The report was cancelled.");
        }
        while (failure == null && nextTensor < tensors.size()) {
            TensorSums tensor = tensors.get(nextTensor);
            if (nextUnit < tensor.units()) {
                if (nextUnit == 0) {
                    current = reader.inputs(tensor.plan);
                }
                return new Claim(tensor, current, nextUnit++);
            }
            nextTensor++;
            nextUnit = 0;
        }
        return null;
    }

    /** The buffers of one thread. */
    private static final class Worker implements AutoCloseable {
        private final Arena arena = Arena.ofConfined();
        private final List<MemorySegment> bytes = new ArrayList<>();
        private final List<SignBits> signs = new ArrayList<>();

        void compute(Claim claim) throws IOException {
            TensorPlan plan = claim.tensor().plan;
            long first = (long) claim.unit() * TensorSums.UNIT;
            int count = (int) Math.min(TensorSums.UNIT, plan.elements() - first);
            for (int input = 0; input < claim.sources().size(); input++) {
                ElementSource source = claim.sources().get(input);
                source.read(first, count, memory(input, (long) count * source.dtype().bytes()));
            }
            // Differences of 16-bit weights are exact enough in binary32; the merge's own rounding is no part of the report.
            Kernels kernels = Kernels.of(plan.arithmetic() == DType.F64 ? DType.F64 : DType.F32);
            double[] sums = claim.tensor().begin();
            Tile base = plan.base() < 0 ? null : kernels.tile(Tile.LENGTH);
            Tile[] tiles = new Tile[claim.tensor().places.length];
            for (int vector = 0; vector < tiles.length; vector++) {
                tiles[vector] = kernels.tile(Tile.LENGTH);
            }
            SignBits[] signsOfVectors = signs(tiles.length);
            for (int from = 0; from < count; from += Tile.LENGTH) {
                int length = Math.min(Tile.LENGTH, count - from);
                if (base != null) {
                    decode(kernels, claim, plan.base(), from, base, length);
                }
                for (int vector = 0; vector < tiles.length; vector++) {
                    decode(kernels, claim, claim.tensor().places[vector], from, tiles[vector], length);
                    if (base != null) {
                        kernels.arithmetic().subtract(tiles[vector], tiles[vector], base, length);
                    }
                }
                claim.tensor().add(sums, kernels.reductions(), base, tiles, signsOfVectors, length);
            }
            claim.tensor().finish(claim.unit(), sums);
        }

        private void decode(Kernels kernels, Claim claim, int input, int from, Tile tile, int length) {
            DType stored = claim.sources().get(input).dtype();
            DType cast = claim.tensor().plan.inputs().get(input).dtype();
            kernels.codec().decode(bytes.get(input), (long) from * stored.bytes(), stored, cast, tile, length);
        }

        private MemorySegment memory(int input, long size) {
            while (bytes.size() <= input) {
                bytes.add(arena.allocate((long) TensorSums.UNIT * Integer.BYTES, Long.BYTES));
            }
            if (bytes.get(input).byteSize() < size) {
                bytes.set(input, arena.allocate((long) TensorSums.UNIT * Long.BYTES, Long.BYTES));
            }
            return bytes.get(input);
        }

        private SignBits[] signs(int count) {
            while (signs.size() < count) {
                signs.add(new SignBits(Tile.LENGTH));
            }
            return signs.subList(0, count).toArray(SignBits[]::new);
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}
