package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Has the service's read side made anew. */
@Command(name = "rebuild",
        description = "Empty the service's read side (status, leaderboard, lineage) and have it read from the topics "
                + "again, while everything runs.")
public final class RebuildCommand implements Callable<Integer> {
    private static final long PAUSE_MILLIS = 500;

    @Option(names = "--no-wait", description = "Do not wait until it has been read.")
    private boolean withoutWaiting;

    @Mixin
    private ServerOptions options;

    @Override
    public Integer call() {
        Server server = options.server();
        PrintWriter out = options.out();
        JsonNode state = server.post("api/projection/rebuild", Map.of());
        while (!withoutWaiting && state.path("behind").asLong() > 0) {
            if (!options.json()) {
                out.println(state.path("behind").asLong() + " records to read");
                out.flush();
            }
            pause();
            state = server.get("api/projection");
        }
        JsonNode last = state;
        options.print(last, () -> describe(last) + System.lineSeparator());
        return 0;
    }

    private static String describe(JsonNode state) {
        long behind = state.path("behind").asLong();
        return "the projection is rebuilt (generation " + state.path("generation").asLong() + ")"
                + (behind > 0 ? " as soon as it has read " + behind + " records" : "");
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AmalgamException(ErrorCode.CANCELLED, "Interrupted while the projection is being rebuilt.");
        }
    }
}
