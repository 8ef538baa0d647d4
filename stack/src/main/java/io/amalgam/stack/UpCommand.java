package io.amalgam.stack;

import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code amalgam up}: the whole line, until Ctrl-C. */
@Command(name = "up", mixinStandardHelpOptions = true,
        description = "Starts broker, database, recipe-service, merge-workers and eval-worker; Ctrl-C stops them. "
                + "KAFKA_BOOTSTRAP_SERVERS and QUARKUS_DATASOURCE_JDBC_URL name others to use instead of the embedded ones.")
final class UpCommand implements Callable<Integer> {
    @Mixin
    private StackOptions options;

    @Override
    public Integer call() throws Exception {
        Console console = new Console(System.out);
        StackSettings settings = options.settings(Path.of("").toAbsolutePath());
        try (RunningStack running = RunningStack.start(settings, console)) {
            console.line("");
            console.line("  Page and REST interface  " + running.stack().address());
            for (URI replica : running.stack().addresses()) {
                if (!replica.equals(running.stack().address())) {
                    console.line("  its replica              " + replica);
                }
            }
            console.line("  Kafka                    " + running.stack().bootstrapServers());
            console.line("  Models                   " + settings.models());
            console.line("  Artifacts                " + settings.environment()
                    .getOrDefault(StackOptions.STORE_ROOT, settings.store().toString()) + "/artifacts");
            console.line("  Logs                     " + settings.logs());
            console.line("");
            console.line("Ctrl-C stops everything.");
            new CountDownLatch(1).await();
        }
        return 0;
    }
}
