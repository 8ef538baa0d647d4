package io.amalgam.mergeworker.coordination;

import io.amalgam.engine.Version;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event;
import io.amalgam.events.Event.ArtifactCompleted;
import io.amalgam.events.Event.AssemblyCompleted;
import io.amalgam.events.Event.AssemblyFailed;
import io.amalgam.events.Event.AssemblyRequested;
import io.amalgam.events.Event.ChunkCompleted;
import io.amalgam.events.Event.ChunkFailed;
import io.amalgam.events.Event.ChunkRequested;
import io.amalgam.events.Event.MergeCancelled;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeFailed;
import io.amalgam.events.Event.MergeProgressed;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.events.Event.ModelPlace;
import io.amalgam.events.EventCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * One merge, as its coordinator sees it: events in, events to publish out. It holds no connection and no clock, and it
 * bears every repetition, so that the same merge gives the same artifact whatever is delivered twice or in another order.
 *
 * <p>It hands out at most a window of chunks at a time, hands them out again when nothing comes back, asks for the
 * assembly when every chunk is done, and ends the merge exactly once.
 */
public final class MergeLine {

    /** Deterministic failures of a chunk until the merge fails. */
    public static final int ATTEMPTS = 3;
    /** Rounds without any result until the merge is stalled. */
    static final int ROUNDS = 3;

    private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(250);
    private static final int LONGEST_BACK_OFF = 5;
    /** Of {@link EventCodec#MAXIMUM_BYTES}, what the list of models may take in an event. */
    private static final int MODELS_BYTES = 6 * 1024;

    private final MergeRequested request;
    private final MergeOutline outline;
    private final BitSet done;
    private final int[] attempts;
    private int window;
    private int published;
    private int assemblyAttempt = 1;
    private int round = 1;
    private int retried;
    private long bytesRead;
    private long bytesWritten;
    private boolean assembling;
    private boolean ended;
    private boolean progressDue;
    private Instant heardAt;
    private Instant progressAt = Instant.EPOCH;

    /**
     * A merge that was planned.
     *
     * @param window how many chunks are handed out at a time
     */
    public MergeLine(MergeRequested request, MergeOutline outline, int window) {
        this.request = request;
        this.outline = outline;
        this.window = window;
        this.done = new BitSet(outline.count());
        this.attempts = new int[outline.count()];
        Arrays.fill(attempts, 1);
    }

    /** The request that it began with. */
    public MergeRequested request() {
        return request;
    }

    /** Whether its end has been decided. */
    public boolean ended() {
        return ended;
    }

    /** Chunks that were handed out and have no result. */
    public int outstanding() {
        return ended ? 0 : published - done.get(0, published).cardinality();
    }

    /** Chunks without a result, handed out or not, and the assembly. */
    public int remaining() {
        return ended ? 0 : outline.count() - done.cardinality() + 1;
    }

    /** When something was last heard of it, or work last handed out. */
    public Instant heardAt() {
        return heardAt;
    }

    /** Changes how many chunks are handed out at a time, as workers come and go. */
    public void window(int chunks) {
        this.window = chunks;
    }

    /**
     * Begins, or goes on where another coordinator was.
     *
     * @param receipts length of each shard that is in the store already; -1 for the others
     * @param before what the other coordinator last said, or null: what it handed out and has no receipt is waited for
     */
    public List<Event> start(long[] receipts, MergeProgressed before, Instant now) {
        for (int i = 0; i < receipts.length; i++) {
            if (receipts[i] >= 0) {
                done.set(i);
                bytesWritten += receipts[i];
                bytesRead += outline.bytesToRead()[i];
            }
        }
        if (before != null) {
            published = Math.min(before.chunksPublished(), outline.count());
            retried = before.chunksRetried();
            // What was read by methods that read twice, or by retries, is known only from there.
            bytesRead = Math.max(bytesRead, before.bytesRead());
        }
        heardAt = now;
        List<Event> events = new ArrayList<>();
        progressDue = true;
        feed(events, now);
        progress(events, now, true);
        return events;
    }

