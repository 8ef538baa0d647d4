package io.amalgam.evaluation.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that cannot be run exactly is refused by name, whatever would come out of it. */
class ModelRefusalTest {
    private static final Path BASE = Path.of("..", "samples", "models", "base");

    @TempDir
    Path model;

    @BeforeEach
    void copy() throws IOException {
        try (Stream<Path> files = Files.list(BASE)) {
            for (Path file : files.toList()) {
                Files.copy(file, model.resolve(file.getFileName().toString()));
            }
        }
    }

    @Test
    void aTokenizerWithMoreTokensThanTheEmbeddingHasRowsIsRefused() throws IOException {
        AmalgamException refusal = refusal("\"vocab_size\": *\\d+", "\"vocab_size\": 10");
        assertEquals(ErrorCode.TOKENIZER_INVALID, refusal.code());
        assertTrue(refusal.getMessage().contains("only 10 rows"), refusal.getMessage());
    }

    @Test
    void anArchitectureThatIsNotKnownIsNamed() throws IOException {
        AmalgamException refusal = refusal("\"model_type\": *\"\\w+\"", "\"model_type\": \"mamba\"");
        assertEquals(ErrorCode.INFERENCE_UNSUPPORTED, refusal.code());
        assertTrue(refusal.getMessage().contains("mamba"), refusal.getMessage());
    }

    @Test
    void aKindOfPositionsThatIsNotKnownIsNamed() throws IOException {
        AmalgamException refusal = refusal("\"rope_type\": *\"default\"", "\"rope_type\": \"yarn\", \"factor\": 4.0");
        assertEquals(ErrorCode.INFERENCE_UNSUPPORTED, refusal.code());
        assertTrue(refusal.getMessage().contains("yarn"), refusal.getMessage());
    }

    private AmalgamException refusal(String pattern, String replacement) throws IOException {
        Path file = model.resolve("config.json");
        String configuration = Files.readString(file);
        String changed = configuration.replaceFirst(pattern, replacement);
        assertTrue(!changed.equals(configuration), configuration);
        Files.writeString(file, changed);
        return assertThrows(AmalgamException.class,
                () -> LocalLanguageModel.open(model, InferenceOptions.DEFAULT).close());
    }
}
