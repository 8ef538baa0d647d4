package io.amalgam.evalworker.coordination;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evalworker.coordination.EvaluationPlan.PlannedTask;
import io.amalgam.evalworker.coordination.EvaluationPlan.Slice;
import io.amalgam.evalworker.task.ResultStore;
import io.amalgam.evalworker.task.SliceResults;
import io.amalgam.evalworker.task.Slices;
import io.amalgam.evaluation.score.MetricScore;
import io.amalgam.evaluation.score.PairedComparison;
import io.amalgam.evaluation.score.TaskScore;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.QuestionResult;
import io.amalgam.evaluation.task.TaskCatalog;
import io.amalgam.events.Event.ModelPlace;
import io.amalgam.events.Event.ScoreCompared;
import io.amalgam.events.Event.ScoreRecorded;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Makes scores and comparisons of the answers in the store. */
public final class StoredScoring implements EvaluationLine.Scoring {
    private final ResultStore results;
    private final Supplier<TaskCatalog> catalog;

    /** Scores from a store's results. */
    public StoredScoring(ResultStore results, Supplier<TaskCatalog> catalog) {
        this.results = results;
        this.catalog = catalog;
    }

    @Override
    public boolean answered(Slice slice) {
        return results.read(slice.model().identity(), slice.task().name(), slice.task().digest(), slice.from())
                .filter(known -> known.next() >= slice.to())
                .isPresent();
    }

    @Override
    public ScoreRecorded score(EvaluationPlan plan, ModelPlace model, PlannedTask task, Instant now) {
        Answers answers = answers(model, task);
        TaskScore score = TaskScore.aggregate(catalog.get().find(task.name()), answers.results());
        Map<String, Double> values = new TreeMap<>();
        Map<String, Double> errors = new TreeMap<>();
        score.metrics().forEach((name, metric) -> {
            values.put(name, metric.value());
            addIfKnown(errors, name, metric);
        });
        return new ScoreRecorded(
                plan.evaluation(), model.name(), model.identity(), model.role(), plan.artifact(),
                task.name(), task.digest(), score.questions(), score.primaryMetric(), values, errors, score.chance(),
                score.bestConstantAnswer(), score.limited(), answers.engine(), now);
    }

    @Override
    public ScoreCompared compare(EvaluationPlan plan, ModelPlace other, PlannedTask task, Instant now) {
        BenchmarkTask benchmark = catalog.get().find(task.name());
        PairedComparison comparison = PairedComparison.of(benchmark.primaryMetric(),
                answers(plan.models().getFirst(), task).results(), answers(other, task).results());
        // One question alone has no standard error; its interval is all that can be said.
        double error = comparison.standardError() == null
                ? (comparison.high() - comparison.low()) / 2 : comparison.standardError();
        return new ScoreCompared(
                plan.evaluation(), plan.artifact(), other.name(), other.identity(), task.name(), comparison.metric(),
                comparison.questions(), comparison.difference(), error, comparison.low(), comparison.high(),
                comparison.onlyFirst(), comparison.onlySecond(), comparison.probability(),
                comparison.verdict().label(), now);
    }

    private record Answers(String engine, List<QuestionResult> results) {
    }

    private Answers answers(ModelPlace model, PlannedTask task) {
        List<QuestionResult> all = new ArrayList<>();
        String engine = null;
        for (int from = 0; from < task.total(); from += Slices.QUESTIONS) {
            int to = Slices.end(from, task.total());
            SliceResults slice = results.read(model.identity(), task.name(), task.digest(), from)
                    .filter(known -> known.next() >= to)
                    .orElseThrow(() -> new AmalgamException(ErrorCode.INTERNAL, "The answers of " + model.name()
                            + " to " + task.name() + " are not in the store any more."));
            engine = slice.engine();
            all.addAll(slice.answers());
        }
        return new Answers(engine, all);
    }

    private static void addIfKnown(Map<String, Double> errors, String name, MetricScore metric) {
        if (metric.standardError() != null) {
            errors.put(name, metric.standardError());
        }
    }
}
