package io.amalgam.evaluation.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.evaluation.score.LeaderboardScore.Benchmark;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

class LeaderboardScoreTest {

    @Test
    void checkValuesOfTheSpecification() {
        // GPQA raw .60 is 46.67; MuSR raw .7, .4, .6 are 40, 25, 40 and 35.00 together.
        Benchmark gpqa = LeaderboardScore.of(gpqa(0.6)).orElseThrow().benchmarks().getFirst();
        assertEquals(46.67, gpqa.normalised(), 0.005);
        assertTrue(gpqa.complete());
        Benchmark musr = LeaderboardScore.of(musr(0.7, 0.4, 0.6)).orElseThrow().benchmarks().getFirst();
        assertEquals(35.0, musr.normalised(), 1e-9);
    }

    @Test
    void subtasksBelowChanceAreClippedOneByOneAndTheUnclippedMeanIsBesideIt() {
        Benchmark musr = LeaderboardScore.of(musr(0.3, 0.4, 1.0 / 3)).orElseThrow().benchmarks().getFirst();
        assertEquals((0 + 25 + 0) / 3.0, musr.normalised(), 1e-9);
        assertEquals((-40 + 25 + 0) / 3.0, musr.unclipped(), 1e-9);
    }

    @Test
    void anAverageNeedsAllSixBenchmarksWhole() {
        List<TaskScore> all = everything(false);
        LeaderboardScore whole = LeaderboardScore.of(all).orElseThrow();
        assertEquals(6, whole.benchmarks().size());
        assertNotNull(whole.average());
        assertEquals(
                whole.benchmarks().stream().mapToDouble(Benchmark::normalised).average().orElseThrow(),
                whole.average(), 1e-12);
        assertNull(LeaderboardScore.of(all.subList(1, all.size())).orElseThrow().average());
        assertNull(LeaderboardScore.of(everything(true)).orElseThrow().average());
        assertTrue(LeaderboardScore.of(List.of(score("navigation", 0.5, 0.5, 200, 200))).isEmpty());
    }

    @Test
    void groupsWeighTasksByTheirQuestions() {
        GroupScore group = GroupScore.of("group", List.of(
                score("a", 1.0, 0.5, 100, 100), score("b", 0.5, 0.5, 300, 300)));
        assertEquals(0.625, group.metrics().get("acc_norm").value(), 1e-12);
        double error = Math.sqrt(0.25 / 299);
        // The pooled error of lm-evaluation-harness: sum of (n - 1) se^2 n over N - k, over N.
        assertEquals(
                Math.sqrt(299 * error * error * 300 / 398 / 400), group.metrics().get("acc_norm").standardError(), 1e-9);
    }

    @Test
    void theHubsFileHasOnlyWholeTasksOfTheLeaderboard() {
        List<TaskScore> scores = new ArrayList<>(gpqa(0.6));
        scores.add(score("leaderboard_bbh_navigate", 0.7, 0.5, 50, 250));
        scores.add(score("navigation", 0.7, 0.5, 200, 200));
        String text = HubEvalResults.write(
                scores, Map.of("Idavidrein/gpqa", "abc"), Instant.parse("2026-01-02T03:04:05.678Z"));
        List<Map<String, Object>> entries = new Yaml().load(text);
        assertEquals(3, entries.size());
        assertEquals(
                Map.of("id", "Idavidrein/gpqa", "task_id", "gpqa_diamond", "revision", "abc"),
                entries.getFirst().get("dataset"));
        assertEquals(60, (double) entries.getFirst().get("value"), 1e-9, "in percent, as the Hub's leaderboards are");
        assertEquals("2026-01-02T03:04:05Z", String.valueOf(entries.getFirst().get("date")));
        assertFalse(text.contains("navigat"));
    }

    @Test
    void theHubsFileNamesTasksAsTheirDataSetsDo() {
        Map<String, String> expected = Map.of(
                "leaderboard_mmlu_pro", "mmlu_pro", "leaderboard_gpqa_main", "gpqa_main",
                "leaderboard_ifeval", "default", "leaderboard_musr_team_allocation", "team_allocation",
                "leaderboard_bbh_navigate", "navigate", "leaderboard_math_num_theory_hard", "number_theory",
                "leaderboard_math_algebra_hard", "algebra");
        expected.forEach((task, identifier) -> {
            List<Map<String, Map<String, Object>>> entries = new Yaml().load(
                    HubEvalResults.write(List.of(score(task, 0.5, 0, 10, 10)), Map.of(), Instant.EPOCH));
            assertEquals(identifier, entries.getFirst().get("dataset").get("task_id"), task);
        });
    }

    private static List<TaskScore> gpqa(double raw) {
        return List.of(
                score("leaderboard_gpqa_diamond", raw, 0.25, 198, 198),
                score("leaderboard_gpqa_extended", raw, 0.25, 546, 546),
                score("leaderboard_gpqa_main", raw, 0.25, 448, 448));
    }

    private static List<TaskScore> musr(double mysteries, double placements, double allocation) {
        return List.of(
                score("leaderboard_musr_murder_mysteries", mysteries, 0.5, 250, 250),
                score("leaderboard_musr_object_placements", placements, 0.2, 256, 256),
                score("leaderboard_musr_team_allocation", allocation, 1.0 / 3, 250, 250));
    }

    private static List<TaskScore> everything(boolean limited) {
        List<TaskScore> scores = new ArrayList<>(gpqa(0.5));
        scores.addAll(musr(0.6, 0.5, 0.5));
        for (int subtask = 0; subtask < 24; subtask++) {
            scores.add(score("leaderboard_bbh_" + subtask, 0.6, 0.5, limited && subtask == 3 ? 10 : 250, 250));
        }
        for (int subject = 0; subject < 7; subject++) {
            scores.add(score("leaderboard_math_" + subject + "_hard", 0.2, 0, 100, 100));
        }
        scores.add(score("leaderboard_mmlu_pro", 0.3, 0.1, 12_032, 12_032));
        Map<String, MetricScore> instructions = new LinkedHashMap<>();
        instructions.put("prompt_level_strict_acc", metric(0.4, 541));
        instructions.put("inst_level_strict_acc", metric(0.5, 834));
        scores.add(new TaskScore(
                "leaderboard_ifeval", "digest", 0, 541, 541, "prompt_level_strict_acc", instructions, 0, 0.1, 0.2, 0.0,
                new TreeMap<>(), null, null, 0, 0));
        return scores;
    }

    private static TaskScore score(String task, double value, double bound, int questions, int size) {
        return new TaskScore(
                task, "digest", 0, questions, size, "acc_norm", Map.of("acc_norm", metric(value, questions)), bound,
                bound, null, bound, new TreeMap<>(), null, null, 0, 0);
    }

    private static MetricScore metric(double value, int count) {
        Statistics.Interval interval = Statistics.wilson(value, count);
        return new MetricScore(
                value, Math.sqrt(value * (1 - value) / (count - 1)), interval.low(), interval.high(), count);
    }
}
