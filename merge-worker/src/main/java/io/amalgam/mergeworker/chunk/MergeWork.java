package io.amalgam.mergeworker.chunk;

import io.amalgam.engine.Version;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.ChunkSlice;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanJson;
import io.amalgam.engine.plan.Planner;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.ChunkReceipt;
import io.amalgam.engine.store.Manifest;
import io.amalgam.events.Event;
import io.amalgam.events.Event.AssemblyCompleted;
import io.amalgam.events.Event.AssemblyFailed;
import io.amalgam.events.Event.AssemblyRequested;
import io.amalgam.events.Event.ChunkCompleted;
import io.amalgam.events.Event.ChunkFailed;
import io.amalgam.events.Event.ChunkRequested;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.TraceContext;
import io.amalgam.events.work.RefusedWork;
import io.amalgam.events.work.WorkHandler;
import io.amalgam.mergeworker.chunk.ShardMaker.MadeShard;
import io.amalgam.mergeworker.coordination.MergeLine;
import io.amalgam.mergeworker.coordination.MergePlanning;
import io.amalgam.mergeworker.coordination.MergesView;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * The work of the line: chunks and assemblies. Order matters: shard, receipt, result acknowledged by the broker, and
 * only then is the record accepted; whoever gets the record again finds the receipt and publishes the result again.
 */
public final class MergeWork implements WorkHandler {

    /** Workers that may die or hang with a chunk until it counts as one that kills them. */
    static final int LOST_AFTER = 3;

    private static final Logger LOG = LoggerFactory.getLogger(MergeWork.class);
    private static final int SLICE_LIMIT = 64 << 20;

    private final String worker;
    private final ArtifactStore store;
    private final ShardMaker shards;
    private final MergesView view;
    private final EventPublisher publisher;
    private final Clock clock;
    private final WorkListener listener;
    private volatile boolean storeOut;
    private volatile int outdatedBy;

    /** Told of work, for metrics. Bytes are told from the threads that move them. */
    public interface WorkListener {

        /** A chunk's computation begins. */
        void started();

        /** A chunk is done; {@code reused} if its shard was there already. */
        void done(Duration duration, boolean reused);

        /** A chunk failed for good. */
        void failed(String code);

        /** A record came that had been delivered before. */
        void redelivered();

        /** A chunk is tried again by itself, for a transient reason. */
        void retried(String code);

        /** Bytes were read from models. */
        void read(long bytes);

        /** Bytes were written to the store. */
        void written(long bytes);
    }

    /**
     * Work of a worker.
     *
     * @param worker its name, in results
     * @param view which merges have ended
     */
    public MergeWork(
            String worker, ArtifactStore store, ShardMaker shards, MergesView view, EventPublisher publisher, Clock clock,
            WorkListener listener) {
        this.worker = worker;
        this.store = store;
        this.shards = shards;
        this.view = view;
        this.publisher = publisher;
        this.clock = clock;
        this.listener = listener;
    }

    @Override
    public boolean available() {
        if (outdatedBy > 0) {
            return false;
        }
        if (storeOut) {
            storeOut = !storeAnswers();
        }
        return !storeOut;
    }

    /** Whether the store can be written to. */
    public boolean storeAnswers() {
        String location = "health/" + HexFormat.of().toHexDigits(worker.hashCode());
        try {
            store.put(location, new byte[] {1});
            store.delete(location);
            return true;
        } catch (AmalgamException failure) {
            LOG.warn("the store does not answer: {}", failure.getMessage());
            return false;
        }
    }

    /** A newer numerics version that records have asked for, or 0: this worker takes no more. */
    public int outdatedBy() {
        return outdatedBy;
    }

