package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Downloads an artifact. */
@Command(name = "pull", description = "Download an artifact; run again to continue where it broke off.",
        footer = "Every file's SHA-256 is checked against amalgam.json, which is written last.")
public final class PullCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "ARTIFACT", description = "An artifact's key, or the id of the merge that made it.")
    private String artifact;

    @Parameters(index = "1", paramLabel = "DIR", description = "The folder to write.")
    private Path directory;

    @Mixin
    private ServerOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Server server = options.server();
        String key = ShowCommand.isMerge(artifact) ? artifactOf(server, artifact) : artifact;
        PrintWriter out = spec.commandLine().getOut();
        TransferLine line = new TransferLine(out, options.json());
        Download download = new Download(server, key, directory, line::at);
        JsonNode manifest = download.run();
        line.end();
        out.println(options.json()
                ? Server.pretty(manifest)
                : "artifact " + key + " is in " + directory + ", every digest checked");
        out.flush();
        return 0;
    }

    /** The artifact that a completed merge made. */
    static String artifactOf(Server server, String merge) {
        JsonNode detail = server.get("api/merges/" + Server.encode(merge));
        if (!detail.path("state").asText().equals("completed")) {
            throw new AmalgamException(ErrorCode.CONFLICT, "Merge " + merge + " is " + detail.path("state").asText()
                    + "; only a completed one has an artifact.");
        }
        return detail.path("artifact").asText();
    }
}
