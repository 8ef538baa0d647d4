package io.amalgam.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Every question that dashboards and rules ask Prometheus. */
final class Queries {

    /**
     * A question.
     *
     * @param place dashboard and panel, or rule
     * @param expression in PromQL
     */
    record Query(String place, String expression) {
    }

    private Queries() {
    }

    /** The dashboards, by file name. */
    static List<JsonNode> dashboards() {
        List<JsonNode> dashboards = new ArrayList<>();
        try (Stream<Path> files = Files.list(Project.HOME.resolve("k8s/dashboards"))) {
            for (Path file : files.filter(each -> each.toString().endsWith(".json")).sorted().toList()) {
                dashboards.add(new ObjectMapper().readTree(file.toFile()));
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return dashboards;
    }

    /** The {@code spec} of the PrometheusRule. */
    static Map<String, Object> rules() {
        return Project.at(Project.ofKind(Project.resources("base/monitoring"), "PrometheusRule").getFirst(), "spec");
    }

    /** Every rule, recording ones included. */
    static List<Map<String, Object>> everyRule() {
        List<Map<String, Object>> rules = new ArrayList<>();
        List<Map<String, Object>> groups = Project.at(rules(), "groups");
        groups.forEach(group -> rules.addAll(Project.<List<Map<String, Object>>>at(group, "rules")));
        return rules;
    }

    /** All questions of all panels. */
    static List<Query> ofPanels() {
        List<Query> queries = new ArrayList<>();
        for (JsonNode dashboard : dashboards()) {
            for (JsonNode panel : dashboard.get("panels")) {
                for (JsonNode target : panel.get("targets")) {
                    queries.add(new Query(dashboard.get("title").asText() + " / " + panel.get("title").asText(),
                            target.get("expr").asText()));
                }
            }
        }
        return queries;
    }

    /** All questions of all rules. */
    static List<Query> ofRules() {
        return everyRule().stream().map(rule -> new Query(
                        rule.getOrDefault("alert", rule.get("record")).toString(), rule.get("expr").toString()))
                .toList();
    }
}
