package io.amalgam.cli.client;

import picocli.CommandLine.Option;

/** What all commands of a client have in common. */
final class ServerOptions {

    @Option(names = "--server", paramLabel = "URL", defaultValue = "${env:AMALGAM_SERVER:-http://127.0.0.1:8080}",
            description = "Where the recipe-service is (default: $AMALGAM_SERVER, else http://127.0.0.1:8080).")
    private String address;

    @Option(names = "--json", description = "Print JSON, for programs.")
    private boolean json;

    /** The service. */
    Server server() {
        return new Server(address);
    }

    /** Whether a program reads the output. */
    boolean json() {
        return json;
    }
}
