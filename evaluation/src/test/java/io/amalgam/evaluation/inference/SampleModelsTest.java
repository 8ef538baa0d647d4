package io.amalgam.evaluation.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sample models answer the sample benchmark as they do under transformers in float32 (samples/README.md). */
class SampleModelsTest {
    private static final Path SAMPLES = Path.of("..", "samples");
    private static final String[] TASKS = {
        "boolean_expressions", "object_counting", "web_of_lies", "navigation", "ordering"
    };

    @ParameterizedTest
    @CsvSource({
        "base, 147, 179, 200, 121, 76",
        "navigation-expert, 151, 189, 200, 167, 80"
    })
    void asManyAnswersAreRightAsUnderTransformers(String model, int booleans, int counting, int lies, int navigation,
            int ordering) throws IOException {
        int[] expected = {booleans, counting, lies, navigation, ordering};
        try (LanguageModel languageModel = open(model, InferenceOptions.DEFAULT)) {
            for (int task = 0; task < TASKS.length; task++) {
                assertEquals(expected[task], rightAnswers(languageModel, TASKS[task]), TASKS[task]);
            }
        }
    }

    @Test
    void resultsDependNeitherOnBatchesNorOnThreadsNorOnOtherRequests() throws IOException {
        List<LoglikelihoodRequest> requests = new ArrayList<>();
        for (JsonNode question : questions("object_counting").subList(0, 30)) {
            requests.addAll(requests(question));
        }
        List<LoglikelihoodResult> expected;
        try (LanguageModel model = open("base", new InferenceOptions(1, 0, 0, InferenceOptions.KeyValueType.FLOAT32))) {
            expected = model.loglikelihood(requests);
            assertEquals(expected.get(7), model.loglikelihood(requests.subList(7, 8)).getFirst(), "alone");
            List<LoglikelihoodRequest> shuffled = new ArrayList<>(requests);
            Collections.shuffle(shuffled, new Random(3));
            List<LoglikelihoodResult> results = model.loglikelihood(shuffled);
            for (int i = 0; i < results.size(); i++) {
                assertEquals(expected.get(requests.indexOf(shuffled.get(i))), results.get(i), "shuffled");
            }
        }
        for (int batchTokens : new int[] {1, 7, 64, 4096}) {
            InferenceOptions options = new InferenceOptions(3, 0, batchTokens, InferenceOptions.KeyValueType.FLOAT32);
            try (LanguageModel model = open("base", options)) {
                assertEquals(expected, model.loglikelihood(requests), "passes of " + batchTokens + " tokens");
            }
        }
    }

    @Test
    void keysAndValuesInBfloat16ChangeLittleAndTheSameWhateverTheBatch() throws IOException {
        List<LoglikelihoodRequest> requests = new ArrayList<>();
        for (JsonNode question : questions("object_counting").subList(0, 10)) {
            requests.addAll(requests(question));
        }
        InferenceOptions half = new InferenceOptions(2, 0, 0, InferenceOptions.KeyValueType.BFLOAT16);
        InferenceOptions smallPasses = new InferenceOptions(1, 0, 7, InferenceOptions.KeyValueType.BFLOAT16);
        try (LanguageModel model = open("base", half);
                LanguageModel inSmallPasses = open("base", smallPasses);
                LanguageModel exact = open("base", InferenceOptions.DEFAULT)) {
            List<LoglikelihoodResult> results = model.loglikelihood(requests);
            List<LoglikelihoodResult> expected = exact.loglikelihood(requests);
            assertEquals(results, inSmallPasses.loglikelihood(requests));
            double worst = 0;
            for (int i = 0; i < results.size(); i++) {
                worst = Math.max(worst, Math.abs(results.get(i).logLikelihood() - expected.get(i).logLikelihood()));
            }
            assertTrue(worst > 0 && worst < 0.3, "greatest difference " + worst);
            assertNotEquals(exact.fingerprint(), model.fingerprint());
        }
    }

    @Test
    void contextsBeyondTheMaximumLengthAreCutOnTheLeftAndSaySo() throws IOException {
        String question = "Q: I have three flutes, two peachs, a table and two oranges. How many objects do I have?\nA:";
        String longContext = "Q: I have a chair and a drum. How many objects do I have?\nA: 2\n\n".repeat(40) + question;
        try (LanguageModel model = open("base", new InferenceOptions(0, 64, 0, InferenceOptions.KeyValueType.FLOAT32))) {
            LoglikelihoodResult cut = model.loglikelihood(List.of(new LoglikelihoodRequest(longContext, " 8"))).getFirst();
            assertTrue(cut.truncated());
            LoglikelihoodResult whole = model.loglikelihood(List.of(new LoglikelihoodRequest(question, " 8"))).getFirst();
            assertEquals(false, whole.truncated());
        }
    }

    private static LanguageModel open(String model, InferenceOptions options) throws IOException {
        return LocalLanguageModel.open(SAMPLES.resolve("models").resolve(model), options);
    }

    private static List<JsonNode> questions(String task) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        List<JsonNode> questions = new ArrayList<>();
        for (String line : Files.readAllLines(SAMPLES.resolve("benchmark").resolve(task + ".jsonl"))) {
            questions.add(mapper.readTree(line));
        }
        return questions;
    }

    private static List<LoglikelihoodRequest> requests(JsonNode question) {
        List<LoglikelihoodRequest> requests = new ArrayList<>();
        for (JsonNode choice : question.get("choices")) {
            requests.add(new LoglikelihoodRequest("Q: " + question.get("question").textValue() + "\nA:",
                    " " + choice.textValue()));
        }
        return requests;
    }

    /** By log-likelihood a character, as acc_norm has it. */
    private static int rightAnswers(LanguageModel model, String task) throws IOException {
        List<JsonNode> questions = questions(task);
        List<LoglikelihoodRequest> requests = new ArrayList<>();
        for (JsonNode question : questions) {
            requests.addAll(requests(question));
        }
        List<LoglikelihoodResult> results = model.loglikelihood(requests);
        int right = 0;
        int next = 0;
        for (JsonNode question : questions) {
            int best = 0;
            double bestScore = Double.NEGATIVE_INFINITY;
            for (int choice = 0; choice < question.get("choices").size(); choice++) {
                double score = results.get(next++).logLikelihood() / question.get("choices").get(choice).textValue().length();
                if (score > bestScore) {
                    best = choice;
                    bestScore = score;
                }
            }
            right += best == question.get("answer").intValue() ? 1 : 0;
        }
        return right;
    }
}
