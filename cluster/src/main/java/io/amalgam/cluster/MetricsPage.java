package io.amalgam.cluster;

import io.amalgam.events.metric.Metric;
import io.amalgam.events.metric.Metric.Service;
import java.util.List;

/** The documentation of all metrics. */
final class MetricsPage {

    private static final String HEAD = """
            # Metrics

            <!-- Generated from io.amalgam.events.metric.Metric by ./amalgam generate; a test compares. -->

            Every service tells its metrics at `/q/metrics`, for Prometheus. Beside the line's own, below, they are those of
            Quarkus: `jvm_*` (memory, garbage collection, threads), `process_*`, `http_server_requests_seconds`, `kafka_*`
            (consumers and producers, `kafka_consumer_fetch_manager_records_lag_max` among them), `agroal_*` (database
            connections of recipe-service).

            The line's state is told by recipe-service, read from its database: it does not vanish when workers are scaled to
            zero, and every replica tells the same. Take `max()` over replicas, not `sum()`. Counters are each process's own:
            take `sum(rate(…))`.

            Dashboards are in [k8s/dashboards](../k8s/dashboards), alerts in
            [k8s/base/monitoring/rules.yaml](../k8s/base/monitoring/rules.yaml), and what to do when one fires in
            [runbooks](runbooks/README.md).
            """;

    private MetricsPage() {
    }

    /** The content of {@code docs/metrics.md}. */
    static String markdown() {
        StringBuilder page = new StringBuilder(HEAD);
        for (Service service : Service.values()) {
            page.append("\n## ").append(service.title()).append("\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n");
            for (Metric metric : Metric.values()) {
                if (metric.service() == service) {
                    page.append(row(metric));
                }
            }
        }
        return page.toString();
    }

    private static String row(Metric metric) {
        List<String> labels = metric.labels().stream().map(label -> "`" + label + "`").toList();
        String kind = switch (metric.kind()) {
            case COUNTER -> "counter";
            case GAUGE -> "gauge";
            case TIMER -> "summary: `_count`, `_sum`; `_max`";
            case HISTOGRAM -> "histogram: `_bucket`, `_count`, `_sum`; `_max`";
        };
        return "| `%s` | %s | %s | %s |\n".formatted(
                metric.prometheusName(), kind, String.join(", ", labels), metric.help());
    }
}
