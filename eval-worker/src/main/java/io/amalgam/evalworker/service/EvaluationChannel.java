package io.amalgam.evalworker.service;

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
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ordinary consumer of {@code artifacts} and {@code evaluation-results}: one consumer of both under the range
 * assignor, so that whoever owns an artifact's partition hears the results of its evaluation.
 */
@ApplicationScoped
public class EvaluationChannel {

    private static final Logger LOG = LoggerFactory.getLogger(EvaluationChannel.class);

    private final EvaluationService service;

    /** A channel into the service's coordinator. */
    public EvaluationChannel(EvaluationService service) {
        this.service = service;
    }

    /** Hands a record to the coordinator and returns; its acknowledgement follows. */
    @Incoming("evaluations")
    @Blocking
    public CompletionStage<Void> consume(Message<byte[]> message) throws InterruptedException {
        ConsumerRecord<?, byte[]> record = record(message);
        switch (EventCodec.decode(record)) {
            case Received received -> service.coordinator().deliver(record.partition(), received, message::ack);
            case Unreadable unreadable -> {
                deadLetter(record, unreadable);
                message.ack();
            }
        }
        return CompletableFuture.completedFuture(null);
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
