package io.amalgam.chaos;

import io.amalgam.broker.ChildJvm;
import io.amalgam.stack.Stack;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The processes of the stack, as anybody with a shell could treat them. */
final class Processes implements AutoCloseable {
    private static final Pattern SHARD = Pattern.compile("(model(?:-\\d+-of-\\d+)?\\.safetensors)");

    private final Stack stack;
    private final ExecutorService later = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<ProcessHandle> stopped = ConcurrentHashMap.newKeySet();

    Processes(Stack stack) {
        this.stack = stack;
    }

    /** The names of the processes of a kind: {@code merge-worker}, {@code recipe-service}, … */
    List<String> names(String kind) {
        return stack.names().stream().filter(name -> name.startsWith(kind)).toList();
    }

    /** The running process of a name; empty while it is being started again. */
    Optional<ProcessHandle> find(String name) {
        ChildJvm child = stack.child(name);
        return Optional.ofNullable(child).map(ChildJvm::process).filter(Process::isAlive).map(Process::toHandle);
    }

    /** The names of the processes that have ended and are not ready again. */
    List<String> down() {
        return stack.names().stream().filter(name -> find(name).isEmpty()).toList();
    }

    /** The running processes of a kind. */
    List<ProcessHandle> running(String kind) {
        List<ProcessHandle> running = new ArrayList<>();
        names(kind).forEach(name -> find(name).ifPresent(running::add));
        return running;
    }

    /** The database's server, if it runs. */
    Optional<ProcessHandle> databaseServer() throws IOException {
        return stack.databaseServer();
    }

    /** SIGKILL; a stopped process dies, too. */
    void kill(ProcessHandle process) {
        process.destroyForcibly();
    }

    /** SIGSTOP, and SIGCONT after a while. */
    void stopFor(ProcessHandle process, long millis) throws IOException, InterruptedException {
        stopped.add(process);
        signal("STOP", process);
        later.execute(() -> {
            try {
                Thread.sleep(millis);
            } catch (InterruptedException end) {
                Thread.currentThread().interrupt();
            }
            resume(process);
        });
    }

    /** For a while, no file of the process may grow beyond a size: writes fail, as they do on a full disk. */
    void limitWrites(ProcessHandle process, long bytes, long millis) throws IOException, InterruptedException {
        limit(process, Long.toString(bytes));
        later.execute(() -> {
            try {
                Thread.sleep(millis);
                limit(process, "unlimited");
            } catch (IOException gone) {
                // The process has ended meanwhile, and its limit with it.
            } catch (InterruptedException end) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** The shard that a process has open for writing, by the name that it will have; empty also where there is no /proc. */
    Optional<String> unfinishedShard(ProcessHandle process) {
        Path descriptors = Path.of("/proc", Long.toString(process.pid()), "fd");
        if (!Files.isDirectory(descriptors)) {
            return Optional.empty();
        }
        try (DirectoryStream<Path> open = Files.newDirectoryStream(descriptors)) {
            for (Path descriptor : open) {
                Path file = Files.readSymbolicLink(descriptor);
                Matcher shard = SHARD.matcher(file.getFileName().toString());
                if (file.toString().contains("/.staging/") && shard.find()) {
                    return Optional.of(shard.group(1));
                }
            }
        } catch (IOException closedMeanwhile) {
            return Optional.empty();
        }
        return Optional.empty();
    }

    static void signal(String name, ProcessHandle process) throws IOException, InterruptedException {
        run("kill", "-" + name, Long.toString(process.pid()));
    }

    private static void limit(ProcessHandle process, String soft) throws IOException, InterruptedException {
        run("prlimit", "--pid", Long.toString(process.pid()), "--fsize=" + soft + ":unlimited");
    }

    private static void run(String... command) throws IOException, InterruptedException {
        int status = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start().waitFor();
        if (status != 0) {
            throw new IOException(String.join(" ", command) + " ended with status " + status);
        }
    }

    private void resume(ProcessHandle process) {
        stopped.remove(process);
        try {
            signal("CONT", process);
        } catch (IOException gone) {
            // It was killed meanwhile.
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets everything run again. */
    @Override
    public void close() throws InterruptedException {
        later.shutdownNow();
        later.awaitTermination(1, TimeUnit.MINUTES);
        List.copyOf(stopped).forEach(this::resume);
        for (ProcessHandle process : running("merge-worker")) {
            try {
                limit(process, "unlimited");
            } catch (IOException noSuchTool) {
                // Then no limit was set either.
            }
        }
    }
}
