package io.amalgam.performance;

import io.amalgam.evaluation.inference.GenerationRequest;
import io.amalgam.evaluation.inference.LoglikelihoodRequest;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.Evaluator;
import io.amalgam.evaluation.task.Question;
import io.amalgam.evaluation.task.TaskCatalog;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The requests of a benchmark task, as lm-evaluation-harness makes them.
 *
 * @param task its name
 * @param questions how many of its questions are asked, from the first on
 * @param requests a context and a choice each; none where answers are written
 * @param generations a context each whose answer is written; none where there are choices
 */
record TaskRequests(
        String task, int questions, List<LoglikelihoodRequest> requests, List<GenerationRequest> generations) {

    /**
     * Makes the requests of tasks and groups.
     *
     * @param names tasks and groups by comma, each with how many questions are asked of a task: {@code leaderboard_bbh:4};
     *     all without a number
     * @param newTokens the most tokens of an answer that is written
     */
    static List<TaskRequests> of(String names, TaskCatalog catalog, int newTokens) {
        Map<String, Integer> limits = new LinkedHashMap<>();
        for (String name : names.split(",")) {
            int colon = name.indexOf(':');
            int limit = colon < 0 ? Integer.MAX_VALUE : Integer.parseInt(name.substring(colon + 1));
            catalog.expand(List.of(colon < 0 ? name : name.substring(0, colon)))
                    .forEach(task -> limits.put(task, limit));
        }
        List<TaskRequests> all = new ArrayList<>();
        limits.forEach((task, limit) -> all.add(of(catalog.find(task), limit, newTokens)));
        return all;
    }

    private static TaskRequests of(BenchmarkTask task, int limit, int newTokens) {
        int questions = Math.min(task.size(), limit);
        Evaluator evaluator = new Evaluator();
        List<LoglikelihoodRequest> requests = new ArrayList<>();
        List<GenerationRequest> generations = new ArrayList<>();
        for (int index = 0; index < questions; index++) {
            Evaluator.AskedQuestion asked = evaluator.ask(task.question(index));
            for (String continuation : asked.continuations()) {
                requests.add(new LoglikelihoodRequest(asked.context(), continuation));
            }
            Question.Generation generation = asked.question().generation();
            if (generation != null) {
                generations.add(new GenerationRequest(asked.context(), generation.stops(),
                        Math.min(newTokens, generation.maximumNewTokens())));
            }
        }
        return new TaskRequests(task.name(), questions, requests, generations);
    }
}
