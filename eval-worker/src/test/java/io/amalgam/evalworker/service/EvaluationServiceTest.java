package io.amalgam.evalworker.service;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.store.FileSystemStore;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.QuestionResult;
import io.amalgam.evaluation.task.TaskCatalog;
import io.amalgam.evalworker.task.ResultStore;
import io.amalgam.evalworker.task.SliceResults;
import io.amalgam.events.Event;
import io.amalgam.events.Event.ArtifactCompleted;
import io.amalgam.events.Event.EvaluationCancellationRequested;
import io.amalgam.events.Event.EvaluationCancelled;
import io.amalgam.events.Event.EvaluationCompleted;
import io.amalgam.events.Event.EvaluationFailed;
import io.amalgam.events.Event.EvaluationTaskCompleted;
import io.amalgam.events.Event.EvaluationTaskRequested;
import io.amalgam.events.Event.ModelPlace;
import io.amalgam.events.Event.ScoreCompared;
import io.amalgam.events.Event.ScoreRecorded;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.LogReader;
import io.amalgam.events.Topics;
import io.amalgam.events.TraceContext;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.smallrye.common.annotation.Identifier;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The whole worker against a real broker, on the sample models and their benchmark. */
@QuarkusTest
@QuarkusTestResource(BrokerResource.class)
class EvaluationServiceTest {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final double A_QUESTION = 1.0 / 200;

    @Inject
    @Identifier("default-kafka-broker")
    Map<String, Object> connection;

    @ConfigProperty(name = "amalgam.models.root")
    Path models;

    @ConfigProperty(name = "amalgam.store.root")
    Path storeRoot;

    @ConfigProperty(name = "amalgam.benchmarks.root")
    Path benchmarks;

    private final List<Event> scores = new CopyOnWriteArrayList<>();
    private final List<Event> results = new CopyOnWriteArrayList<>();
    private final List<EvaluationTaskRequested> tasks = new CopyOnWriteArrayList<>();
    private EventPublisher publisher;
    private LogReader scoreLog;
    private LogReader resultLog;
    private LogReader taskLog;

    @BeforeEach
    void connect() {
        await().atMost(LIMIT).until(() -> RestAssured.get("/q/health/ready").statusCode() == 200);
        Map<String, Object> broker = new HashMap<>(connection);
        publisher = new EventPublisher(broker, "test", Clock.systemUTC());
        scoreLog = new LogReader(broker, Topics.SCORES, received -> scores.add(received.event()));
        resultLog = new LogReader(broker, Topics.EVALUATION_RESULTS, received -> results.add(received.event()));
        taskLog = new LogReader(broker, Topics.EVALUATION_TASKS,
                received -> tasks.add((EvaluationTaskRequested) received.event()));
        taskLog.start();
        scoreLog.start();
        resultLog.start();
    }

    @AfterEach
    void disconnect() {
        taskLog.close();
        scoreLog.close();
        resultLog.close();
        publisher.close();
    }

    /** Stands for a merged model: what an eval-worker does does not depend on where a model came from. */
    private ModelPlace place(String name, ModelPlace.Role role) throws IOException {
        String identity = new LocalModelSource(models, false).resolve(name, null).identity();
        return new ModelPlace(name, identity, name, role);
    }

    private void announce(String artifact, List<String> benchmarks, ModelPlace... places) throws Exception {
        announce(artifact, 1, benchmarks, places);
    }

    private void announce(String artifact, int attempt, List<String> benchmarks, ModelPlace... places) throws Exception {
        publisher.publish(
                new ArtifactCompleted(artifact, "merge-" + artifact, artifact, "linear", "artifacts/" + artifact,
                        "0".repeat(64), 1, List.of(places), benchmarks, attempt, Instant.now()),
                TraceContext.start()).get();
    }

