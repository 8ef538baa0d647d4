package io.amalgam.recipeservice.trigger;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.amalgam.recipeservice.Http;
import io.amalgam.recipeservice.LineResource;
import io.amalgam.recipeservice.Recipes;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.merge.Merges;
import io.amalgam.recipeservice.messaging.Broker;
import io.amalgam.recipeservice.security.Caller;
import io.amalgam.recipeservice.view.ArtifactQueries;
import io.amalgam.recipeservice.view.ComparisonQueries;
import io.amalgam.recipeservice.view.MergeQueries;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Several replicas work on the same triggers, all at once: the service's own and others like it, which share nothing with
 * it but database and broker.
 */
@QuarkusTest
@WithTestResource(LineResource.class)
class TriggerReplicasTest {

    private static final int REPLICAS = 4;
    private static final int TRIGGERS = 5;
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    ProjectionSchema schema;

    @Inject
    Triggers triggers;

    @Inject
    Merges merges;

    @Inject
    MergeQueries mergeQueries;

    @Inject
    ArtifactQueries artifacts;

    @Inject
    ComparisonQueries comparisons;

    @Inject
    Broker broker;

    @Inject
    ObjectMapper mapper;

    @BeforeEach
    void ready() {
        Http.ready(server);
    }

    @Test
    void aScheduleThatIsDueForAllOfThemFiresOnceAndStartsOneMerge() throws Exception {
        List<UUID> made = new ArrayList<>();
        for (int number = 0; number < TRIGGERS; number++) {
            made.add(trigger("scheduled-" + number, Recipes.linear(0.40 + number / 1000.0),
                    new Condition.Schedule("0 3 1 1 *", null), null));
        }
        AtomicBoolean over = new AtomicBoolean();
        try (ExecutorService replicas = Executors.newFixedThreadPool(REPLICAS)) {
            List<Future<?>> running = new ArrayList<>();
            for (int replica = 0; replica < REPLICAS; replica++) {
                TriggerRunner runner = new TriggerRunner(
                        database, schema, triggers, merges, mergeQueries, artifacts, comparisons, messages());
                running.add(replicas.submit(() -> {
                    while (!over.get()) {
                        runner.run();
                    }
                }));
            }
            database.transaction(connection -> Sql.update(connection,
                    "update owned.trigger set next_check_at = now() where name like 'scheduled-%'"));
            await().atMost(PATIENCE).until(() -> made.stream().allMatch(id ->
                    firings(id).stream().anyMatch(firing -> firing.state().equals("started"))));
            over.set(true);
            for (Future<?> each : running) {
                each.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
        }
        for (UUID id : made) {
            List<TriggerView.Firing> firings = firings(id);
            assertEquals(1, firings.size(), firings.toString());
            assertEquals(1, firings.getFirst().causes(), firings.toString());
            assertEquals(1, attempts(firings.getFirst().artifact()));
        }
        made.forEach(id -> triggers.delete(Caller.LINE, id));
    }

    @Test
    void aWebhookThatIsDeliveredToEachOfThemFiresOnce() throws Exception {
        UUID id = trigger("delivered", Recipes.linear(0.45), new Condition.CloudEvent("org.example.delivered", null, null),
                null);
        IncomingEvent event = new IncomingEvent("1", "/sender", "org.example.delivered", null);
        int taken = 0;
        for (int each : atOnce(() -> triggers.notice(
                trigger -> event.fits(trigger.condition()), "CloudEvent", event.key()))) {
            taken += each;
        }
        assertEquals(1, taken);
        List<TriggerView.Firing> firings = firings(id);
        assertEquals(1, firings.size(), firings.toString());
        assertEquals(1, firings.getFirst().causes());
        triggers.delete(Caller.LINE, id);
    }

    @Test
    void aMessageIsSentByOneOfThem() throws Exception {
        Map<String, Integer> received = new ConcurrentHashMap<>();
        HttpServer receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/", exchange -> {
            received.merge(exchange.getRequestHeaders().getFirst(WebhookSignature.ID), 1, Integer::sum);
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        receiver.start();
        try {
            Notification notification = new Notification(
                    "http://127.0.0.1:" + receiver.getAddress().getPort() + "/", null, false, List.of());
            UUID id = trigger("telling", Recipes.linear(0.46), new Condition.CloudEvent("org.example.never", null, null),
                    notification);
            TriggerMessages writer = messages();
            for (int number = 0; number < TRIGGERS; number++) {
                UUID firing = UUID.randomUUID();
                database.transaction(connection -> {
                    writer.write(connection, triggers.load(connection, id).orElseThrow(), "completed",
                            new TriggerMessages.Told(firing, id, "telling", "completed", null, null, null, null, null,
                                    null, null, null));
                    return null;
                });
            }
            atOnce(() -> {
                messages().send();
                return 0;
            });
            await().atMost(PATIENCE).until(() -> triggers.find(Caller.LINE, id).messages().isEmpty());
            assertEquals(TRIGGERS, received.size());
            assertEquals(List.of(1), received.values().stream().distinct().toList(), received.toString());
            triggers.delete(Caller.LINE, id);
        } finally {
            receiver.stop(0);
        }
    }

    private UUID trigger(String name, String recipe, Condition condition, Notification notification) {
        return triggers.create(Caller.LINE, new TriggerOrder(name, recipe, null, condition, 0, notification))
                .trigger().id();
    }

    private List<TriggerView.Firing> firings(UUID trigger) {
        return triggers.find(Caller.LINE, trigger).firings();
    }

    private int attempts(String artifact) {
        return database.read(connection -> Sql.first(connection,
                "select count(*) as attempts from owned.merge_attempt where artifact = ?",
                row -> row.getInt("attempts"), artifact)).orElseThrow();
    }

    private TriggerMessages messages() {
        return new TriggerMessages(database, broker, mapper, Optional.of(List.of("127.0.0.1")));
    }

    /** Does something on every replica, at the same time. */
    private static List<Integer> atOnce(Callable<Integer> step) throws Exception {
        CountDownLatch start = new CountDownLatch(1);
        List<Integer> results = new ArrayList<>();
        try (ExecutorService replicas = Executors.newFixedThreadPool(REPLICAS)) {
            List<Future<Integer>> running = new ArrayList<>();
            for (int replica = 0; replica < REPLICAS; replica++) {
                running.add(replicas.submit(() -> {
                    start.await();
                    return step.call();
                }));
            }
            start.countDown();
            for (Future<Integer> each : running) {
                results.add(each.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            }
        }
        return results;
    }
}
