package io.amalgam.recipeservice.view;

import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.security.Caller;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Makes the leaderboard. */
@ApplicationScoped
public class LeaderboardQueries {

    /** Half the width of a 95 % interval, in standard errors. */
    private static final double NORMAL_95 = 1.959963984540054;

    private final Database database;
    private final ArtifactQueries artifacts;

    /** Takes the database and what reads its scores. */
    public LeaderboardQueries(Database database, ArtifactQueries artifacts) {
        this.database = database;
        this.artifacts = artifacts;
    }

    private record Model(String identity, String name, String role, String artifact) {
    }

    private record Scored(Model model, ScoreView score) {
    }

    private record Compared(String artifact, ComparisonView comparison) {
    }

    /**
     * Returns the leaderboard of the models of those artifacts that the caller may see.
     *
     * @param onlyTasks columns that are wanted; all if empty
     * @param onlyArtifact only this artifact, its parents and its base; all models if null
     */
    public Leaderboard leaderboard(Caller caller, Set<String> onlyTasks, String onlyArtifact) {
        String scope = caller.scope();
        List<Scored> scores = database.read(connection -> Sql.list(connection, """
                select s.*, coalesce(a.artifact, s.artifact) as own_artifact,
                    case when a.artifact is not null then 'ARTIFACT' else s.role end as own_role,
                    coalesce(g.name, nullif(n.name, ''), u.name, s.model_name) as own_name
                from projection.score s
                left join lateral (select m.artifact from projection.artifact_model m
                    where m.identity = s.model_identity and m.role = 'ARTIFACT' order by m.artifact limit 1) a on true
                left join projection.artifact n on n.id = a.artifact
                left join owned.artifact_grant g on g.artifact = a.artifact and g.tenant = ?
                left join lateral (select m.name from projection.artifact_model m
                    join owned.artifact_grant o on o.artifact = m.artifact and o.tenant = ?
                    where m.identity = s.model_identity order by m.artifact, m.position limit 1) u on true
                where (cast(? as text) is null or s.artifact = ? or s.model_identity in
                    (select identity from projection.artifact_model where artifact = ?))
                    and (cast(? as text) is null or g.tenant is not null or u.name is not null)
                    and not (s.role = 'ARTIFACT' and exists
                        (select 1 from projection.deleted_artifact d where d.artifact = s.artifact))
                order by s.recorded_at, s.model_identity, s.task""",
                row -> new Scored(
                        new Model(row.getString("model_identity"), row.getString("own_name"),
                                row.getString("own_role"),
                                row.getString("own_role").equals("ARTIFACT") ? row.getString("own_artifact") : null),
                        artifacts.score(row)),
                scope, scope, onlyArtifact, onlyArtifact, onlyArtifact, scope));
        List<Compared> comparisons = database.read(connection -> Sql.list(connection,
                """
                select * from projection.comparison c where (cast(? as text) is null or artifact = ?)
                and (cast(? as text) is null or exists
                    (select 1 from owned.artifact_grant g where g.artifact = c.artifact and g.tenant = ?))""",
                row -> new Compared(row.getString("artifact"), ArtifactQueries.comparison(row)),
                onlyArtifact, onlyArtifact, scope, scope));
        Map<String, Set<String>> parents = new LinkedHashMap<>();
        database.read(connection -> Sql.list(connection,
                        "select artifact, identity from projection.artifact_model where role <> 'ARTIFACT'",
                        row -> Map.entry(row.getString("artifact"), row.getString("identity"))))
                .forEach(use -> parents.computeIfAbsent(use.getKey(), artifact -> new HashSet<>()).add(use.getValue()));
        return leaderboard(scores, comparisons, parents, onlyTasks);
    }

