package io.amalgam.cli;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.merge.IntermediateModels;
import io.amalgam.engine.merge.LocalMerge;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanJson;
import io.amalgam.engine.plan.Preflight;
import io.amalgam.engine.plan.PreflightResult;
import io.amalgam.engine.recipe.ParsedRecipe;
import io.amalgam.engine.recipe.RecipeGraph;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Merges in this process, without a server. */
@Command(
        name = "merge",
        description = "Merge a recipe into a folder. Takes every argument of mergekit-yaml; those without effect here are"
                + " noted.")
final class MergeCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RECIPE", description = "The recipe, in MergeKit's YAML.")
    private Path recipe;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "OUT",
            description = "The folder to write. With several recipes in the file, that of the one without a name.")
    private Path target;

    @Option(
            names = {"-I", "--intermediate-dir"},
            paramLabel = "DIR",
            description = "For a file of several recipes: the folder under which those with a name are written, each under"
                    + " its name, which other recipes of the file can use as a model.")
    private Path intermediates;

    @Mixin
    private RecipeOptions options;

    @Mixin
    private IgnoredOptions ignored;

    @Option(
            names = {"--threads", "-j", "--num-threads"},
            paramLabel = "N",
            description = "Threads that compute (default: one a processor). The result does not depend on it.")
    private Integer threads;

    @Option(names = "--overwrite", description = "Replace what the folder holds.")
    private boolean overwrite;

    @Option(names = "--fsync", description = "Sync every file to the disk before the folder appears.")
    private boolean fsync;

    @Option(names = "--refuse-non-finite", description = "Stop if a weight of the result is NaN or infinite.")
    private boolean refuseNonFinite;

    @Option(names = "--json", description = "Print the outcome as JSON.")
    private boolean json;

    @Option(names = "--quiet", negatable = true, description = "Print errors only.")
    private boolean quiet;

    /** What {@code --json} prints. */
    private record Summary(
            String artifact,
            String location,
            boolean made,
            long seed,
            long bytesWritten,
            double seconds,
            Map<String, Long> nonFinite,
            List<Problem> problems) {
    }

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        Kernels.prepare();
        if (!quiet) {
            IgnoredOptions.notes(spec.commandLine().getParseResult()).forEach(note -> Failures.print(err, note));
        }
        List<ParsedRecipe> documents = RecipeFiles.all(recipe);
        IntermediateModels models = new IntermediateModels(options.sources());
        if (documents.size() == 1) {
            merge(documents.getFirst(), requireTarget(), models);
            return 0;
        }
        RecipeGraph graph = RecipeGraph.of(documents);
        // What does not wait for another recipe's output is checked before anything is made.
        for (ParsedRecipe document : graph.order()) {
            if (!graph.dependsOnOthers(document)) {
                Preflight.check(document, options.planOptions(), models).orThrow();
            }
        }
        for (ParsedRecipe document : graph.order()) {
            String name = document.recipe().name();
            Path folder = name == null ? requireTarget() : requireIntermediates().resolve(name);
            String artifact = merge(document, folder, models);
            if (name != null) {
                models.add(name, folder, artifact);
            }
        }
        return 0;
    }

    private Path requireTarget() {
        if (target == null) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "OUT is missing: name the folder to write.");
        }
        return target;
    }

    private Path requireIntermediates() {
        if (intermediates == null) {
            throw new AmalgamException(
                    ErrorCode.ARGUMENT_INVALID,
                    recipe + " holds several recipes; name the folder for those with a name: -I DIR.");
        }
        return intermediates;
    }

    /** Makes one recipe's artifact and returns its key. */
    private String merge(ParsedRecipe parsed, Path folder, IntermediateModels models) {
        long start = System.nanoTime();
        PrintWriter err = spec.commandLine().getErr();
        LocalMerge merge = new LocalMerge(models, execution(), overwrite, fsync);
        merge.prepare(parsed);
        PreflightResult preflight = Preflight.check(parsed, options.planOptions(), models);
        if (preflight.pinned().isEmpty()) {
            throw new AmalgamException(preflight.problems());
        }
        if (!quiet && !json) {
            preflight.problems().forEach(problem -> Failures.print(err, problem));
        }
        err.flush();
        PinnedRecipe pinned = preflight.pinned().get();
        LocalMerge.Outcome outcome;
        try (ProgressBar bar = ProgressBar.of(preflight.cost().bytesToWrite(), !quiet && !json)) {
            outcome = merge.run(preflight, folder, new ExecutionListener() {
                @Override
                public void bytesWritten(long bytes) {
                    bar.advance(bytes);
                }
            });
        }
        report(pinned, preflight, outcome, folder, (System.nanoTime() - start) / 1e9);
        return pinned.artifactKey();
    }

    private ExecutionOptions execution() {
        ExecutionOptions execution = ExecutionOptions.defaults().withRefuseNonFinite(refuseNonFinite);
        if (threads == null) {
            return execution;
        }
        if (threads < 1) {
            throw new AmalgamException(
                    ErrorCode.ARGUMENT_INVALID, "--threads is " + threads + ", expected a number of at least 1.");
        }
        return execution.withThreads(threads);
    }

    private void report(
            PinnedRecipe pinned,
            PreflightResult preflight,
            LocalMerge.Outcome outcome,
            Path folder,
            double seconds) {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        long bytes = outcome.manifest().totalSize();
        if (json) {
            Summary summary = new Summary(
                    pinned.artifactKey(),
                    folder.toString(),
                    outcome.made(),
                    pinned.seed(),
                    bytes,
                    seconds,
                    outcome.nonFinite(),
                    preflight.problems());
            out.println(new String(PlanJson.write(summary), StandardCharsets.UTF_8));
        } else if (!quiet) {
            outcome.nonFinite().forEach((tensor, count) -> Failures.print(
                    err,
                    Problem.warning(
                            ErrorCode.NON_FINITE_WEIGHTS,
                            "Tensor " + tensor + " has " + count + " weights that are NaN or infinite.")));
            err.flush();
            out.println(
                    outcome.made()
                            ? String.format(
                                    Locale.ROOT,
                                    "%s: %s in %d %s, %.1f s (artifact %s)",
                                    folder,
                                    Sizes.inWords(bytes),
                                    outcome.manifest().shards().size(),
                                    outcome.manifest().shards().size() == 1 ? "shard" : "shards",
                                    seconds,
                                    pinned.artifactKey())
                            : folder + ": this artifact is there already (" + pinned.artifactKey() + ")");
        }
        out.flush();
    }
}
