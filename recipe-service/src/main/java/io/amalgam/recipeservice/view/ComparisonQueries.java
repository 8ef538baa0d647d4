package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.evaluation.score.PairedComparison;
import io.amalgam.evaluation.task.Answer;
import io.amalgam.evaluation.task.QuestionResult;
import io.amalgam.events.StoredAnswers;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.security.Caller;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Compares any two models by the answers that the store has, question by question. */
@ApplicationScoped
public class ComparisonQueries {

    private final Database database;
    private final ArtifactStore store;
    private final ObjectMapper mapper;

    /** Takes what tells which tasks a model has answered, and where the answers are. */
    public ComparisonQueries(Database database, ArtifactStore store, ObjectMapper mapper) {
        this.database = database;
        this.store = store;
        this.mapper = mapper;
    }

    /** A task that both models have a score of. */
    private record Shared(String task, String digest, String metric) {
    }

    /**
     * Compares two models on all tasks that both have answered with the same data.
     *
     * @param caller who sees the models of those artifacts that its tenant has ordered: these themselves, and what they
     *     were made of
     * @param first an artifact key or a model's identity
     * @param second another one
     * @param task only this task, or null for all
     * @param questions the most differing questions that are told of each task; 0 for none
     * @throws AmalgamException with {@code NOT_FOUND} if one of them has no scores that the caller may see
     */
    public ModelComparison compare(Caller caller, String first, String second, String task, int questions) {
        ModelComparison.Model one = model(caller.scope(), first);
        ModelComparison.Model other = model(caller.scope(), second);
        List<ModelComparison.Task> tasks = new ArrayList<>();
        List<PairedComparison> comparisons = new ArrayList<>();
        for (Shared shared : shared(one.identity(), other.identity(), task)) {
            List<QuestionResult> ones = answers(one.identity(), shared);
            List<QuestionResult> others = answers(other.identity(), shared);
            if (ones.isEmpty() || others.isEmpty()) {
                continue;
            }
            PairedComparison comparison = PairedComparison.of(shared.metric(), ones, others);
            comparisons.add(comparison);
            List<ModelComparison.Question> differing = differing(shared.metric(), ones, others);
            tasks.add(new ModelComparison.Task(shared.task(), shared.metric(), paired(comparison), differing.size(),
                    questions == 0 ? null : differing.subList(0, Math.min(questions, differing.size()))));
        }
        return new ModelComparison(one, other,
                comparisons.isEmpty() ? null : paired(PairedComparison.average("average", comparisons)), tasks);
    }

    private ModelComparison.Model model(String scope, String key) {
        return database.read(connection -> Sql.first(connection, """
                select s.model_identity as identity,
                    coalesce(g.name, u.name, nullif(a.name, ''), s.model_name) as name,
                    case when cast(? as text) is null or g.tenant is not null then a.id end as artifact
                from projection.score s
                left join projection.artifact_model m on m.identity = s.model_identity and m.role = 'ARTIFACT'
                left join projection.artifact a on a.id = m.artifact
                left join owned.artifact_grant g on g.artifact = a.id and g.tenant = ?
                left join lateral (select used.name from projection.artifact_model used
                    join owned.artifact_grant o on o.artifact = used.artifact and o.tenant = ?
                    where used.identity = s.model_identity order by used.artifact, used.position limit 1) u on true
                where (s.model_identity = ? or a.id = ?)
                    and (cast(? as text) is null or g.tenant is not null or u.name is not null)
                order by (g.tenant is null), (a.id is null), s.recorded_at limit 1""",
                row -> new ModelComparison.Model(
                        row.getString("name"), row.getString("identity"), row.getString("artifact")),
                scope, scope, scope, key, key, scope))
                .orElseThrow(() -> new AmalgamException(ErrorCode.NOT_FOUND, "no model " + key
                        + " has scores; name an artifact's key or a model's identity from the leaderboard"));
    }