    private static Leaderboard leaderboard(
            List<Scored> scores, List<Compared> comparisons, Map<String, Set<String>> parents, Set<String> onlyTasks) {
        // The newest form of a task is the column; in the order of recording, the last one wins.
        Map<String, Leaderboard.Task> tasks = new TreeMap<>();
        for (Scored scored : scores) {
            ScoreView score = scored.score();
            if (onlyTasks.isEmpty() || onlyTasks.contains(score.task())) {
                tasks.put(score.task(), new Leaderboard.Task(
                        score.task(), score.taskDigest(), score.metric(), score.chance(), score.floor()));
            }
        }
        Map<String, Model> models = new LinkedHashMap<>();
        Map<String, Map<String, Leaderboard.Cell>> cells = new LinkedHashMap<>();
        for (Scored scored : scores) {
            ScoreView score = scored.score();
            Leaderboard.Task task = tasks.get(score.task());
            if (task == null || !task.digest().equals(score.taskDigest())) {
                continue;
            }
            models.put(scored.model().identity(), scored.model());
            cells.computeIfAbsent(scored.model().identity(), identity -> new TreeMap<>())
                    .put(score.task(), new Leaderboard.Cell(
                            score.value(), score.standardError(), score.questions(), score.limited()));
        }
        Set<String> averaged = onlyTasks.isEmpty() ? mostShared(cells.values()) : tasks.keySet();
        Map<String, Leaderboard.Average> averages = new LinkedHashMap<>();
        cells.forEach((identity, row) -> {
            if (row.keySet().containsAll(averaged)) {
                averages.put(identity, average(averaged.stream().map(row::get).toList()));
            }
        });
        List<Leaderboard.Row> rows = new ArrayList<>();
        for (Model model : models.values()) {
            rows.add(new Leaderboard.Row(model.name(), model.identity(), model.role(), model.artifact(),
                    averages.get(model.identity()), cells.get(model.identity()),
                    model.artifact() == null ? null : bestParent(model.artifact(),
                            parents.getOrDefault(model.artifact(), Set.of()), comparisons, tasks, averaged, averages)));
        }
        rows.sort(Comparator
                .comparing((Leaderboard.Row row) -> row.average() == null)
                .thenComparing(row -> row.average() == null ? 0 : -row.average().value())
                .thenComparing(Leaderboard.Row::name)
                .thenComparing(Leaderboard.Row::identity));
        return new Leaderboard(List.copyOf(tasks.values()), List.copyOf(new TreeSet<>(averaged)), rows);
    }

    /**
     * The tasks that averages are over. Averages compare only if they are over the same tasks; this is the set, among
     * those that some model has, with the most scores of models that have all of it.
     */
    private static Set<String> mostShared(Collection<Map<String, Leaderboard.Cell>> rows) {
        Set<Set<String>> candidates = new LinkedHashSet<>();
        rows.forEach(row -> candidates.add(row.keySet()));
        Set<String> best = Set.of();
        long most = 0;
        for (Set<String> candidate : candidates) {
            long scores = candidate.size() * rows.stream().filter(row -> row.keySet().containsAll(candidate)).count();
            if (scores > most || scores == most && candidate.size() > best.size()) {
                best = candidate;
                most = scores;
            }
        }
        return best;
    }

    private static Leaderboard.Average average(Collection<Leaderboard.Cell> cells) {
        double sum = 0;
        double variance = 0;
        int questions = 0;
        for (Leaderboard.Cell cell : cells) {
            sum += cell.value();
            variance += cell.standardError() * cell.standardError();
            questions += cell.questions();
        }
        return new Leaderboard.Average(sum / cells.size(), Math.sqrt(variance) / cells.size(), questions);
    }

    /**
     * The mean difference to the best of the models that an artifact was made of, its base included, or null until all
     * of them have scores and the best was compared on every task: the best of some would flatter.
     */
    private static Leaderboard.Difference bestParent(
            String artifact, Set<String> parents, List<Compared> comparisons, Map<String, Leaderboard.Task> tasks,
            Set<String> averaged, Map<String, Leaderboard.Average> averages) {
        if (parents.isEmpty() || !averages.keySet().containsAll(parents)) {
            return null;
        }
        String best = parents.stream()
                .max(Comparator.comparingDouble((String parent) -> averages.get(parent).value())
                        .thenComparing(Comparator.reverseOrder()))
                .orElseThrow();
        Map<String, ComparisonView> compared = new TreeMap<>();
        for (Compared candidate : comparisons) {
            ComparisonView comparison = candidate.comparison();
            Leaderboard.Task task = tasks.get(comparison.task());
            if (candidate.artifact().equals(artifact) && comparison.parentIdentity().equals(best)
                    && averaged.contains(comparison.task()) && task != null && task.metric().equals(comparison.metric())) {
                compared.put(comparison.task(), comparison);
            }
        }
        if (compared.size() < averaged.size()) {
            return null;
        }
        double sum = 0;
        double variance = 0;
        String name = "";
        for (ComparisonView comparison : compared.values()) {
            sum += comparison.difference();
            variance += comparison.standardError() * comparison.standardError();
            name = comparison.parent();
        }
        double value = sum / averaged.size();
        double standardError = Math.sqrt(variance) / averaged.size();
        return new Leaderboard.Difference(
                name, value, standardError, value - NORMAL_95 * standardError, value + NORMAL_95 * standardError);
    }
}
