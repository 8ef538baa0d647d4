package io.amalgam.recipeservice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.events.Event;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.projection.Projector;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Watching a merge by server-sent events. */
@QuarkusTest
@WithTestResource(LineResource.class)
@Timeout(60)
class StreamTest {

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    ProjectionSchema schema;

    @Inject
    Projector projector;

    @BeforeEach
    void schema() {
        schema.ensure();
    }

    /** A server-sent event: its id and name, or null. */
    private record Received(String id, String name, String data) {
    }

    @Test
    void aNewWatcherGetsASnapshotAndThenWhatHappens() throws Exception {
        Event.MergeRequested request = Events.requested("watched", 1);
        apply(request, Events.planned(request, 2));
        try (Watcher watcher = new Watcher(request.merge(), null)) {
            Received snapshot = watcher.next();
            assertEquals("snapshot", snapshot.name());
            assertEquals("2", snapshot.id());
            assertTrue(snapshot.data().contains("\"state\":\"running\""), snapshot.data());
            apply(Events.chunk(request, 0, 2));
            assertEquals("chunk", watcher.next("3"));
            apply(Events.chunk(request, 1, 2), Events.completed(request));
            assertEquals("chunk", watcher.next("4"));
            assertEquals("completed", watcher.next("5"));
            assertEquals("end", watcher.next(null));
            assertNull(watcher.next());
        }
    }

    @Test
    void aWatcherThatComesBackGetsExactlyWhatItMissed() throws Exception {
        Event.MergeRequested request = Events.requested("resumed", 1);
        apply(request, Events.planned(request, 6));
        IntStream.range(0, 6).forEach(index -> apply(Events.chunk(request, index, 6)));
        apply(Events.completed(request));
        for (int seen = 0; seen <= 9; seen++) {
            List<String> numbers = new ArrayList<>();
            try (Watcher watcher = new Watcher(request.merge(), Integer.toString(seen))) {
                Received snapshot = watcher.next();
                assertEquals("snapshot", snapshot.name());
                assertNull(snapshot.id(), "a connection that breaks behind the snapshot must resume where it was");
                for (Received event = watcher.next(); !event.name().equals("end"); event = watcher.next()) {
                    numbers.add(event.id());
                }
            }
            assertEquals(IntStream.rangeClosed(seen + 1, 9).mapToObj(Integer::toString).toList(), numbers);
        }
    }

    @Test
    void aNumberThatWasNeverGivenStartsAnew() throws Exception {
        Event.MergeRequested request = Events.requested("renumbered", 1);
        apply(request);
        for (String number : List.of("77", "-5", "nonsense")) {
            try (Watcher watcher = new Watcher(request.merge(), number)) {
                assertEquals("1", watcher.next().id());
            }
        }
    }

    @Test
    void aMergeThatDoesNotExistIsAProblem() throws Exception {
        HttpResponse<String> response = HttpClient.newHttpClient().send(
                HttpRequest.newBuilder(server.resolve("/api/merges/" + UUID.randomUUID() + "/events")).build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(404, response.statusCode());
        assertTrue(response.body().contains("NOT_FOUND"), response.body());
    }

    private void apply(Event... events) {
        Projections.apply(database, projector, events);
    }

    /** A client that reads event by event. */
    private final class Watcher implements AutoCloseable {

        private final HttpClient client = HttpClient.newHttpClient();
        private final BufferedReader reader;

        Watcher(String merge, String lastEventId) throws IOException, InterruptedException {
            HttpRequest.Builder request = HttpRequest.newBuilder(server.resolve("/api/merges/" + merge + "/events"));
            if (lastEventId != null) {
                request.header("Last-Event-ID", lastEventId);
            }
            HttpResponse<InputStream> response =
                    client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            assertEquals(200, response.statusCode());
            reader = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
        }

        /** The name of the next event, which must have this id. */
        String next(String id) throws IOException {
            Received event = next();
            assertEquals(id, event.id(), event.toString());
            return event.name();
        }

        /** The next event, or null at the end of the stream. */
        Received next() throws IOException {
            String id = null;
            String name = null;
            StringBuilder data = new StringBuilder();
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                int colon = line.indexOf(':');
                if (line.isEmpty() && name != null) {
                    return new Received(id, name, data.toString());
                }
                String value = colon < 0 ? "" : line.substring(colon + 1).strip();
                switch (colon < 0 ? line : line.substring(0, colon)) {
                    case "id" -> id = value;
                    case "event" -> name = value;
                    case "data" -> data.append(value);
                    default -> { }
                }
            }
            return null;
        }

        @Override
        public void close() throws IOException {
            reader.close();
            client.shutdownNow();
        }
    }
}
