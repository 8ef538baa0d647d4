package io.amalgam.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.events.Event;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventRoute;
import io.amalgam.events.Topics;
import io.amalgam.stack.ServiceClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Verifies the line's invariants from the outside, when everything has come to rest: by reading topics, store and REST,
 * and by nothing else. Each violation is a sentence.
 */
final class Checker {

    private static final int MOST_EVENTS = 200;

    private final String bootstrapServers;
    private final ServiceClient service;
    private final Path store;
    private final List<Order> orders;
    private final List<String> lost = new ArrayList<>();
    private final List<String> duplicated = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();
    private final Map<String, Event> ends = new HashMap<>();
    private final Map<String, String> requested = new HashMap<>();
    private final Map<String, Event.ArtifactCompleted> published = new LinkedHashMap<>();
    private int redeliveries;
    private int deadLetters;

    /** Checks what became of orders. */
    Checker(String bootstrapServers, ServiceClient service, Path store, List<Order> orders) {
        this.bootstrapServers = bootstrapServers;
        this.service = service;
        this.store = store;
        this.orders = orders;
    }

    /** Accepted requests without an end. */
    List<String> lost() {
        return lost;
    }

    /** What happened twice and may happen once only. */
    List<String> duplicated() {
        return duplicated;
    }

    /** Every other violation. */
    List<String> wrong() {
        return wrong;
    }

    /** How many results came more than once, though nobody but the line published them. */
    int redeliveries() {
        return redeliveries;
    }

    /** How many records were given up. */
    int deadLetters() {
        return deadLetters;
    }

    /** How many artifacts were published. */
    int published() {
        return published.size();
    }

    /** Reads everything and checks it. */
    void check() throws IOException, InterruptedException {
        readRequests();
        readLifecycle();
        readResults();
        readArtifacts();
        readScores();
        checkDeadLetters();
        for (Order order : orders) {
            check(order);
        }
        checkNothingElseWasMade();
    }

    private List<Received> events(Topics.Topic topic) {
        List<Received> events = new ArrayList<>();
        for (ConsumerRecord<String, byte[]> record : Topic.read(bootstrapServers, topic)) {
            if (record.value() != null && EventCodec.decode(record) instanceof Received received) {
                events.add(received);
            }
        }
        return events;
    }

    private void readRequests() {
        for (Received received : events(Topics.MERGE_REQUESTS)) {
            if (received.event() instanceof Event.MergeRequested request) {
                requested.put(request.merge(), request.artifact());
            }
        }
    }

    /** The first terminal event of a merge counts, in the order of its partition. */
    private void readLifecycle() {
        for (Received received : events(Topics.MERGES)) {
            switch (received.event()) {
                case Event.MergeCompleted event -> ends.putIfAbsent(event.merge(), event);
                case Event.MergeFailed event -> ends.putIfAbsent(event.merge(), event);
                case Event.MergeCancelled event -> ends.putIfAbsent(event.merge(), event);
                default -> { }
            }
        }
    }

    /** The same shard has the same digest, whoever made it how often. */
    private void readResults() {
        Map<String, String> digests = new HashMap<>();
        for (ConsumerRecord<String, byte[]> record : Topic.read(bootstrapServers, Topics.CHUNK_RESULTS)) {
            if (EventCodec.decode(record) instanceof Received received
                    && received.event() instanceof Event.ChunkCompleted result) {
                String chunk = result.merge() + "/" + result.index();
                String before = digests.putIfAbsent(chunk, result.sha256());
                if (before != null && !Topic.isRepeated(record)) {
                    redeliveries++;
                }
                if (before != null && !before.equals(result.sha256())) {
                    wrong.add("chunk " + chunk + " was made with two digests");
                }
            }
        }
    }

    private void readArtifacts() throws IOException {
        for (Received received : events(Topics.ARTIFACTS)) {
            if (received.event() instanceof Event.ArtifactCompleted event) {
                published.put(event.artifact(), event);
            }
        }
        for (Event.ArtifactCompleted event : published.values()) {
            String actual = Sha256.of(store.resolve(event.location()).resolve("amalgam.json"));
            if (!actual.equals(event.manifestSha256())) {
                wrong.add("artifact " + event.artifact() + " was announced with another manifest than it has");
            }
        }
    }

    /** A model's score on the same questions is the same, however often it was told. */
    private void readScores() {
        Map<String, Map<String, Double>> scores = new HashMap<>();
        for (Received received : events(Topics.SCORES)) {
            if (received.event() instanceof Event.ScoreRecorded score) {
                String what = score.modelIdentity() + "/" + score.taskDigest() + "/" + score.questions();
                Map<String, Double> before = scores.putIfAbsent(what, score.metrics());
                if (before != null && !before.equals(score.metrics())) {
                    wrong.add("model " + score.modelName() + " has two scores on " + score.task() + ": " + before
                            + " and " + score.metrics());
                }
            }
        }
    }

