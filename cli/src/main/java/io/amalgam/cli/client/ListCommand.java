package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists merges or artifacts. */
@Command(name = "list", description = "List merges, or artifacts, the newest first.")
public final class ListCommand implements Callable<Integer> {

    @Option(names = "--artifacts", description = "List artifacts.")
    private boolean artifacts;

    @Option(names = "--state", paramLabel = "STATE",
            description = "Only merges that are requested, running, completed, failed or cancelled.")
    private String state;

    @Option(names = "--limit", paramLabel = "N", defaultValue = "50", description = "At most N (default: 50).")
    private int limit;

    @Mixin
    private ServerOptions options;

    @Override
    public Integer call() {
        JsonNode page = options.server().get(artifacts ? "api/artifacts?limit=" + limit
                : "api/merges?limit=" + limit + (state == null ? "" : "&state=" + Server.encode(state)));
        options.print(page, () -> Display.table(artifacts ? artifactRows(page) : mergeRows(page)));
        return 0;
    }

    private static List<List<String>> mergeRows(JsonNode page) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("MERGE", "STATE", "CHUNKS", "METHOD", "NAME", "REQUESTED"));
        for (JsonNode merge : page.path("merges")) {
            rows.add(List.of(merge.path("id").asText(), merge.path("state").asText(),
                    merge.path("chunksDone").asInt() + "/" + merge.path("chunks").asInt(),
                    merge.path("method").asText(), merge.path("name").asText(),
                    Display.time(merge.path("requestedAt"))));
        }
        return rows;
    }

    private static List<List<String>> artifactRows(JsonNode page) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("ARTIFACT", "SIZE", "METHOD", "NAME", "COMPLETED"));
        for (JsonNode artifact : page.path("artifacts")) {
            rows.add(List.of(artifact.path("id").asText(), Display.bytes(artifact.path("bytes").asDouble()),
                    artifact.path("method").asText(), artifact.path("name").asText(),
                    Display.time(artifact.path("completedAt"))));
        }
        return rows;
    }
}
