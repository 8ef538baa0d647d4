package io.amalgam.cli;

import io.amalgam.engine.error.Problem;
import io.amalgam.evaluation.score.GroupScore;
import io.amalgam.evaluation.score.HarnessExport;
import io.amalgam.evaluation.score.HarnessExport.EvaluatedTask;
import io.amalgam.evaluation.score.HubEvalResults;
import io.amalgam.evaluation.score.PairedComparison;
import io.amalgam.evaluation.score.TaskScore;
import io.amalgam.evaluation.task.Evaluator;
import io.amalgam.evaluation.task.QuestionResult;
import io.amalgam.evaluation.task.TaskCatalog;
import io.amalgam.evaluation.task.TaskGroup;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes results where and as lm-evaluation-harness does: {@code results_TIME.json} and {@code samples_TASK_TIME.jsonl}
 * in a folder named as the model; or to one file if that is what was named.
 */
final class ResultFiles {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH-mm-ss.SSSSSS").withZone(ZoneOffset.UTC);

    private final Path output;
    private final Evaluator evaluator;

    /**
     * Files of results.
     *
     * @param output the file, or the folder unless it ends with {@code .json}
     * @param evaluator asked the questions; null if they are not to be written
     */
    ResultFiles(Path output, Evaluator evaluator) {
        this.output = output;
        this.evaluator = evaluator;
    }

    /** Writes the results of a model; {@code failures} are those of tasks that have no score. */
    void write(
            HarnessExport.Run run,
            List<EvaluatedTask> tasks,
            TaskCatalog catalog,
            Map<String, List<PairedComparison>> comparisons,
            Map<String, Problem> failures)
            throws IOException {
        String time = TIME.format(run.end());
        boolean file = output.getFileName().toString().endsWith(".json");
        Path folder = file ? output.toAbsolutePath().getParent() : output.resolve(HarnessExport.sanitise(run.model()));
        Files.createDirectories(folder);
        Path results = file ? output : folder.resolve("results_" + time + ".json");
        Map<String, String> reasons = new LinkedHashMap<>();
        failures.forEach((task, problem) -> reasons.put(task, problem.message()));
        Files.writeString(results, HarnessExport.results(run, tasks, groups(tasks, catalog), comparisons, reasons));
        if (evaluator != null) {
            for (EvaluatedTask task : tasks) {
                writeSamples(folder.resolve("samples_" + task.task().name() + "_" + time + ".jsonl"), task);
            }
        }
    }

    /** Writes the Hub's file of results, with the data sets' commits where they are known. */
    static void writeEvalResults(
            Path file, HarnessExport.Run run, List<EvaluatedTask> tasks, Map<String, String> revisions)
            throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        List<TaskScore> scores = tasks.stream().map(EvaluatedTask::score).toList();
        Files.writeString(file, HubEvalResults.write(scores, revisions, run.end()));
    }

    /** Returns the scores of the groups of which every task was asked. */
    static Map<TaskGroup, GroupScore> groups(List<EvaluatedTask> tasks, TaskCatalog catalog) {
        Map<String, TaskScore> scores = new LinkedHashMap<>();
        tasks.forEach(task -> scores.put(task.task().name(), task.score()));
        Map<TaskGroup, GroupScore> groups = new LinkedHashMap<>();
        for (TaskGroup group : catalog.groups()) {
            List<String> members = catalog.expand(List.of(group.name()));
            if (scores.keySet().containsAll(members)) {
                groups.put(group, GroupScore.of(group.name(), members.stream().map(scores::get).toList()));
            }
        }
        return groups;
    }

    private void writeSamples(Path file, EvaluatedTask evaluated) throws IOException {
        try (BufferedWriter writer = Files.newBufferedWriter(file)) {
            for (QuestionResult result : evaluated.results()) {
                writer.write(HarnessExport.sample(result, evaluator.ask(evaluated.task().question(result.index()))));
                writer.write('\n');
            }
        }
    }
}
