package io.amalgam.evaluation.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.evaluation.data.BenchmarkFixtures;
import io.amalgam.evaluation.inference.ChatMessage;
import io.amalgam.evaluation.inference.ChatTemplate;
import io.amalgam.evaluation.score.LeaderboardScore;
import io.amalgam.evaluation.score.TaskScore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Compares with what lm-evaluation-harness 0.4.13 makes of the same data. */
class LeaderboardTasksTest {

    /** The toy template of the fixtures. */
    private static final ChatTemplate TEMPLATE = new ChatTemplate() {
        @Override
        public String render(List<ChatMessage> messages) {
            StringBuilder text = new StringBuilder();
            for (ChatMessage message : messages) {
                text.append("<|").append(message.role()).append("|>\n").append(message.content()).append("<|end|>\n");
            }
            return text.append("<|assistant|>\n").toString();
        }

        @Override
        public String source() {
            return "toy";
        }
    };

    @Test
    void everyRequestIsThatOfTheHarness() throws Exception {
        TaskCatalog catalog = TaskCatalog.open(List.of(BenchmarkFixtures.folder()));
        List<ObjectNode> rows = BenchmarkFixtures.rows("golden_requests.jsonl");
        assertEquals(210, rows.size());
        for (ObjectNode row : rows) {
            BenchmarkTask task = catalog.find(row.get("task").textValue());
            String place = row.get("task").textValue() + " " + row.get("doc_id") + " " + row.get("mode");
            assertEquals(row.get("n_docs").intValue(), task.size(), place);
            assertEquals(row.get("num_fewshot").intValue(), task.shots(), place);
            PromptFormat format = switch (row.get("mode").textValue()) {
                case "plain" -> PromptFormat.plain();
                case "chat_multiturn" -> PromptFormat.chat(TEMPLATE, true);
                case "chat_single" -> PromptFormat.chat(TEMPLATE, false);
                default -> throw new IllegalStateException(place);
            };
            Question question = task.question(row.get("doc_id").intValue());
            Evaluator.AskedQuestion asked = new Evaluator(format, AnswerCache.NONE).ask(question);
            assertEquals(row.get("context").textValue(), asked.context(), place);
            assertEquals(row.get("target").asText(), question.target(), place);
            if (row.get("gen_kwargs").isNull()) {
                List<String> continuations = new ArrayList<>();
                row.get("continuations").forEach(continuation -> continuations.add(continuation.textValue()));
                assertEquals(continuations, asked.continuations(), place);
            } else {
                assertEquals(
                        row.at("/gen_kwargs/max_gen_toks").intValue(), question.generation().maximumNewTokens(), place);
                List<String> stops = new ArrayList<>();
                row.at("/gen_kwargs/until").forEach(stop -> stops.add(stop.textValue()));
                assertEquals(stops, question.generation().stops(), place);
            }
        }
    }

    @Test
    void countsChanceAndConstantAnswersAreThoseOfTheSpecification() {
        TaskCatalog catalog = TaskCatalog.open(List.of(BenchmarkFixtures.folder()));
        List<String> bbh = catalog.expand(List.of("leaderboard_bbh"));
        assertEquals(24, bbh.size());
        assertEquals(5_761, bbh.stream().mapToInt(name -> catalog.find(name).size()).sum());
        BenchmarkTask navigate = catalog.find("leaderboard_bbh_navigate");
        assertEquals(0.580, navigate.bestConstantAnswer(), 1e-9);
        assertEquals(0.5, navigate.chance(), 1e-9);
        assertEquals(0.104, catalog.find("leaderboard_bbh_object_counting").bestConstantAnswer(), 1e-9);
        assertEquals(0.172, catalog.find("leaderboard_bbh_reasoning_about_colored_objects").bestConstantAnswer(), 1e-9);
        BenchmarkTask mmluPro = catalog.find("leaderboard_mmlu_pro");
        assertEquals("acc", mmluPro.primaryMetric());
        assertEquals(0.1109, mmluPro.chance(), 5e-5);
        assertEquals(0.10, mmluPro.leaderboardBound().orElseThrow());
        // The data beside the project are a sample, and say so.
        assertEquals(250, catalog.find("leaderboard_musr_murder_mysteries").fullSize());
    }

