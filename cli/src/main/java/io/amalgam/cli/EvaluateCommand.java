package io.amalgam.cli;

import io.amalgam.cli.ModelEvaluation.Outcome;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.evaluation.inference.EndpointOptions;
import io.amalgam.evaluation.inference.InferenceOptions;
import io.amalgam.evaluation.score.HarnessExport.EvaluatedTask;
import io.amalgam.evaluation.score.PairedComparison;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.GenerationArguments;
import io.amalgam.evaluation.task.TaskCatalog;
import io.amalgam.storage.StorageSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Scores a model on benchmark tasks, by our own forward pass. */
@Command(
        name = "evaluate",
        description = "Score a model on benchmark tasks, and compare it with others on the same questions.")
final class EvaluateCommand implements Callable<Integer> {

    private static final Set<String> MODEL_ARGUMENTS = Set.of("pretrained", "revision", "max_length");

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", arity = "0..1", paramLabel = "MODEL", description = "The model's folder, or its name on the Hugging Face Hub (OWNER/NAME or OWNER/NAME@REVISION).")
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
            description = "lm-evaluation-harness's model arguments: pretrained names the model, revision its revision on"
                    + " the Hub, max_length its longest sequence; others have no effect here.")
    private Map<String, String> modelArguments = Map.of();

    @Option(
            names = "--gen_kwargs",
            paramLabel = "ARGUMENTS",
            description = "How answers are generated, instead of each task's own way: max_gen_toks=N,until=TEXT, or a JSON"
                    + " object, in which until may be a list. Generation stays greedy.")
    private String generationArguments;

    @Option(names = "--threads", paramLabel = "N", description = "The number of threads; all cores unless given.")
    private int threads;

    @Option(
            names = "--kv-cache",
            paramLabel = "TYPE",
            converter = KeyValueTypeConverter.class,
            defaultValue = "float32",
            description = "The type in which keys and values are kept: float32, or bfloat16, which halves their memory and"
                    + " changes log-likelihoods slightly (default: ${DEFAULT-VALUE}).")
    private InferenceOptions.KeyValueType keyValueType;

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
        GenerationArguments generation = GenerationArguments.parse(generationArguments);
        TaskCatalog catalog = TaskCatalog.open(
                folders.existing(), shots == null ? OptionalInt.empty() : OptionalInt.of(shots));
        Map<String, Problem> failures = new LinkedHashMap<>();
        List<BenchmarkTask> benchmarks = read(catalog, failures);
        EvaluationReport report = new EvaluationReport(spec.commandLine().getOut(), catalog, benchmarks);
        Outcome outcome = evaluation(name, generation).evaluate(name, benchmarks);
        failures.putAll(outcome.failures());
        if (outcome.tasks().isEmpty()) {
            throw new AmalgamException(List.copyOf(failures.values()));
        }
        List<Problem> problems = new ArrayList<>(failures.values());
        report.scores(name, outcome.tasks());
        Map<String, List<PairedComparison>> comparisons = new LinkedHashMap<>();
        for (String other : others) {
            try {
                Outcome otherOutcome = evaluation(other, generation).evaluate(other, benchmarks);
                problems.addAll(otherOutcome.failures().values());
                report.scores(other, otherOutcome.tasks());
                comparisons.put(other, compare(outcome.tasks(), otherOutcome.tasks()));
            } catch (AmalgamException failure) {
                // What has been scored is still reported.
                problems.addAll(failure.problems());
            }
        }
        report.comparisons(name, comparisons);
        if (output != null) {
            new ResultFiles(output, logSamples ? outcome.evaluator() : null)
                    .write(outcome.run(), outcome.tasks(), catalog, comparisons, failures);
        }
        if (evalResults != null) {
            ResultFiles.writeEvalResults(evalResults, outcome.run(), outcome.tasks(), folders.sources());
        }
        spec.commandLine().getOut().flush();
        if (!problems.isEmpty()) {
            throw new AmalgamException(problems);
        }
        return 0;
    }

    /** Reads the data of tasks; names are checked before anything is read, data that are missing fail their task only. */
    private List<BenchmarkTask> read(TaskCatalog catalog, Map<String, Problem> failures) {
        List<BenchmarkTask> benchmarks = new ArrayList<>();
        for (String task : catalog.expand(tasks)) {
            try {
                benchmarks.add(catalog.find(task));
            } catch (AmalgamException failure) {
                failures.put(task, ModelEvaluation.failed(task, null, failure));
            }
        }
        if (benchmarks.isEmpty()) {
            throw new AmalgamException(List.copyOf(failures.values()));
        }
        return benchmarks;
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
        String name = model == null ? pretrained : model;
        String revision = modelArguments.get("revision");
        return revision == null ? name : name + "@" + revision;
    }

    private void noteWithoutEffect() {
        PrintWriter err = spec.commandLine().getErr();
        for (String key : modelArguments.keySet()) {
            if (!MODEL_ARGUMENTS.contains(key)) {
                note(err, "The model argument " + key + " has no effect here.");
            }
        }
        if (!withoutEffect.isEmpty()) {
            note(
                    err,
                    "--model, --batch_size, --device and --seed have no effect here: the forward pass is Amalgam's own, and"
                            + " deterministic.");
        }
        err.flush();
    }

    private static void note(PrintWriter err, String sentence) {
        Failures.print(err, new Problem(ErrorCode.ARGUMENT_INVALID, Problem.Severity.NOTE, sentence, null, 0, 0));
    }

    private ModelEvaluation evaluation(String name, GenerationArguments generation) {
        return new ModelEvaluation(
                StorageSettings.fromEnvironment().models(new LocalModelSource(Path.of(""), true)),
                new ModelEvaluation.Settings(
                        new InferenceOptions(threads, maximumLength(), 0, keyValueType),
                        endpoint == null ? Optional.empty() : Optional.of(endpoint(name)),
                        applyChatTemplate, multiturn, generation, limit,
                        noCache || endpoint != null ? Optional.empty() : Optional.of(folders.cache())));
    }

    private EndpointOptions endpoint(String name) {
        String key = System.getenv("OPENAI_API_KEY");
        return EndpointOptions.of(
                        endpoint, endpointModel == null ? name : endpointModel, key == null || key.isBlank() ? null : key)
                .withMaximumLength(maximumLength());
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

    /** Compares the tasks of which both models have scores. */
    private static List<PairedComparison> compare(List<EvaluatedTask> first, List<EvaluatedTask> second) {
        Map<String, EvaluatedTask> others = new HashMap<>();
        second.forEach(task -> others.put(task.task().name(), task));
        List<PairedComparison> comparisons = new ArrayList<>();
        for (EvaluatedTask task : first) {
            EvaluatedTask other = others.get(task.task().name());
            if (other != null) {
                comparisons.add(PairedComparison.of(task.task().primaryMetric(), task.results(), other.results()));
            }
        }
        return comparisons;
    }

    /** Reads the name of a type. */
    static final class KeyValueTypeConverter implements ITypeConverter<InferenceOptions.KeyValueType> {
        @Override
        public InferenceOptions.KeyValueType convert(String value) {
            return switch (value) {
                case "float32" -> InferenceOptions.KeyValueType.FLOAT32;
                case "bfloat16" -> InferenceOptions.KeyValueType.BFLOAT16;
                default -> throw new TypeConversionException("'" + value + "' is neither float32 nor bfloat16");
            };
        }
    }
}
