package io.amalgam.recipeservice.live;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.recipeservice.security.Caller;
import io.amalgam.recipeservice.view.MergeEventView;
import io.amalgam.recipeservice.view.MergeQueries;
import io.amalgam.recipeservice.view.MergeView;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseEventSink;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * A merge's events as server-sent events.
 *
 * <p>A connection starts with {@code snapshot}, the merge as it is. A new watcher's snapshot carries the number of the
 * newest event as its id, and the events behind it follow. A watcher that comes back with a number gets exactly the
 * events behind that number; its snapshot has no id, so that a connection that breaks again does not skip any. A number
 * that was never given (the projection was rebuilt) counts as none. The stream ends with {@code end} when nothing more
 * will happen; the client must not come back.
 */
@ApplicationScoped
public class MergeStream {

    private static final Logger LOG = Logger.getLogger(MergeStream.class);
    private static final int BATCH = 100;
    /** A comment is sent when nothing happens for so long: proxies close what is silent, and the dead are noticed. */
    private static final int SILENCE_SECONDS = 15;

    private final MergeQueries queries;
    private final Watchers watchers;
    private final ObjectMapper mapper;

    /** Takes what is told and who wakes the tellers. */
    public MergeStream(MergeQueries queries, Watchers watchers, ObjectMapper mapper) {
        this.queries = queries;
        this.watchers = watchers;
        this.mapper = mapper;
    }

    /** Tells a watcher everything until the merge is settled, the watcher leaves, or the service stops. */
    public void follow(Caller caller, UUID merge, String lastEventId, SseEventSink sink, Sse sse) {
        Semaphore signal = watchers.register(merge);
        try (sink) {
            MergeView snapshot = queries.find(caller, merge).orElseThrow();
            int resumeAt = number(lastEventId);
            boolean resumes = resumeAt >= 0 && resumeAt <= snapshot.lastEvent();
            int last = resumes ? resumeAt : snapshot.lastEvent();
            OutboundSseEvent.Builder first = sse.newEventBuilder().name("snapshot").data(json(snapshot));
            send(sink, resumes ? first.build() : first.id(Integer.toString(last)).build());
            while (watchers.running() && !sink.isClosed()) {
                List<MergeEventView> events = queries.eventsAfter(caller, merge, last, BATCH);
                for (MergeEventView event : events) {
                    send(sink, sse.newEventBuilder()
                            .id(Integer.toString(event.number()))
                            .name(event.type())
                            .data(json(event))
                            .build());
                    last = event.number();
                }
                if (events.isEmpty()) {
                    MergeView now = queries.find(caller, merge).orElseThrow();
                    if (now.settled() && now.lastEvent() == last) {
                        send(sink, sse.newEventBuilder().name("end").data(json(now)).build());
                        return;
                    }
                    if (now.lastEvent() == last && !signal.tryAcquire(SILENCE_SECONDS, TimeUnit.SECONDS)) {
                        send(sink, sse.newEventBuilder().comment("still here").build());
                    }
                }
                signal.drainPermits();
            }
        } catch (CompletionException gone) {
            LOG.debugf("a watcher of %s left: %s", merge, gone.getMessage());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            watchers.unregister(merge, signal);
        }
    }

    /** Waits until the event is written: a slow watcher is told slowly and costs no memory. */
    private static void send(SseEventSink sink, OutboundSseEvent event) {
        try {
            sink.send(event).toCompletableFuture().join();
        } catch (IllegalStateException closed) {
            // The watcher left between two events.
            throw new CompletionException(closed);
        }
    }

    private static int number(String lastEventId) {
        try {
            return lastEventId == null ? -1 : Integer.parseInt(lastEventId.strip());
        } catch (NumberFormatException malformed) {
            return -1;
        }
    }

    private String json(Object value) {
        try {
            return mapper.writeValueAsString(value);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
