package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks that a merge end. */
@Command(name = "cancel", description = "Ask that a merge end; it stops within seconds.")
public final class CancelCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MERGE", description = "The merge's id.")
    private String merge;

    @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "", description = "Why, for others.")
    private String reason;

    @Mixin
    private ServerOptions options;

    @Override
    public Integer call() {
        JsonNode view = options.server()
                .delete("api/merges/" + Server.encode(merge) + "?reason=" + Server.encode(reason));
        options.print(view, () -> describe(view) + System.lineSeparator());
        return 0;
    }

    private String describe(JsonNode view) {
        String state = view.path("state").asText();
        boolean evaluated = view.at("/evaluation/state").asText().equals("running");
        return switch (state) {
            case "requested", "running" -> "cancellation of merge " + merge + " requested";
            default -> "merge " + merge + " had ended before: " + state
                    + (evaluated ? "; cancellation of its evaluation requested" : "");
        };
    }
}
