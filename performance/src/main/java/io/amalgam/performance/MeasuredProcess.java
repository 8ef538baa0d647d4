package io.amalgam.performance;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A finished process: its wall time from start to end, and the most memory it held at a time.
 *
 * @param seconds from start to end
 * @param peakBytes of resident memory, as the kernel has it; sampled, so the last milliseconds may be missing
 * @param exitCode its exit code
 */
record MeasuredProcess(double seconds, long peakBytes, int exitCode) {
    private static final long SAMPLE_MILLISECONDS = 10;
    private static final String HIGH_WATER = "VmHWM:";

    /** Runs a command to its end, its output going to {@code log}. */
    static MeasuredProcess run(List<String> command, Path folder, Path log) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.to(log.toFile()))
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        long start = System.nanoTime();
        Process process = builder.start();
        long peak = 0;
        while (!process.waitFor(SAMPLE_MILLISECONDS, TimeUnit.MILLISECONDS)) {
            peak = Math.max(peak, highWater(process.pid()));
        }
        return new MeasuredProcess((System.nanoTime() - start) / 1e9, peak, process.exitValue());
    }

    /**
     * Runs a command that must succeed.
     *
     * @param folder in which it runs, and whose {@code logs} has its output
     * @throws IOException naming the log if it fails
     */
    static MeasuredProcess step(Path folder, String name, List<String> command) throws IOException, InterruptedException {
        Path logs = Files.createDirectories(folder.resolve("logs"));
        Path log = logs.resolve(name + ".log");
        MeasuredProcess process = run(command, folder, log);
        if (process.exitCode() != 0) {
            throw new IOException(String.join(" ", command) + " failed; see " + log);
        }
        return process;
    }

    private static long highWater(long pid) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
                if (line.startsWith(HIGH_WATER)) {
                    return Long.parseLong(line.substring(HIGH_WATER.length()).replace("kB", "").trim()) * 1024;
                }
            }
        } catch (IOException e) {
            // It has just ended.
            return 0;
        }
        return 0;
    }
}
