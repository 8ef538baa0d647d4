package io.amalgam.recipeservice.observe;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.events.metric.Meters;
import io.amalgam.events.metric.Metric;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * The line's state as gauges, read from the projection: they are right after a restart, do not vanish when workers scale
 * to zero, and every replica tells the same (so take the maximum over replicas, not the sum).
 */
@ApplicationScoped
public class LineMetrics {

    private static final Logger LOG = Logger.getLogger(LineMetrics.class);
    private static final int SCORED_ARTIFACTS = 100;

    private final Database database;
    private final ProjectionSchema schema;
    private final MultiGauge merges;
    private final MultiGauge scores;
    private final MultiGauge standardErrors;
    private final MultiGauge floors;
    private final MultiGauge deadLetters;
    private final MultiGauge artifactTimes;
    private volatile Backlog backlog = new Backlog(0, 0, 0, 0, 0);

    /** Registers the gauges. */
    public LineMetrics(Database database, ProjectionSchema schema, MeterRegistry registry) {
        this.database = database;
        this.schema = schema;
        Meters meters = new Meters(registry);
        merges = meters.gauges(Metric.MERGES);
        scores = meters.gauges(Metric.SCORE);
        standardErrors = meters.gauges(Metric.SCORE_STANDARD_ERROR);
        floors = meters.gauges(Metric.SCORE_FLOOR);
        deadLetters = meters.gauges(Metric.DEAD_LETTERS_OPEN);
        artifactTimes = meters.gauges(Metric.ARTIFACT_TIME);
        meters.gauge(Metric.MERGE_BACKLOG, () -> backlog.work());
        meters.gauge(Metric.CHUNK_BACKLOG, () -> backlog.chunks());
        meters.gauge(Metric.CHUNK_BACKLOG_AGE, () -> backlog.chunkSeconds());
        meters.gauge(Metric.EVALUATION_BACKLOG, () -> backlog.evaluations());
        meters.gauge(Metric.REQUEST_AGE, () -> backlog.requestSeconds());
    }

    private record Backlog(long work, long chunks, double chunkSeconds, long evaluations, double requestSeconds) {
    }

    /** Reads everything anew; what cannot be read keeps its last value. */
    @Scheduled(every = "${amalgam.metrics.every:5s}", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void refresh() {
        try {
            schema.ensure();
            database.read(connection -> {
                refresh(connection);
                return null;
            });
        } catch (AmalgamException failure) {
            LOG.warnf("metrics wait: %s", failure.getMessage());
        }
    }

    private void refresh(Connection connection) throws SQLException {
        merges.register(rows(connection, """
                select s.state, count(m.id) as value
                from unnest(array['requested', 'running', 'completed', 'failed', 'cancelled']) as s (state)
                left join projection.merge m on m.state = s.state and m.artifact is not null
                group by s.state""", "state"), true);
        deadLetters.register(rows(connection, """
                select code, count(*) as value from projection.dead_letter l where not exists (
                    select 1 from owned.dead_letter_decision d where d.letter = l.id and d.state <> 'replaying')
                group by code""", "code"), true);
        String newest = """
                from (select id, name from projection.artifact order by completed_at desc, id limit %d) a
                join projection.artifact_model m on m.artifact = a.id and m.role = 'ARTIFACT'
                join projection.score s on s.model_identity = m.identity
                """.formatted(SCORED_ARTIFACTS);
        // A task of two versions has one gauge: the newest.
        scores.register(rows(connection, """
                select distinct on (a.id, s.task, s.primary_metric) a.id as artifact, a.name, s.task,
                    s.primary_metric as metric, (s.metrics ->> s.primary_metric)::float8 as value
                """ + newest + "order by a.id, s.task, s.primary_metric, s.recorded_at desc",
                "artifact", "name", "task", "metric"), true);
        standardErrors.register(rows(connection, """
                select distinct on (a.id, s.task, s.primary_metric) a.id as artifact, a.name, s.task,
                    s.primary_metric as metric, (s.standard_errors ->> s.primary_metric)::float8 as value
                """ + newest + "order by a.id, s.task, s.primary_metric, s.recorded_at desc",
                "artifact", "name", "task", "metric"), true);
        floors.register(rows(connection, """
                select distinct on (s.task, s.primary_metric) s.task, s.primary_metric as metric, s.floor as value
                """ + newest + "order by s.task, s.primary_metric, s.recorded_at desc", "task", "metric"), true);
        artifactTimes.register(rows(connection, """
                select q.quantile::text as quantile, percentile_cont(q.quantile) within group
                    (order by extract(epoch from m.finished_at - m.requested_at)::float8) as value
                from unnest(array[0.5, 0.95]::float8[]) as q (quantile)
                join projection.merge m on m.state = 'completed' and m.finished_at > now() - interval '1 day'
                group by q.quantile""", "quantile"), true);
        backlog = Sql.first(connection, """
                select count(*) filter (where state = 'requested') as requests,
                    count(*) filter (where state = 'running') as assemblies,
                    coalesce(sum(greatest(chunks - greatest(chunks_done, chunks_seen), 0))
                        filter (where state = 'running'), 0) as chunks,
                    coalesce(extract(epoch from now() - min(planned_at) filter (where state = 'running'
                        and chunks > greatest(chunks_done, chunks_seen))), 0) as chunk_seconds,
                    coalesce(extract(epoch from now() - min(requested_at) filter (where state = 'requested')), 0)
                        as request_seconds,
                    (select count(*) from projection.artifact a where cardinality(a.benchmarks) > 0
                        and not exists (select 1 from projection.evaluation e where e.artifact = a.id))
                    + (select count(*) from projection.evaluation_slice s join projection.evaluation e
                        on e.id = s.evaluation where e.state = 'running' and s.questions = 0) as evaluations
                from projection.merge where artifact is not null and state in ('requested', 'running')""",
                row -> new Backlog(
                        row.getLong("requests") + row.getLong("assemblies") + row.getLong("chunks"),
                        row.getLong("chunks"), Math.max(0, row.getDouble("chunk_seconds")),
                        row.getLong("evaluations"), Math.max(0, row.getDouble("request_seconds"))))
                .orElseThrow();
    }

    private static List<MultiGauge.Row<?>> rows(Connection connection, String sql, String... labels)
            throws SQLException {
        return new ArrayList<>(Sql.list(connection, sql, row -> row(row, labels)));
    }

    private static MultiGauge.Row<?> row(ResultSet row, String... labels) throws SQLException {
        Tags tags = Tags.empty();
        for (String label : labels) {
            String value = row.getString(label);
            tags = tags.and(label, value == null ? "" : value);
        }
        return MultiGauge.Row.of(tags, row.getDouble("value"));
    }
}