    @Override
    public Outcome handle(Work work, Turn turn) throws InterruptedException {
        MDC.put(TraceContext.LOG_KEY, work.received().trace().traceId());
        if (work.deliveries() > 1) {
            listener.redelivered();
        }
        try {
            return switch (work.received().event()) {
                case ChunkRequested request -> new ChunkRun(request, work, turn).run();
                case AssemblyRequested request -> new AssemblyRun(request, work, turn).run();
                default -> throw new RefusedWork(ErrorCode.EVENT_INVALID.name(),
                        "%s is no work for a merge-worker".formatted(work.received().event().getClass().getSimpleName()));
            };
        } finally {
            MDC.remove(TraceContext.LOG_KEY);
            MDC.remove("merge");
        }
    }

    /** What chunks and assemblies have in common. */
    private abstract class Run {
        private final Work work;
        private final Turn turn;
        private final String merge;
        private final int numerics;
        private final int attempt;

        Run(String merge, int numerics, int attempt, Work work, Turn turn) {
            this.merge = merge;
            this.numerics = numerics;
            this.attempt = attempt;
            this.work = work;
            this.turn = turn;
        }

        /** The work itself. */
        abstract Outcome work() throws InterruptedException;

        /** The event that says that it failed for good. */
        abstract Event failure(String code, String message);

        /** What it is called in messages. */
        abstract String name();

        /** What it is called within its merge. */
        abstract String part();

        final Outcome run() throws InterruptedException {
            MDC.put("merge", merge);
            if (view.ended(merge)) {
                return Outcome.DONE;
            }
            if (numerics > Version.NUMERICS) {
                LOG.error("{} asks for numerics version {}, this worker has {}: it takes no more work",
                        name(), numerics, Version.NUMERICS);
                outdatedBy = numerics;
                return Outcome.GIVE_BACK;
            }
            if (numerics < Version.NUMERICS) {
                return fail(ErrorCode.NUMERICS_MISMATCH, "%s was planned for numerics version %d, workers have %d; submit the recipe again"
                        .formatted(name(), numerics, Version.NUMERICS));
            }
            try {
                return work();
            } catch (AmalgamException failure) {
                if (!failure.code().transientFailure()) {
                    return fail(failure.code(), failure.getMessage());
                }
                LOG.warn("{} waits: {}", name(), failure.getMessage());
                listener.retried(failure.code().name());
                storeOut |= failure.code() == ErrorCode.STORE_UNAVAILABLE || failure.code() == ErrorCode.STORAGE_FULL;
                return Outcome.OUTAGE;
            } catch (RefusedWork refused) {
                throw refused;
            } catch (RuntimeException | OutOfMemoryError fault) {
                LOG.error("{} failed", name(), fault);
                return fail(ErrorCode.INTERNAL, "%s failed by a fault of Amalgam: %s".formatted(name(), fault));
            }
        }

        /**
         * Whether too many workers have died or hung with this work. A delivery alone is no proof: the broker counts one
         * also for a record that a stopping worker had fetched and never looked at. So whoever begins what was delivered
         * before leaves a mark in the store; only the very first beginning goes without.
         */
        final boolean lost() {
            if (work.deliveries() == 1) {
                return false;
            }
            int marks = store.get(marksLocation(), LOST_AFTER).map(mark -> mark.length).orElse(0);
            if (marks >= LOST_AFTER - 1) {
                return true;
            }
            store.put(marksLocation(), new byte[marks + 1]);
            return false;
        }

        /** It came to an end: what was marked of it is forgotten. */
        final void survived() {
            if (work.deliveries() > 1) {
                store.delete(marksLocation());
            }
        }

        final Outcome failLost() throws InterruptedException {
            survived();
            return fail(ErrorCode.WORKER_LOST, "%d workers died or hung with %s".formatted(LOST_AFTER, name()));
        }

        private String marksLocation() {
            return "begun/" + merge + "/" + part();
        }

        final boolean take(long deadlineSeconds) throws InterruptedException {
            return turn.take(Duration.ofSeconds(deadlineSeconds));
        }

        /** The next record is computed while this one's shard is synced and its result is told. */
        final void pass() {
            turn.pass();
        }