    private static double tokens(String task) {
        return RestAssured.get("/q/metrics").body().asString().lines()
                .filter(line -> line.startsWith("amalgam_tokens_total{") && line.contains("\"" + task + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private <T extends Event> List<T> scores(Class<T> type) {
        return scores.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private long answeredSlices(String evaluation) {
        return results.stream()
                .filter(event -> event instanceof EvaluationTaskCompleted completed
                        && completed.evaluation().equals(evaluation))
                .count();
    }

    private double accuracy(String model, String task) {
        return scores(ScoreRecorded.class).stream()
                .filter(score -> score.modelName().equals(model) && score.task().equals(task))
                .mapToDouble(score -> score.metrics().get("acc_norm"))
                .findFirst().orElse(Double.NaN);
    }

    @Test
    void anArtifactIsScoredWithItsParentAndBaseAndItsAnswersAreReused() throws Exception {
        ModelPlace expert = place("boolean-expressions-expert", ModelPlace.Role.ARTIFACT);
        ModelPlace parent = place("object-counting-expert", ModelPlace.Role.PARENT);
        ModelPlace base = place("base", ModelPlace.Role.BASE);
        announce("one", List.of("boolean_expressions"), expert, base, parent);
        await().atMost(LIMIT).until(() -> scores(EvaluationCompleted.class).stream()
                .anyMatch(event -> event.artifact().equals("one")));

        // What transformers gives on the same weights and questions (samples/README.md), but for a question at a tie.
        assertEquals(0.860, accuracy("boolean-expressions-expert", "boolean_expressions"), A_QUESTION);
        assertEquals(0.770, accuracy("object-counting-expert", "boolean_expressions"), A_QUESTION);
        assertEquals(0.735, accuracy("base", "boolean_expressions"), A_QUESTION);
        ScoreRecorded ofBase = scores(ScoreRecorded.class).stream()
                .filter(score -> score.modelName().equals("base")).findFirst().orElseThrow();
        assertEquals(200, ofBase.questions());
        assertEquals(0.5, ofBase.chance(), 1e-9);
        assertTrue(ofBase.engine().startsWith("amalgam/"), ofBase.engine());
        assertTrue(ofBase.standardErrors().get("acc_norm") > 0.02);
        List<ScoreCompared> comparisons = scores(ScoreCompared.class);
        assertEquals(List.of("base", "object-counting-expert"),
                comparisons.stream().map(ScoreCompared::parentName).sorted().toList());
        assertTrue(comparisons.stream().allMatch(comparison -> comparison.difference() > 0.05));

        assertEquals(3, answeredSlices("one"));
        announce("two", List.of("boolean_expressions"), place("base", ModelPlace.Role.ARTIFACT), parent);
        await().atMost(LIMIT).until(() -> scores(EvaluationCompleted.class).stream()
                .anyMatch(event -> event.artifact().equals("two")));
        assertEquals(0, answeredSlices("two"), "both models have answered these questions before");
    }

    @Test
    void anUnknownTaskEndsTheEvaluationWithItsReason() throws Exception {
        announce("three", List.of("boolean_expresions"), place("base", ModelPlace.Role.ARTIFACT));
        await().atMost(LIMIT).until(() -> scores(EvaluationFailed.class).stream()
                .anyMatch(event -> event.artifact().equals("three")));
        EvaluationFailed failed = scores(EvaluationFailed.class).stream()
                .filter(event -> event.artifact().equals("three")).findFirst().orElseThrow();
        assertEquals("TASK_UNKNOWN", failed.code());
        assertTrue(failed.message().contains("boolean_expressions"), failed.message());

        announce("three", 2, List.of("boolean_expresions"), place("base", ModelPlace.Role.ARTIFACT));
        await().atMost(LIMIT).until(() -> scores(EvaluationFailed.class).stream()
                .anyMatch(event -> event.artifact().equals("three") && event.attempt() == 2));
    }

    @Test
    void theSameModelUnderAnotherIdentityIsScoredWithoutBeingAskedAgain() throws Exception {
        ModelPlace byFingerprint = place("object-counting-expert", ModelPlace.Role.ARTIFACT);
        announce("nine", List.of("navigation"), byFingerprint);
        await().atMost(LIMIT).until(() -> scores(EvaluationCompleted.class).stream()
                .anyMatch(event -> event.artifact().equals("nine")));
        double asked = tokens("navigation");
        assertTrue(asked > 0);
        String identity = new LocalModelSource(models, false, LocalModelSource.Identity.CONTENTS)
                .resolve(byFingerprint.name(), null).identity();
        announce("ten", List.of("navigation"),
                new ModelPlace(byFingerprint.name(), identity, byFingerprint.location(), ModelPlace.Role.ARTIFACT));
        await().atMost(LIMIT).until(() -> scores(EvaluationCompleted.class).stream()
                .anyMatch(event -> event.artifact().equals("ten")));
        List<ScoreRecorded> ofBoth = scores(ScoreRecorded.class).stream()
                .filter(score -> List.of("nine", "ten").contains(score.evaluation())).toList();
        assertEquals(Set.of(byFingerprint.identity(), identity),
                ofBoth.stream().map(ScoreRecorded::modelIdentity).collect(Collectors.toSet()));
        assertEquals(1, ofBoth.stream().map(ScoreRecorded::metrics).distinct().count());
        assertEquals(asked, tokens("navigation"), "no token went through a model for it");
    }

    @Test
    void aModelThatIsNotTheMergedOneAnyMoreIsNotScoredAsIt() throws Exception {
        ModelPlace changed = new ModelPlace("base", "local:sha256:of-another-time", "base", ModelPlace.Role.ARTIFACT);
        announce("four", List.of("ordering"), changed);
        await().atMost(LIMIT).until(() -> scores(EvaluationFailed.class).stream()
                .anyMatch(event -> event.artifact().equals("four")));
        assertTrue(scores(EvaluationFailed.class).stream().anyMatch(event -> event.code().equals("MODEL_CHANGED")));
        assertTrue(scores(ScoreRecorded.class).stream()
                .noneMatch(score -> score.modelIdentity().equals("local:sha256:of-another-time")));
    }

    @Test
    void aCancelledEvaluationEndsAndCanBeOrderedAnewWithMoreBenchmarks() throws Exception {
        ModelPlace expert = place("ordering-expert", ModelPlace.Role.ARTIFACT);
        announce("six", List.of("ordering", "navigation"), expert);
        await().atMost(LIMIT).until(() -> tasks.stream().anyMatch(task -> task.evaluation().equals("six")));
        publisher.publish(
                new EvaluationCancellationRequested("six", "a test", "enough", Instant.now()), TraceContext.start()).get();
        await().atMost(LIMIT).until(() -> scores(EvaluationCancelled.class).stream()
                .anyMatch(event -> event.artifact().equals("six") && event.by().equals("a test")));
        assertTrue(scores(EvaluationCompleted.class).stream().noneMatch(event -> event.artifact().equals("six")));

        List<String> more = List.of("ordering", "navigation", "web_of_lies");
        announce("six", more, expert);
        await().atMost(LIMIT).until(() -> scores(EvaluationCompleted.class).stream()
                .anyMatch(event -> event.artifact().equals("six")));
        assertEquals(Set.copyOf(more), scores(ScoreRecorded.class).stream()
                .filter(score -> score.evaluation().equals("six")).map(ScoreRecorded::task).collect(Collectors.toSet()));
        assertEquals(more, scores(EvaluationCompleted.class).stream()
                .filter(event -> event.artifact().equals("six")).findFirst().orElseThrow().benchmarks());
    }

    @Test
    void aSliceThatStoppedHalfWayGoesOnWhereItWas() throws Exception {
        ModelPlace model = place("navigation-expert", ModelPlace.Role.ARTIFACT);
        announce("seven", List.of("ordering"), model);
        await().atMost(LIMIT).until(() -> scores(EvaluationCompleted.class).stream()
                .anyMatch(event -> event.artifact().equals("seven")));
        BenchmarkTask task = TaskCatalog.open(List.of(benchmarks)).find("ordering");
        ResultStore store = new ResultStore(new FileSystemStore(storeRoot));
        SliceResults whole = store.read(model.identity(), task.name(), task.digest(), 0).orElseThrow();
        List<QuestionResult> half = new ArrayList<>(whole.answers().subList(0, 50));
        half.set(0, QuestionResult.parse(half.getFirst().toJson().replace("\"id\":\"0\"", "\"id\":\"kept\"")));
        store.write(model.identity(), task.name(), task.digest(), new SliceResults(whole.engine(), 0, half));

        announce("eight", List.of("ordering"), model);
        await().atMost(LIMIT).until(() -> scores(EvaluationCompleted.class).stream()
                .anyMatch(event -> event.artifact().equals("eight")));
        SliceResults after = store.read(model.identity(), task.name(), task.digest(), 0).orElseThrow();
        assertEquals("kept", after.answers().getFirst().id(), "what was answered is not asked again");
        assertEquals(whole.answers().subList(1, 200), after.answers().subList(1, 200));
    }

    @Test
    void metricsCountQuestionsAndEvaluations() throws Exception {
        announce("five", List.of("web_of_lies"), place("web-of-lies-expert", ModelPlace.Role.ARTIFACT));
        await().atMost(LIMIT).until(() -> scores(EvaluationCompleted.class).stream()
                .anyMatch(event -> event.artifact().equals("five")));
        String page = RestAssured.get("/q/metrics").body().asString();
        assertTrue(page.contains("amalgam_questions_answered_total{task=\"web_of_lies\""), page);
        assertTrue(page.contains("amalgam_evaluations_total{state=\"completed\""), page);
    }
}
