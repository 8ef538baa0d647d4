package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares two models on the questions that both have answered. */
@Command(name = "compare", description = "Compare two models, paired, on the questions that both have answered.")
public final class CompareCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "FIRST", description = "An artifact's key or a model's identity.")
    private String first;

    @Parameters(index = "1", paramLabel = "SECOND", description = "Another one.")
    private String second;

    @Option(names = "--task", paramLabel = "TASK", description = "Only this task.")
    private String task;

    @Option(names = "--questions", paramLabel = "N", defaultValue = "0",
            description = "Also print up to N questions of each task on which they differ.")
    private int questions;

    @Mixin
    private ServerOptions options;

    @Override
    public Integer call() {
        JsonNode comparison = options.server().get("api/compare?first=" + Server.encode(first) + "&second="
                + Server.encode(second) + (task == null ? "" : "&task=" + Server.encode(task))
                + "&questions=" + questions);
        options.print(comparison, () -> describe(comparison));
        return 0;
    }

    private static String describe(JsonNode comparison) {
        StringBuilder text = new StringBuilder("%s less %s%n%n".formatted(
                comparison.path("first").path("name").asText(), comparison.path("second").path("name").asText()));
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("TASK", "FIRST", "SECOND", "DIFFERENCE", "95 %", "ONLY FIRST", "ONLY SECOND", "P", "VERDICT"));
        for (JsonNode one : comparison.path("tasks")) {
            rows.add(row(one.path("task").asText(), one.path("paired")));
        }
        if (comparison.has("average")) {
            rows.add(row("average", comparison.path("average")));
        }
        text.append(Display.table(rows));
        for (JsonNode one : comparison.path("tasks")) {
            for (JsonNode question : one.path("questions")) {
                text.append("%n%s, question %d: right is %s%n  first   %s%n  second  %s%n".formatted(
                        one.path("task").asText(), question.path("index").asInt(),
                        Display.line(question.path("target").asText("confidential")),
                        Display.line(question.path("first").asText()), Display.line(question.path("second").asText())));
            }
        }
        return text.toString();
    }

    private static List<String> row(String name, JsonNode paired) {
        return List.of(name, Display.score(paired.path("first").asDouble()),
                Display.score(paired.path("second").asDouble()),
                Display.difference(paired.path("difference").asDouble()),
                Display.difference(paired.path("low").asDouble()) + " … "
                        + Display.difference(paired.path("high").asDouble()),
                paired.path("onlyFirst").asText(), paired.path("onlySecond").asText(),
                Display.score(paired.path("pValue").asDouble()), paired.path("verdict").asText());
    }
}
