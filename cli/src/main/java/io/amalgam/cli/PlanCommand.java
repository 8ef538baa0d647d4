package io.amalgam.cli;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.merge.OpenedModels;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.MergeCost;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedModel;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanJson;
import io.amalgam.engine.plan.Preflight;
import io.amalgam.engine.plan.PreflightResult;
import io.amalgam.engine.report.MergeReport;
import io.amalgam.engine.source.ModelSources;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what a recipe will do, or everything that is wrong with it, without reading a weight. */
@Command(
        name = "plan",
        description = "Check a recipe and say what it will do and cost, reading configurations and headers only.")
final class PlanCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RECIPE", description = "The recipe, in MergeKit's YAML.")
    private Path recipe;

    @Mixin
    private RecipeOptions options;

    @Mixin
    private IgnoredOptions ignored;

    @Option(names = "--json", description = "Print the plan as JSON.")
    private boolean json;

    @Option(
            names = "--report",
            description = "Also read all weights once, in bounded memory, and compare the models layer by layer: lengths of"
                    + " task vectors, angles between them, conflicts of sign.")
    private boolean report;

    @Option(
            names = {"--threads", "-j"},
            paramLabel = "N",
            description = "Threads that read for --report (default: one a processor). The report does not depend on it.")
    private Integer threads;

    /** What {@code --json} prints; the report is null unless it was asked for. */
    private record Summary(
            String artifact,
            long seed,
            MergeCost cost,
            List<PlannedFile> files,
            List<Problem> problems,
            MergeReport report) {
    }

    /** An output file. */
    private record PlannedFile(String name, long bytes, int tensors) {
    }

    @Override
    public Integer call() {
        ModelSources sources = options.sources();
        PreflightResult result = Preflight.check(RecipeFiles.one(recipe), options.planOptions(), sources);
        PrintWriter err = spec.commandLine().getErr();
        if (result.pinned().isEmpty()) {
            throw new AmalgamException(result.problems());
        }
        PinnedRecipe pinned = result.pinned().get();
        MergePlan plan = result.planOrThrow();
        if (json) {
            List<PlannedFile> files = new ArrayList<>();
            plan.chunks().forEach(chunk -> files.add(
                    new PlannedFile(chunk.file(), chunk.bytesToWrite(), chunk.tensors().size())));
            spec.commandLine()
                    .getOut()
                    .println(new String(
                            PlanJson.write(new Summary(
                                    plan.artifactKey(),
                                    pinned.seed(),
                                    result.cost(),
                                    files,
                                    result.problems(),
                                    report ? compare(plan, result.cost(), sources) : null)),
                            StandardCharsets.UTF_8));
        } else {
            result.problems().forEach(problem -> Failures.print(err, problem));
            err.flush();
            print(plan, pinned, result.cost());
            if (report) {
                spec.commandLine().getOut().println();
                spec.commandLine().getOut().flush();
                ReportPrinter.print(spec.commandLine().getOut(), compare(plan, result.cost(), sources));
            }
        }
        spec.commandLine().getOut().flush();
        return 0;
    }

    private MergeReport compare(MergePlan plan, MergeCost cost, ModelSources sources) {
        try (ProgressBar bar = ProgressBar.of(cost.bytesToRead(), !json)) {
            return MergeReport.of(plan, new OpenedModels(plan.models(), sources), threadCount(), new ExecutionListener() {
                @Override
                public void bytesRead(long bytes) {
                    bar.advance(bytes);
                }
            });
        } catch (IOException e) {
            throw new AmalgamException(
                    ErrorCode.SOURCE_UNAVAILABLE, "A model cannot be read: " + e.getMessage() + ".", e);
        }
    }

    private int threadCount() {
        if (threads == null) {
            return Runtime.getRuntime().availableProcessors();
        }
        if (threads < 1) {
            throw new AmalgamException(
                    ErrorCode.ARGUMENT_INVALID, "--threads is " + threads + ", expected a number of at least 1.");
        }
        return threads;
    }

    private void print(MergePlan plan, PinnedRecipe pinned, MergeCost cost) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf("artifact  %s%n", plan.artifactKey());
        out.printf(
                "seed      %d%s%n", pinned.seed(), pinned.options().randomSeed() == null ? " (derived from the recipe)" : "");
        for (PinnedModel model : pinned.models()) {
            out.printf(
                    "%s  %s  %s%n",
                    model.adapter() ? "adapter " : "model   ",
                    model.revision() == null ? model.path() : model.path() + "@" + model.revision(),
                    model.identity());
        }
        out.printf(
                "reads     %s in %d tensors%n", Sizes.inWords(cost.bytesToRead()), cost.tensors());
        out.printf(
                "writes    %s in %d %s%n",
                Sizes.inWords(cost.bytesToWrite()), cost.chunks(), cost.chunks() == 1 ? "chunk" : "chunks");
        out.printf(
                "needs     %s of disk, at most %s of memory%n%n",
                Sizes.inWords(cost.diskBytes()), Sizes.inWords(cost.memoryBytes()));
        List<String[]> rows = new ArrayList<>();
        for (ChunkPlan chunk : plan.chunks()) {
            rows.add(new String[] {
                chunk.file(),
                Sizes.inWords(chunk.bytesToWrite()),
                Integer.toString(chunk.tensors().size()),
                chunk.key().substring(0, 16)
            });
        }
        plan.files().forEach((name, content) -> rows.add(new String[] {name, Sizes.inWords(content.length), "", ""}));
        Table.print(out, new String[] {"file", "size", "tensors", "key"}, rows);
    }
}
