package io.amalgam.mergeworker.service;

import io.amalgam.events.Event.MergeCancellationRequested;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventCodec.Unreadable;
import io.amalgam.events.TraceContext;
import io.smallrye.reactive.messaging.annotations.Blocking;
import io.smallrye.reactive.messaging.kafka.api.IncomingKafkaRecordMetadata;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ordinary consumer of {@code merge-requests} and {@code chunk-results}: one consumer of both under the range
 * assignor, so that whoever owns a partition of requests owns the results of its merges. A record is committed when the
 * coordinator has acknowledged it; what cannot be read goes to the dead letters.
 */
@ApplicationScoped
public class CoordinatorChannel {

    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorChannel.class);
    /** Records between the consumer and their acknowledgement; more wait in Kafka. */
    private static final int MOST_IN_HAND = 2_000;

    private final MergeLineService service;
    private volatile Semaphore inHand = new Semaphore(MOST_IN_HAND);

    /** A channel into the service's coordinator. */
    public CoordinatorChannel(MergeLineService service) {
        this.service = service;
    }

    /** Hands a record to the coordinator and returns; its acknowledgement follows. */
    @Incoming("coordinator")
    @Blocking
    public CompletionStage<Void> consume(Message<byte[]> message) throws InterruptedException {
        ConsumerRecord<?, byte[]> record = record(message);
        Semaphore place = inHand;
        place.acquire();
        Runnable acknowledge = () -> {
            place.release();
            message.ack();
        };
        switch (EventCodec.decode(record)) {
            case Received received -> {
                if (received.event() instanceof MergeRequested
                        || received.event() instanceof MergeCancellationRequested) {
                    service.metrics().consumed(received.event());
                }
                if (!service.coordinator().deliver(record.partition(), received, acknowledge)) {
                    place.release();
                }
            }
            case Unreadable unreadable -> {
                deadLetter(record, unreadable);
                acknowledge.run();
            }
        }
        return CompletableFuture.completedFuture(null);
    }

    /** All partitions were taken away: what is in hand will be acknowledged by nobody, and comes to its next owner. */
    void forgetInHand() {
        Semaphore former = inHand;
        inHand = new Semaphore(MOST_IN_HAND);
        former.release(MOST_IN_HAND);
    }

    private void deadLetter(ConsumerRecord<?, byte[]> record, Unreadable unreadable) throws InterruptedException {
        LOG.warn("{}-{}@{} goes to the dead letters: {}",
                record.topic(), record.partition(), record.offset(), unreadable.reason());
        var letter = EventCodec.deadLetter(
                record, EventCodec.EVENT_INVALID, unreadable.reason(), service.worker(), Instant.now());
        TraceContext trace = TraceContext.of(EventCodec.text(record.headers(), TraceContext.HEADER));
        if (service.publisher().publishPatiently(letter, trace, () -> false)) {
            service.metrics().deadLetter(letter);
        }
    }

    @SuppressWarnings("unchecked")
    private static ConsumerRecord<?, byte[]> record(Message<byte[]> message) {
        return (ConsumerRecord<?, byte[]>) message.getMetadata(IncomingKafkaRecordMetadata.class)
                .orElseThrow(() -> new IllegalStateException("the message does not come from Kafka"))
                .getRecord();
    }
}
