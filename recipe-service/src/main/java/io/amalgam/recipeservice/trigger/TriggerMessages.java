package io.amalgam.recipeservice.trigger;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.source.OutgoingAddresses;
import io.amalgam.events.Topics;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.messaging.Broker;
import io.quarkus.scheduler.Scheduled;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * What triggers tell others: CloudEvents over HTTP, signed as Standard Webhooks have it, and on the topic
 * {@code notifications}. A message is written in the transaction of what it tells, and sent until it is taken: at least
 * once, with the same id each time.
 */
@ApplicationScoped
public class TriggerMessages {

    private static final Logger LOG = Logger.getLogger(TriggerMessages.class);
    private static final String TYPE_PREFIX = "io.amalgam.trigger.";
    private static final Duration CLAIM = Duration.ofSeconds(60);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);
    private static final int MOST_ATTEMPTS = 10;
    private static final long FIRST_PAUSE_SECONDS = 2;
    private static final long LONGEST_PAUSE_SECONDS = 3600;
    private static final int BATCH = 20;
    private static final int LONGEST_ERROR = 300;
    private static final int OK_LIMIT = 300;
    private static final String ADDRESS = "The notification's address";

    private final Database database;
    private final Broker broker;
    private final ObjectMapper mapper;
    private final OutgoingAddresses addresses;
    private final HttpClient client = HttpClient.newBuilder()
            .connectTimeout(ANSWER_LIMIT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    private KafkaProducer<String, String> producer;

    /** Takes where messages wait, how they leave, and which hosts inside this network may be told. */
    public TriggerMessages(
            Database database, Broker broker, ObjectMapper mapper,
            @ConfigProperty(name = "amalgam.triggers.allowed-hosts") Optional<List<String>> allowedHosts) {
        this.addresses = new OutgoingAddresses(allowedHosts.orElse(List.of()));
        this.database = database;
        this.broker = broker;
        this.mapper = mapper;
    }

    /**
     * Checks, when a trigger is made, that what it is to tell can be told; it is checked again each time.
     *
     * @param notification of a trigger, or null
     * @throws AmalgamException with {@code ADDRESS_REFUSED} if the address is not one that is called
     */
    void check(Notification notification) {
        if (notification != null && notification.url() != null) {
            addresses.check(ADDRESS, OutgoingAddresses.parse(ADDRESS, notification.url()));
        }
    }

    /** The data of a message. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Told(
            UUID firing, UUID trigger, String name, String state, UUID merge, String artifact, Double score,
            String previousArtifact, Double previousScore, Double difference, String verdict, String message) {
    }

    private record Message(
            String id, UUID trigger, String type, String body, String target, int attempts, Notification notification) {
    }

    /** Writes a message in the caller's transaction, if the trigger's notification asks for its kind. */
    void write(Connection connection, Triggers.Stored trigger, String kind, Told told) throws SQLException {
        Notification notification = trigger.notification();
        if (notification == null || !notification.on().contains(kind)) {
            return;
        }
        Instant now = Triggers.now();
        for (String target : List.of("http", "kafka")) {
            if (target.equals("http") ? notification.url() == null : !notification.kafka()) {
                continue;
            }
            String id = "msg_" + told.firing() + "_" + kind + "_" + target;
            ObjectNode event = mapper.createObjectNode();
            event.put("specversion", "1.0");
            event.put("id", id);
            event.put("type", TYPE_PREFIX + kind);
            event.put("source", "recipe-service");
            event.put("subject", told.trigger().toString());
            event.put("time", now.toString());
            event.put("datacontenttype", "application/json");
            event.set("data", mapper.valueToTree(told));
            Sql.update(connection, """
                    insert into owned.trigger_message (id, trigger, type, body, target, due_at, created_at)
                    values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing""",
                    id, trigger.id(), TYPE_PREFIX + kind, json(event), target, now, now);
        }
    }

    /** Sends what is due. */
    @Scheduled(every = "${amalgam.triggers.every:1s}", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void send() {
        try {
            for (Message message : due()) {
                String error = message.target().equals("http") ? post(message) : publish(message);
                if (error == null) {
                    database.transaction(connection -> Sql.update(connection, """
                            update owned.trigger_message set state = 'sent', attempts = attempts + 1, error = null
                            where id = ?""", message.id()));
                } else {
                    failed(message, error);
                }
            }
        } catch (AmalgamException failure) {
            LOG.warnf("messages of triggers wait: %s", failure.getMessage());
        }
    }

    @PreDestroy
    synchronized void close() {
        client.close();
        if (producer != null) {
            producer.close(Duration.ofSeconds(1));
        }
    }

    private List<Message> due() {
        return database.transaction(connection -> Sql.list(connection, """
                with claimed as (
                    update owned.trigger_message set due_at = now() + make_interval(secs => ?)
                    where id in (select id from owned.trigger_message where state = 'waiting' and due_at <= now()
                        order by due_at limit ? for update skip locked)
                    returning *)
                select c.*, t.notification from claimed c join owned.trigger t on t.id = c.trigger""",
                row -> new Message(row.getString("id"), row.getObject("trigger", UUID.class), row.getString("type"),
                        row.getString("body"), row.getString("target"), row.getInt("attempts"),
                        notification(row.getString("notification"))),
                CLAIM.toSeconds(), BATCH));
    }

    private Notification notification(String json) {
        try {
            return mapper.readValue(json, Notification.class);
        } catch (JsonProcessingException malformed) {
            throw new IllegalStateException("a stored notification is not what it was written as", malformed);
        }
    }

    /** Posts a message; returns what went wrong, or null. */
    private String post(Message message) {
        URI address = URI.create(message.notification().url());
        try {
            addresses.check(ADDRESS, address);
        } catch (AmalgamException refusal) {
            return refusal.getMessage();
        }
        long time = Instant.now().getEpochSecond();
        HttpRequest.Builder request = HttpRequest.newBuilder(address)
                .timeout(ANSWER_LIMIT)
                .header("Content-Type", "application/cloudevents+json; charset=UTF-8")
                .header(WebhookSignature.ID, message.id())
                .header(WebhookSignature.TIMESTAMP, Long.toString(time))
                .POST(HttpRequest.BodyPublishers.ofString(message.body()));
        Optional.ofNullable(message.notification().key()).ifPresent(key -> request.header(
                WebhookSignature.SIGNATURE, WebhookSignature.of(key, message.id(), time, message.body())));
        try {
            int status = client.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
            return status < OK_LIMIT ? null : "the receiver answered with HTTP status " + status;
        } catch (IOException failure) {
            return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return "the service stopped";
        }
    }

    /** Publishes a message; returns what went wrong, or null. */
    private String publish(Message message) {
        ProducerRecord<String, String> record = new ProducerRecord<>(
                Topics.NOTIFICATIONS.name(), message.trigger().toString(), message.body());
        record.headers().add("content-type", "application/cloudevents+json".getBytes(StandardCharsets.UTF_8));
        try {
            producer().send(record).get(ANSWER_LIMIT.toSeconds(), TimeUnit.SECONDS);
            return null;
        } catch (ExecutionException | TimeoutException failure) {
            return "Kafka did not accept it: " + failure.getMessage();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return "the service stopped";
        }
    }

    private synchronized KafkaProducer<String, String> producer() {
        if (producer == null) {
            Map<String, Object> settings = new HashMap<>(broker.connection());
            settings.put(ProducerConfig.ACKS_CONFIG, "all");
            settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, (int) ANSWER_LIMIT.toMillis());
            settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) ANSWER_LIMIT.toMillis() / 2);
            settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) ANSWER_LIMIT.toMillis());
            producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
        }
        return producer;
    }

    /** Tries again after ever longer pauses, and gives up in the end: somebody must look at the receiver. */
    private void failed(Message message, String error) {
        int attempts = message.attempts() + 1;
        boolean over = attempts >= MOST_ATTEMPTS;
        long pause = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS << Math.min(attempts - 1, 20));
        String words = error.length() <= LONGEST_ERROR ? error : error.substring(0, LONGEST_ERROR - 1) + "…";
        LOG.warnf("message %s was not taken (attempt %d): %s", message.id(), attempts, words);
        database.transaction(connection -> Sql.update(connection, """
                update owned.trigger_message set attempts = ?, error = ?, state = ?,
                    due_at = now() + make_interval(secs => ?)
                where id = ?""",
                attempts, words, over ? "given-up" : "waiting", pause, message.id()));
    }

    private String json(ObjectNode event) {
        try {
            return mapper.writeValueAsString(event);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
