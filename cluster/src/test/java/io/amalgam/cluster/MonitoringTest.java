package io.amalgam.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.cluster.Queries.Query;
import io.amalgam.events.metric.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

/** Dashboards and alerts ask only for what there is; MonitoringIT asks a real Prometheus. */
class MonitoringTest {

    private static final Pattern OURS = Pattern.compile("\\bamalgam_\\w+");
    private static final Path RUNBOOKS = Project.HOME.resolve("docs/runbooks");

    @Test
    void everyMetricThatIsAskedForIsInTheCatalogue() {
        Set<String> known = new HashSet<>();
        for (Metric metric : Metric.values()) {
            known.addAll(metric.series());
        }
        for (Query query : Stream.concat(Queries.ofPanels().stream(), Queries.ofRules().stream()).toList()) {
            Matcher matcher = OURS.matcher(query.expression());
            while (matcher.find()) {
                assertTrue(known.contains(matcher.group()), query.place() + " asks for " + matcher.group());
            }
        }
    }

    @Test
    void namesFollowTheConventionsOfPrometheus() {
        Set<String> names = new HashSet<>();
        for (Metric metric : Metric.values()) {
            String name = metric.prometheusName();
            assertTrue(name.matches("amalgam(_[a-z]+)+"), name);
            assertEquals(metric.kind() == Metric.Kind.COUNTER, name.endsWith("_total"), name);
            assertTrue(List.of("", "seconds", "bytes", "bytes_per_second").contains(metric.unit()), name);
            assertFalse(metric.labels().contains("le"), name);
            assertTrue(names.add(name), name + " is there twice");
        }
    }

    @Test
    void everyPanelHasATitleADescriptionAndItsOwnPlace() {
        Set<String> dashboards = new HashSet<>();
        for (JsonNode dashboard : Queries.dashboards()) {
            assertTrue(dashboards.add(dashboard.get("uid").asText()));
            Set<Integer> identifiers = new HashSet<>();
            Set<String> titles = new HashSet<>();
            for (JsonNode panel : dashboard.get("panels")) {
                assertTrue(identifiers.add(panel.get("id").asInt()) && titles.add(panel.get("title").asText()
                        + panel.get("type").asText()), panel.get("title").asText());
                assertFalse(panel.get("description").asText().isBlank(), panel.get("title").asText());
                assertTrue(List.of("timeseries", "stat", "bargauge").contains(panel.get("type").asText()));
                assertTrue(panel.at("/gridPos/x").asInt() + panel.at("/gridPos/w").asInt() <= 24);
            }
        }
        assertEquals(3, dashboards.size());
    }

    @Test
    void everyAlertHasARunbookAndEveryRunbookAnAlert() throws IOException {
        Set<String> named = new TreeSet<>();
        for (Map<String, Object> rule : Queries.everyRule()) {
            if (rule.containsKey("alert")) {
                String page = Project.at(rule, "annotations", "runbook_url");
                assertTrue(Files.readString(Project.HOME.resolve(page)).contains("`" + rule.get("alert") + "`"),
                        page + " names " + rule.get("alert"));
                named.add(Path.of(page).getFileName().toString());
                assertTrue(Set.of("warning", "critical").contains(Project.<String>at(rule, "labels", "severity")));
            }
        }
        try (Stream<Path> pages = Files.list(RUNBOOKS)) {
            assertEquals(named, new TreeSet<>(pages.map(page -> page.getFileName().toString())
                    .filter(page -> !page.equals("README.md")).toList()));
        }
    }

    @Test
    void rulesPassTheirUnitTests(@TempDir Path folder) throws Exception {
        assumeTrue(Program.isThere("promtool"), "promtool is not there (Debian's package prometheus has it)");
        Files.writeString(folder.resolve("rules.yaml"), new Yaml().dump(Queries.rules()));
        Files.copy(Project.HOME.resolve("k8s/alerts/rules_test.yaml"), folder.resolve("rules_test.yaml"));
        Program.run(folder, "promtool", "check", "rules", "rules.yaml").succeeds();
        Program.run(folder, "promtool", "test", "rules", "rules_test.yaml").succeeds();
        // The tests can fail: an alert that fires at another threshold breaks them.
        Files.writeString(folder.resolve("rules.yaml"), Files.readString(folder.resolve("rules.yaml"))
                .replace("> 0.95", "> 0.99"));
        Program.run(folder, "promtool", "test", "rules", "rules_test.yaml").fails();
        // Every alert has a unit test.
        String tests = Files.readString(folder.resolve("rules_test.yaml"));
        for (Map<String, Object> rule : Queries.everyRule()) {
            if (rule.containsKey("alert")) {
                assertTrue(Pattern.compile("alertname: " + rule.get("alert") + "\\n +exp_alerts").matcher(tests).find(),
                        rule.get("alert") + " has no test in which it fires");
            }
        }
    }
}
