package io.amalgam.mergeworker.coordination;

import io.amalgam.events.Event.MergeCancelled;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeFailed;
import io.amalgam.events.Event.MergePlanned;
import io.amalgam.events.Event.MergeProgressed;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.TraceContext;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the lifecycle log says: which merges are open, and which have ended. Every worker has it all, so that the chunks
 * of a cancelled merge stop wherever they run. The first terminal event counts; since every reader of a partition sees
 * the same order, all agree.
 */
public final class MergesView {

    /**
     * A merge that was planned and has not ended.
     *
     * @param planned the event that says so
     * @param trace of the request
     * @param progress how far it was when its coordinator last said so; null if it never did
     */
    public record OpenMerge(MergePlanned planned, TraceContext trace, MergeProgressed progress) {
    }

    private static final class Entry {
        private MergePlanned planned;
        private TraceContext trace;
        private MergeProgressed progress;
    }

    private final Clock clock;
    private final Map<String, Entry> open = new HashMap<>();
    private final Set<String> ended = new HashSet<>();
    private Instant movedAt = Instant.EPOCH;

    /** An empty view. */
    public MergesView(Clock clock) {
        this.clock = clock;
    }

    /** Takes the next event of the log; one that was seen before changes nothing. */
    public synchronized void accept(Received received) {
        switch (received.event()) {
            case MergePlanned planned -> {
                Entry entry = entry(planned.request().merge());
                if (entry != null) {
                    entry.planned = planned;
                    entry.trace = received.trace();
                }
            }
            case MergeProgressed progress -> {
                Entry entry = entry(progress.merge());
                if (entry != null) {
                    if (entry.progress != null && progress.chunksDone() > entry.progress.chunksDone()) {
                        movedAt = clock.instant();
                    }
                    entry.progress = progress;
                }
            }
            case MergeCompleted completed -> end(completed.merge());
            case MergeFailed failed -> end(failed.merge());
            case MergeCancelled cancelled -> end(cancelled.merge());
            default -> {
                // Kinds of events that a later release may put into the log.
            }
        }
    }

    /** Whether a merge has ended. */
    public synchronized boolean ended(String merge) {
        return ended.contains(merge);
    }

    /** Whether a merge was planned and has not ended. */
    public synchronized boolean isOpen(String merge) {
        Entry entry = open.get(merge);
        return entry != null && entry.planned != null;
    }

    /** The merges that were planned and have not ended. */
    public synchronized List<OpenMerge> open() {
        List<OpenMerge> merges = new ArrayList<>();
        for (Entry entry : open.values()) {
            if (entry.planned != null) {
                merges.add(new OpenMerge(entry.planned, entry.trace, entry.progress));
            }
        }
        return merges;
    }

    /** When any chunk of any merge was last finished, as far as the log tells. */
    public synchronized Instant movedAt() {
        return movedAt;
    }

    private Entry entry(String merge) {
        return ended.contains(merge) ? null : open.computeIfAbsent(merge, key -> new Entry());
    }

    private void end(String merge) {
        open.remove(merge);
        ended.add(merge);
    }
}