        final boolean mergeEnded() {
            return view.ended(merge);
        }

        final boolean workerStops(Duration needed) {
            return turn.stopped(needed);
        }

        final Outcome fail(ErrorCode code, String message) throws InterruptedException {
            LOG.warn("{} failed: {} {}", name(), code, message);
            listener.failed(code.name());
            Outcome outcome = publish(failure(code.name(), EventCodec.abbreviate(message)));
            if (outcome == Outcome.DONE && poisonous(code)) {
                // Its merge has heard of it; the record itself is kept for those who look for the reason.
                throw new RefusedWork(code.name(), message);
            }
            return outcome;
        }

        /** Whether the record is given up for a fault that is not the recipe's: tried as often as may be, or deadly. */
        private boolean poisonous(ErrorCode code) {
            return code == ErrorCode.WORKER_LOST
                    || code.kind() == ErrorCode.Kind.INTERNAL && attempt >= MergeLine.ATTEMPTS;
        }

        final Outcome publish(Event event) throws InterruptedException {
            return publisher.publishPatiently(event, work.received().trace(), turn::stopped)
                    ? Outcome.DONE
                    : Outcome.GIVE_BACK;
        }
    }

    /** One chunk. */
    private final class ChunkRun extends Run {
        private final ChunkRequested request;
        private final long begun = System.nanoTime();

        ChunkRun(ChunkRequested request, Work work, Turn turn) {
            super(request.merge(), request.numerics(), request.attempt(), work, turn);
            this.request = request;
        }

        @Override
        Outcome work() throws InterruptedException {
            ChunkSlice slice = slice();
            Optional<ChunkReceipt> present = store.receipt(request.artifact(), slice.chunk());
            if (present.isEmpty()) {
                present = store.reuse(request.artifact(), slice.chunk());
            }
            if (present.isPresent()) {
                survived();
                listener.done(elapsed(begun), true);
                return completed(present.get(), 0, Duration.ZERO, true);
            }
            if (!take(request.deadlineSeconds())) {
                return Outcome.GIVE_BACK;
            }
            if (mergeEnded()) {
                return Outcome.DONE;
            }
            if (lost()) {
                return failLost();
            }
            Outcome outcome = make(slice);
            survived();
            return outcome;
        }

        private Outcome make(ChunkSlice slice) throws InterruptedException {
            ChunkWatch watch = new ChunkWatch(Duration.ofSeconds(request.deadlineSeconds()),
                    slice.chunk().bytesToWrite(), this::mergeEnded, this::workerStops, listener::read,
                    listener::written);
            long start = System.nanoTime();
            listener.started();
            MadeShard made;
            try {
                made = shards.make(slice, watch, this::pass);
            } catch (AmalgamException failure) {
                if (failure.code() != ErrorCode.CANCELLED || watch.reason() == null) {
                    throw failure;
                }
                return switch (watch.reason()) {
                    case MERGE_ENDED -> Outcome.DONE;
                    case WORKER_STOPS -> Outcome.GIVE_BACK;
                    case DEADLINE -> fail(ErrorCode.DEADLINE_EXCEEDED,
                            "%s took longer than %d s".formatted(name(), request.deadlineSeconds()));
                    case STILL -> throw new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE,
                            "no byte of %s moved for %d s".formatted(name(), ChunkWatch.STILLNESS.toSeconds()));
                };
            }
            Duration duration = elapsed(start);
            listener.done(duration, false);
            LOG.info("{} done: {} bytes in {} ms", name(), made.receipt().length(), duration.toMillis());
            return completed(made.receipt(), made.bytesRead(), duration, false);
        }

