package io.amalgam.cli;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.evaluation.data.ModelDigest;
import io.amalgam.evaluation.inference.ChatTemplate;
import io.amalgam.evaluation.inference.EndpointLanguageModel;
import io.amalgam.evaluation.inference.EndpointOptions;
import io.amalgam.evaluation.inference.InferenceOptions;
import io.amalgam.evaluation.inference.LanguageModel;
import io.amalgam.evaluation.inference.LocalLanguageModel;
import io.amalgam.evaluation.score.HarnessExport;
import io.amalgam.evaluation.score.HarnessExport.EvaluatedTask;
import io.amalgam.evaluation.score.TaskScore;
import io.amalgam.evaluation.task.AnswerCache;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.Evaluator;
import io.amalgam.evaluation.task.FileAnswerCache;
import io.amalgam.evaluation.task.GenerationArguments;
import io.amalgam.evaluation.task.PromptFormat;
import io.amalgam.evaluation.task.QuestionResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Asks models the questions of tasks, all in the same way. A task that fails does not keep the others from their scores. */
final class ModelEvaluation {

    /**
     * How models are asked.
     *
     * @param inference how a model is run here
     * @param endpoint where a model is asked instead, or empty
     * @param chatTemplate whether prompts go through the model's chat template
     * @param multiturn whether worked examples are turns of their own
     * @param generation what is changed about how answers are generated
     * @param limit {@code --limit}, or null
     * @param cache where answers are remembered; empty if they are not
     */
    record Settings(
            InferenceOptions inference,
            Optional<EndpointOptions> endpoint,
            boolean chatTemplate,
            boolean multiturn,
            GenerationArguments generation,
            Double limit,
            Optional<Path> cache) {
        /** Refuses what cannot be meant. */
        Settings {
            if (multiturn && !chatTemplate) {
                throw new AmalgamException(
                        ErrorCode.ARGUMENT_INVALID,
                        "--fewshot_as_multiturn needs --apply_chat_template: without a template there are no turns.");
            }
            if (limit != null && limit <= 0) {
                throw new AmalgamException(
                        ErrorCode.ARGUMENT_INVALID, "--limit is " + limit + "; it is a number above 0.");
            }
        }
    }

    /**
     * What became of a model.
     *
     * @param run how it was asked
     * @param tasks the tasks that have scores
     * @param failures a problem for every task that has none, by its name
     * @param evaluator asks questions in the same way, without a cache
     */
    record Outcome(HarnessExport.Run run, List<EvaluatedTask> tasks, Map<String, Problem> failures, Evaluator evaluator) {
    }

    private final ModelSource models;
    private final Settings settings;

    /** Evaluations of models from a source. */
    ModelEvaluation(ModelSource models, Settings settings) {
        this.models = models;
        this.settings = settings;
    }

    /**
     * Evaluates a model.
     *
     * @param name a folder, or a name on the Hub with or without {@code @REVISION}
     * @throws AmalgamException if the model cannot be asked at all
     */
    Outcome evaluate(String name, List<BenchmarkTask> benchmarks) throws IOException {
        Instant start = Instant.now();
        ModelSnapshot snapshot = resolve(name);
        ModelDigest digest = ModelDigest.of(snapshot);
        try (LanguageModel languageModel = open(snapshot)) {
            PromptFormat format = format(languageModel, name);
            List<EvaluatedTask> evaluated = new ArrayList<>();
            Map<String, Problem> failures = new LinkedHashMap<>();
            AnswerCache.Scope scope = new AnswerCache.Scope(
                    digest.weights(), digest.tokenizer(), format.identity(), languageModel.fingerprint());
            try (AnswerCache cache = cache(scope)) {
                Evaluator evaluator = new Evaluator(format, cache, settings.generation());
                for (BenchmarkTask benchmark : benchmarks) {
                    List<QuestionResult> results = new ArrayList<>();
                    try {
                        evaluator.run(languageModel, benchmark, 0, questions(benchmark), results::add);
                        evaluated.add(new EvaluatedTask(benchmark, TaskScore.aggregate(benchmark, results), results));
                    } catch (RuntimeException failure) {
                        failures.put(benchmark.name(), failed(benchmark.name(), name, failure));
                    }
                }
            }
            String template = settings.chatTemplate() ? languageModel.chatTemplate().orElseThrow().source() : null;
            return new Outcome(
                    new HarnessExport.Run(
                            name, snapshot.identity(), digest.weights(), digest.tokenizer(),
                            languageModel.fingerprint(), settings.limit(), template, settings.multiturn(),
                            settings.generation().text(), start, Instant.now()),
                    evaluated, failures, new Evaluator(format, AnswerCache.NONE, settings.generation()));
        }
    }

    /** Returns the problem of a task that could not be read or answered. */
    static Problem failed(String task, String model, RuntimeException failure) {
        if (System.getenv(Failures.DEBUG) != null) {
            failure.printStackTrace();
        }
        String of = "Task " + task + (model == null ? "" : " has no score of " + model) + ": ";
        return failure instanceof AmalgamException known
                ? Problem.error(known.code(), of + known.getMessage())
                : Problem.error(ErrorCode.INTERNAL, of + "this is a fault of Amalgam (" + failure + "); run again with "
                        + Failures.DEBUG + "=1 and report what it prints.");
    }

    private ModelSnapshot resolve(String name) throws IOException {
        // A folder's name may have any sign in it.
        if (Files.isDirectory(Path.of(name))) {
            return models.resolve(name, null);
        }
        ModelReference reference = ModelReference.parse(name);
        if (reference.lora() != null) {
            throw new AmalgamException(
                    ErrorCode.INFERENCE_UNSUPPORTED,
                    name + " has an adapter; merge it into its model first (a recipe with that one model does).");
        }
        return models.resolve(reference.model().path(), reference.model().revision());
    }

    private LanguageModel open(ModelSnapshot snapshot) throws IOException {
        return settings.endpoint().isPresent()
                ? EndpointLanguageModel.open(snapshot, settings.endpoint().get())
                : LocalLanguageModel.open(snapshot, settings.inference());
    }

    private AnswerCache cache(AnswerCache.Scope scope) throws IOException {
        return settings.cache().isPresent() ? FileAnswerCache.open(settings.cache().get(), scope) : AnswerCache.NONE;
    }

    private PromptFormat format(LanguageModel languageModel, String name) {
        if (!settings.chatTemplate()) {
            return PromptFormat.plain();
        }
        ChatTemplate template = languageModel.chatTemplate().orElseThrow(() -> new AmalgamException(
                ErrorCode.TOKENIZER_INVALID,
                "Model " + name + " has no chat template; evaluate it without --apply_chat_template."));
        return PromptFormat.chat(template, settings.multiturn());
    }

    /** The number of questions that are asked of a task. */
    private int questions(BenchmarkTask task) {
        if (settings.limit() == null) {
            return task.size();
        }
        double count = settings.limit() < 1 ? Math.ceil(settings.limit() * task.size()) : settings.limit();
        return (int) Math.min(task.size(), count);
    }
}