    /** Every record that cannot be read has one letter, and nothing else has any, but for work that killed its workers. */
    private void checkDeadLetters() throws IOException, InterruptedException {
        Set<String> unreadable = new TreeSet<>();
        for (Topics.Topic topic : Topics.ALL) {
            if (topic != Topics.DEAD_LETTERS) {
                for (ConsumerRecord<String, byte[]> record : Topic.read(bootstrapServers, topic)) {
                    if (record.value() != null && EventCodec.decode(record) instanceof EventCodec.Unreadable) {
                        unreadable.add(record.topic() + "-" + record.partition() + "@" + record.offset());
                    }
                }
            }
        }
        Set<String> letters = new TreeSet<>();
        for (Received received : events(Topics.DEAD_LETTERS)) {
            if (received.event() instanceof Event.DeadLetter letter) {
                String place = letter.topic() + "-" + letter.partition() + "@" + letter.offset();
                letters.add(place);
                if (!letter.code().equals(EventCodec.EVENT_INVALID) && !Load.isExplained(letter.code())) {
                    wrong.add("record " + place + " was given up: " + letter.code() + " " + letter.reason());
                }
                String path = "/api/dead-letters/" + EventRoute.of(letter).id();
                if (!service.get(path).path("code").asText().equals(letter.code())) {
                    wrong.add("dead letter " + place + " is not shown as it was published");
                }
            }
        }
        deadLetters = letters.size();
        unreadable.removeAll(letters);
        unreadable.forEach(place -> lost.add("unreadable record " + place + " has no dead letter"));
    }

    private void check(Order order) throws IOException, InterruptedException {
        String name = "order " + order.wish().number();
        switch (order.state()) {
            case UNSENT, OPEN -> lost.add(name + " " + order.merges() + " has not ended (" + order.state() + "; "
                    + order.note() + ")");
            case WRONG -> wrong.add(name + " " + order.merges() + ": " + order.note());
            case COMPLETED -> {
                if (!published.containsKey(order.artifact())) {
                    lost.add(name + ": artifact " + order.artifact() + " was not announced");
                }
            }
            case CANCELLED -> { }
        }
        for (String merge : order.merges()) {
            check(name, merge);
        }
    }

    private void check(String name, String merge) throws IOException, InterruptedException {
        Event end = ends.get(merge);
        JsonNode shown = service.get("/api/merges/" + merge);
        String state = shown.path("state").asText();
        String expected = switch (end) {
            case Event.MergeCompleted completed -> "completed";
            case Event.MergeFailed failed -> "failed";
            case Event.MergeCancelled cancelled -> "cancelled";
            case null, default -> null;
        };
        if (expected == null) {
            lost.add(name + ": merge " + merge + " was accepted and has no terminal event; it is shown as " + state);
        } else if (!expected.equals(state)) {
            wrong.add(name + ": merge " + merge + " ended as " + expected + " and is shown as " + state);
        }
        checkOnce(name, merge, shown);
    }

    /** A merge has one end, and each of its chunks counts once, whatever was delivered how often. */
    private void checkOnce(String name, String merge, JsonNode shown) {
        int ended = 0;
        Set<Integer> chunks = new HashSet<>();
        for (JsonNode event : shown.path("events")) {
            switch (event.path("type").asText()) {
                case "completed", "failed", "cancelled" -> ended++;
                case "chunk" -> {
                    if (!chunks.add(event.path("data").path("index").asInt())) {
                        duplicated.add(name + ": a chunk of merge " + merge + " was told twice");
                    }
                }
                default -> { }
            }
        }
        boolean all = shown.path("lastEvent").asInt() <= MOST_EVENTS;
        if (ended > 1 || ended == 0 && all) {
            duplicated.add(name + ": merge " + merge + " was told to have ended " + ended + " times");
        }
        if (shown.path("chunksDone").asInt() > shown.path("chunks").asInt()) {
            duplicated.add(name + ": merge " + merge + " has more chunks done than it has");
        }
        if (shown.path("state").asText().equals("completed")
                && shown.path("chunksDone").asInt() != shown.path("chunks").asInt()) {
            wrong.add(name + ": merge " + merge + " is complete without all of its chunks");
        }
    }

    /**
     * Every request has an end, also one that its order never heard of since the answer was lost on its way; and what
     * nobody ordered was not made: a repeated request is no new one.
     */
    private void checkNothingElseWasMade() {
        Set<String> artifacts = new HashSet<>();
        for (Order order : orders) {
            artifacts.add(order.artifact());
        }
        requested.forEach((merge, artifact) -> {
            if (!ends.containsKey(merge)) {
                lost.add("merge " + merge + " was requested and has no terminal event");
            }
            if (!artifacts.contains(artifact)) {
                duplicated.add("merge " + merge + " was requested and ordered by nobody");
            }
        });
        for (String artifact : published.keySet()) {
            if (!artifacts.contains(artifact)) {
                duplicated.add("artifact " + artifact + " was published and ordered by nobody");
            }
        }
    }
}
