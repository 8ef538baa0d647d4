package io.amalgam.mergeworker.chunk;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ChunkExecutor;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.execute.ExecutionResult;
import io.amalgam.engine.execute.ModelOpener;
import io.amalgam.engine.plan.ChunkSlice;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.ChunkReceipt;
import io.amalgam.engine.store.ShardWriter;
import java.io.IOException;
import java.util.List;

/** Makes shards with the engine, on all cores, from models that are checked to be those that were planned with. */
public final class EngineShardMaker implements ShardMaker {

    private final ModelSource sources;
    private final ArtifactStore store;
    private final ChunkExecutor executor;

    /** Reads models from {@code sources} and writes shards to {@code store}. */
    public EngineShardMaker(ModelSource sources, ArtifactStore store, ExecutionOptions options) {
        this.sources = sources;
        this.store = store;
        this.executor = new ChunkExecutor(options);
    }

    @Override
    public MadeShard make(ChunkSlice slice, ExecutionListener listener, Runnable computed) {
        PlannedModels models = new PlannedModels(slice.models());
        try (ShardWriter writer = store.openShard(slice.artifactKey(), slice.chunk())) {
            ExecutionResult result = executor.execute(slice, models, writer, listener);
            computed.run();
            // Before the receipt: a shard of models that changed meanwhile is nobody's.
            models.verifyUnchanged();
            ChunkReceipt receipt = writer.commit(result);
            return new MadeShard(receipt, result.bytesRead());
        } catch (AmalgamException failure) {
            throw failure.code() == ErrorCode.SOURCE_UNAVAILABLE ? models.reason(failure) : failure;
        } catch (IOException failure) {
            throw models.reason(new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE,
                    "checking the models after chunk %s failed: %s".formatted(slice.chunk().file(), failure.getMessage()),
                    failure));
        }
    }

    /** The models of a plan, opened when a chunk first reads them. */
    private final class PlannedModels implements ModelOpener {
        private final List<PlannedModel> planned;
        private final ModelSnapshot[] opened;

        PlannedModels(List<PlannedModel> planned) {
            this.planned = planned;
            this.opened = new ModelSnapshot[planned.size()];
        }

        @Override
        public RangeReader open(int model, String file) throws IOException {
            return snapshot(model).open(file);
        }

        private synchronized ModelSnapshot snapshot(int model) throws IOException {
            if (opened[model] == null) {
                opened[model] = sources.open(planned.get(model));
            }
            return opened[model];
        }

        synchronized void verifyUnchanged() throws IOException {
            for (ModelSnapshot snapshot : opened) {
                if (snapshot != null) {
                    snapshot.verifyUnchanged();
                }
            }
        }

        /** What a failure to read means: a model that changed under us fails for good, all else may pass. */
        AmalgamException reason(AmalgamException failure) {
            try {
                verifyUnchanged();
            } catch (AmalgamException changed) {
                return changed;
            } catch (IOException worse) {
                failure.addSuppressed(worse);
            }
            return failure;
        }
    }
}
