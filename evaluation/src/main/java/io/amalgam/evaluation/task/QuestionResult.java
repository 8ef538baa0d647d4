package io.amalgam.evaluation.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.data.Digests;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One question as it was asked, answered and judged: a line of a task's results.
 *
 * <p>A line holds everything that is needed to score again without a model, and to compare two models question by
 * question. Confidential questions (GPQA) are given by identifier and digest only.
 *
 * @param task the task's name
 * @param taskDigest the task's digest
 * @param index the question's position in the task
 * @param id the question's name in the data set
 * @param promptDigest SHA-256 of the text that the model saw, in hexadecimal
 * @param prompt the text that the model saw, or null where the task is confidential
 * @param choices the choices without delimiter, or empty; for a confidential task too
 * @param gold the position of the right choice, or -1
 * @param target the right answer, or null where the task is confidential
 * @param category the part of the task that the question belongs to, or null
 * @param answer what the model said
 * @param verdict the scores
 * @param truncated whether the prompt did not fit into the model's context and lost its beginning
 */
public record QuestionResult(
        String task,
        String taskDigest,
        int index,
        String id,
        String promptDigest,
        String prompt,
        List<String> choices,
        int gold,
        String target,
        String category,
        Answer answer,
        Verdict verdict,
        boolean truncated) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Copies the choices and checks that what must be there is. */
    public QuestionResult {
        Objects.requireNonNull(task, "task");
        Objects.requireNonNull(taskDigest, "taskDigest");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(promptDigest, "promptDigest");
        choices = List.copyOf(choices);
        Objects.requireNonNull(answer, "answer");
        Objects.requireNonNull(verdict, "verdict");
    }

    /**
     * Judges an answer.
     *
     * @param context the text that the model saw
     * @param truncated whether its beginning was cut off
     */
    public static QuestionResult judge(
            BenchmarkTask task, Question question, String context, Answer answer, boolean truncated) {
        boolean confidential = task.confidential();
        return new QuestionResult(
                task.name(),
                task.digest(),
                question.index(),
                question.id(),
                Digests.sha256(context),
                confidential ? null : context,
                question.choices(),
                question.gold(),
                confidential ? null : question.target(),
                question.category(),
                answer,
                task.score(question, answer),
                truncated);
    }

    /** Returns the line, without line end. Members are always in the same order. */
    public String toJson() {
        ObjectNode line = JSON.createObjectNode();
        line.put("task", task);
        line.put("taskDigest", taskDigest);
        line.put("question", index);
        line.put("id", id);
        line.put("promptDigest", promptDigest);
        if (prompt != null) {
            line.put("prompt", prompt);
        }
        if (target != null) {
            line.put("target", target);
        }
        if (category != null) {
            line.put("category", category);
        }
        switch (answer) {
            case Answer.Choices scored -> {
                ArrayNode texts = line.putArray("choices");
                choices.forEach(texts::add);
                line.put("gold", gold);
                ArrayNode logLikelihoods = line.putArray("logLikelihoods");
                scored.logLikelihoods().forEach(logLikelihoods::add);
                ArrayNode greedy = line.putArray("greedy");
                scored.greedy().forEach(greedy::add);
            }
            case Answer.Generated generated -> line.put("answer", generated.text());
        }
        if (verdict.extracted() != null) {
            line.put("extracted", verdict.extracted());
        }
        ObjectNode metrics = line.putObject("metrics");
        verdict.metrics().forEach((name, values) -> {
            ArrayNode numbers = metrics.putArray(name);
            values.forEach(numbers::add);
        });
        if (truncated) {
            line.put("truncated", true);
        }
        return line.toString();
    }

    /**
     * Reads a line.
     *
     * @throws AmalgamException with {@code BENCHMARK_DATA} if it is no line of results
     */
    public static QuestionResult parse(String text) {
        try {
            JsonNode line = JSON.readTree(text);
            Answer answer;
            List<String> choices = new ArrayList<>();
            if (line.has("logLikelihoods")) {
                line.required("choices").forEach(choice -> choices.add(choice.textValue()));
                List<Double> logLikelihoods = new ArrayList<>();
                line.required("logLikelihoods").forEach(value -> logLikelihoods.add(value.asDouble()));
                List<Boolean> greedy = new ArrayList<>();
                line.required("greedy").forEach(value -> greedy.add(value.booleanValue()));
                answer = new Answer.Choices(logLikelihoods, greedy);
            } else {
                answer = new Answer.Generated(line.required("answer").textValue());
            }
            SortedMap<String, List<Double>> metrics = new TreeMap<>();
            line.required("metrics").properties().forEach(metric -> {
                List<Double> values = new ArrayList<>();
                metric.getValue().forEach(value -> values.add(value.asDouble()));
                metrics.put(metric.getKey(), values);
            });
            return new QuestionResult(
                    line.required("task").textValue(),
                    line.required("taskDigest").textValue(),
                    line.required("question").intValue(),
                    line.required("id").textValue(),
                    line.required("promptDigest").textValue(),
                    line.path("prompt").textValue(),
                    choices,
                    line.path("gold").asInt(-1),
                    line.path("target").textValue(),
                    line.path("category").textValue(),
                    answer,
                    new Verdict(metrics, line.path("extracted").textValue()),
                    line.path("truncated").asBoolean(false));
        } catch (JsonProcessingException | IllegalArgumentException | NullPointerException e) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA, "This is not a line of evaluation results: " + e.getMessage(), e);
        }
    }

    /** Judges the stored answer again, by the task as it is now. */
    public QuestionResult judgeAgain(BenchmarkTask benchmark) {
        return new QuestionResult(
                task, taskDigest, index, id, promptDigest, prompt, choices, gold, target, category, answer,
                benchmark.score(benchmark.question(index), answer), truncated);
    }
}