    /** The tasks that both have scores of, with the same data; the newest form of each. */
    private List<Shared> shared(String first, String second, String task) {
        return database.read(connection -> Sql.list(connection, """
                select distinct on (f.task) f.task, f.task_digest, f.primary_metric
                from projection.score f join projection.score s
                    on s.task = f.task and s.task_digest = f.task_digest and s.primary_metric = f.primary_metric
                where f.model_identity = ? and s.model_identity = ? and (cast(? as text) is null or f.task = ?)
                order by f.task, f.recorded_at desc""",
                row -> new Shared(row.getString("task"), row.getString("task_digest"),
                        row.getString("primary_metric")), first, second, task, task));
    }

    /** The answers of a model to a task, from the documents of its slices, as many as there are without a gap. */
    private List<QuestionResult> answers(String identity, Shared shared) {
        List<QuestionResult> answers = new ArrayList<>();
        int start = 0;
        while (true) {
            String location = StoredAnswers.location(identity, shared.task(), shared.digest(), start);
            Optional<byte[]> document = store.get(location, StoredAnswers.LIMIT);
            if (document.isEmpty()) {
                return answers;
            }
            List<String> lines = new String(document.get(), StandardCharsets.UTF_8).lines().toList();
            // The name of a document is a digest; its first line says whose it is.
            if (lines.isEmpty() || !identity.equals(header(location, lines.getFirst()).path("model").asText())) {
                throw new AmalgamException(ErrorCode.DIGEST_MISMATCH,
                        "stored answers " + location + " are not those of model " + identity
                                + "; delete the document to have the questions asked again");
            }
            for (String line : lines.subList(1, lines.size())) {
                answers.add(QuestionResult.parse(line));
            }
            if (lines.size() - 1 < StoredAnswers.QUESTIONS) {
                return answers;
            }
            start += StoredAnswers.QUESTIONS;
        }
    }

    private JsonNode header(String location, String line) {
        try {
            return mapper.readTree(line);
        } catch (JsonProcessingException malformed) {
            throw new AmalgamException(ErrorCode.DIGEST_MISMATCH, "stored answers " + location
                    + " cannot be read; delete the document to have the questions asked again", malformed);
        }
    }

    private static List<ModelComparison.Question> differing(
            String metric, List<QuestionResult> first, List<QuestionResult> second) {
        Map<Integer, QuestionResult> others = new HashMap<>();
        for (QuestionResult result : second) {
            others.put(result.index(), result);
        }
        List<ModelComparison.Question> differing = new ArrayList<>();
        for (QuestionResult one : first) {
            QuestionResult other = others.get(one.index());
            if (other != null && one.verdict().mean(metric) != other.verdict().mean(metric)) {
                differing.add(new ModelComparison.Question(one.index(), one.id(), one.category(), one.prompt(),
                        one.target(), said(one), said(other), one.verdict().mean(metric),
                        other.verdict().mean(metric)));
            }
        }
        differing.sort(Comparator.comparingInt(ModelComparison.Question::index));
        return differing;
    }

    /** What a model answered: the choice that it found most likely, or what was taken from its text. */
    private static String said(QuestionResult result) {
        return switch (result.answer()) {
            case Answer.Choices scored -> result.choices().isEmpty() ? "choice " + (scored.mostLikely() + 1)
                    : result.choices().get(scored.mostLikelyByCharacter(result.choices()));
            case Answer.Generated generated ->
                result.verdict().extracted() == null ? generated.text() : result.verdict().extracted();
        };
    }

    private static ModelComparison.Paired paired(PairedComparison comparison) {
        return new ModelComparison.Paired(comparison.questions(), comparison.first(), comparison.second(),
                comparison.difference(), comparison.standardError(), comparison.low(), comparison.high(),
                comparison.onlyFirst(), comparison.onlySecond(), comparison.probability(), comparison.agreement(),
                comparison.verdict().label());
    }
}
