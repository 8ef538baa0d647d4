package io.amalgam.evaluation.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests are answered as lm-evaluation-harness 0.4.13 answers them (make_harness_references.py). */
class HarnessReferenceTest {
    private static final Path MODEL = Path.of("..", "samples", "models", "base");
    private static final double TOLERANCE = 1e-4;

    private final JsonNode references;

    HarnessReferenceTest() throws IOException {
        references = new ObjectMapper().readTree(
                Files.readString(Path.of("src", "test", "resources", "inference", "harness.json")));
    }

    @Test
    void logLikelihoodsAgree() throws IOException {
        try (LanguageModel model = LocalLanguageModel.open(MODEL, InferenceOptions.DEFAULT)) {
            assertLoglikelihoods(model, references.get("loglikelihood"));
        }
    }

    @Test
    void generationsAgree() throws IOException {
        try (LanguageModel model = LocalLanguageModel.open(MODEL, InferenceOptions.DEFAULT)) {
            assertGenerations(model, references.get("generate_until"));
        }
    }

    @Test
    void truncatedContextsAgree() throws IOException {
        int length = references.get("truncated_length").intValue();
        InferenceOptions options = new InferenceOptions(0, length, 16, InferenceOptions.KeyValueType.FLOAT32);
        try (LanguageModel model = LocalLanguageModel.open(MODEL, options)) {
            assertLoglikelihoods(model, references.get("truncated_loglikelihood"));
            assertGenerations(model, references.get("truncated_generate_until"));
        }
    }

    @Test
    void theModelsOwnRepetitionPenaltyIsObeyed(@TempDir Path folder) throws IOException {
        try (LanguageModel model = LocalLanguageModel.open(
                modelWith(folder, "repetition_penalty", references.get("repetition_penalty")), InferenceOptions.DEFAULT)) {
            assertGenerations(model, references.get("penalised_generate_until"));
        }
    }

    @Test
    void settingsThatWeDoNotComputeAreRefused(@TempDir Path folder) throws IOException {
        JsonNode three = new ObjectMapper().readTree("3");
        try (LanguageModel model = LocalLanguageModel.open(
                modelWith(folder, "no_repeat_ngram_size", three), InferenceOptions.DEFAULT)) {
            AmalgamException refusal = assertThrows(AmalgamException.class,
                    () -> model.generateUntil(List.of(new GenerationRequest("Q:", List.of(), 5))));
            assertEquals(ErrorCode.INFERENCE_UNSUPPORTED, refusal.code());
        }
    }

    private static Path modelWith(Path folder, String setting, JsonNode value) throws IOException {
        try (Stream<Path> files = Files.list(MODEL)) {
            files.forEach(file -> {
                try {
                    Files.copy(file, folder.resolve(file.getFileName()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
        ObjectMapper mapper = new ObjectMapper();
        Path settings = folder.resolve("generation_config.json");
        ObjectNode json = (ObjectNode) mapper.readTree(Files.readString(settings));
        json.set(setting, value);
        Files.delete(settings);
        Files.writeString(settings, json.toString());
        return folder;
    }

    private static void assertLoglikelihoods(LanguageModel model, JsonNode expected) {
        List<LoglikelihoodRequest> requests = new ArrayList<>();
        for (JsonNode pair : expected) {
            requests.add(new LoglikelihoodRequest(pair.get(0).textValue(), pair.get(1).textValue()));
        }
        List<LoglikelihoodResult> results = model.loglikelihood(requests);
        for (int i = 0; i < results.size(); i++) {
            assertEquals(expected.get(i).get(2).doubleValue(), results.get(i).logLikelihood(), TOLERANCE,
                    requests.get(i).toString());
            assertEquals(expected.get(i).get(3).booleanValue(), results.get(i).greedy(), requests.get(i).toString());
        }
    }

    private static void assertGenerations(LanguageModel model, JsonNode expected) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (JsonNode generation : expected) {
            List<String> until = new ArrayList<>();
            generation.get(1).forEach(stop -> until.add(stop.textValue()));
            requests.add(new GenerationRequest(generation.get(0).textValue(), until, generation.get(2).intValue()));
        }
        List<GenerationResult> results = model.generateUntil(requests);
        for (int i = 0; i < results.size(); i++) {
            assertEquals(expected.get(i).get(3).textValue(), results.get(i).text(), requests.get(i).toString());
        }
    }
}
