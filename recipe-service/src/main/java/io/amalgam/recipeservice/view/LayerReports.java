package io.amalgam.recipeservice.view;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.merge.OpenedModels;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanJson;
import io.amalgam.engine.plan.Planner;
import io.amalgam.engine.report.MergeReport;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.store.ArtifactStore;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * How the models of an artifact lie to their base and to each other, layer by layer. A report takes a reading of all
 * weights: it is made once, when somebody asks for it, in flat memory and one after the other, and lies in the store.
 */
@ApplicationScoped
public class LayerReports {

    private static final Logger LOG = Logger.getLogger(LayerReports.class);
    private static final int LIMIT = 64 << 20;
    private static final int PINNED_LIMIT = 256 << 20;

    private final ArtifactStore store;
    private final ModelSource models;
    private final long mostBytes;
    private final Map<String, Making> makings = new ConcurrentHashMap<>();
    private final ExecutorService worker =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("layer-reports").factory());
    private volatile boolean stopping;

    /** Takes where models and reports are, and the most bytes that this service reads for one. */
    public LayerReports(
            ArtifactStore store, ModelSource models,
            @ConfigProperty(name = "amalgam.reports.most-bytes", defaultValue = "200000000000") long mostBytes) {
        this.store = store;
        this.models = models;
        this.mostBytes = mostBytes;
    }

    /** A report that is being made, or could not be. */
    private static final class Making {
        private final AtomicLong read = new AtomicLong();
        private volatile long all;
        private volatile String failure;
    }

    /**
     * How far a report is.
     *
     * @param bytesRead of its models so far
     * @param bytesToRead of its models; 0 until that is known
     * @param failure why it could not be made, or null
     */
    public record Progress(long bytesRead, long bytesToRead, String failure) {
    }

    /** The report of an artifact, if it has been made. */
    public Optional<MergeReport> find(String artifact) {
        return store.get(location(artifact), LIMIT).map(MergeReport::read);
    }

    /** How far the report of an artifact is, if this replica makes it or has failed to. */
    public Optional<Progress> progress(String artifact) {
        return Optional.ofNullable(makings.get(artifact))
                .map(making -> new Progress(making.read.get(), making.all, making.failure));
    }

    /**
     * Begins to make the report of an artifact, unless that has begun.
     *
     * @param bytes that its models have, as far as is known
     * @throws AmalgamException with {@code NOT_FOUND} if the store does not have its recipe, {@code QUOTA_EXCEEDED} if it
     *     would take more reading than this service does
     */
    public void start(String artifact, long bytes) {
        PinnedRecipe pinned = store.get(ArtifactStore.pinnedLocation(artifact), PINNED_LIMIT)
                .map(json -> PlanJson.read(json, PinnedRecipe.class))
                .orElseThrow(() -> new AmalgamException(
                        ErrorCode.NOT_FOUND, "the store does not have the recipe of artifact " + artifact));
        if (bytes > mostBytes) {
            throw new AmalgamException(ErrorCode.QUOTA_EXCEEDED, "the report of artifact " + artifact + " takes a reading of "
                    + ByteCount.text(bytes) + ", and this service reads at most " + ByteCount.text(mostBytes)
                    + " for one; make it with: amalgam plan RECIPE --report");
        }
        Making fresh = new Making();
        fresh.all = bytes;
        Making known = makings.get(artifact);
        boolean begun = known != null && known.failure == null;
        if (!begun && makings.put(artifact, fresh) == known) {
            worker.submit(() -> make(artifact, pinned, fresh));
        }
    }

    @PreDestroy
    void stop() {
        stopping = true;
        worker.shutdownNow();
    }

    private void make(String artifact, PinnedRecipe pinned, Making making) {
        try {
            MergePlan plan = Planner.plan(pinned);
            OpenedModels opened = new OpenedModels(plan.models(), models);
            MergeReport report = MergeReport.of(plan, opened, 1, new ExecutionListener() {
                @Override
                public void bytesRead(long bytes) {
                    making.read.addAndGet(bytes);
                }

                @Override
                public boolean cancelled() {
                    return stopping;
                }
            });
            opened.verifyUnchanged();
            store.put(location(artifact), report.write());
            makings.remove(artifact);
        } catch (AmalgamException | IOException failure) {
            LOG.warnf("the report of artifact %s was not made: %s", artifact, failure.getMessage());
            making.failure = failure.getMessage();
        }
    }

    private static String location(String artifact) {
        return "reports/" + artifact + ".json";
    }
}
