package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Tries a merge again. */
@Command(name = "retry",
        description = "Begin a new attempt at a merge that failed or was cancelled; finished shards are not made again.",
        footer = "Exit status: 0 begun (with --watch: completed), 1 refused or failed, 3 service unavailable, 4 cancelled.")
public final class RetryCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MERGE", description = "The merge's id.")
    private String merge;

    @Option(names = "--watch", description = "Follow the new attempt until it has ended.")
    private boolean watch;

    @Mixin
    private ServerOptions options;

    @Override
    public Integer call() {
        JsonNode submission = options.server().post("api/merges/" + Server.encode(merge) + "/retry", Map.of());
        String id = submission.path("id").asText("");
        boolean complete = submission.path("outcome").asText().equals("COMPLETE");
        options.print(submission, watch, () -> complete
                ? "artifact %s exists meanwhile%n".formatted(submission.path("artifact").asText())
                : "attempt %d is merge %s%n".formatted(submission.path("attempt").asInt(), id));
        return watch && !complete
                ? new MergeWatch(options.server(), id, options.out(), options.json(), true).follow()
                : 0;
    }
}
