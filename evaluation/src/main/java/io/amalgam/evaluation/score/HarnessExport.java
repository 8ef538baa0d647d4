package io.amalgam.evaluation.score;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.Version;
import io.amalgam.evaluation.data.Digests;
import io.amalgam.evaluation.inference.EngineFingerprint;
import io.amalgam.evaluation.task.Answer;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.Evaluator.AskedQuestion;
import io.amalgam.evaluation.task.QuestionResult;
import io.amalgam.evaluation.task.TaskGroup;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes results as lm-evaluation-harness 0.4.13 does, so that whatever reads its files reads ours.
 *
 * <p>Everything of our own is under one key, {@code amalgam}, which other readers pass over.
 */
public final class HarnessExport {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final ObjectMapper LINE = new ObjectMapper();
    private static final String NO_FILTER = ",none";
    private static final String NOT_AVAILABLE = "N/A";

    /**
     * How an evaluation was run.
     *
     * @param model the model's name as it was given
     * @param modelIdentity its fixed identity
     * @param weightsDigest the digest of its weights
     * @param tokenizerDigest the digest of its tokenizer
     * @param engine what computed
     * @param limit {@code --limit}, or null
     * @param chatTemplate the chat template's text, or null where none was applied
     * @param multiturn whether worked examples were turns of their own
     * @param generationArguments {@code --gen_kwargs}, or null
     * @param start when it began
     * @param end when it ended
     */
    public record Run(
            String model,
            String modelIdentity,
            String weightsDigest,
            String tokenizerDigest,
            EngineFingerprint engine,
            Double limit,
            String chatTemplate,
            boolean multiturn,
            String generationArguments,
            Instant start,
            Instant end) {
    }

    /**
     * A task with its score and its questions.
     *
     * @param task the task
     * @param score its score
     * @param results its questions, in order
     */
    public record EvaluatedTask(BenchmarkTask task, TaskScore score, List<QuestionResult> results) {
        /** Copies the questions. */
        public EvaluatedTask {
            results = List.copyOf(results);
        }
    }

    private HarnessExport() {
    }

    /** Returns the name of a folder or file for a model, as lm-evaluation-harness makes it. */
    public static String sanitise(String modelName) {
        return modelName.replaceAll("[\"<>:/|\\\\?*\\[\\]]+", "__");
    }

    /**
     * Returns the document {@code results_….json}.
     *
     * @param groups the groups whose tasks were all asked, by name with the names of those tasks
     * @param comparisons paired comparisons with other models by their names, or empty
     * @param failures why tasks that were asked for have no score, by their names, or empty
     */
    public static String results(
            Run run,
            List<EvaluatedTask> tasks,
            Map<TaskGroup, GroupScore> groups,
            Map<String, List<PairedComparison>> comparisons,
            Map<String, String> failures) {
        ObjectNode document = JSON.createObjectNode();
        ObjectNode results = document.putObject("results");
        groups.forEach((group, score) -> putGroup(results.putObject(group.name()), score));
        tasks.forEach(task -> putTask(results.putObject(task.task().name()), task));
        if (!groups.isEmpty()) {
            ObjectNode groupResults = document.putObject("groups");
            groups.forEach((group, score) -> putGroup(groupResults.putObject(group.name()), score));
        }
        ObjectNode subtasks = document.putObject("group_subtasks");
        groups.forEach((group, score) -> {
            ArrayNode members = subtasks.putArray(group.name());
            group.members().forEach(members::add);
        });
        ObjectNode configurations = document.putObject("configs");
        ObjectNode versions = document.putObject("versions");
        ObjectNode shots = document.putObject("n-shot");
        ObjectNode higher = document.putObject("higher_is_better");
        ObjectNode samples = document.putObject("n-samples");
        ObjectNode hashes = document.putObject("task_hashes");
        for (EvaluatedTask evaluated : tasks) {
            BenchmarkTask task = evaluated.task();
            ObjectNode configuration = configurations.putObject(task.name());
            configuration.put("task", task.name());
            configuration.put("output_type", task.outputType().label());
            configuration.put("num_fewshot", task.shots());
            putVersion(versions, task);
            shots.put(task.name(), task.shots());
            ObjectNode directions = higher.putObject(task.name());
            task.metrics().forEach(metric -> directions.put(metric, true));
            ObjectNode counts = samples.putObject(task.name());
            counts.put("original", task.size());
            counts.put("effective", evaluated.score().questions());
            hashes.put(task.name(), taskHash(evaluated.results()));
        }
        putRun(document, run);
        document.set("amalgam", ours(run, tasks, comparisons, failures));
        try {
            return JSON.writeValueAsString(document) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a document of numbers and texts can be written", e);
        }
    }

