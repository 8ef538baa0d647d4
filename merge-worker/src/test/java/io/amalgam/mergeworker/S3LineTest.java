package io.amalgam.mergeworker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSources;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.ChunkReceipt;
import io.amalgam.engine.store.Manifest;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeFailed;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.mergeworker.chunk.EngineShardMaker;
import io.amalgam.storage.StorageSettings;
import io.amalgam.storage.s3.S3Server;
import io.amalgam.storage.s3.S3Service;
import io.amalgam.storage.s3.S3Settings;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A merge by workers whose models and whose store are in a bucket of a real S3 server. */
@Timeout(180)
class S3LineTest extends PartsOfTheLine {

    private static S3Server server;
    private static StorageSettings storage;

    @BeforeAll
    static void startServer() throws Exception {
        server = S3Server.start(Files.createTempDirectory(Path.of("target", "line"), "s3"));
        System.setProperty("aws.accessKeyId", S3Server.ACCESS);
        System.setProperty("aws.secretAccessKey", S3Server.SECRET);
        storage = StorageSettings.of(Map.of("enabled", "false"), server.settings(), Map.of());
        for (String model : List.of("ordering-expert", "navigation-expert")) {
            upload(model);
        }
    }

    @AfterAll
    static void stopServer() throws Exception {
        System.clearProperty("aws.accessKeyId");
        System.clearProperty("aws.secretAccessKey");
        if (server != null) {
            server.close();
        }
    }

    private static void upload(String model) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("models").resolve(model));
                S3Service service = new S3Service(S3Settings.of(server.settings(), Map.of()))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                service.bucket(S3Server.BUCKET).put("parents/" + model + "/" + file.getFileName(), Files.readAllBytes(file));
            }
        }
    }

    private static String reference(String model) {
        return "s3://" + S3Server.BUCKET + "/parents/" + model;
    }

    @Test
    void aMergeFromS3ToS3HasTheBytesOfALocalOne() throws Exception {
        ArtifactStore store = storage.store("s3://" + S3Server.BUCKET + "/line", Optional.empty());
        ModelSources sources = storage.models(folder.resolve("models"), store);
        String recipe = Line.recipe(0.6, reference("ordering-expert"), reference("navigation-expert"));
        Manifest local = line.mergeWithoutLine(
                line.pin(Line.recipe(0.6, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES), folder.resolve("alone-s3"));
        Manifest made;
        try (Line remote = new Line(connection, store, sources)) {
            PinnedRecipe pinned = remote.pin(recipe, Line.SHARD_BYTES);
            MergeRequested request = Line.request(pinned, 1);
            EngineShardMaker engine = new EngineShardMaker(sources, store, ExecutionOptions.defaults().withThreads(1));
            try (OneCoordinator coordinator = new OneCoordinator(store, Clock.systemUTC());
                    OneWorker worker = new OneWorker("s3", engine, 2, store, Clock.systemUTC())) {
                coordinator.request(request);
                assertInstanceOf(MergeCompleted.class, remote.awaitEnd(request.merge()));
            }
            made = store.manifest(pinned.artifactKey()).orElseThrow();
        }
        assertEquals(local.shards().stream().map(ChunkReceipt::sha256).toList(), made.shards().stream().map(ChunkReceipt::sha256).toList());
        for (ChunkReceipt shard : made.shards()) {
            byte[] content = read(store, made.artifactKey(), shard);
            assertArrayEquals(HexFormat.of().parseHex(shard.sha256()), MessageDigest.getInstance("SHA-256").digest(content));
        }
        // What was made is a model of the next recipe, by its key and by its place.
        ModelSnapshot artifact = sources.resolve("artifact://" + made.artifactKey(), null);
        assertEquals("artifact:" + made.artifactKey(), artifact.identity());
        assertEquals(artifact.files(),
                sources.resolve("s3://" + S3Server.BUCKET + "/line/artifacts/" + made.artifactKey(), null).files().stream()
                        .filter(file -> !file.name().equals(Manifest.FILE)).toList());
    }

    private static byte[] read(ArtifactStore store, String artifact, ChunkReceipt shard) throws IOException {
        byte[] content = new byte[(int) shard.length()];
        try (RangeReader reader = store.openArtifactFile(artifact, shard.file())) {
            reader.read(0, MemorySegment.ofArray(content));
        }
        return content;
    }

    @Test
    void aParentThatWasReplacedInItsBucketFailsTheMergeWithItsName() throws Exception {
        ArtifactStore store = storage.store("s3://" + S3Server.BUCKET + "/line", Optional.empty());
        ModelSources sources = storage.models(folder.resolve("models"), store);
        upload("web-of-lies-expert");
        try (Line remote = new Line(connection, store, sources)) {
            PinnedRecipe pinned = remote.pin(
                    Line.recipe(0.65, reference("ordering-expert"), reference("web-of-lies-expert")), Line.SHARD_BYTES);
            try (S3Service service = new S3Service(S3Settings.of(server.settings(), Map.of()))) {
                service.bucket(S3Server.BUCKET).put("parents/web-of-lies-expert/config.json", "{}".getBytes());
            }
            MergeRequested request = Line.request(pinned, 1);
            EngineShardMaker engine = new EngineShardMaker(sources, store, ExecutionOptions.defaults().withThreads(1));
            try (OneCoordinator coordinator = new OneCoordinator(store, Clock.systemUTC());
                    OneWorker worker = new OneWorker("s3-changed", engine, 2, store, Clock.systemUTC())) {
                coordinator.request(request);
                MergeFailed failed = assertInstanceOf(MergeFailed.class, remote.awaitEnd(request.merge()));
                assertEquals("MODEL_CHANGED", failed.code());
            }
        }
    }
}
