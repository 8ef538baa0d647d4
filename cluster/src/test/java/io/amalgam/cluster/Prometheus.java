package io.amalgam.cluster;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.broker.BrokerProcess;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A real Prometheus that scrapes a running line, labelled as a ServiceMonitor would label it. */
final class Prometheus implements AutoCloseable {

    private final URI address;
    private final Server server;

    private Prometheus(URI address, Server server) {
        this.address = address;
        this.server = server;
    }

    /** Starts it with targets of the form {@code name-N → port}; the job is the name without its number. */
    static Prometheus start(Path folder, Map<String, Integer> ports) throws IOException {
        Map<String, StringBuilder> jobs = new TreeMap<>();
        ports.forEach((name, port) -> jobs.computeIfAbsent(name.replaceAll("-\\d+$", ""), job -> new StringBuilder("""
                  - job_name: %s
                    metrics_path: /q/metrics
                    static_configs:
                """.formatted(job))).append("""
                      - targets: ['127.0.0.1:%d']
                        labels: {namespace: amalgam, pod: %s}
                """.formatted(port, name)));
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("prometheus.yml"), """
                global: {scrape_interval: 1s, scrape_timeout: 1s}
                scrape_configs:
                """ + String.join("", jobs.values()));
        URI address = URI.create("http://127.0.0.1:" + BrokerProcess.freePort());
        Server server = Server.start(folder, "prometheus", Map.of(), List.of("prometheus",
                "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=" + address.getAuthority()));
        Prometheus prometheus = new Prometheus(address, server);
        await("Prometheus").atMost(Duration.ofMinutes(1)).until(() -> {
            if (!server.isAlive()) {
                throw new AssertionError(server.said());
            }
            return Server.answers(address.resolve("/-/ready"));
        });
        return prometheus;
    }

    /** Where it answers. */
    URI address() {
        return address;
    }

    /** The result of an expression now. */
    JsonNode ask(String expression) throws IOException, InterruptedException {
        JsonNode answer = new ObjectMapper().readTree(Server.get(address.resolve(
                "/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8))));
        if (!answer.path("status").asText().equals("success")) {
            throw new AssertionError(expression + ": " + answer);
        }
        return answer.at("/data/result");
    }

    @Override
    public void close() {
        server.close();
    }
}