    /**
     * Returns a line of {@code samples_….jsonl}. Confidential questions appear by identifier and digest only.
     *
     * @param result the question as it was answered
     * @param asked the question as the model saw it
     */
    public static String sample(QuestionResult result, AskedQuestion asked) {
        ObjectNode line = LINE.createObjectNode();
        line.put("doc_id", result.index());
        ObjectNode doc = line.putObject("doc");
        doc.put("id", result.id());
        if (result.prompt() != null) {
            doc.put("question", asked.question().prompt().question());
            ArrayNode choices = doc.putArray("choices");
            result.choices().forEach(choices::add);
        }
        String target = result.target() == null ? "" : result.target();
        line.put("target", target);
        ObjectNode arguments = line.putObject("arguments");
        ArrayNode responses = line.putArray("resps");
        ArrayNode filtered = line.putArray("filtered_resps");
        String prompt = result.prompt() == null ? "sha256:" + result.promptDigest() : result.prompt();
        switch (result.answer()) {
            case Answer.Choices choices -> {
                for (int choice = 0; choice < result.choices().size(); choice++) {
                    ObjectNode argument = arguments.putObject("gen_args_" + choice);
                    argument.put("arg_0", prompt);
                    argument.put("arg_1", asked.continuations().get(choice));
                    String logLikelihood = Double.toString(choices.logLikelihoods().get(choice));
                    String greedy = choices.greedy().get(choice) ? "True" : "False";
                    responses.addArray().addArray().add(logLikelihood).add(greedy);
                    filtered.addArray().add(logLikelihood).add(greedy);
                }
            }
            case Answer.Generated generated -> {
                ObjectNode argument = arguments.putObject("gen_args_0");
                argument.put("arg_0", prompt);
                ObjectNode generation = argument.putObject("arg_1");
                ArrayNode until = generation.putArray("until");
                asked.question().generation().stops().forEach(until::add);
                generation.put("do_sample", false);
                generation.put("temperature", 0.0);
                generation.put("max_gen_toks", asked.question().generation().maximumNewTokens());
                responses.addArray().add(generated.text());
                filtered.add(generated.text());
            }
        }
        line.put("filter", "none");
        ArrayNode metrics = line.putArray("metrics");
        result.verdict().metrics().keySet().forEach(metrics::add);
        line.put("doc_hash", Digests.sha256(result.id()));
        line.put("prompt_hash", result.promptDigest());
        line.put("target_hash", Digests.sha256(target));
        result.verdict().metrics().forEach((metric, values) -> {
            if (values.size() == 1) {
                line.put(metric, values.getFirst());
            } else {
                ArrayNode parts = line.putArray(metric);
                values.forEach(parts::add);
            }
        });
        return line.toString();
    }

    private static void putTask(ObjectNode node, EvaluatedTask evaluated) {
        String name = evaluated.task().name();
        node.put("name", name);
        node.put("alias", name);
        node.put("sample_len", evaluated.score().questions());
        evaluated.score().metrics().forEach((metric, score) -> {
            node.put(metric + NO_FILTER, score.value());
            putError(node, metric, score.standardError());
        });
    }

    private static void putGroup(ObjectNode node, GroupScore score) {
        node.put("name", score.name());
        node.put("alias", score.name());
        node.put("sample_len", score.questions());
        score.metrics().forEach((metric, value) -> {
            node.put(metric + NO_FILTER, value.value());
            putError(node, metric, value.standardError());
        });
    }