    @Test
    void oneWhoKnowsTheAnswersReachesTheKnownCeilings() {
        TaskCatalog catalog = TaskCatalog.open(List.of(BenchmarkFixtures.folder()));
        for (String name : catalog.expand(List.of("leaderboard_bbh", "leaderboard_mmlu_pro", "leaderboard_musr"))) {
            BenchmarkTask task = catalog.find(name);
            double ceiling = switch (name) {
                // One and two questions have no right choice.
                case "leaderboard_bbh_movie_recommendation" -> 0.996;
                case "leaderboard_bbh_ruin_names" -> 0.992;
                default -> 1.0;
            };
            int right = 0;
            for (int index = 0; index < task.size(); index++) {
                Question question = task.question(index);
                List<Double> logLikelihoods = new ArrayList<>();
                for (String choice : question.choices()) {
                    logLikelihoods.add(choice.equals(question.target()) ? -0.001 : -100.0);
                }
                Answer answer = new Answer.Choices(
                        logLikelihoods, Collections.nCopies(question.choices().size(), false));
                right += (int) task.score(question, answer).mean(task.primaryMetric());
            }
            assertEquals(ceiling, (double) right / task.size(), 1e-9, name);
        }
    }

    @Test
    void garbageScoresOnIfEvalWhatTheSpecificationSays() {
        BenchmarkTask task = TaskCatalog.open(List.of(BenchmarkFixtures.folder())).find("leaderboard_ifeval");
        assertEquals(541, task.size());
        assertEquals(0.0, leaderboardScore(task, prompt -> ""), 0.05);
        assertEquals(17.2, leaderboardScore(task, prompt -> "hello"), 0.05);
        assertEquals(21.0, leaderboardScore(task, prompt -> "the ".repeat(300)), 0.05);
        // The harness counts a random letter where key 1129 asks for "!", which its prompt does not hold often enough.
        assertEquals(30.5 - 100.0 / 541 / 2 - 100.0 / 834 / 2, leaderboardScore(task, prompt -> prompt), 0.05);
    }

    private static double leaderboardScore(BenchmarkTask task, UnaryOperator<String> respond) {
        FunctionModel model = new FunctionModel(request -> 0, request -> respond.apply(request.context()));
        TaskScore score = TaskScore.aggregate(task, EvaluatorTest.evaluate(model, task, AnswerCache.NONE));
        assertEquals(834, score.metrics().get("inst_level_strict_acc").count());
        return LeaderboardScore.of(List.of(score)).orElseThrow().benchmarks().getFirst().normalised();
    }

    @Test
    void threeRowsHaveNoRightChoiceAndAreAlwaysWrong() {
        TaskCatalog catalog = TaskCatalog.open(List.of(BenchmarkFixtures.folder()));
        int without = 0;
        for (String name : catalog.expand(List.of("leaderboard_bbh"))) {
            BenchmarkTask task = catalog.find(name);
            for (int index = 0; index < task.size(); index++) {
                if (task.question(index).gold() < 0) {
                    without++;
                    assertTrue(name.endsWith("movie_recommendation") || name.endsWith("ruin_names"), name);
                }
            }
        }
        assertEquals(3, without);
    }

    @Test
    void fewerWorkedExamplesAreTheFirstOnes() {
        TaskCatalog catalog = TaskCatalog.open(
                List.of(BenchmarkFixtures.folder()), OptionalInt.of(1));
        BenchmarkTask one = catalog.find("leaderboard_bbh_navigate");
        BenchmarkTask three = TaskCatalog.open(List.of(BenchmarkFixtures.folder())).find("leaderboard_bbh_navigate");
        assertEquals(1, one.shots());
        assertEquals(
                three.question(0).prompt().shots().getFirst(), one.question(0).prompt().shots().getFirst());
        assertTrue(!one.digest().equals(three.digest()));
    }
}
