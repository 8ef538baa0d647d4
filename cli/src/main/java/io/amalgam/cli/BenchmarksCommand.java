package io.amalgam.cli;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.HubDatasets;
import io.amalgam.engine.source.HubOptions;
import io.amalgam.evaluation.data.BenchmarkFetcher;
import io.amalgam.evaluation.data.BenchmarkFolder;
import io.amalgam.evaluation.data.BenchmarkInventory;
import io.amalgam.evaluation.data.BenchmarkInventory.Benchmark;
import io.amalgam.evaluation.data.BenchmarkVerifier;
import io.amalgam.evaluation.data.BenchmarkVerifier.Finding;
import io.amalgam.evaluation.data.BenchmarkVerifier.State;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.TaskCatalog;
import io.amalgam.evaluation.task.TaskGroup;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows, fetches and checks benchmark data. */
@Command(
        name = "benchmarks",
        description = "Show the benchmark tasks there are, fetch their data, and check them.",
        subcommands = {
            BenchmarksCommand.ListTasks.class, BenchmarksCommand.Fetch.class, BenchmarksCommand.Verify.class
        },
        synopsisSubcommandLabel = "list|fetch|verify")
final class BenchmarksCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Say what to do: list, fetch or verify.");
    }

    /** Lists tasks with their sizes, digests and, where data are missing, what to do. */
    @Command(name = "list", description = "List all tasks and groups, with sizes, chance and digests of their data.")
    static final class ListTasks implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private BenchmarkFolders folders;

        @Override
        public Integer call() {
            PrintWriter out = spec.commandLine().getOut();
            TaskCatalog catalog = TaskCatalog.open(folders.existing());
            line(out, "task", "questions", "shots", "metric", "chance", "constant", "digest");
            List<String> missing = new ArrayList<>();
            for (String name : catalog.names()) {
                try {
                    BenchmarkTask task = catalog.find(name);
                    String size = task.size() == task.fullSize()
                            ? Integer.toString(task.size())
                            : task.size() + " of " + task.fullSize();
                    line(
                            out, name, size, Integer.toString(task.shots()), task.primaryMetric(),
                            number(task.chance()), number(task.bestConstantAnswer()), task.digest().substring(0, 12));
                } catch (AmalgamException e) {
                    if (e.code() != ErrorCode.BENCHMARK_DATA) {
                        throw e;
                    }
                    line(out, name, "none", "", "", "", "", "");
                    if (!missing.contains(e.getMessage())) {
                        missing.add(e.getMessage());
                    }
                }
            }
            for (TaskGroup group : catalog.groups()) {
                out.println("group " + group.name() + ": "
                        + catalog.expand(List.of(group.name())).size() + " tasks");
            }
            missing.forEach(out::println);
            out.flush();
            return 0;
        }

        private static void line(PrintWriter out, String... cells) {
            out.printf(Locale.ROOT, "%-58s %12s %5s  %-23s %8s %8s  %s%n", (Object[]) cells);
        }

        private static String number(double value) {
            return String.format(Locale.ROOT, "%.3f", value);
        }
    }

    /** Fetches data. */
    @Command(name = "fetch", description = "Fetch the leaderboard's data from the Hub into a folder.")
    static final class Fetch implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private BenchmarkFolders folders;

        @Parameters(
                arity = "0..*",
                paramLabel = "BENCHMARK",
                description = "bbh, math_hard, gpqa, ifeval, musr, mmlu_pro; all unless named. GPQA is gated: accept its"
                        + " terms on the Hub and set HF_TOKEN.")
        private List<String> names = List.of();

        @Option(
                names = "--revision",
                paramLabel = "REVISION",
                description = "The data set's branch, tag or commit; unless given, the commit fetched from before, else"
                        + " main.")
        private String revision;

        @Option(
                names = "--harness",
                paramLabel = "DIR",
                description = "Take prompt texts and worked examples from this copy of lm-evaluation-harness.")
        private Path harness;

        @Option(
                names = "--nltk-data",
                paramLabel = "DIR",
                description = "Take Punkt's parameters, which IFEval counts sentences with, from this folder of NLTK's"
                        + " data.")
        private Path nltkData;

        @Option(
                names = "--force",
                description = "Replace files that are there and differ from what is fetched; without it they are refused.")
        private boolean force;

        @Override
        public Integer call() throws IOException {
            PrintWriter out = spec.commandLine().getOut();
            Path folder = folders.fetched();
            BenchmarkFetcher fetcher = new BenchmarkFetcher(
                    folder,
                    new HubDatasets(HubOptions.fromEnvironment(
                            System.getenv(), Path.of(System.getProperty("user.home")))), force);
            List<String> written = new ArrayList<>();
            if (harness != null) {
                written.addAll(fetcher.takePrompts(harness));
            }
            if (nltkData != null) {
                written.addAll(fetcher.takePunkt(nltkData));
            }
            boolean onlyPrompts = names.isEmpty() && (harness != null || nltkData != null);
            if (!onlyPrompts) {
                for (Benchmark benchmark : chosen()) {
                    written.addAll(fetcher.fetch(benchmark, revision));
                }
            }
            out.println(written.size() + " files written to " + folder);
            out.flush();
            return Verify.report(spec, folder, names);
        }

        private List<Benchmark> chosen() {
            List<Benchmark> all = BenchmarkInventory.benchmarks();
            List<String> known = all.stream().map(Benchmark::name).toList();
            for (String name : names) {
                if (!known.contains(name)) {
                    throw new AmalgamException(
                            ErrorCode.ARGUMENT_INVALID,
                            "There is no benchmark \"" + name + "\" to fetch; there are " + String.join(", ", known) + ".");
                }
            }
            return all.stream().filter(each -> names.isEmpty() || names.contains(each.name())).toList();
        }
    }

    /** Checks data. */
    @Command(name = "verify", description = "Check the leaderboard's data against what they are known to be.")
    static final class Verify implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private BenchmarkFolders folders;

        @Override
        public Integer call() {
            Path folder = folders.fetched();
            if (!Files.isDirectory(folder)) {
                throw new AmalgamException(
                        ErrorCode.BENCHMARK_DATA,
                        "The benchmark folder " + folder + " does not exist; `amalgam benchmarks fetch` makes it.");
            }
            return report(spec, folder, List.of());
        }

        /** Prints what was found; the status says whether anything is damaged or differs. */
        static int report(CommandSpec spec, Path folder, List<String> names) {
            PrintWriter out = spec.commandLine().getOut();
            boolean bad = false;
            for (Finding finding : new BenchmarkVerifier(new BenchmarkFolder(folder)).verify()) {
                if (!names.isEmpty() && !names.contains(finding.benchmark())) {
                    continue;
                }
                String rows = finding.expectedRows() == 0 ? "" : finding.rows() + " of " + finding.expectedRows();
                out.printf(
                        Locale.ROOT, "%-50s %15s  %-12s  %s%n", finding.path(), rows,
                        finding.digest() == null ? "" : finding.digest().substring(0, 12), finding.state().label());
                if (finding.remark() != null) {
                    out.println("    " + finding.remark());
                }
                bad |= finding.state() == State.DAMAGED || finding.state() == State.DIFFERENT;
            }
            out.flush();
            if (bad) {
                throw new AmalgamException(
                        ErrorCode.BENCHMARK_DATA, "Some data in " + folder + " are damaged or differ, as listed.");
            }
            return 0;
        }
    }
}
