package io.amalgam.stack;

import io.amalgam.broker.ChildJvm;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;

/** Asks a service whether it is ready, by the readiness endpoint that a cluster would ask. */
final class Health {
    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final Duration REQUEST_LIMIT = Duration.ofSeconds(5);

    private final HttpClient client;

    Health(HttpClient client) {
        this.client = client;
    }

    /**
     * Waits until a service is ready.
     *
     * @param child the service's process
     * @param address of the service
     * @param limit how long to wait
     * @throws IOException if the process ends first or the time is over; the message says what was not ready
     */
    void await(ChildJvm child, URI address, Duration limit) throws IOException, InterruptedException {
        Instant end = Instant.now().plus(limit);
        String last = "no answer";
        while (Instant.now().isBefore(end)) {
            if (!child.process().isAlive()) {
                throw new IOException(child.name() + " ended with status " + child.process().exitValue()
                        + " before it was ready; its log is " + child.log());
            }
            try {
                HttpResponse<String> response = client.send(
                        HttpRequest.newBuilder(address.resolve("/q/health/ready")).timeout(REQUEST_LIMIT).build(),
                        HttpResponse.BodyHandlers.ofString());
                if (response.statusCode() == 200) {
                    return;
                }
                last = response.body().replaceAll("\\s+", " ");
            } catch (IOException e) {
                last = "no answer";
            }
            Thread.sleep(PAUSE);
        }
        throw new IOException(child.name() + " was not ready within " + limit.toSeconds() + " s (" + last
                + "); its log is " + child.log());
    }
}
