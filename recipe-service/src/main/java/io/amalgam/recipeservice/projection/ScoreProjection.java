package io.amalgam.recipeservice.projection;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.Event;
import io.amalgam.recipeservice.database.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What events change in artifacts, evaluations, scores and comparisons. */
@ApplicationScoped
public class ScoreProjection {

    private final ObjectMapper mapper;
    private final MergeProjection merges;

    /** Takes what writes maps as JSON, and the merges whose watchers are told of scores. */
    public ScoreProjection(ObjectMapper mapper, MergeProjection merges) {
        this.mapper = mapper;
        this.merges = merges;
    }

    /** An artifact is complete. Told again, it may ask for other benchmarks; it is the same artifact. */
    void artifactCompleted(Connection connection, Event.ArtifactCompleted event) throws SQLException {
        UUID merge = MergeProjection.merge(event.merge());
        List<String> benchmarks = event.benchmarks() == null ? List.of() : event.benchmarks();
        Sql.update(connection, """
                insert into projection.artifact
                    (id, merge, name, method, location, manifest_sha256, bytes, benchmarks, evaluation_attempt,
                    completed_at)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                on conflict (id) do update set benchmarks = array(
                        select distinct name from unnest(projection.artifact.benchmarks || excluded.benchmarks) as name
                        order by name),
                    evaluation_attempt = greatest(projection.artifact.evaluation_attempt, excluded.evaluation_attempt)""",
                event.artifact(), merge, event.name() == null ? "" : event.name(), event.method(), event.location(),
                event.manifestSha256(), event.bytes(), benchmarks, event.evaluationAttempt(),
                MergeProjection.instant(event.at()));
        Sql.update(connection, """
                update projection.merge set benchmarks = array(
                    select distinct name from unnest(benchmarks || ?) as name order by name)
                where id = ? and not benchmarks @> ?""", benchmarks, merge, benchmarks);
        // What had ended before goes on with what is asked for now.
        Sql.update(connection, """
                update projection.evaluation
                set state = 'running', error_code = null, error_message = null, finished_at = null
                where id = ? and finished_at < ?""", event.artifact(), MergeProjection.instant(event.at()));
        Sql.update(connection, "delete from projection.deleted_artifact where artifact = ?", event.artifact());
        List<Event.ModelPlace> models = event.models() == null ? List.of() : event.models();
        for (int position = 0; position < models.size(); position++) {
            Event.ModelPlace model = models.get(position);
            Sql.update(connection, """
                    insert into projection.artifact_model (artifact, position, role, name, identity, location)
                    values (?, ?, ?, ?, ?, ?) on conflict do nothing""",
                    event.artifact(), position, model.role().name(), model.name(), model.identity(),
                    model.location());
        }
        merges.make(connection, merge);
        merges.append(connection, merge, "artifact", event.at(), event);
    }

    /** An artifact was deleted. Its scores stay stored, since they may be told again, but are shown no more. */
    void artifactDeleted(Connection connection, Event.ArtifactDeleted event) throws SQLException {
        Sql.update(connection, """
                insert into projection.deleted_artifact (artifact, deleted_at) values (?, ?)
                on conflict (artifact) do update set deleted_at = excluded.deleted_at""",
                event.artifact(), MergeProjection.instant(event.at()));
        Sql.update(connection, "delete from projection.artifact_model where artifact = ?", event.artifact());
        Sql.update(connection, "delete from projection.artifact where id = ?", event.artifact());
    }

    /** A slice of a task is to be answered. */
    void taskRequested(Connection connection, Event.EvaluationTaskRequested event) throws SQLException {
        makeEvaluation(connection, event.evaluation(), null, event.at());
        Sql.update(connection, """
                insert into projection.evaluation_slice
                    (evaluation, model_identity, task, first_question, total, requested_at)
                values (?, ?, ?, ?, ?, ?)
                on conflict (evaluation, model_identity, task, first_question) do update
                    set requested_at = coalesce(projection.evaluation_slice.requested_at, excluded.requested_at)""",
                event.evaluation(), event.model().identity(), event.task(), event.from(), event.total(),
                MergeProjection.instant(event.at()));
    }

    /** A slice of a task has been answered. */
    void taskCompleted(Connection connection, Event.EvaluationTaskCompleted event) throws SQLException {
        makeEvaluation(connection, event.evaluation(), null, event.at());
        Sql.update(connection, """
                insert into projection.evaluation_slice (evaluation, model_identity, task, first_question, total,
                    questions, worker, milliseconds, answered_at)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?)
                on conflict (evaluation, model_identity, task, first_question) do update
                    set questions = greatest(projection.evaluation_slice.questions, excluded.questions),
                        worker = excluded.worker, milliseconds = excluded.milliseconds,
                        answered_at = excluded.answered_at""",
                event.evaluation(), event.modelIdentity(), event.task(), event.from(), event.total(),
                event.to() - event.from(), event.worker(), event.milliseconds(),
                MergeProjection.instant(event.at()));
        // An evaluation is named by its artifact until a score says otherwise.
        String artifact = Sql.first(connection,
                        "select coalesce(artifact, id) as artifact from projection.evaluation where id = ?",
                        row -> row.getString("artifact"), event.evaluation())
                .orElse(event.evaluation());
        merges.appendForArtifact(connection, artifact, "questions", event.at(), progress(connection, event));
    }

