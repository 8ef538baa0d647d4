package io.amalgam.recipeservice.trigger;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.error.AmalgamException;
import io.smallrye.common.annotation.Blocking;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.jboss.logging.Logger;

/**
 * CloudEvents on the topic {@code trigger-events}. Read at least once: an event's id keeps a redelivered one from firing
 * again. An event that cannot be read is others' fault: it is logged and passed over.
 */
@ApplicationScoped
public class TriggerEvents {

    private static final Logger LOG = Logger.getLogger(TriggerEvents.class);
    private static final Duration PAUSE = Duration.ofSeconds(2);
    private static final String BINARY_PREFIX = "ce_";

    private final Triggers triggers;
    private final ObjectMapper mapper;

    /** Takes what events fire. */
    public TriggerEvents(Triggers triggers, ObjectMapper mapper) {
        this.triggers = triggers;
        this.mapper = mapper;
    }

    /** Fires the triggers that an event concerns; returns when that is in the database. */
    @Incoming("trigger-events")
    @Blocking
    public void consume(ConsumerRecord<String, byte[]> record) throws InterruptedException {
        IncomingEvent event;
        try {
            event = read(record);
        } catch (AmalgamException | IOException unreadable) {
            LOG.warnf("%s-%d@%d is no CloudEvent: %s", record.topic(), record.partition(), record.offset(),
                    unreadable.getMessage());
            return;
        }
        while (true) {
            try {
                triggers.notice(trigger -> event.fits(trigger.condition()),
                        "CloudEvent " + event.type() + " on Kafka", event.key());
                return;
            } catch (AmalgamException failure) {
                if (!failure.code().transientFailure()) {
                    throw failure;
                }
                LOG.warnf("triggers wait for the database: %s", failure.getMessage());
            }
            Thread.sleep(PAUSE);
        }
    }

    private IncomingEvent read(ConsumerRecord<String, byte[]> record) throws IOException {
        if (record.headers().lastHeader(BINARY_PREFIX + "type") != null) {
            return IncomingEvent.binary(name -> {
                Header header = record.headers().lastHeader(BINARY_PREFIX + name);
                return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
            });
        }
        return IncomingEvent.structured(mapper.readTree(record.value() == null ? new byte[0] : record.value()));
    }
}
