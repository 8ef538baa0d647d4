package io.amalgam.evalworker.coordination;

import io.amalgam.evalworker.task.Slices;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.TaskCatalog;
import io.amalgam.events.Event.ArtifactCompleted;
import io.amalgam.events.Event.ModelPlace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an evaluation asks of whom.
 *
 * @param evaluation its name: the artifact's key, so that its results come to whoever owns the artifact's partition
 * @param artifact the artifact's key
 * @param merge that made it
 * @param attempt at evaluating it, from 1
 * @param benchmarks what was asked for: tasks and groups
 * @param models the artifact first, then its base and parents; each identity once
 * @param tasks in the order that they were asked for
 */
public record EvaluationPlan(
        String evaluation, String artifact, String merge, int attempt, List<String> benchmarks, List<ModelPlace> models,
        List<PlannedTask> tasks) {

    /**
     * A task as it is at the time of planning.
     *
     * @param name its name
     * @param digest of its data and the way it is asked
     * @param total questions
     */
    public record PlannedTask(String name, String digest, int total) {
    }

    /**
     * One record of work.
     *
     * @param model to be asked
     * @param task to ask
     * @param from the first question
     */
    public record Slice(ModelPlace model, PlannedTask task, int from) {
        /** The question after the last one. */
        public int to() {
            return Slices.end(from, task.total());
        }
    }

    /** Keeps the lists as they are now. */
    public EvaluationPlan {
        benchmarks = List.copyOf(benchmarks);
        models = List.copyOf(models);
        tasks = List.copyOf(tasks);
    }

    /**
     * Plans the evaluation of an artifact with the benchmarks that were asked for.
     *
     * @throws io.amalgam.engine.error.AmalgamException with {@code TASK_UNKNOWN} or {@code BENCHMARK_DATA}
     */
    public static EvaluationPlan of(ArtifactCompleted artifact, List<String> benchmarks, TaskCatalog catalog) {
        List<PlannedTask> tasks = new ArrayList<>();
        for (String name : catalog.expand(benchmarks)) {
            BenchmarkTask task = catalog.find(name);
            tasks.add(new PlannedTask(task.name(), task.digest(), task.size()));
        }
        Map<String, ModelPlace> models = new LinkedHashMap<>();
        for (ModelPlace model : artifact.models()) {
            models.putIfAbsent(model.identity(), model);
        }
        return new EvaluationPlan(
                artifact.artifact(), artifact.artifact(), artifact.merge(), artifact.evaluationAttempt(), benchmarks,
                List.copyOf(models.values()), tasks);
    }

    /** All slices, model by model, so that a worker opens each model about once. */
    public List<Slice> slices() {
        List<Slice> slices = new ArrayList<>();
        for (ModelPlace model : models) {
            for (PlannedTask task : tasks) {
                for (int from = 0; from < task.total(); from += Slices.QUESTIONS) {
                    slices.add(new Slice(model, task, from));
                }
            }
        }
        return slices;
    }
}
