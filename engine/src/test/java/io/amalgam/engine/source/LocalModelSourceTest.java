package io.amalgam.engine.source;

import static io.amalgam.engine.checkpoint.ModelFolders.safetensors;
import static io.amalgam.engine.checkpoint.ModelFolders.text;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Local models stay under their root and are what they were, or are refused. */
class LocalModelSourceTest {
    @TempDir
    Path folder;
    private Path root;
    private LocalModelSource source;

    @BeforeEach
    void makeModels() throws IOException {
        root = Files.createDirectory(folder.resolve("models"));
        source = new LocalModelSource(root, false);
        for (Path model : new Path[] {root.resolve("a"), folder.resolve("secret")}) {
            safetensors(model.resolve("model.safetensors"), "weight");
            text(model.resolve("config.json"), "{}");
        }
    }

    private static void assertRefused(ErrorCode code, ModelSource source, String path, String revision) {
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> source.resolve(path, revision));
        assertEquals(code, refusal.code(), refusal.getMessage());
        assertTrue(refusal.getMessage().chars().noneMatch(Character::isISOControl), "the message must not carry control characters");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "../secret", "a/../../secret", "..", "a/..", "/etc", "//etc", "\\\\host\\share", "C:\\models", "C:models", "~/secret",
        "..\\secret", "a\\..\\..\\secret", "a\0b", "a\nb", "", "  ", "\u202e../secret", "a\u200b", "\uff0e\uff0e/secret",
        "\u2024\u2024/secret", "\u2025/secret", "..\u2215secret", "..\uff0fsecret", "..\u2044secret", "..\u29f8secret", "\ud800",
        "CON", "nul", "a/NUL.txt", "aux/x", "Com1", "LPT9.safetensors", "a./x", "a /x", "a/...", "x/. ./y"})
    void aPathThatLeavesTheRootIsRefused(String path) {
        assertRefused(ErrorCode.MODEL_REFERENCE_INVALID, source, path, null);
    }

    @Test
    void aFolderThatIsALinkOutOfTheRootIsRefused() throws IOException {
        Files.createSymbolicLink(root.resolve("link"), folder.resolve("secret"));
        assertRefused(ErrorCode.MODEL_REFERENCE_INVALID, source, "link", null);
        Files.createSymbolicLink(root.resolve("up"), Path.of(".."));
        assertRefused(ErrorCode.MODEL_REFERENCE_INVALID, source, "up/secret", null);
    }

    @Test
    void aFileThatBecomesALinkOutOfTheRootIsNotOpened() throws IOException {
        ModelSnapshot snapshot = source.resolve("a", null);
        Files.delete(root.resolve("a/config.json"));
        Files.createSymbolicLink(root.resolve("a/config.json"), folder.resolve("secret/config.json"));
        assertThrows(AmalgamException.class, () -> snapshot.open("config.json"));
    }

    @Test
    void linksInsideTheRootAreFollowed() throws IOException {
        Files.createDirectory(root.resolve("linked"));
        Files.createSymbolicLink(root.resolve("linked/model.safetensors"), Path.of("../a/model.safetensors"));
        assertEquals(1, source.resolve("linked", null).files().size());
    }

    @Test
    void onlyFilesOfTheModelAreOpened() throws IOException {
        ModelSnapshot snapshot = source.resolve("a", null);
        for (String name : new String[] {"../../secret/config.json", "missing.json", "/etc/passwd", ""}) {
            assertThrows(IOException.class, () -> snapshot.open(name));
        }
    }

    @Test
    void theCommandLineReadsAnyFolderItsUserCan() throws IOException {
        LocalModelSource commandLine = new LocalModelSource(root, true);
        assertEquals(commandLine.resolve("../secret", null).identity(),
                commandLine.resolve(folder.resolve("secret").toString(), null).identity());
        assertRefused(ErrorCode.MODEL_NOT_FOUND, commandLine, "missing", null);
    }

    @Test
    void whatIsMissingOrNotAModelIsNamed() {
        assertRefused(ErrorCode.MODEL_NOT_FOUND, source, "missing", null);
        assertRefused(ErrorCode.MODEL_REFERENCE_INVALID, source, "a/config.json", null);
        assertRefused(ErrorCode.MODEL_REFERENCE_INVALID, source, "a", "main");
    }

    @Test
    void aHubNameThatIsNoFolderSaysWhatToDo() {
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> new ModelSources(source).resolve("Sao10K/L3-8B-Stheno-v3.2", null));
        assertEquals(ErrorCode.MODEL_NOT_FOUND, refusal.code());
        assertTrue(refusal.getMessage().contains("hf download Sao10K/L3-8B-Stheno-v3.2"), refusal.getMessage());
        assertEquals(1, refusal.getMessage().lines().count());
    }

    @Test
    void theIdentityFollowsWhatAMergeReads() throws IOException {
        String before = source.resolve("a", null).identity();
        Files.writeString(root.resolve("a/README.md"), "hello");
        assertEquals(before, source.resolve("a", null).identity());
        Files.writeString(root.resolve("a/tokenizer.json"), "{}");
        assertNotEquals(before, source.resolve("a", null).identity());
    }

    @Test
    void fineTunesWithFilesOfTheSameSizesTimesAndHeadersAreTwo() throws IOException {
        Path first = root.resolve("a/model.safetensors");
        Path second = root.resolve("b/model.safetensors");
        safetensors(second, "weight");
        text(root.resolve("b/config.json"), "{}");
        for (Path file : List.of(first, second, root.resolve("a/config.json"), root.resolve("b/config.json"))) {
            Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
        }
        assertEquals(source.resolve("a", null).identity(), source.resolve("b", null).identity());

        byte[] weights = Files.readAllBytes(second);
        weights[weights.length - 1] ^= 1;
        Files.write(second, weights);
        Files.setLastModifiedTime(second, FileTime.from(Instant.EPOCH));
        assertNotEquals(source.resolve("a", null).identity(), source.resolve("b", null).identity());
    }

    @Test
    void theIdentityByContentsIsThatOfACopy() throws IOException {
        LocalModelSource byContents = new LocalModelSource(folder, false, LocalModelSource.Identity.CONTENTS);
        Files.setLastModifiedTime(folder.resolve("secret/config.json"), FileTime.from(Instant.EPOCH));
        assertEquals(byContents.resolve("models/a", null).identity(), byContents.resolve("secret", null).identity());
    }

    @Test
    void aChangeIsNoticed() throws IOException {
        Path weights = root.resolve("a/model.safetensors");
        ModelSnapshot snapshot = source.resolve("a", null);
        assertDoesNotThrow(snapshot::verifyUnchanged);

        FileTime time = Files.getLastModifiedTime(weights);
        Files.setLastModifiedTime(weights, FileTime.from(time.toInstant().plusNanos(1_000_000)));
        assertEquals(ErrorCode.MODEL_CHANGED, assertThrows(AmalgamException.class, snapshot::verifyUnchanged).code());

        // Same length, same time, another header.
        safetensors(weights, "wEight");
        Files.setLastModifiedTime(weights, time);
        assertEquals(ErrorCode.MODEL_CHANGED, assertThrows(AmalgamException.class, snapshot::verifyUnchanged).code());

        Files.delete(weights);
        assertEquals(ErrorCode.MODEL_CHANGED, assertThrows(AmalgamException.class, snapshot::verifyUnchanged).code());
    }

    @Test
    void aPlannedModelIsOpenedOnlyAsItWasPlanned() throws IOException {
        ModelSources sources = new ModelSources(source);
        String identity = source.resolve("a", null).identity();
        assertEquals(identity, sources.open(new PlannedModel("a", null, identity)).identity());
        Files.writeString(root.resolve("a/config.json"), "{ }");
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> sources.open(new PlannedModel("a", null, identity)));
        assertEquals(ErrorCode.MODEL_CHANGED, refusal.code());
    }
}
