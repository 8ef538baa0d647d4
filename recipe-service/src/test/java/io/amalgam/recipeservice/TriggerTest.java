package io.amalgam.recipeservice;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.amalgam.cli.AmalgamCommand;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event;
import io.amalgam.events.Topics;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.messaging.Broker;
import io.amalgam.recipeservice.projection.Projector;
import io.quarkus.test.common.ResourceArg;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Triggers over HTTP, Kafka and the database: what fires them, what they start, what they tell. */
@QuarkusTest
@WithTestResource(value = LineResource.class,
        initArgs = @ResourceArg(name = LineResource.OWN_MODELS, value = "true"))
class TriggerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8);
    private static final String SECRET = "whsec_" + Base64.getEncoder().encodeToString(KEY);

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    ProjectionSchema schema;

    @Inject
    Projector projector;

    @Inject
    ArtifactStore store;

    @Inject
    Broker broker;

    @Inject
    ObjectMapper mapper;

    @ConfigProperty(name = "amalgam.models.root")
    Path models;

    private Http http;

    @BeforeEach
    void ready() {
        http = Http.ready(server);
        schema.ensure();
    }

    @Test
    void aTriggerIsMadeListedShownAndRemoved() throws Exception {
        JsonNode made = create("kept", Recipes.linear(0.301), Map.of("type", "schedule", "cron", "0 3 * * *"), 0, null);
        String id = made.path("trigger").path("id").asText();
        JsonNode shown = http.get("/api/triggers/" + id).json();
        assertEquals("kept", shown.path("name").asText());
        assertEquals("schedule", shown.path("condition").path("type").asText());
        assertTrue(Instant.parse(shown.path("nextCheckAt").asText()).isAfter(Instant.now()), shown.toString());
        assertTrue(http.get("/api/triggers").text().contains(id));
        assertTrue(http.get("/triggers").text().contains("kept"));
        assertEquals(204, http.send("DELETE", "/api/triggers/" + id, null, null).status());
        assertEquals(404, http.get("/api/triggers/" + id).status());
    }

    @Test
    void whatIsWrongWithATriggerIsSaid() throws Exception {
        Map<String, Object> good = order("wrong", Recipes.linear(0.302), Map.of("type", "schedule", "cron", "0 3 * * *"));
        for (Map.Entry<String, Object> wrong : List.<Map.Entry<String, Object>>of(
                Map.entry("condition", Map.of("type", "schedule", "cron", "every day")),
                Map.entry("condition", Map.of("type", "schedule", "cron", "0 3 * * *", "zone", "Moon/Base")),
                Map.entry("condition", Map.of("type", "revision", "poll", "often")),
                Map.entry("condition", Map.of("type", "revision", "poll", "PT0.5S")),
                Map.entry("condition", Map.of("type", "object", "bucket", "models", "poll", "PT0.999S")),
                Map.entry("condition", Map.of("type", "revision", "poll", "PT-5M")),
                Map.entry("condition", Map.of("type", "object")),
                Map.entry("condition", Map.of("type", "event")),
                Map.entry("condition", Map.of("type", "weather")),
                Map.entry("debounceSeconds", -1),
                Map.entry("notification", Map.of("url", "ftp://example.org")),
                Map.entry("notification", Map.of("url", "https://example.org", "secret", "whsec_c2hvcnQ=")),
                Map.entry("name", ""),
                Map.entry("colour", "red"))) {
            Map<String, Object> order = new HashMap<>(good);
            order.put(wrong.getKey(), wrong.getValue());
            Http.Answer answer = http.postJson("/api/triggers", order);
            assertEquals(400, answer.status(), wrong + answer.text());
            assertEquals("ARGUMENT_INVALID", answer.json().path("code").asText(), answer.text());
        }
        Map<String, Object> order = new HashMap<>(good);
        order.put("recipe", "[not a recipe");
        assertTrue(http.postJson("/api/triggers", order).status() >= 400);
    }

    @Test
    void aScheduleFiresOnceHoweverManyLookAtIt() throws Exception {
        String id = id(create("nightly", Recipes.linear(0.303), Map.of("type", "schedule", "cron", "0 3 1 1 *"), 0, null));
        due(id);
        JsonNode firing = awaitFiring(id, "started");
        assertEquals("schedule", firing.path("cause").asText());
        assertEquals(1, http.get("/api/triggers/" + id).json().path("firings").size());
        assertEquals(202, http.postJson("/api/triggers/" + id + "/fire", Map.of()).status());
        await().atMost(PATIENCE).until(() -> http.get("/api/triggers/" + id).json().path("firings").size() == 2);
    }

    @Test
    void theHubsWebhookFiresWhatTheModelConcernsOnceARevision() throws Exception {
        String id = id(create("on revision", Recipes.linear(0.304),
                Map.of("type", "revision", "models", List.of("org/model"), "poll", "PT0S"), 1, null));
        String other = id(create("on another", Recipes.linear(0.305),
                Map.of("type", "revision", "models", List.of("org/other"), "poll", "PT0S"), 1, null));
        String hook = """
                {"event": {"action": "update", "scope": "repo.content"},
                 "repo": {"type": "model", "name": "org/model", "headSha": "%s"}}""";
        assertEquals(401, http.send("POST", "/api/webhooks/huggingface", "application/json", hook.formatted("a")).status());
        assertEquals(401, hub(hook.formatted("a"), "wrong").status());
        assertEquals(1, hub(hook.formatted("a"), LineResource.WEBHOOK_SECRET).json().path("triggers").asInt());
        assertEquals(0, hub(hook.formatted("a"), LineResource.WEBHOOK_SECRET).json().path("triggers").asInt(),
                "a redelivery fires nothing");
        assertEquals(0, hub(hook.formatted("b").replace("repo.content", "discussion"), LineResource.WEBHOOK_SECRET)
                .json().path("triggers").asInt());
        awaitFiring(id, "started");
        assertEquals(0, http.get("/api/triggers/" + other).json().path("firings").size());
    }

    @Test
    void causesThatComeTogetherAreOneFiring() throws Exception {
        String id = id(create("debounced", Recipes.linear(0.306), Map.of("type", "object", "bucket", "models",
                "prefix", "org/", "poll", "PT0S"), 3600, null));
        for (int part = 0; part < 5; part++) {
            assertEquals(1, objects("models", "org%2Fmodel/part-" + part, "tag" + part));
        }
        assertEquals(0, objects("models", "elsewhere/part", "tag"));
        assertEquals(0, objects("other", "org/model", "tag"));
        JsonNode firings = http.get("/api/triggers/" + id).json().path("firings");
        assertEquals(1, firings.size(), firings.toString());
        assertEquals(5, firings.get(0).path("causes").asInt());
        assertEquals("waiting", firings.get(0).path("state").asText());
        database.transaction(connection -> Sql.update(connection,
                "update owned.trigger_firing set due_at = now() where trigger = ?::uuid", id));
        awaitFiring(id, "started");
    }

    @Test
    void aCloudEventFiresOverKafkaAndHttpAndOnlyOnce() throws Exception {
        String id = id(create("on event", Recipes.linear(0.307),
                Map.of("type", "event", "eventType", "org.example.trained", "subject", "seven"), 3600, null));
        String structured = """
                {"specversion": "1.0", "id": "%s", "source": "/trainer", "type": "org.example.trained",
                 "subject": "%s"}""";
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                broker.connection(), new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(Topics.TRIGGER_EVENTS.name(), "not an event")).get();
            producer.send(new ProducerRecord<>(Topics.TRIGGER_EVENTS.name(), structured.formatted("1", "other"))).get();
            for (int delivery = 0; delivery < 3; delivery++) {
                producer.send(new ProducerRecord<>(Topics.TRIGGER_EVENTS.name(), structured.formatted("2", "seven"))).get();
            }
            ProducerRecord<String, String> binary = new ProducerRecord<>(Topics.TRIGGER_EVENTS.name(), "{}");
            Map.of("id", "3", "source", "/trainer", "type", "org.example.trained", "subject", "seven").forEach(
                    (name, value) -> binary.headers().add("ce_" + name, value.getBytes(StandardCharsets.UTF_8)));
            producer.send(binary).get();
        }
        await().atMost(PATIENCE).until(() ->
                http.get("/api/triggers/" + id).json().path("firings").path(0).path("causes").asInt() == 2);
        String path = "/api/webhooks/events";
        assertEquals(401, http.send("POST", path, "application/cloudevents+json", structured.formatted("2", "seven")).status());
        String[] authorization = {"Authorization", "Bearer " + LineResource.WEBHOOK_SECRET};
        assertEquals(0, http.send("POST", path, "application/cloudevents+json", structured.formatted("2", "seven"),
                authorization).json().path("triggers").asInt(), "Kafka brought this one");
        assertEquals(1, http.send("POST", path, "application/cloudevents+json", structured.formatted("4", "seven"),
                authorization).json().path("triggers").asInt());
        assertEquals(1, http.send("POST", path, "application/json", "{}", "Authorization", authorization[1],
                "ce-id", "5", "ce-source", "/trainer", "ce-type", "org.example.trained", "ce-subject", "seven")
                .json().path("triggers").asInt());
        assertEquals(400, http.send("POST", path, "application/json", "{}", authorization).status());
    }

    @Test
    void aModelThatChangesIsNoticedByLookingAtIt() throws Exception {
        String id = id(create("polled", Recipes.linear(0.308), Map.of("type", "revision", "poll", "PT1S"), 0, null));
        await().atMost(PATIENCE).until(() -> !http.get("/api/triggers/" + id).json().path("nextCheckAt").asText().isEmpty());
        assertEquals(0, http.get("/api/triggers/" + id).json().path("firings").size());
        Path weights = models.resolve("ordering-expert").resolve("model.safetensors");
        Files.setLastModifiedTime(weights, FileTime.from(Instant.now().minusSeconds(86_400)));
        JsonNode firing = awaitFiring(id, "started");
        assertEquals("a model has changed", firing.path("cause").asText());
    }

    @Test
    void whatItMadeIsComparedAndToldWithASignature() throws Exception {
        List<Map<String, String>> received = Collections.synchronizedList(new ArrayList<>());
        HttpServer receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/hook", exchange -> {
            Map<String, String> message = new HashMap<>();
            for (String header : List.of("webhook-id", "webhook-timestamp", "webhook-signature")) {
                message.put(header, exchange.getRequestHeaders().getFirst(header));
            }
            message.put("body", new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            received.add(message);
            // The first delivery is refused: it must come again.
            exchange.sendResponseHeaders(received.size() == 1 ? 503 : 204, -1);
            exchange.close();
        });
        receiver.start();
        try {
            String id = id(create("told", Recipes.linear(0.309), Map.of("type", "revision", "poll", "PT0S"), 0,
                    Map.of("url", "http://127.0.0.1:" + receiver.getAddress().getPort() + "/hook", "secret", SECRET,
                            "kafka", true)));
            assertFalse(http.get("/api/triggers/" + id).text().contains("whsec_"), "a secret is never told");
            assertEquals(202, http.postJson("/api/triggers/" + id + "/fire", Map.of()).status());
            JsonNode firing = awaitFiring(id, "started");
            complete(firing);
            JsonNode ended = awaitFiring(id, "completed");
            assertEquals(firing.path("artifact").asText(),
                    http.get("/api/triggers/" + id).json().path("lastArtifact").asText());
            await().atMost(PATIENCE).until(() -> received.size() >= 2);
            assertEquals(received.get(0).get("webhook-id"), received.get(1).get("webhook-id"));
            Map<String, String> message = received.get(1);
            assertEquals(signature(message), message.get("webhook-signature"));
            JsonNode event = mapper.readTree(message.get("body"));
            assertEquals("io.amalgam.trigger.completed", event.path("type").asText());
            assertEquals(ended.path("artifact").asText(), event.path("data").path("artifact").asText());
            assertEquals(List.of("io.amalgam.trigger.completed"), onKafka(id));

            assertEquals(202, http.postJson("/api/triggers/" + id + "/fire", Map.of()).status());
            awaitFiring(id, "unchanged");
            await().atMost(PATIENCE).until(() ->
                    http.get("/api/triggers/" + id).json().path("messages").isEmpty());
            assertEquals(2, received.size(), "nothing was made, so nothing is told");
        } finally {
            receiver.stop(0);
        }
    }

    @Test
    void onlyAScoreThatIsBetterByMoreThanChanceIsToldAsImproved() throws Exception {
        Map<String, Object> order = order("improving", Recipes.linear(0.312), Map.of("type", "event", "eventType", "x"));
        order.put("debounceSeconds", 0);
        order.put("options", Map.of("benchmarks", List.of("ordering")));
        order.put("notification", Map.of("kafka", true, "on", List.of("improved")));
        String id = id(http.postJson("/api/triggers", order).json());
        Path weights = models.resolve("navigation-expert").resolve("model.safetensors");
        List<String> verdicts = new ArrayList<>();
        // The first has nothing to be compared with; then by one question, by half of all, and back.
        double[] levels = {0.40, 0.40 + 1.0 / Answered.QUESTIONS, 0.90, 0.40};
        for (int made = 0; made < levels.length; made++) {
            // Another time of change is another model, and so another artifact.
            Files.setLastModifiedTime(weights, FileTime.from(Instant.EPOCH.plusSeconds(86_400L * (made + 1))));
            assertEquals(202, http.postJson("/api/triggers/" + id + "/fire", Map.of()).status());
            JsonNode started = awaitFiring(id, "started");
            String artifact = started.path("artifact").asText();
            Event.MergeRequested request = complete(started);
            Event.ModelPlace model = new Event.ModelPlace(request.name(), Events.identity(artifact),
                    "artifacts/" + artifact, Event.ModelPlace.Role.ARTIFACT);
            Projections.apply(database, projector,
                    Answered.score(store, artifact, model, "ordering", levels[made], Instant.now()),
                    new Event.EvaluationCompleted(artifact, artifact, List.of("ordering"), null, 1, Instant.now()));
            JsonNode ended = awaitFiring(id, "completed");
            assertEquals(levels[made], ended.path("score").asDouble(), 1e-9);
            verdicts.add(ended.path("verdict").asText());
        }
        assertEquals("", verdicts.get(0));
        assertFalse(List.of("better", "worse").contains(verdicts.get(1)), verdicts.toString());
        assertEquals(List.of("better", "worse"), verdicts.subList(2, 4));
        await().atMost(PATIENCE).until(() -> http.get("/api/triggers/" + id).json().path("messages").isEmpty());
        assertEquals(List.of("io.amalgam.trigger.improved"), onKafka(id));
        JsonNode better = http.get("/api/triggers/" + id).json().path("firings").get(1);
        assertEquals(levels[2] - levels[1], better.path("difference").asDouble(), 1e-9);
        assertEquals(levels[1], better.path("previousScore").asDouble(), 1e-9);
    }

    @Test
    void aRefusedRecipeIsSaidAndTold() throws Exception {
        String recipe = Recipes.linear(0.310).replace("navigation-expert", "not-there-yet");
        JsonNode made = create("refused", recipe, Map.of("type", "event", "eventType", "x"), 0, Map.of("kafka", true));
        assertTrue(made.path("problems").toString().contains("not-there-yet"), made.toString());
        String id = id(made);
        assertEquals(202, http.postJson("/api/triggers/" + id + "/fire", Map.of()).status());
        JsonNode firing = awaitFiring(id, "refused");
        assertTrue(firing.path("message").asText().contains("not-there-yet"), firing.toString());
        assertEquals(List.of("io.amalgam.trigger.failed"), onKafka(id));
        assertNotEquals("", firing.path("finishedAt").asText());
    }

    @Test
    void theCommandLineKeepsTriggers(@TempDir Path folder) throws Exception {
        Path recipe = Files.writeString(folder.resolve("mine.yml"), Recipes.linear(0.311));
        String made = execute("triggers", "create", recipe.toString(), "--cron", "0 3 1 1 *", "--debounce", "3600",
                "--server", server.toString());
        String id = made.strip().substring("trigger ".length());
        assertTrue(execute("triggers", "list", "--server", server.toString()).contains("mine.yml"));
        JsonNode shown = mapper.readTree(execute("triggers", "show", id, "--json", "--server", server.toString()));
        assertEquals("schedule", shown.path("condition").path("type").asText());
        assertTrue(execute("triggers", "fire", id, "--server", server.toString()).contains("3600 s"));
        assertTrue(execute("triggers", "show", id, "--server", server.toString()).contains("asked for"));
        assertTrue(execute("triggers", "delete", id, "--server", server.toString()).contains("is gone"));
        assertEquals(404, http.get("/api/triggers/" + id).status());
        String completion = execute("completion");
        assertTrue(completion.contains("triggers") && completion.contains("_complete_amalgam"), "words to complete");
    }

    private static String execute(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status = AmalgamCommand.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
        assertEquals(0, status, err.toString());
        return out.toString();
    }

    private Map<String, Object> order(String name, String recipe, Map<String, ?> condition) {
        Map<String, Object> order = new HashMap<>();
        order.put("name", name);
        order.put("recipe", recipe);
        order.put("condition", condition);
        return order;
    }

    private JsonNode create(
            String name, String recipe, Map<String, ?> condition, int debounceSeconds, Map<String, ?> notification)
            throws Exception {
        Map<String, Object> order = order(name, recipe, condition);
        order.put("debounceSeconds", debounceSeconds);
        order.put("notification", notification);
        Http.Answer answer = http.postJson("/api/triggers", order);
        assertEquals(201, answer.status(), answer.text());
        return answer.json();
    }

    private static String id(JsonNode created) {
        return created.path("trigger").path("id").asText();
    }

    /** Makes what a trigger waits for due now, instead of in a year. */
    private void due(String id) {
        database.transaction(connection -> Sql.update(connection,
                "update owned.trigger set next_check_at = now() where id = ?::uuid", id));
    }

    private JsonNode awaitFiring(String id, String state) {
        return await().atMost(PATIENCE).until(
                () -> http.get("/api/triggers/" + id).json().path("firings").path(0),
                firing -> firing.path("state").asText().equals(state));
    }

    private Http.Answer hub(String body, String secret) throws Exception {
        return http.send("POST", "/api/webhooks/huggingface", "application/json", body, "X-Webhook-Secret", secret);
    }

    private int objects(String bucket, String key, String tag) throws Exception {
        String body = """
                {"Records": [{"eventName": "ObjectCreated:Put",
                  "s3": {"bucket": {"name": "%s"}, "object": {"key": "%s", "eTag": "%s"}}}]}""".formatted(bucket, key, tag);
        Http.Answer answer = http.send("POST", "/api/webhooks/objects", "application/json", body,
                "Authorization", "Bearer " + LineResource.WEBHOOK_SECRET);
        assertEquals(202, answer.status(), answer.text());
        return answer.json().path("triggers").asInt();
    }

    /** Does what workers do: makes the artifact, and says so. */
    private Event.MergeRequested complete(JsonNode firing) throws Exception {
        String artifact = firing.path("artifact").asText();
        RealArtifact.make(store, models, artifact);
        int attempt = database.read(connection -> Sql.first(connection,
                "select attempt from owned.merge_attempt where merge = ?::uuid", row -> row.getInt("attempt"),
                firing.path("merge").asText())).orElseThrow();
        Event.MergeRequested request = Events.requested(artifact, attempt);
        Projections.apply(database, projector, Events.planned(request, 1), Events.completed(request),
                Events.artifact(request, Events.parent("navigation-expert")));
        return request;
    }

    private List<String> onKafka(String trigger) throws Exception {
        Map<String, Object> settings = new HashMap<>(broker.connection());
        settings.put("auto.offset.reset", "earliest");
        settings.put("group.id", UUID.randomUUID().toString());
        List<String> types = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(Topics.NOTIFICATIONS.name()));
            await().atMost(PATIENCE).until(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(record -> {
                    if (record.key().equals(trigger)) {
                        try {
                            types.add(mapper.readTree(record.value()).path("type").asText());
                        } catch (JsonProcessingException malformed) {
                            throw new AssertionError(record.value(), malformed);
                        }
                    }
                });
                return !types.isEmpty();
            });
        }
        return types;
    }

    private static String signature(Map<String, String> message) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
        return "v1," + Base64.getEncoder().encodeToString(mac.doFinal((message.get("webhook-id") + "."
                + message.get("webhook-timestamp") + "." + message.get("body")).getBytes(StandardCharsets.UTF_8)));
    }
}
