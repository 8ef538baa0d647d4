package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What all commands of a client have in common. */
final class ServerOptions {

    @Option(names = "--server", paramLabel = "URL", defaultValue = "${env:AMALGAM_SERVER:-http://127.0.0.1:8080}",
            description = "Where the recipe-service is (default: $AMALGAM_SERVER, else http://127.0.0.1:8080).")
    private String address;

    @Option(names = "--token", paramLabel = "TOKEN", defaultValue = "${env:AMALGAM_TOKEN}",
            description = "API key or bearer token (default: $AMALGAM_TOKEN, which others do not see in the list of "
                    + "processes).")
    private String token;

    @Option(names = "--json", description = "Print JSON, for programs.")
    private boolean json;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    /** The service. */
    Server server() {
        return new Server(address, token);
    }

    /** Where answers go. */
    PrintWriter out() {
        return command.commandLine().getOut();
    }

    /** Where problems go. */
    PrintWriter err() {
        return command.commandLine().getErr();
    }

    /** Whether a program reads the output. */
    boolean json() {
        return json;
    }

    /** Prints what the service answered: as JSON for a program, else in the words given, with their line breaks. */
    void print(JsonNode answer, Supplier<String> words) {
        print(answer, false, words);
    }

    /**
     * Prints what the service answered, of which more may follow.
     *
     * @param more whether lines of JSON follow, so that the answer is to be one, too
     */
    void print(JsonNode answer, boolean more, Supplier<String> words) {
        PrintWriter out = out();
        if (json) {
            out.println(more ? answer.toString() : Server.pretty(answer));
        } else {
            out.print(words.get());
        }
        out.flush();
    }
}
