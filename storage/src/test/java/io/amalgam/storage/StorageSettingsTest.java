package io.amalgam.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.HubOptions;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.FileSystemStore;
import io.amalgam.engine.store.ObjectArtifactStore;
import io.amalgam.storage.s3.S3Settings;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings mean the same in every service, fall back on the environment, and are refused when they are misspelt. */
class StorageSettingsTest {
    @TempDir
    Path folder;

    private static StorageSettings hub(Map<String, String> settings, Map<String, String> environment) {
        return StorageSettings.of(settings, Map.of(), environment);
    }

    @Test
    void theHubIsThatOfTheEnvironmentUnlessASettingSaysOtherwise() {
        Map<String, String> environment = Map.of("HF_ENDPOINT", "https://mirror.example", "HF_TOKEN", "hf_environment", "HF_HOME", "/home/x");
        HubOptions plain = hub(Map.of(), environment).hub().orElseThrow();
        assertEquals(URI.create("https://mirror.example"), plain.endpoint());
        assertEquals("hf_environment", plain.token());
        assertEquals(Path.of("/home/x/hub"), plain.cache());
        HubOptions set = hub(Map.of("endpoint", "https://other.example/", "token", "hf_setting", "offline", "true"), environment).hub().orElseThrow();
        assertEquals(URI.create("https://other.example"), set.endpoint());
        assertEquals("hf_setting", set.token());
        assertTrue(set.offline());
        assertTrue(hub(Map.of("enabled", "false"), environment).hub().isEmpty());
    }

    @Test
    void aHubThatIsNotToBeAskedIsNotAsked() {
        AmalgamException refusal = assertThrows(AmalgamException.class,
                () -> hub(Map.of("enabled", "false"), Map.of()).models(folder, new FileSystemStore(folder)).resolve("owner/name", null));
        assertEquals(ErrorCode.MODEL_NOT_FOUND, refusal.code());
    }

    @ParameterizedTest
    @CsvSource({"enable, true", "enabled, yes", "endpoint, file:///etc"})
    void whatIsMisspeltIsRefused(String key, String value) {
        assertEquals(ErrorCode.ARGUMENT_INVALID,
                assertThrows(AmalgamException.class, () -> hub(Map.of(key, value), Map.of())).code());
    }

    @ParameterizedTest
    @CsvSource({"endpoints, http://x", "endpoint, ftp://x", "endpoint, http://user:secret@x", "addressing, paths"})
    void soAreSettingsOfS3AndNoSecretIsTold(String key, String value) {
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> S3Settings.of(Map.of(key, value), Map.of()));
        assertEquals(ErrorCode.ARGUMENT_INVALID, refusal.code());
        assertFalse(refusal.getMessage().contains("secret"), refusal.getMessage());
    }

    @Test
    void bucketsAreNamedInThePathWhereAnEndpointIsGiven() {
        assertFalse(S3Settings.of(Map.of(), Map.of()).pathStyle());
        S3Settings other = S3Settings.of(Map.of(), Map.of("AWS_ENDPOINT_URL", "http://127.0.0.1:7070"));
        assertTrue(other.pathStyle());
        assertEquals(Optional.of(URI.create("http://127.0.0.1:7070")), other.endpoint());
        assertFalse(S3Settings.of(Map.of("addressing", "virtual"), Map.of("AWS_ENDPOINT_URL", "http://x")).pathStyle());
    }

    @Test
    void aStoreIsAFolderOrABucket() {
        StorageSettings settings = hub(Map.of(), Map.of());
        assertInstanceOf(FileSystemStore.class, settings.store(folder.toString(), Optional.empty()));
        ArtifactStore bucket = settings.store("s3://bucket/line", Optional.empty());
        assertInstanceOf(ObjectArtifactStore.class, bucket);
        assertEquals("s3://bucket/line/artifacts/x/", bucket.artifactLocation("x"));
        assertThrows(AmalgamException.class, () -> settings.store("s3://BUCKET", Optional.empty()));
        assertThrows(AmalgamException.class, () -> settings.store(folder.toString(), Optional.of(folder.resolve("no-key"))));
    }
}
