package io.amalgam.evalworker.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.store.FileSystemStore;
import io.amalgam.evaluation.data.ModelDigest;
import io.amalgam.evaluation.inference.InferenceOptions;
import io.amalgam.evaluation.task.Answer;
import io.amalgam.evaluation.task.AnswerCache.CachedAnswer;
import io.amalgam.evaluation.task.AnswerCache.Scope;
import io.amalgam.events.Event.ModelPlace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers are remembered by what they depend on, and by nothing else. */
class RememberedAnswersTest {
    private static final Path SAMPLES = Path.of("..", "samples", "models");
    private static final List<String> REQUESTS = List.of("a", "b");

    @TempDir
    Path folder;

    private Path models;
    private FileSystemStore store;
    private OpenModels open;

    @BeforeEach
    void copyModels() throws IOException {
        models = Files.createDirectory(folder.resolve("models"));
        for (String name : List.of("base", "ordering-expert")) {
            copy(SAMPLES.resolve(name), models.resolve(name));
        }
        copy(SAMPLES.resolve("base"), models.resolve("base-under-another-name"));
        store = new FileSystemStore(folder.resolve("store"));
        open = new OpenModels(store, new LocalModelSource(models, false), InferenceOptions.DEFAULT, 2);
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    private Scope scope(String name, LocalModelSource.Identity identity) throws IOException {
        ModelSnapshot snapshot = new LocalModelSource(models, false, identity).resolve(name, null);
        return open.get(new ModelPlace(name, snapshot.identity(), name, ModelPlace.Role.PARENT)).scope();
    }

    @Test
    void aModelIsTheSameWhateverItIsCalledAndHoweverItIsIdentified() throws IOException {
        Scope scope = scope("base", LocalModelSource.Identity.FINGERPRINT);
        assertEquals(scope, scope("base", LocalModelSource.Identity.CONTENTS));
        assertEquals(scope, scope("base-under-another-name", LocalModelSource.Identity.FINGERPRINT));
        assertNotEquals(scope, scope("ordering-expert", LocalModelSource.Identity.FINGERPRINT));
        assertEquals("plain", scope.template());
    }

    @Test
    void aChangedByteOrTokenizerMakesItAnotherModel() throws IOException {
        Scope scope = scope("base", LocalModelSource.Identity.FINGERPRINT);
        Path copy = models.resolve("base-under-another-name");
        Files.writeString(copy.resolve("tokenizer_config.json"), " ", StandardOpenOption.APPEND);
        Scope other = scope("base-under-another-name", LocalModelSource.Identity.FINGERPRINT);
        assertEquals(scope.weightsDigest(), other.weightsDigest());
        assertNotEquals(scope.tokenizerDigest(), other.tokenizerDigest());
        assertNotEquals(scope.digest(), other.digest());
    }

    @Test
    void aModelWhoseContentsAreOthersThanWhenItWasMergedIsRefused() throws IOException {
        String identity = new LocalModelSource(models, false, LocalModelSource.Identity.CONTENTS).resolve("base", null)
                .identity();
        Path configuration = models.resolve("base").resolve("config.json");
        Files.writeString(configuration, Files.readString(configuration) + "\n");
        AmalgamException refusal = assertThrows(AmalgamException.class,
                () -> open.get(new ModelPlace("base", identity, "base", ModelPlace.Role.PARENT)));
        assertEquals(ErrorCode.MODEL_CHANGED, refusal.code());
    }

    @Test
    void digestsThatAreKnownAreNotComputed() throws IOException {
        ModelSnapshot folder = new LocalModelSource(models, false).resolve("base", null);
        assertEquals(ModelDigest.of(folder), ModelDigest.of(new UnreadableSnapshot(folder)));
    }

    @Test
    void answersAreFoundByScopeAndRequests() throws IOException {
        Scope scope = scope("base", LocalModelSource.Identity.FINGERPRINT);
        CachedAnswer answer = new CachedAnswer(
                new Answer.Choices(List.of(-1.25, -2.0), List.of(true, false)), false);
        StoredAnswerCache first = new StoredAnswerCache(store, scope, REQUESTS);
        first.store("a", answer);
        first.save();
        StoredAnswerCache second =
                new StoredAnswerCache(store, scope("base-under-another-name", LocalModelSource.Identity.CONTENTS), REQUESTS);
        assertEquals(Optional.of(answer), second.find("a"));
        assertTrue(second.find("b").isEmpty());
        assertTrue(new StoredAnswerCache(store, scope, List.of("a", "c")).find("a").isEmpty());
        Scope other = scope("ordering-expert", LocalModelSource.Identity.FINGERPRINT);
        assertTrue(new StoredAnswerCache(store, other, REQUESTS).find("a").isEmpty());
    }
}
