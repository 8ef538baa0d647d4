package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.ArtifactSigner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Downloads an artifact. */
@Command(name = "pull", description = "Download an artifact; run again to continue where it broke off.",
        footer = "Every file's SHA-256 is checked against amalgam.json, which is written last. If the artifact is signed, "
                + "its signature comes too, as model.sig.")
public final class PullCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "ARTIFACT", description = "An artifact's key, or the id of the merge that made it.")
    private String artifact;

    @Parameters(index = "1", paramLabel = "DIR", description = "The folder to write.")
    private Path directory;

    @Option(names = "--verify", paramLabel = "PUBLIC_KEY",
            description = "Refuse the artifact unless it was signed with the private key that belongs to this one (PEM).")
    private Path publicKey;

    @Mixin
    private ServerOptions options;

    @Override
    public Integer call() throws IOException {
        Server server = options.server();
        String key = ShowCommand.isMerge(artifact) ? artifactOf(server, artifact) : artifact;
        TransferLine line = new TransferLine(options.out(), options.json());
        Download.Pulled pulled = new Download(server, key, directory, publicKey, line::at).run();
        line.end();
        options.print(pulled.manifest(), () -> describe(key, pulled.signed()));
        return 0;
    }

    private String describe(String key, boolean signed) {
        String words = "artifact %s is in %s, every digest checked%n".formatted(key, directory);
        if (publicKey != null) {
            return words + "it was signed with the key that belongs to %s%n".formatted(publicKey);
        }
        return signed ? words + "it is signed; to verify that: pull %s %s --verify PUBLIC_KEY, or%n  model_signing verify key %s"
                .formatted(key, directory, directory) + " --signature %s --public_key PUBLIC_KEY%n"
                .formatted(directory.resolve(ArtifactSigner.FILE)) : words;
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
