package io.amalgam.cli;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Tells people what went wrong: one sentence an error with its code on standard error, never a stack trace. */
final class Failures {

    /** Exit status for what the author of the input can mend. */
    static final int USER = 1;
    /** Exit status for wrong arguments. */
    static final int ARGUMENTS = 2;
    /** Exit status for outages and lack of room: trying again may help. */
    static final int ENVIRONMENT = 3;
    /** Exit status for faults of ours. */
    static final int INTERNAL = 70;

    /** Set to print stack traces, for reports of faults. */
    static final String DEBUG = "AMALGAM_DEBUG";

    private Failures() {
    }

    /** Reports a failed command and returns its exit status. */
    static int report(Exception failure, CommandLine commandLine, ParseResult parsed) {
        PrintWriter err = commandLine.getErr();
        if (System.getenv(DEBUG) != null) {
            failure.printStackTrace(err);
        }
        int status;
        if (failure instanceof AmalgamException known) {
            known.problems().forEach(problem -> print(err, problem));
            status = status(known.code());
        } else if (failure instanceof NoSuchFileException missing) {
            print(err, Problem.error(ErrorCode.NOT_FOUND, missing.getMessage() + " does not exist."));
            status = USER;
        } else if (failure instanceof IOException) {
            print(err, Problem.error(ErrorCode.SOURCE_UNAVAILABLE, failure.getMessage()));
            status = ENVIRONMENT;
        } else {
            print(
                    err,
                    Problem.error(
                            ErrorCode.INTERNAL,
                            "This is a fault of Amalgam (" + failure.getClass().getSimpleName() + ": "
                                    + failure.getMessage() + "); run again with " + DEBUG
                                    + "=1 and report what it prints."));
            status = INTERNAL;
        }
        err.flush();
        return status;
    }

    /** Reports arguments that do not fit and returns the exit status. */
    static int reportArguments(ParameterException failure, String[] arguments) {
        CommandLine commandLine = failure.getCommandLine();
        PrintWriter err = commandLine.getErr();
        print(err, Problem.error(ErrorCode.ARGUMENT_INVALID, failure.getMessage()));
        CommandLine.UnmatchedArgumentException.printSuggestions(failure, err);
        err.println("Usage: " + commandLine.getHelp().synopsis(0).strip());
        err.flush();
        return ARGUMENTS;
    }

    /** Prints one problem as {@code error[CODE]: place: sentence}. */
    static void print(PrintWriter out, Problem problem) {
        String severity = problem.severity().name().toLowerCase(Locale.ROOT);
        out.println(severity + "[" + problem.code() + "] " + problem);
    }

    private static int status(ErrorCode code) {
        return switch (code.kind()) {
            case USER -> USER;
            case INSUFFICIENT_RESOURCES, EXTERNAL -> ENVIRONMENT;
            case INTERNAL -> INTERNAL;
        };
    }
}
