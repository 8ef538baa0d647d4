package io.amalgam.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ./amalgam fuzz}: runs Jazzer on each target, in a JVM of its own, and says what it found. */
@Command(
        name = "amalgam fuzz",
        mixinStandardHelpOptions = true,
        description = "Looks for input that breaks a parser: safetensors, shard-index, recipe, tokenizer, event, chat-template.",
        subcommands = DifferentialCommand.class)
public final class FuzzMain implements Callable<Integer> {

    private static final long SECONDS_PER_MINUTE = 60;
    private static final Pattern DONE = Pattern.compile("stat::number_of_executed_units:\\s*([0-9]+)");
    private static final Pattern RATE = Pattern.compile("stat::average_exec_per_sec:\\s*([0-9]+)");
    private static final Pattern MEMORY = Pattern.compile("stat::peak_rss_mb:\\s*([0-9]+)");

    @Option(names = "--minutes", defaultValue = "10", description = "At most so long for each target (default: 10).")
    private double minutes;

    @Option(names = "--runs", defaultValue = "10000000",
            description = "At most so many executions for each target (default: 10000000).")
    private long runs;

    @Option(names = "--work", defaultValue = "${sys:amalgam.work:-.amalgam}/fuzz",
            description = "Folder for what was found and for inputs that cover something.")
    private Path work;

    @Parameters(paramLabel = "TARGET", description = "Which parsers (default: all).")
    private List<String> names = List.of();

    /** Runs the command and ends the JVM with its status. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new FuzzMain()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<FuzzTarget> targets = new ArrayList<>();
        for (String name : names) {
            targets.add(FuzzTarget.ALL.stream().filter(target -> target.name().equals(name)).findFirst().orElseThrow(
                    () -> new IllegalArgumentException("there is no target " + name)));
        }
        int findings = 0;
        for (FuzzTarget target : targets.isEmpty() ? FuzzTarget.ALL : targets) {
            findings += run(target) ? 0 : 1;
        }
        return findings == 0 ? 0 : 1;
    }

    private boolean run(FuzzTarget target) throws IOException, InterruptedException {
        Path folder = Files.createDirectories(work.resolve(target.name()).toAbsolutePath());
        Path corpus = Files.createDirectories(folder.resolve("corpus"));
        Path seeds = Files.createDirectories(folder.resolve("seeds"));
        int number = 0;
        for (byte[] seed : target.seeds()) {
            Files.write(seeds.resolve(Integer.toString(number++)), seed);
        }
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m", "-XX:+UseSerialGC",
                "-XX:-UsePerfData", "--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector",
                "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"), "-cp", System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer", "--target_class=" + target.getClass().getName(),
                "--instrumentation_includes=io.amalgam.**", "--reproducer_path=" + folder,
                "-artifact_prefix=" + folder + "/", "-print_final_stats=1", "-timeout=30", "-rss_limit_mb=2048",
                "-max_len=8192", "-max_total_time=" + Math.max(1, (long) (minutes * SECONDS_PER_MINUTE)), "-runs=" + runs,
                corpus.toString(), seeds.toString()));
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                .redirectOutput(log.toFile()).start();
        int status = process.waitFor();
        String output = Files.readString(log, StandardCharsets.UTF_8);
        System.out.printf(Locale.ROOT, "%-14s %s: %s executions, %s a second, %s MB%n", target.name(),
                status == 0 ? "nothing found" : "FOUND SOMETHING, see " + log, last(DONE, output), last(RATE, output),
                last(MEMORY, output));
        return status == 0;
    }

    private static String last(Pattern pattern, String output) {
        String found = "?";
        Matcher matcher = pattern.matcher(output);
        while (matcher.find()) {
            found = matcher.group(1);
        }
        return found;
    }
}
