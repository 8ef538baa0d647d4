package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows a merge or an artifact. */
@Command(name = "show", description = "Show a merge (by its id) or an artifact (by its key).")
public final class ShowCommand implements Callable<Integer> {

    private static final Pattern MERGE =
            Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    @Parameters(paramLabel = "MERGE|ARTIFACT", description = "A merge's id or an artifact's key.")
    private String id;

    @Mixin
    private ServerOptions options;

    /** Whether a text is a merge's id, and not an artifact's key. */
    static boolean isMerge(String id) {
        return MERGE.matcher(id).matches();
    }

    @Override
    public Integer call() {
        boolean merge = isMerge(id);
        JsonNode detail = options.server().get((merge ? "api/merges/" : "api/artifacts/") + Server.encode(id));
        options.print(detail, () -> (merge ? merge(detail) : artifact(detail)) + scores(detail));
        return 0;
    }

    private static String merge(JsonNode merge) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("merge", merge.path("id").asText()));
        rows.add(List.of("name", merge.path("name").asText()));
        rows.add(List.of("method", merge.path("method").asText()));
        rows.add(List.of("state", merge.path("state").asText()));
        rows.add(List.of("artifact", merge.path("artifact").asText()));
        rows.add(List.of("attempt", merge.path("attempt").asText()));
        rows.add(List.of("chunks", merge.path("chunksDone").asInt() + " of " + merge.path("chunks").asInt()));
        rows.add(List.of("read", Display.bytes(merge.path("bytesRead").asDouble()) + " of "
                + Display.bytes(merge.path("bytesToRead").asDouble())));
        rows.add(List.of("requested", Display.time(merge.path("requestedAt"))));
        rows.add(List.of("finished", Display.time(merge.path("finishedAt"))));
        JsonNode error = merge.path("error");
        if (!error.isMissingNode()) {
            rows.add(List.of("error", "[" + error.path("code").asText() + "] " + error.path("message").asText()));
        }
        return Display.table(rows);
    }

    private static String artifact(JsonNode detail) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("artifact", detail.path("id").asText()));
        rows.add(List.of("name", detail.path("name").asText()));
        rows.add(List.of("method", detail.path("method").asText()));
        rows.add(List.of("place", detail.path("place").asText()));
        rows.add(List.of("size", Display.bytes(detail.path("bytes").asDouble())));
        rows.add(List.of("completed", Display.time(detail.path("completedAt"))));
        for (JsonNode model : detail.path("models")) {
            rows.add(List.of(model.path("role").asText().toLowerCase(Locale.ROOT), model.path("name").asText()));
        }
        for (JsonNode file : detail.path("files")) {
            rows.add(List.of("file", file.path("name").asText() + ", " + Display.bytes(file.path("length").asDouble())
                    + ", sha256 " + Display.brief(file.path("sha256").asText())));
        }
        return Display.table(rows);
    }

    private static String scores(JsonNode detail) {
        if (detail.path("scores").isEmpty()) {
            return "";
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("TASK", "SCORE", "± SE", "N", "CHANCE", "METRIC"));
        for (JsonNode score : detail.path("scores")) {
            rows.add(List.of(score.path("task").asText(), Display.score(score.path("value").asDouble()),
                    Display.score(score.path("standardError").asDouble()), score.path("questions").asText(),
                    Display.score(score.path("chance").asDouble()), score.path("metric").asText()));
        }
        return System.lineSeparator() + Display.table(rows);
    }
}