    private static void putError(ObjectNode node, String metric, Double error) {
        String key = metric + "_stderr" + NO_FILTER;
        if (error == null) {
            node.put(key, NOT_AVAILABLE);
        } else {
            node.put(key, error);
        }
    }

    private static void putVersion(ObjectNode versions, BenchmarkTask task) {
        try {
            versions.put(task.name(), Double.parseDouble(task.version()));
        } catch (NumberFormatException e) {
            versions.put(task.name(), task.version());
        }
    }

    private static void putRun(ObjectNode document, Run run) {
        ObjectNode configuration = document.putObject("config");
        configuration.put("model", "amalgam");
        configuration.put("model_args", "pretrained=" + run.model());
        configuration.put("model_dtype", run.engine().weightsType());
        configuration.put("model_sha", run.modelIdentity());
        configuration.put("batch_size", 1);
        configuration.putArray("batch_sizes");
        configuration.put("device", "cpu");
        configuration.putNull("use_cache");
        if (run.limit() == null) {
            configuration.putNull("limit");
        } else {
            configuration.put("limit", run.limit());
        }
        configuration.put("bootstrap_iters", 0);
        configuration.put("gen_kwargs", run.generationArguments());
        document.put("date", run.start().getEpochSecond() + run.start().getNano() / 1e9);
        document.put("max_length", run.engine().maximumLength());
        document.put("model_source", "amalgam");
        document.put("model_name", run.model());
        document.put("model_name_sanitized", sanitise(run.model()));
        document.putNull("system_instruction");
        document.putNull("system_instruction_sha");
        document.put("fewshot_as_multiturn", run.multiturn());
        document.put("chat_template", run.chatTemplate());
        document.put("chat_template_sha", run.chatTemplate() == null ? null : Digests.sha256(run.chatTemplate()));
        document.put("start_time", seconds(run.start()));
        document.put("end_time", seconds(run.end()));
        document.put("total_evaluation_time_seconds", Double.toString(seconds(run.end()) - seconds(run.start())));
    }

    private static double seconds(Instant instant) {
        return instant.getEpochSecond() + instant.getNano() / 1e9;
    }

    private static ObjectNode ours(
            Run run,
            List<EvaluatedTask> tasks,
            Map<String, List<PairedComparison>> comparisons,
            Map<String, String> failures) {
        ObjectNode ours = LINE.createObjectNode();
        ours.put("version", Version.AMALGAM);
        ours.put("engine", run.engine().toString());
        ours.put("modelIdentity", run.modelIdentity());
        ours.put("weightsDigest", run.weightsDigest());
        ours.put("tokenizerDigest", run.tokenizerDigest());
        if (tasks.stream().anyMatch(task -> task.task().name().startsWith("leaderboard_gpqa"))) {
            ours.put("gpqa_shuffle", "sha256-record");
        }
        ObjectNode facts = ours.putObject("tasks");
        for (EvaluatedTask evaluated : tasks) {
            facts.set(evaluated.task().name(), LINE.valueToTree(evaluated.score()));
        }
        if (!failures.isEmpty()) {
            ours.set("failures", LINE.valueToTree(failures));
        }
        List<TaskScore> scores = tasks.stream().map(EvaluatedTask::score).toList();
        LeaderboardScore.of(scores).ifPresent(leaderboard -> ours.set("leaderboard", LINE.valueToTree(leaderboard)));
        if (!comparisons.isEmpty()) {
            ours.set("comparisons", LINE.valueToTree(new LinkedHashMap<>(comparisons)));
        }
        return ours;
    }

    private static String taskHash(List<QuestionResult> results) {
        StringBuilder hashes = new StringBuilder();
        for (QuestionResult result : results) {
            hashes.append(Digests.sha256(result.id()))
                    .append(result.promptDigest())
                    .append(Digests.sha256(result.target() == null ? "" : result.target()));
        }
        return Digests.sha256(hashes.toString());
    }
}