    /** A shard and its receipt exist. */
    public List<Event> on(ChunkCompleted result, Instant now) {
        List<Event> events = new ArrayList<>();
        if (ended || !isChunk(result.index()) || done.get(result.index())) {
            return events;
        }
        if (result.numerics() != Version.NUMERICS) {
            fail(events, ErrorCode.NUMERICS_MISMATCH.name(),
                    "chunk %d was made with numerics version %d, the others with %d; submit the recipe again"
                            .formatted(result.index(), result.numerics(), Version.NUMERICS), now);
            return events;
        }
        done.set(result.index());
        bytesRead += result.bytesRead();
        bytesWritten += result.length();
        heard(now);
        feed(events, now);
        progress(events, now, done.cardinality() == outline.count());
        return events;
    }

    /** A chunk failed in a way that repeats itself. */
    public List<Event> on(ChunkFailed failure, Instant now) {
        List<Event> events = new ArrayList<>();
        int chunk = failure.index();
        if (ended || !isChunk(chunk) || done.get(chunk) || failure.attempt() < attempts[chunk]) {
            return events;
        }
        heard(now);
        if (isFinal(failure.code()) || attempts[chunk] >= ATTEMPTS) {
            fail(events, failure.code(), failure.message(), now);
            return events;
        }
        attempts[chunk]++;
        retried++;
        events.add(chunk(chunk, now));
        progress(events, now, true);
        return events;
    }

    /** The manifest exists. */
    public List<Event> on(AssemblyCompleted result, Instant now) {
        List<Event> events = new ArrayList<>();
        if (ended) {
            return events;
        }
        progress(events, now, true);
        events.add(new ArtifactCompleted(
                outline.artifact(), request.merge(), request.name(), request.method(), result.location(),
                result.manifestSha256(), bytesWritten, modelsThatFit(), request.benchmarks(), 1, now));
        events.add(new MergeCompleted(
                request.merge(), outline.artifact(), result.location(), result.manifestSha256(), now));
        ended = true;
        return events;
    }

    /** The assembly failed in a way that repeats itself. */
    public List<Event> on(AssemblyFailed failure, Instant now) {
        List<Event> events = new ArrayList<>();
        if (ended || !assembling || failure.attempt() < assemblyAttempt) {
            return events;
        }
        heard(now);
        if (isFinal(failure.code()) || assemblyAttempt >= ATTEMPTS) {
            fail(events, failure.code(), failure.message(), now);
            return events;
        }
        assemblyAttempt++;
        retried++;
        events.add(assembly(now));
        return events;
    }

    /** Somebody asks that it end. */
    public List<Event> cancel(String by, String reason, Instant now) {
        List<Event> events = new ArrayList<>();
        if (!ended) {
            progress(events, now, true);
            events.add(new MergeCancelled(
                    request.merge(), outline.artifact(), by, EventCodec.abbreviate(reason), now));
            ended = true;
        }
        return events;
    }

    /**
     * Time passes.
     *
     * @param lineMovedAt when any chunk of any merge was last finished: while the line moves, a merge that waits its
     *     turn is not stalled
     */
    public List<Event> tick(Instant now, Instant lineMovedAt) {
        List<Event> events = new ArrayList<>();
        if (ended) {
            return events;
        }
        if (Duration.between(heardAt, now).compareTo(patience()) >= 0) {
            boolean lineStands = lineMovedAt.isBefore(heardAt);
            if (round >= ROUNDS && lineStands) {
                fail(events, ErrorCode.STALLED.name(),
                        "no chunk was finished in %d rounds, the last of %d s, with %d of %d chunks done; are workers running?"
                                .formatted(ROUNDS, patience().toSeconds(), done.cardinality(), outline.count()), now);
                return events;
            }
            round++;
            heardAt = now;
            republish(events, now);
        }
        progress(events, now, false);
        return events;
    }

