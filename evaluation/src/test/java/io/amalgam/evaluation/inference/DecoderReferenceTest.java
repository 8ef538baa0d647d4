package io.amalgam.evaluation.inference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every architecture gives the logits that transformers gives in float32 (make_inference_references.py). */
class DecoderReferenceTest {
    private static final Path MODELS = Path.of("src", "test", "resources", "inference");
    private static final double TOLERANCE = 1e-4;

    @ParameterizedTest
    @ValueSource(strings = {
        "llama", "llama-tied-linear", "llama3", "llama-biases-float32", "llama-float16", "mistral", "mistral-window",
        "qwen2", "qwen2-window", "qwen3", "gemma", "gemma2"
    })
    void logitsAndGreedyTokensAreThoseOfTransformers(String name) throws IOException {
        JsonNode reference = new ObjectMapper().readTree(Files.readString(MODELS.resolve(name).resolve("reference.json")));
        int[] prompt = integers(reference.get("tokens"));
        int[] greedy = integers(reference.get("greedy"));
        int[] tokens = Arrays.copyOf(prompt, prompt.length + greedy.length);
        ModelSnapshot model = new LocalModelSource(MODELS, true).resolve(name, null);
        DecoderConfiguration configuration = DecoderConfiguration.parse(model.readSmall("config.json", 1 << 16), name);
        try (WorkerTeam team = new WorkerTeam(2);
                DecoderWeights weights = DecoderWeights.read(Checkpoint.open(model), configuration, team)) {
            Decoder decoder = new Decoder(configuration, weights, team, InferenceOptions.KeyValueType.FLOAT32);
            KeyValueBlock block = decoder.keyValueBlock(tokens.length);
            decoder.run(List.of(span(tokens, 0, prompt.length, block)), IntStream.range(0, prompt.length).toArray());
            double worst = 0;
            for (int i = 0; i < reference.get("positions").size(); i++) {
                int position = reference.get("positions").get(i).intValue();
                float[] logits = decoder.logits(new int[] {position});
                JsonNode expected = reference.get("logits").get(i);
                assertEquals(configuration.vocabularySize(), expected.size());
                for (int token = 0; token < expected.size(); token++) {
                    worst = Math.max(worst, Math.abs(logits[token] - expected.get(token).doubleValue()));
                }
            }
            assertEquals(0, worst, TOLERANCE, "greatest difference of a logit");

            // One token at a time, on the keys and values of the prompt.
            int row = prompt.length - 1;
            int[] generated = new int[greedy.length];
            for (int i = 0; i < greedy.length; i++) {
                generated[i] = Logits.greatest(decoder.logits(new int[] {row}), 0, configuration.vocabularySize());
                tokens[prompt.length + i] = generated[i];
                decoder.run(List.of(span(tokens, prompt.length + i, 1, block)), new int[] {0});
                row = 0;
            }
            assertArrayEquals(greedy, generated);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "mistral-window", "gemma2"})
    void aRowHasTheSameLogitsWhateverOtherRowsAreWanted(String name) throws IOException {
        int[] tokens = integers(new ObjectMapper().readTree(Files.readString(MODELS.resolve(name).resolve("reference.json")))
                .get("tokens"));
        ModelSnapshot model = new LocalModelSource(MODELS, true).resolve(name, null);
        DecoderConfiguration configuration = DecoderConfiguration.parse(model.readSmall("config.json", 1 << 16), name);
        try (WorkerTeam team = new WorkerTeam(2);
                DecoderWeights weights = DecoderWeights.read(Checkpoint.open(model), configuration, team)) {
            Decoder decoder = new Decoder(configuration, weights, team, InferenceOptions.KeyValueType.FLOAT32);
            int half = tokens.length / 2;
            KeyValueBlock block = decoder.keyValueBlock(2 * tokens.length);
            Span whole = span(tokens, 0, tokens.length, block);
            Span again = new Span(tokens, 0, half, new KeyValueSegment[] {
                new KeyValueSegment(block, tokens.length, 0, half)});
            List<Span> spans = List.of(whole, again);
            decoder.run(spans, IntStream.range(0, tokens.length + half).toArray());
            int[] some = {0, 1, 2, half, tokens.length - 1, tokens.length, tokens.length + half - 1};
            float[][] expected = new float[some.length][];
            Arrays.setAll(expected, i -> decoder.logits(new int[] {some[i]}).clone());
            decoder.run(spans, some);
            for (int i = 0; i < some.length; i++) {
                int vocabulary = configuration.vocabularySize();
                assertArrayEquals(Arrays.copyOf(expected[i], vocabulary),
                        Arrays.copyOf(decoder.logits(new int[] {i}), vocabulary), "row " + some[i]);
            }
        }
    }

    private static Span span(int[] tokens, int from, int count, KeyValueBlock block) {
        return new Span(tokens, from, count, new KeyValueSegment[] {new KeyValueSegment(block, 0, 0, from + count)});
    }

    private static int[] integers(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }
}
