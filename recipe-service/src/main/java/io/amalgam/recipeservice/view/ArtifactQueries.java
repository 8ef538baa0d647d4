package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.security.Caller;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** What the projection knows about artifacts and their scores. */
@ApplicationScoped
public class ArtifactQueries {

    private static final TypeReference<Map<String, Double>> VALUES = new TypeReference<>() { };

    private static final String ARTIFACT = """
            select a.*, coalesce(g.name, a.name) as shown_name from projection.artifact a
            left join owned.artifact_grant g on g.artifact = a.id and g.tenant = ?
            where (cast(? as text) is null or g.tenant is not null)
            """;

    private final Database database;
    private final ObjectMapper mapper;

    /** Takes the database and what reads stored scores. */
    public ArtifactQueries(Database database, ObjectMapper mapper) {
        this.database = database;
        this.mapper = mapper;
    }

    /** Finds an artifact that the caller may see. */
    public Optional<ArtifactView> find(Caller caller, String id) {
        String scope = caller.scope();
        return database.read(connection -> Sql.first(connection, ARTIFACT + "and a.id = ?",
                row -> artifact(connection, scope, row), scope, scope, id));
    }

    /** Lists the artifacts that the caller may see, the newest first, only those before a time unless it is null. */
    public List<ArtifactView> list(Caller caller, Instant before, int limit) {
        String condition = before == null ? "" : "and completed_at < ? ";
        String scope = caller.scope();
        List<Object> parameters = new ArrayList<>(Arrays.asList(scope, scope));
        if (before != null) {
            parameters.add(before);
        }
        parameters.add(limit);
        return database.read(connection -> Sql.list(connection,
                ARTIFACT + condition + "order by completed_at desc, id limit ?",
                row -> artifact(connection, scope, row), parameters.toArray()));
    }

    /** Returns an artifact's scores, by task. */
    public List<ScoreView> scores(String artifact) {
        return database.read(connection -> Sql.list(connection, """
                select * from projection.score where model_identity in
                    (select identity from projection.artifact_model where artifact = ? and role = 'ARTIFACT')
                    or artifact = ? and role = 'ARTIFACT'
                order by task, recorded_at""", this::score, artifact, artifact));
    }

    /** Returns an artifact's comparisons with its parents, by task and parent. */
    public List<ComparisonView> comparisons(String artifact) {
        return database.read(connection -> Sql.list(connection,
                "select * from projection.comparison where artifact = ? order by task, parent_name, parent_identity",
                ArtifactQueries::comparison, artifact));
    }

    /** Reads a row of the table of scores. */
    ScoreView score(ResultSet row) throws SQLException {
        String metric = row.getString("primary_metric");
        Map<String, Double> metrics = values(row.getString("metrics"));
        Map<String, Double> standardErrors = values(row.getString("standard_errors"));
        return new ScoreView(row.getString("task"), row.getString("task_digest"), metric,
                metrics.getOrDefault(metric, Double.NaN), standardErrors.getOrDefault(metric, Double.NaN),
                row.getInt("questions"), row.getDouble("chance"), row.getDouble("floor"), row.getBoolean("limited"),
                metrics, standardErrors, Sql.instant(row, "recorded_at"));
    }

    /** Reads a row of the table of comparisons. */
    static ComparisonView comparison(ResultSet row) throws SQLException {
        return new ComparisonView(row.getString("parent_name"), row.getString("parent_identity"),
                row.getString("task"), row.getString("metric"), row.getInt("questions"), row.getDouble("difference"),
                row.getDouble("standard_error"), row.getDouble("low"), row.getDouble("high"), row.getInt("better"),
                row.getInt("worse"), row.getDouble("p_value"), row.getString("verdict"));
    }

    private static ArtifactView artifact(Connection connection, String scope, ResultSet row) throws SQLException {
        String id = row.getString("id");
        List<ArtifactView.ModelView> models = Sql.list(connection, """
                select m.name, m.role, m.identity, a.id as artifact from projection.artifact_model m
                left join projection.artifact a on a.location = m.location and (cast(? as text) is null or exists
                    (select 1 from owned.artifact_grant g where g.artifact = a.id and g.tenant = ?))
                where m.artifact = ? and m.role <> 'ARTIFACT' order by m.position""",
                model -> new ArtifactView.ModelView(model.getString("name"), model.getString("role"),
                        model.getString("identity"), model.getString("artifact")),
                scope, scope, id);
        return new ArtifactView(id, row.getObject("merge", UUID.class), row.getString("shown_name"),
                row.getString("method"), row.getString("location"), row.getString("manifest_sha256"),
                row.getLong("bytes"), Sql.texts(row, "benchmarks"), Sql.instant(row, "completed_at"), models);
    }

    private Map<String, Double> values(String json) {
        try {
            return mapper.readValue(json, VALUES);
        } catch (JsonProcessingException exception) {
            throw new IllegalStateException("a stored score is not JSON", exception);
        }
    }
}
