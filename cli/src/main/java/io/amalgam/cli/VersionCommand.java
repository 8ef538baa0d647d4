package io.amalgam.cli;

import io.amalgam.engine.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints what outputs depend on. */
@Command(name = "version", description = "Print Amalgam's version, and those that outputs depend on.")
final class VersionCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine()
                .getOut()
                .printf(
                        "amalgam %s (arithmetic %d, as MergeKit %s; Java %s)%n",
                        Version.AMALGAM, Version.NUMERICS, Version.MERGEKIT, Runtime.version());
        return 0;
    }
}
