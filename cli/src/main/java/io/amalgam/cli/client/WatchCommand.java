package io.amalgam.cli.client;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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

    @Override
    public Integer call() {
        return new MergeWatch(options.server(), merge, options.out(), options.json(), !withoutScores)
                .follow();
    }
}