    /** How many questions of an evaluation have been answered, and where the newest answers belong. */
    private ObjectNode progress(Connection connection, Event.EvaluationTaskCompleted event) throws SQLException {
        ObjectNode progress = mapper.createObjectNode();
        progress.put("evaluation", event.evaluation());
        progress.put("modelIdentity", event.modelIdentity());
        progress.put("task", event.task());
        Sql.first(connection, """
                select coalesce(sum(done), 0) as done, coalesce(sum(total), 0) as total from
                    (select sum(questions) as done, max(total) as total from projection.evaluation_slice
                    where evaluation = ? group by model_identity, task) as tasks""",
                row -> progress.put("questionsDone", row.getLong("done")).put("questions", row.getLong("total")),
                event.evaluation());
        return progress;
    }

    /** A model has a score. The newest score of a model on a task with the same data counts. */
    void scored(Connection connection, Event.ScoreRecorded event) throws SQLException {
        Sql.update(connection, """
                insert into projection.score (model_identity, task, task_digest, model_name, role, artifact, evaluation,
                    questions, primary_metric, metrics, standard_errors, chance, floor, limited, engine, recorded_at)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, ?, ?, ?, ?, ?)
                on conflict (model_identity, task, task_digest) do update set questions = excluded.questions,
                    primary_metric = excluded.primary_metric, metrics = excluded.metrics,
                    standard_errors = excluded.standard_errors, chance = excluded.chance, floor = excluded.floor,
                    limited = excluded.limited, engine = excluded.engine, recorded_at = excluded.recorded_at,
                    evaluation = excluded.evaluation
                where projection.score.recorded_at <= excluded.recorded_at""",
                event.modelIdentity(), event.task(), event.taskDigest() == null ? "" : event.taskDigest(),
                event.modelName(), event.role().name(), event.artifact(), event.evaluation(), event.questions(),
                event.primaryMetric(), json(event.metrics()), json(event.standardErrors()), event.chance(),
                event.floor(), event.limited(), event.engine(), MergeProjection.instant(event.at()));
        if (event.artifact() != null) {
            makeEvaluation(connection, event.evaluation(), event.artifact(), event.at());
            merges.appendForArtifact(connection, event.artifact(), "score", event.at(), event);
        }
    }

    /** An artifact and a parent were compared on the same questions. */
    void compared(Connection connection, Event.ScoreCompared event) throws SQLException {
        Sql.update(connection, """
                insert into projection.comparison (artifact, parent_identity, task, metric, parent_name, questions,
                    difference, standard_error, low, high, better, worse, p_value, verdict, recorded_at)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                on conflict (artifact, parent_identity, task, metric) do update set questions = excluded.questions,
                    difference = excluded.difference, standard_error = excluded.standard_error, low = excluded.low,
                    high = excluded.high, better = excluded.better, worse = excluded.worse,
                    p_value = excluded.p_value, verdict = excluded.verdict, recorded_at = excluded.recorded_at
                where projection.comparison.recorded_at <= excluded.recorded_at""",
                event.artifact(), event.parentIdentity(), event.task(), event.metric(), event.parentName(),
                event.questions(), event.difference(), event.standardError(), event.low(), event.high(),
                event.better(), event.worse(), event.pValue(), event.verdict(),
                MergeProjection.instant(event.at()));
    }

    /** Terminal: every task of every model of an artifact has a score. */
    void evaluationCompleted(Connection connection, Event.EvaluationCompleted event) throws SQLException {
        if (finish(connection, event.evaluation(), event.artifact(), "completed", null, null, event.at())) {
            merges.appendForArtifact(connection, event.artifact(), "evaluation-completed", event.at(), event);
        }
    }

    /** Terminal: a task could not be scored. */
    void evaluationFailed(Connection connection, Event.EvaluationFailed event) throws SQLException {
        if (finish(connection, event.evaluation(), event.artifact(), "failed", event.code(), event.message(),
                event.at())) {
            merges.appendForArtifact(connection, event.artifact(), "evaluation-failed", event.at(), event);
        }
    }

    /** Terminal: the evaluation was cancelled. */
    void evaluationCancelled(Connection connection, Event.EvaluationCancelled event) throws SQLException {
        if (finish(connection, event.evaluation(), event.artifact(), "cancelled", ErrorCode.CANCELLED.name(),
                "cancelled by " + event.by(), event.at())) {
            merges.appendForArtifact(connection, event.artifact(), "evaluation-cancelled", event.at(), event);
        }
    }

    private static void makeEvaluation(Connection connection, String evaluation, String artifact, Instant at)
            throws SQLException {
        Sql.update(connection, """
                insert into projection.evaluation (id, artifact, started_at) values (?, ?, ?)
                on conflict (id) do update set artifact = coalesce(projection.evaluation.artifact, excluded.artifact)""",
                evaluation, artifact, MergeProjection.instant(at));
    }

    private static boolean finish(
            Connection connection, String evaluation, String artifact, String state, String code, String message,
            Instant at) throws SQLException {
        makeEvaluation(connection, evaluation, artifact, at);
        return Sql.update(connection, """
                update projection.evaluation set state = ?, error_code = ?, error_message = ?, finished_at = ?
                where id = ? and (state = 'running' or finished_at < ?)""",
                state, code, message, MergeProjection.instant(at), evaluation, MergeProjection.instant(at)) > 0;
    }

    private String json(Map<String, Double> values) {
        try {
            return mapper.writeValueAsString(values == null ? Map.of() : values);
        } catch (JsonProcessingException exception) {
            throw new AmalgamException(ErrorCode.EVENT_INVALID, "a score's values cannot be written as JSON", exception);
        }
    }
}
