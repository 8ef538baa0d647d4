package io.amalgam.cli;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.evaluation.data.ModelDigest;
import io.amalgam.evaluation.inference.ChatTemplate;
import io.amalgam.evaluation.inference.EndpointLanguageModel;
import io.amalgam.evaluation.inference.EndpointOptions;
import io.amalgam.evaluation.inference.InferenceOptions;
import io.amalgam.evaluation.inference.LanguageModel;
import io.amalgam.evaluation.inference.LocalLanguageModel;
import io.amalgam.evaluation.score.HarnessExport;
import io.amalgam.evaluation.score.HarnessExport.EvaluatedTask;
import io.amalgam.evaluation.score.PairedComparison;
import io.amalgam.evaluation.score.TaskScore;
import io.amalgam.evaluation.task.AnswerCache;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.Evaluator;
import io.amalgam.evaluation.task.FileAnswerCache;
import io.amalgam.evaluation.task.PromptFormat;
import io.amalgam.evaluation.task.QuestionResult;
import io.amalgam.evaluation.task.TaskCatalog;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Scores a model on benchmark tasks, by our own forward pass. */
@Command(
        name = "evaluate",
        description = "Score a model on benchmark tasks, and compare it with others on the same questions.")
final class EvaluateCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", arity = "0..1", paramLabel = "MODEL", description = "The model's folder.")
    private String model;

    @Option(
            names = "--tasks",
            required = true,
            split = ",",
            paramLabel = "TASK",
            description = "Tasks and groups, separated by commas; `amalgam benchmarks list` shows all.")
    private List<String> tasks;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "Ask only the first N questions of each task, or a share of them if N is below 1.")
    private Double limit;

    @Option(
            names = "--compare-to",
            paramLabel = "MODEL",
            description = "Evaluate this model too, and compare question by question. May be repeated.")
    private List<String> others = List.of();

    @Option(
            names = {"--output", "--output_path"},
            paramLabel = "FILE",
            description = "Write lm-evaluation-harness's results JSON: to this file, or into this folder"
                    + " unless it ends with .json.")
    private Path output;

    @Option(
            names = "--log_samples",
            description = "Write each question and answer next to the results (samples_TASK_….jsonl).")
    private boolean logSamples;

    @Option(
            names = "--eval-results",
            paramLabel = "FILE",
            description = "Write the leaderboard's tasks that were asked whole as the Hugging Face Hub has them"
                    + " (.eval_results/NAME.yaml).")
    private Path evalResults;

    @Option(
            names = "--num_fewshot",
            paramLabel = "N",
            description = "The number of worked examples, instead of each task's own.")
    private Integer shots;

    @Option(names = "--apply_chat_template", description = "Ask through the model's chat template.")
    private boolean applyChatTemplate;

    @Option(
            names = "--fewshot_as_multiturn",
            description = "With a chat template, make each worked example a turn of its own.")
    private boolean multiturn;

    @Option(
            names = "--model_args",
            split = ",",
            paramLabel = "KEY=VALUE",
            description = "lm-evaluation-harness's model arguments: pretrained names the model, max_length its"
                    + " longest sequence; others have no effect here.")
    private Map<String, String> modelArguments = Map.of();

    @Option(names = "--threads", paramLabel = "N", description = "The number of threads; all cores unless given.")
    private int threads;

    @Option(
            names = "--endpoint",
            paramLabel = "URL",
            description = "Ask an OpenAI-compatible completions endpoint such as vLLM's (http://HOST:PORT/v1) instead of"
                    + " running the model here; MODEL is then the folder with its tokenizer. A key is taken from the"
                    + " variable OPENAI_API_KEY. Answers are not remembered: only the server knows what it serves.")
    private URI endpoint;

    @Option(
            names = "--endpoint-model",
            paramLabel = "NAME",
            description = "The model's name at the endpoint, if it is not MODEL.")
    private String endpointModel;

    @Option(
            names = "--no-cache",
            description = "Ask every question again, and remember no answer for the next time.")
    private boolean noCache;

    @Option(
            names = {"--model", "--batch_size", "--device", "--seed"},
            paramLabel = "VALUE",
            hidden = true,
            description = "lm-evaluation-harness's; no effect here.")
    private List<String> withoutEffect = List.of();

    @Mixin
    private BenchmarkFolders folders;

    @Override
    public Integer call() throws IOException {
        String name = modelName();
        noteWithoutEffect();
        TaskCatalog catalog = TaskCatalog.open(
                folders.existing(), shots == null ? OptionalInt.empty() : OptionalInt.of(shots));
        List<BenchmarkTask> benchmarks = new ArrayList<>();
        for (String task : catalog.expand(tasks)) {
            benchmarks.add(catalog.find(task));
        }
        EvaluationReport report = new EvaluationReport(spec.commandLine().getOut(), catalog, benchmarks);
        ModelResults results = evaluate(name, benchmarks);
        report.scores(name, results.tasks());
        Map<String, List<PairedComparison>> comparisons = new LinkedHashMap<>();
        for (String other : others) {
            ModelResults otherResults = evaluate(other, benchmarks);
            report.scores(other, otherResults.tasks());
            comparisons.put(other, compare(results.tasks(), otherResults.tasks()));
        }
        report.comparisons(name, comparisons);
        if (output != null) {
            new ResultFiles(output, logSamples ? results.evaluator() : null).write(results.run(), results.tasks(), catalog, comparisons);
        }
        if (evalResults != null) {
            ResultFiles.writeEvalResults(evalResults, results.run(), results.tasks(), folders.sources());
        }
        spec.commandLine().getOut().flush();
        return 0;
    }

    /** A model's results with how they came about. */
    private record ModelResults(HarnessExport.Run run, List<EvaluatedTask> tasks, Evaluator evaluator) {
    }

    private String modelName() {
        String pretrained = modelArguments.get("pretrained");
        if ((model == null) == (pretrained == null)) {
            throw new AmalgamException(
                    ErrorCode.ARGUMENT_INVALID,
                    model == null
                            ? "No model is named: give its folder, or --model_args pretrained=FOLDER."
                            : "Two models are named, " + model + " and pretrained=" + pretrained + "; name one.");
        }
        return model == null ? pretrained : model;
    }

    private void noteWithoutEffect() {
        PrintWriter err = spec.commandLine().getErr();
        for (String key : modelArguments.keySet()) {
            if (!key.equals("pretrained") && !key.equals("max_length")) {
                Failures.print(
                        err,
                        new Problem(
                                ErrorCode.ARGUMENT_INVALID, Problem.Severity.NOTE,
                                "The model argument " + key + " has no effect here.", null, 0, 0));
            }
        }
        if (!withoutEffect.isEmpty()) {
            Failures.print(
                    err,
                    new Problem(
                            ErrorCode.ARGUMENT_INVALID, Problem.Severity.NOTE,
                            "--model, --batch_size, --device and --seed have no effect here: the forward pass is"
                                    + " Amalgam's own, and deterministic.",
                            null, 0, 0));
        }
        err.flush();
    }

    private ModelResults evaluate(String name, List<BenchmarkTask> benchmarks) throws IOException {
        Instant start = Instant.now();
        ModelSnapshot snapshot = new LocalModelSource(Path.of(""), true).resolve(name, null);
        ModelDigest digest = ModelDigest.of(snapshot);
        try (LanguageModel languageModel = open(snapshot, name)) {
            PromptFormat format = format(languageModel, name);
            List<EvaluatedTask> evaluated = new ArrayList<>();
            AnswerCache.Scope scope = new AnswerCache.Scope(
                    digest.weights(), digest.tokenizer(), format.identity(), languageModel.fingerprint());
            try (AnswerCache cache = noCache || endpoint != null ? AnswerCache.NONE : FileAnswerCache.open(folders.cache(), scope)) {
                Evaluator evaluator = new Evaluator(format, cache);
                for (BenchmarkTask benchmark : benchmarks) {
                    List<QuestionResult> results = new ArrayList<>();
                    evaluator.run(languageModel, benchmark, 0, questions(benchmark), results::add);
                    evaluated.add(new EvaluatedTask(benchmark, TaskScore.aggregate(benchmark, results), results));
                }
            }
            String template = applyChatTemplate ? languageModel.chatTemplate().orElseThrow().source() : null;
            return new ModelResults(
                    new HarnessExport.Run(
                            name, snapshot.identity(), digest.weights(), digest.tokenizer(),
                            languageModel.fingerprint(), limit, template, multiturn, start, Instant.now()),
                    evaluated, new Evaluator(format, AnswerCache.NONE));
        }
    }

    private LanguageModel open(ModelSnapshot snapshot, String name) throws IOException {
        if (endpoint == null) {
            return LocalLanguageModel.open(
                    snapshot,
                    new InferenceOptions(threads, maximumLength(), 0, InferenceOptions.KeyValueType.FLOAT32));
        }
        String key = System.getenv("OPENAI_API_KEY");
        EndpointOptions options = EndpointOptions.of(
                endpoint, endpointModel == null ? name : endpointModel, key == null || key.isBlank() ? null : key);
        return EndpointLanguageModel.open(snapshot, options.withMaximumLength(maximumLength()));
    }

    private PromptFormat format(LanguageModel languageModel, String name) {
        if (!applyChatTemplate) {
            if (multiturn) {
                throw new AmalgamException(
                        ErrorCode.ARGUMENT_INVALID,
                        "--fewshot_as_multiturn needs --apply_chat_template: without a template there are no turns.");
            }
            return PromptFormat.plain();
        }
        ChatTemplate template = languageModel.chatTemplate().orElseThrow(() -> new AmalgamException(
                ErrorCode.TOKENIZER_INVALID,
                "Model " + name + " has no chat template; evaluate it without --apply_chat_template."));
        return PromptFormat.chat(template, multiturn);
    }

    private int maximumLength() {
        String length = modelArguments.get("max_length");
        try {
            return length == null ? 0 : Integer.parseInt(length);
        } catch (NumberFormatException e) {
            throw new AmalgamException(
                    ErrorCode.ARGUMENT_INVALID, "max_length is \"" + length + "\"; it is a whole number.", e);
        }
    }

    /** The number of questions that are asked of a task. */
    private int questions(BenchmarkTask task) {
        if (limit == null) {
            return task.size();
        }
        if (limit <= 0) {
            throw new AmalgamException(
                    ErrorCode.ARGUMENT_INVALID, "--limit is " + limit + "; it is a number above 0.");
        }
        double count = limit < 1 ? Math.ceil(limit * task.size()) : limit;
        return (int) Math.min(task.size(), count);
    }

    private static List<PairedComparison> compare(List<EvaluatedTask> first, List<EvaluatedTask> second) {
        List<PairedComparison> comparisons = new ArrayList<>();
        for (int task = 0; task < first.size(); task++) {
            comparisons.add(PairedComparison.of(
                    first.get(task).task().primaryMetric(), first.get(task).results(), second.get(task).results()));
        }
        return comparisons;
    }
}