        /** The chunk's slice of its plan, checked to be the one that was asked for. */
        private ChunkSlice slice() {
            byte[] json = store.get(request.slice(), SLICE_LIMIT)
                    .orElseThrow(() -> new AmalgamException(ErrorCode.INTERNAL,
                            "the plan of %s is not in the store at %s".formatted(name(), request.slice())));
            ChunkSlice slice = PlanJson.read(json, ChunkSlice.class);
            if (!slice.planDigest().equals(request.plan()) || !slice.artifactKey().equals(request.artifact())
                    || slice.chunk().index() != request.index()) {
                throw new AmalgamException(ErrorCode.DIGEST_MISMATCH,
                        "%s holds chunk %d of plan %s; expected chunk %d of plan %s".formatted(request.slice(),
                                slice.chunk().index(), slice.planDigest(), request.index(), request.plan()));
            }
            return slice;
        }

        private Outcome completed(ChunkReceipt receipt, long bytesRead, Duration duration, boolean reused)
                throws InterruptedException {
            return publish(new ChunkCompleted(
                    request.merge(), request.index(), request.count(), receipt.sha256(), receipt.length(), worker,
                    bytesRead, duration.toMillis(), reused, receipt.numerics(), clock.instant()));
        }

        @Override
        Event failure(String code, String message) {
            return new ChunkFailed(
                    request.merge(), request.index(), request.attempt(), code, message, worker, clock.instant());
        }

        @Override
        String name() {
            return "chunk %d of %d of merge %s".formatted(request.index() + 1, request.count(), request.merge());
        }

        @Override
        String part() {
            return Integer.toString(request.index());
        }
    }

    /** The assembly of a merge. */
    private final class AssemblyRun extends Run {
        private final AssemblyRequested request;

        AssemblyRun(AssemblyRequested request, Work work, Turn turn) {
            super(request.merge(), request.numerics(), request.attempt(), work, turn);
            this.request = request;
        }

        @Override
        Outcome work() throws InterruptedException {
            PinnedRecipe pinned = MergePlanning.pinned(store, request.pinned(), request.artifact());
            MergePlan plan = Planner.plan(pinned);
            if (!plan.digest().equals(request.plan())) {
                throw new AmalgamException(ErrorCode.DIGEST_MISMATCH,
                        "the plan of merge %s is %s; it was begun with %s"
                                .formatted(request.merge(), plan.digest(), request.plan()));
            }
            Optional<Manifest> present = store.manifest(request.artifact());
            if (present.isPresent()) {
                return completed(present.get());
            }
            if (!take(request.deadlineSeconds())) {
                return Outcome.GIVE_BACK;
            }
            if (mergeEnded()) {
                return Outcome.DONE;
            }
            if (lost()) {
                return failLost();
            }
            Manifest manifest = store.assemble(plan, pinned);
            LOG.info("merge {} is assembled: artifact {}", request.merge(), request.artifact());
            return completed(manifest);
        }

        private Outcome completed(Manifest manifest) throws InterruptedException {
            survived();
            return publish(new AssemblyCompleted(
                    request.merge(), manifest.artifactKey(), MergePlanning.artifactLocation(manifest.artifactKey()),
                    manifestSha256(manifest.artifactKey()), worker, clock.instant()));
        }

        @Override
        Event failure(String code, String message) {
            return new AssemblyFailed(request.merge(), request.attempt(), code, message, worker, clock.instant());
        }

        @Override
        String name() {
            return "the assembly of merge " + request.merge();
        }

        @Override
        String part() {
            return "assembly";
        }
    }

    /** Digest of the manifest's bytes as they lie in the store. */
    private String manifestSha256(String artifact) {
        try (RangeReader reader = store.openArtifactFile(artifact, Manifest.FILE)) {
            byte[] content = new byte[Math.toIntExact(reader.length())];
            reader.read(0, MemorySegment.ofArray(content));
            return Sha256.of(content);
        } catch (IOException failure) {
            throw new AmalgamException(ErrorCode.STORE_UNAVAILABLE,
                    "the manifest of artifact %s cannot be read: %s".formatted(artifact, failure.getMessage()), failure);
        }
    }

    private static Duration elapsed(long since) {
        return Duration.ofNanos(System.nanoTime() - since);
    }
}
