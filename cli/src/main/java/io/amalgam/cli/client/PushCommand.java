package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.HubUpload;
import io.amalgam.engine.source.UploadFile;
import io.amalgam.engine.store.Manifest;
import io.amalgam.engine.store.ObjectModelSource.Place;
import io.amalgam.storage.BucketUpload;
import io.amalgam.storage.StorageSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Sends an artifact to the Hugging Face Hub or to a bucket. */
@Command(
        name = "push",
        description = "Send an artifact to the Hugging Face Hub or to a bucket; run again to continue where it broke off.",
        footer = "The Hub needs a token with write access (HF_TOKEN, or the login of its own tools); a bucket needs AWS credentials.")
public final class PushCommand implements Callable<Integer> {

    @Parameters(
            index = "0",
            paramLabel = "ARTIFACT",
            description = "A merged model's folder, an artifact's key, or the id of the merge that made it.")
    private String artifact;

    @Parameters(
            index = "1",
            paramLabel = "PLACE",
            description = "hf:OWNER/NAME[@BRANCH], or s3:BUCKET/PREFIX.")
    private String place;

    @Option(
            names = "--private",
            negatable = true,
            description = "Whether a repository that is created is private (default: what its owner has set).")
    private Boolean privately;

    @Option(names = "--message", description = "Summary of the commit (default: ${DEFAULT-VALUE}).", defaultValue = "Upload merged model")
    private String message;

    @Mixin
    private ServerOptions options;

    @Override
    public Integer call() throws IOException {
        if (!place.startsWith("hf:") && !place.startsWith("s3:")) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "PLACE is '" + place + "', expected hf:OWNER/NAME[@BRANCH] or s3:BUCKET/PREFIX.");
        }
        StorageSettings settings = StorageSettings.fromEnvironment();
        try (PushedFiles pushed = open()) {
            TransferLine line = new TransferLine(options.out(), options.json());
            Map<String, Long> lengths = new HashMap<>();
            pushed.files().forEach(file -> lengths.put(file.name(), file.length()));
            HubUpload.Listener progress = (file, bytes) -> line.at(file, bytes, lengths.get(file));
            String where = place.startsWith("hf:")
                    ? toHub(settings, pushed.files(), progress)
                    : toBucket(settings, pushed.files(), progress);
            line.end();
            options.print(JsonNodeFactory.instance.objectNode().put("place", where),
                    () -> artifact + " is at " + where + System.lineSeparator());
        }
        return 0;
    }

    private PushedFiles open() throws IOException {
        Path folder = Path.of(artifact);
        if (Files.isDirectory(folder)) {
            return PushedFiles.ofFolder(folder);
        }
        if (artifact.contains("/") || artifact.contains(".")) {
            throw new AmalgamException(ErrorCode.NOT_FOUND, "There is no folder " + artifact + ".");
        }
        Server server = options.server();
        return PushedFiles.ofServer(server, ShowCommand.isMerge(artifact) ? PullCommand.artifactOf(server, artifact) : artifact);
    }

    private String toHub(StorageSettings settings, List<UploadFile> files, HubUpload.Listener progress) throws IOException {
        String name = place.substring("hf:".length());
        int at = name.indexOf('@');
        String repository = at < 0 ? name : name.substring(0, at);
        String branch = at < 0 ? "main" : name.substring(at + 1);
        String commit = new HubUpload(settings.hub().orElseThrow(), progress).send(repository, branch, privately, message, files);
        return settings.hub().orElseThrow().endpoint() + "/" + repository + (commit.isEmpty() ? "" : "/tree/" + commit);
    }

    private String toBucket(StorageSettings settings, List<UploadFile> files, HubUpload.Listener progress) throws IOException {
        Place target = Place.parse(
                place.startsWith("s3://") ? place : "s3://" + place.substring("s3:".length()), "PLACE", ErrorCode.ARGUMENT_INVALID);
        if (files.stream().noneMatch(file -> file.name().equals(Manifest.FILE))) {
            options.err().println("note: " + artifact + " has no " + Manifest.FILE
                    + "; whoever looks while it is being sent sees a part of it.");
        }
        try (var service = settings.s3()) {
            new BucketUpload(service.bucket(target.bucket()), target.prefix(), progress).send(files);
        }
        return "s3://" + target.bucket() + "/" + target.prefix();
    }
}