    /** Does as if nothing had happened until now: the time of an outage does not count. */
    public void forgive(Instant now) {
        heardAt = now;
    }

    private void heard(Instant now) {
        heardAt = now;
        round = 1;
        progressDue = true;
    }

    /** Twice the longest deadline of what is outstanding, and twice as long in each round that follows. */
    private Duration patience() {
        long deadline = assembling ? outline.assemblyDeadlineSeconds() : 0;
        for (int i = done.nextClearBit(0); i < published; i = done.nextClearBit(i + 1)) {
            deadline = Math.max(deadline, outline.deadlineSeconds(i));
        }
        return Duration.ofSeconds(2 * deadline << Math.min(round - 1, LONGEST_BACK_OFF));
    }

    private void republish(List<Event> events, Instant now) {
        if (assembling) {
            retried++;
            events.add(assembly(now));
        }
        for (int i = done.nextClearBit(0); i < published; i = done.nextClearBit(i + 1)) {
            retried++;
            events.add(chunk(i, now));
        }
        progressDue = true;
    }

    /** Hands out chunks until the window is full; when all are done, the assembly. */
    private void feed(List<Event> events, Instant now) {
        int outstanding = outstanding();
        while (published < outline.count() && outstanding < window) {
            if (!done.get(published)) {
                events.add(chunk(published, now));
                outstanding++;
            }
            published++;
        }
        if (!assembling && done.cardinality() == outline.count()) {
            assembling = true;
            events.add(assembly(now));
        }
    }

    private ChunkRequested chunk(int index, Instant now) {
        return new ChunkRequested(
                request.merge(), outline.artifact(), outline.plan(), index, outline.count(),
                ArtifactStore.chunkLocation(outline.plan(), index), request.numerics(), attempts[index], round,
                outline.bytesToRead()[index], outline.deadlineSeconds(index), now);
    }

    private AssemblyRequested assembly(Instant now) {
        return new AssemblyRequested(
                request.merge(), outline.artifact(), outline.plan(), outline.count(), outline.pinned(),
                request.numerics(), assemblyAttempt, round, outline.assemblyDeadlineSeconds(), now);
    }

    private void fail(List<Event> events, String code, String message, Instant now) {
        progress(events, now, true);
        events.add(new MergeFailed(
                request.merge(), outline.artifact(), code, EventCodec.abbreviate(message), now));
        ended = true;
    }

    /** Says how far it is, if that has changed: at once when {@code now} matters, else not too often. */
    private void progress(List<Event> events, Instant now, boolean atOnce) {
        if (progressDue && (atOnce || Duration.between(progressAt, now).compareTo(PROGRESS_INTERVAL) >= 0)) {
            progressDue = false;
            progressAt = now;
            events.add(new MergeProgressed(
                    request.merge(), done.cardinality(), outline.count(), retried, bytesRead, bytesWritten, published,
                    now));
        }
    }

    /** As many models as an event has room for, the artifact and its base first; the manifest names all of them. */
    private List<ModelPlace> modelsThatFit() {
        List<ModelPlace> models = new ArrayList<>();
        int room = MODELS_BYTES;
        for (ModelPlace model : outline.models()) {
            room -= model.name().length() + model.identity().length() + model.location().length() + 64;
            if (room < 0) {
                break;
            }
            models.add(model);
        }
        return models;
    }

    private boolean isChunk(int index) {
        return index >= 0 && index < outline.count();
    }

    /** Whether trying again would only fail again: what the author of the recipe or nobody can mend. */
    private static boolean isFinal(String code) {
        try {
            ErrorCode known = ErrorCode.valueOf(code);
            return known.kind() == ErrorCode.Kind.USER
                    || known == ErrorCode.WORKER_LOST
                    || known == ErrorCode.NUMERICS_MISMATCH;
        } catch (IllegalArgumentException later) {
            // A code of a later release: tried again, as anything that is not known to be final.
            return false;
        }
    }
}
