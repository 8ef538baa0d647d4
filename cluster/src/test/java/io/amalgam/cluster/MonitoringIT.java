package io.amalgam.cluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cluster.Queries.Query;
import io.amalgam.events.Topics;
import io.amalgam.events.metric.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every question of every panel and rule, asked of a real Prometheus that has watched a real run: a merge, its evaluation,
 * and a record that had to be given up.
 */
@Tag("monitoring")
class MonitoringIT {

    private static final Path FOLDER = Path.of("target/monitoring").toAbsolutePath();
    private static final Pattern SELECTOR =
            Pattern.compile("\\b((?:amalgam|kafka|jvm|http|process)_\\w+|up)\\b(\\{[^}]*\\})?");

    private static RunningLine line;
    private static Prometheus prometheus;
    private static String merge;

    @BeforeAll
    static void runAMerge() throws Exception {
        assumeTrue(Program.isThere("prometheus"), "prometheus is not there (Debian: apt install prometheus)");
        deleteFolder();
        line = RunningLine.start(FOLDER.resolve("line"), 1, 1);
        prometheus = Prometheus.start(FOLDER, line.ports());
        await("all targets").atMost(Duration.ofMinutes(1)).until(() -> prometheus.ask("up == 1").size() == 3);
        merge = line.submit("ties", "1MB", "boolean_expressions", "ordering");
        try (var producer = new KafkaProducer<byte[], byte[]>(Map.of("bootstrap.servers", line.kafka()),
                new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(Topics.MERGE_CHUNKS.name(), "no event".getBytes())).get();
        }
        line.awaitCompleted(merge, true);
        await("the backlog's end, and the letter").atMost(Duration.ofMinutes(1)).until(() ->
                prometheus.ask("max(amalgam_merge_backlog) + max(amalgam_evaluation_backlog) == 0").size() == 1
                        && prometheus.ask("amalgam_dead_letters").size() == 1
                        && prometheus.ask("amalgam_score").size() >= 2);
    }

    @AfterAll
    static void stop() {
        if (prometheus != null) {
            prometheus.close();
        }
        if (line != null) {
            line.close();
        }
    }

    private static void deleteFolder() throws IOException, InterruptedException {
        Program.run(Path.of(".").toAbsolutePath(), "rm", "-rf", FOLDER.toString()).succeeds();
    }

    @Test
    void everyPanelHasData() throws Exception {
        List<String> empty = new ArrayList<>();
        for (Query query : Queries.ofPanels()) {
            if (prometheus.ask(query.expression()).isEmpty()) {
                empty.add(query.place() + ": " + query.expression());
            }
        }
        assertEquals(List.of(), empty);
    }

    /** An alert that does not fire has an empty answer, so what it looks at is asked for. */
    @Test
    void everyRuleIsAnsweredAndLooksAtWhatIsThere() throws Exception {
        List<String> empty = new ArrayList<>();
        for (Query query : Queries.ofRules()) {
            prometheus.ask(query.expression());
            Matcher matcher = SELECTOR.matcher(query.expression());
            assertTrue(matcher.find(), query.place());
            do {
                if (prometheus.ask(matcher.group()).isEmpty()) {
                    empty.add(query.place() + ": " + matcher.group());
                }
            } while (matcher.find());
        }
        assertEquals(List.of(), empty);
    }

    @Test
    void onlyTheAlertOfTheDeadLetterFires() throws Exception {
        Set<String> firing = new TreeSet<>();
        for (Map<String, Object> rule : Queries.everyRule()) {
            if (rule.containsKey("alert") && !prometheus.ask(rule.get("expr").toString()).isEmpty()) {
                firing.add(rule.get("alert").toString());
            }
        }
        assertEquals(Set.of("AmalgamDeadLetters"), firing);
    }

    @Test
    void servicesTellTheCataloguesMetricsAndNoOthersOfOurs() throws Exception {
        Set<String> known = new HashSet<>();
        for (Metric metric : Metric.values()) {
            known.addAll(metric.series());
        }
        Map<String, Set<String>> told = new TreeMap<>();
        for (JsonNode result : prometheus.ask("group by (__name__, job) ({__name__=~\"amalgam_.*\"})")) {
            told.computeIfAbsent(result.at("/metric/job").asText(), job -> new TreeSet<>())
                    .add(result.at("/metric/__name__").asText());
        }
        told.forEach((job, names) -> names.forEach(name -> assertTrue(known.contains(name), job + " tells " + name)));
        for (Metric metric : Metric.values()) {
            for (JsonNode result : prometheus.ask(metric.series().getFirst())) {
                for (String label : metric.labels()) {
                    assertFalse(result.get("metric").path(label).isMissingNode(), metric + " has no label " + label);
                }
            }
        }
    }

    /** One trace id from the order to the score: the log lines of all services carry it, as JSON. */
    @Test
    void oneTraceIdFindsAMergeInEveryServicesLog() throws Exception {
        Path logs = FOLDER.resolve("line/logs");
        Map<String, Set<String>> servicesByTrace = new TreeMap<>();
        for (String service : List.of("recipe-service", "merge-worker-1", "eval-worker-1")) {
            for (String text : Files.readAllLines(logs.resolve(service + ".log"))) {
                if (text.startsWith("{")) {
                    String trace = new ObjectMapper().readTree(text).at("/mdc/traceId").asText();
                    if (!trace.isEmpty()) {
                        servicesByTrace.computeIfAbsent(trace, id -> new TreeSet<>()).add(service);
                    }
                }
            }
        }
        assertTrue(servicesByTrace.containsValue(Set.of("recipe-service", "merge-worker-1", "eval-worker-1")),
                servicesByTrace.toString());
    }
}
