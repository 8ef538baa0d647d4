package io.amalgam.recipeservice.view;

import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.security.Caller;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/** What the projection knows about the line itself: its queue, its workers, its speed. */
@ApplicationScoped
public class LineQueries {

    /** Workers that have been silent for longer are left out. */
    private static final int WORKER_HOURS = 24;
    private static final int MOST_MERGES = 100;
    /** The newest merges that the line's speed is judged by. */
    private static final int JUDGED_MERGES = 10;

    private final Database database;
    private final MergeQueries merges;

    /** Takes the database and what reads its merges. */
    public LineQueries(Database database, MergeQueries merges) {
        this.database = database;
        this.merges = merges;
    }

    /**
     * Tells what waits and who works on it, which is the line's and for all to know, and which merges and evaluations of
     * those that the caller may see run.
     */
    public LineView line(Caller caller) {
        List<LineView.Worker> workers = new ArrayList<>();
        LineView.Queue queue = database.read(connection -> {
            workers.addAll(mergeWorkers(connection));
            workers.addAll(evalWorkers(connection));
            return queue(connection);
        });
        workers.sort((one, other) -> other.lastAt().compareTo(one.lastAt()));
        List<MergeView> open = Stream.of("running", "requested")
                .flatMap(state -> merges.list(caller, state, null, MOST_MERGES).reversed().stream())
                .toList();
        return new LineView(queue, workers, open, evaluations(caller.scope()));
    }

    /**
     * How many bytes a second the line read and wrote over the newest merges that it completed, planning and assembly
     * included, or nothing if it has completed none.
     */
    public OptionalDouble bytesPerSecond() {
        return database.read(connection -> Sql.first(connection, """
                select sum(bytes) / nullif(sum(seconds), 0) as rate from (
                    select bytes_to_read + bytes_to_write as bytes,
                        greatest(extract(epoch from finished_at - planned_at), 0.001) as seconds
                    from projection.merge where state = 'completed' and planned_at is not null
                        and finished_at is not null and bytes_to_read > 0
                    order by finished_at desc limit ?) as newest""",
                row -> row.getObject("rate") == null ? null : row.getDouble("rate"), JUDGED_MERGES))
                .map(OptionalDouble::of)
                .orElse(OptionalDouble.empty());
    }

    /** The tasks that some model has a score of, by name. */
    public List<String> knownTasks() {
        return database.read(connection -> Sql.list(connection,
                "select distinct task from projection.score order by task", row -> row.getString("task")));
    }

    private static LineView.Queue queue(Connection connection) throws SQLException {
        return Sql.first(connection, """
                select count(*) filter (where state = 'requested') as requests,
                    coalesce(sum(greatest(chunks - greatest(chunks_done, chunks_seen), 0))
                        filter (where state = 'running'), 0) as chunks,
                    (select count(*) from projection.evaluation_slice s join projection.evaluation e
                        on e.id = s.evaluation where e.state = 'running' and s.questions = 0) as slices,
                    (select count(*) from projection.dead_letter l where not exists
                        (select 1 from owned.dead_letter_decision d where d.letter = l.id)) as dead_letters
                from projection.merge where artifact is not null and state in ('requested', 'running')""",
                row -> new LineView.Queue(row.getLong("requests"), row.getLong("chunks"), row.getLong("slices"),
                        row.getLong("dead_letters"))).orElseThrow();
    }

    private static List<LineView.Worker> mergeWorkers(Connection connection) throws SQLException {
        return Sql.list(connection, """
                select worker, count(*) filter (where state = 'completed') as done,
                    count(*) filter (where state = 'failed') as failed,
                    coalesce(sum(bytes_read + length) filter (where not reused), 0) as bytes,
                    coalesce(sum(milliseconds) filter (where not reused), 0) as busy, max(at) as last_at
                from projection.chunk
                where worker is not null and at > now() - make_interval(hours => ?)
                group by worker""",
                row -> new LineView.Worker(row.getString("worker"), "merge", row.getLong("done"),
                        row.getLong("failed"), row.getLong("bytes"), 0, row.getLong("busy"),
                        Sql.instant(row, "last_at")), WORKER_HOURS);
    }

    private static List<LineView.Worker> evalWorkers(Connection connection) throws SQLException {
        return Sql.list(connection, """
                select worker, count(*) as done, sum(questions) as questions, coalesce(sum(milliseconds), 0) as busy,
                    max(answered_at) as last_at
                from projection.evaluation_slice
                where worker is not null and answered_at > now() - make_interval(hours => ?)
                group by worker""",
                row -> new LineView.Worker(row.getString("worker"), "evaluation", row.getLong("done"), 0, 0,
                        row.getLong("questions"), row.getLong("busy"), Sql.instant(row, "last_at")), WORKER_HOURS);
    }

    private List<LineView.Evaluation> evaluations(String scope) {
        return database.read(connection -> Sql.list(connection, """
                select e.id, e.artifact, coalesce(g.name, a.name) as name, e.started_at,
                    coalesce((select sum(questions) from projection.evaluation_slice s where s.evaluation = e.id), 0)
                        as done,
                    coalesce((select sum(total) from (select max(total) as total from projection.evaluation_slice s
                        where s.evaluation = e.id group by model_identity, task) as totals), 0) as questions
                from projection.evaluation e
                left join projection.artifact a on a.id = coalesce(e.artifact, e.id)
                left join owned.artifact_grant g on g.artifact = coalesce(e.artifact, e.id) and g.tenant = ?
                where e.state = 'running' and (cast(? as text) is null or g.tenant is not null)
                order by e.started_at, e.id limit ?""",
                row -> new LineView.Evaluation(row.getString("id"), row.getString("artifact"), row.getString("name"),
                        row.getLong("done"), row.getLong("questions"), Sql.instant(row, "started_at")),
                scope, scope, MOST_MERGES));
    }
}
