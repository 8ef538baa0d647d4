package io.amalgam.cli.client;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;

/**
 * A merge's server-sent events without an end: when the connection breaks, the next one continues behind the last event.
 */
final class EventStream implements AutoCloseable {

    private static final long FIRST_PAUSE_MILLISECONDS = 200;
    private static final long LONGEST_PAUSE_MILLISECONDS = 5_000;
    private static final int ATTEMPTS = 30;

    private final Server server;
    private final String path;
    private String lastId;
    private BufferedReader reader;

    /**
     * The events of a merge.
     *
     * @param lastId the number behind which they begin, or null for a snapshot and what follows
     */
    EventStream(Server server, String merge, String lastId) {
        this.server = server;
        this.path = "api/merges/" + Server.encode(merge) + "/events";
        this.lastId = lastId;
    }

    /**
     * An event.
     *
     * @param id its number, or null
     * @param name what happened
     * @param data JSON
     */
    record ServerEvent(String id, String name, byte[] data) {
    }

    /**
     * Waits for the next event, through any number of broken connections.
     *
     * @throws AmalgamException with {@code SERVICE_UNAVAILABLE} if the service stays away for minutes
     */
    ServerEvent next() {
        long pause = FIRST_PAUSE_MILLISECONDS;
        IOException last = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                if (reader == null) {
                    connect();
                }
                ServerEvent event = read();
                if (event != null) {
                    if (event.id() != null) {
                        lastId = event.id();
                    }
                    return event;
                }
                last = new IOException("the stream ended");
            } catch (IOException broken) {
                last = broken;
            } catch (AmalgamException refusal) {
                if (!refusal.code().transientFailure()) {
                    throw refusal;
                }
                last = new IOException(refusal.getMessage());
            }
            close();
            sleep(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS);
        }
        throw server.unreachable(last);
    }

    private void connect() throws IOException {
        HttpResponse<InputStream> response = lastId == null
                ? server.open(path, "Accept", "text/event-stream")
                : server.open(path, "Accept", "text/event-stream", "Last-Event-ID", lastId);
        reader = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    /** Reads one event, or null at the end of the stream. */
    private ServerEvent read() throws IOException {
        String id = null;
        String name = "message";
        StringBuilder data = null;
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (line.isEmpty()) {
                if (data != null) {
                    return new ServerEvent(id, name, data.toString().getBytes(StandardCharsets.UTF_8));
                }
                continue;
            }
            int colon = line.indexOf(':');
            String value = colon < 0 ? "" : line.substring(colon + 1);
            if (value.startsWith(" ")) {
                value = value.substring(1);
            }
            switch (colon < 0 ? line : line.substring(0, colon)) {
                case "id" -> id = value;
                case "event" -> name = value;
                case "data" -> data = data == null ? new StringBuilder(value) : data.append('\n').append(value);
                default -> {
                    // Comments, which begin with a colon, and fields of later versions.
                }
            }
        }
        return null;
    }

    @Override
    public void close() {
        if (reader != null) {
            try {
                reader.close();
            } catch (IOException ignored) {
                // It is broken already, or nobody reads on.
            }
            reader = null;
        }
    }

    private static void sleep(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AmalgamException(ErrorCode.CANCELLED, "Interrupted while watching.", interrupted);
        }
    }
}
