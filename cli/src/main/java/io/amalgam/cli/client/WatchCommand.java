package io.amalgam.cli.client;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Follows a merge. */
@Command(name = "watch", description = "Follow a merge until it has ended and its scores are there.",
        footer = "Exit status: 0 completed, 1 failed, 3 service unavailable, 4 cancelled.")
public final class WatchCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MERGE", description = "The merge's id.")
    private String merge;

    @Option(names = "--no-scores", description = "Do not wait for scores.")
    private boolean withoutScores;

    @Mixin
    private ServerOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return new MergeWatch(options.server(), merge, spec.commandLine().getOut(), options.json(), !withoutScores)
                .follow();
    }
}
