package io.amalgam.evalworker.coordination;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.evalworker.coordination.EvaluationPlan.PlannedTask;
import io.amalgam.evalworker.coordination.EvaluationPlan.Slice;
import io.amalgam.events.Event;
import io.amalgam.events.Event.EvaluationCancelled;
import io.amalgam.events.Event.EvaluationCompleted;
import io.amalgam.events.Event.EvaluationFailed;
import io.amalgam.events.Event.EvaluationTaskCompleted;
import io.amalgam.events.Event.EvaluationTaskFailed;
import io.amalgam.events.Event.EvaluationTaskRequested;
import io.amalgam.events.Event.ModelPlace;
import io.amalgam.events.Event.ScoreCompared;
import io.amalgam.events.Event.ScoreRecorded;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** One evaluation: what it asks, what it makes of answers that come late, twice or never, and how it ends. */
class EvaluationLineTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration DEADLINE = Duration.ofMinutes(5);
    private static final Duration LATE = DEADLINE.multipliedBy(2).plusSeconds(1);
    private static final ModelPlace MERGED = new ModelPlace("merged", "artifact:a", "artifacts/a", ModelPlace.Role.ARTIFACT);
    private static final ModelPlace BASE = new ModelPlace("base", "local:b", "base", ModelPlace.Role.BASE);
    private static final PlannedTask SHORT = new PlannedTask("counting", "d1", 200);
    private static final PlannedTask LONG = new PlannedTask("ordering", "d2", 450);

    /** What a store would have: which slices are complete. */
    private static final class Answers implements EvaluationLine.Scoring {
        private final Set<String> complete = new HashSet<>();

        void add(EvaluationTaskRequested request) {
            complete.add(key(request.model().identity(), request.task(), request.from()));
        }

        @Override
        public boolean answered(Slice slice) {
            return complete.contains(key(slice.model().identity(), slice.task().name(), slice.from()));
        }

        @Override
        public Event score(EvaluationPlan plan, ModelPlace model, PlannedTask task, Instant now) {
            return new ScoreRecorded(plan.evaluation(), model.name(), model.identity(), model.role(), plan.artifact(),
                    task.name(), task.digest(), task.total(), "acc_norm", Map.of(), Map.of(), 0, 0, false, "amalgam", now);
        }

        @Override
        public Event compare(EvaluationPlan plan, ModelPlace other, PlannedTask task, Instant now) {
            return new ScoreCompared(plan.evaluation(), plan.artifact(), other.name(), other.identity(), task.name(),
                    "acc_norm", task.total(), 0, 0, 0, 0, 0, 0, 1, "not distinguishable", now);
        }

        private static String key(String identity, String task, int from) {
            return identity + "/" + task + "/" + from;
        }
    }

    private final Answers answers = new Answers();

    private EvaluationLine line(PlannedTask... tasks) {
        return new EvaluationLine(
                new EvaluationPlan("a", "a", "merge", 3, List.of("all"), List.of(MERGED, BASE), List.of(tasks)), answers, DEADLINE);
    }

    private static EvaluationTaskCompleted completed(EvaluationTaskRequested request) {
        return new EvaluationTaskCompleted(request.evaluation(), request.model().identity(), request.task(),
                request.taskDigest(), request.from(), request.to(), request.total(), "there", "worker",
                request.to() - request.from(), 1, START);
    }

    private static EvaluationTaskFailed failed(EvaluationTaskRequested request, String code) {
        return new EvaluationTaskFailed(request.evaluation(), request.model().identity(), request.task(),
                request.from(), request.to(), request.attempt(), code, "because", "worker", START);
    }

    private static <T> List<T> of(Class<T> type, List<Event> events) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    @Test
    void questionsAreHandedOutInSlicesThatCoverEachTaskOnce() {
        List<EvaluationTaskRequested> requests = of(EvaluationTaskRequested.class, line(SHORT, LONG).start(START));
        List<String> ofBase = requests.stream().filter(request -> request.model().equals(BASE))
                .map(request -> request.task() + " " + request.from() + "-" + request.to()).toList();
        assertEquals(List.of("counting 0-200", "ordering 0-200", "ordering 200-400", "ordering 400-450"), ofBase);
        assertEquals(8, requests.size());
    }

    @Test
    void aScoreIsMadeOnceAllOfItsAnswersAreThereAndDoesNotWaitForOtherModels() {
        EvaluationLine line = line(LONG);
        List<EvaluationTaskRequested> requests = of(EvaluationTaskRequested.class, line.start(START));
        List<Event> events = new ArrayList<>();
        for (EvaluationTaskRequested request : requests.subList(0, 3)) {
            assertEquals(List.of(), of(ScoreRecorded.class, events), "only two of three slices are answered");
            answers.add(request);
            events.addAll(line.on(completed(request), START));
        }
        assertEquals(List.of("merged"), of(ScoreRecorded.class, events).stream().map(ScoreRecorded::modelName).toList());
        assertEquals(List.of(), of(ScoreCompared.class, events), "the base has no score to compare with yet");
        assertFalse(line.ended());
        for (EvaluationTaskRequested request : requests.subList(3, 6)) {
            answers.add(request);
            events.addAll(line.on(completed(request), START));
        }
        assertEquals(2, of(ScoreRecorded.class, events).size());
        assertEquals(1, of(ScoreCompared.class, events).size());
        assertInstanceOf(EvaluationCompleted.class, events.getLast());
        assertTrue(line.ended());
    }

    @Test
    void repetitionsChangeNothing() {
        EvaluationLine line = line(SHORT);
        List<Event> events = new ArrayList<>();
        for (EvaluationTaskRequested request : of(EvaluationTaskRequested.class, line.start(START))) {
            answers.add(request);
            events.addAll(line.on(completed(request), START));
            events.addAll(line.on(completed(request), START));
            events.addAll(line.on(failed(request, "INTERNAL"), START));
        }
        assertEquals(2, of(ScoreRecorded.class, events).size());
        assertEquals(1, of(ScoreCompared.class, events).size());
        assertEquals(1, of(EvaluationCompleted.class, events).size());
        assertEquals(List.of(), of(EvaluationFailed.class, events));
    }

    @Test
    void aResultWhoseAnswersAreNotInTheStoreIsNotBelieved() {
        EvaluationLine line = line(SHORT);
        EvaluationTaskRequested first = of(EvaluationTaskRequested.class, line.start(START)).getFirst();
        assertEquals(List.of(), of(ScoreRecorded.class, line.on(completed(first), START)));
        assertEquals(2, line.remaining());
    }

    @Test
    void whatTheStoreHasIsNotAskedAgain() {
        of(EvaluationTaskRequested.class, line(SHORT, LONG).start(START)).stream()
                .filter(request -> request.model().equals(BASE)).forEach(answers::add);
        List<Event> events = line(SHORT, LONG).start(START);
        assertTrue(of(EvaluationTaskRequested.class, events).stream()
                .allMatch(request -> request.model().equals(MERGED)));
        assertEquals(2, of(ScoreRecorded.class, events).size(), "the base's two scores");
    }

    @Test
    void aPartOfASliceIsAProofOfLifeAndNoResult() {
        EvaluationLine line = line(SHORT);
        EvaluationTaskRequested first = of(EvaluationTaskRequested.class, line.start(START)).getFirst();
        EvaluationTaskCompleted part = new EvaluationTaskCompleted(first.evaluation(), first.model().identity(),
                first.task(), first.taskDigest(), 0, 120, first.total(), "there", "worker", 120, 1, START);
        Instant later = START.plus(DEADLINE);
        line.on(part, later);
        List<EvaluationTaskRequested> again = of(
                EvaluationTaskRequested.class, line.tick(START.plus(LATE), false));
        assertEquals(List.of("local:b"), again.stream().map(request -> request.model().identity()).toList());
    }

    @Test
    void aSliceWithoutResultIsHandedOutAgainAndGivenUpAfterThreeRounds() {
        EvaluationLine line = line(SHORT);
        line.start(START);
        Instant now = START;
        for (int round = 2; round <= EvaluationLine.ROUNDS; round++) {
            now = now.plus(LATE);
            List<EvaluationTaskRequested> again = of(EvaluationTaskRequested.class, line.tick(now, false));
            assertEquals(2, again.size());
            assertEquals(round, again.getFirst().round());
        }
        List<Event> events = line.tick(now.plus(LATE), false);
        assertEquals("STALLED", assertInstanceOf(EvaluationFailed.class, events.getLast()).code());
        assertTrue(line.ended());
    }

    @Test
    void nobodyIsBlamedForBeingLateDuringAnOutage() {
        EvaluationLine line = line(SHORT);
        line.start(START);
        for (int hour = 1; hour < 10; hour++) {
            assertEquals(List.of(), line.tick(START.plus(Duration.ofHours(hour)), true));
        }
        assertFalse(line.ended());
    }

    @Test
    void aFaultOfOursIsTriedThreeTimesAndOneOfTheInputOnce() {
        EvaluationLine line = line(SHORT);
        EvaluationTaskRequested request = of(EvaluationTaskRequested.class, line.start(START)).getFirst();
        for (int attempt = 2; attempt <= EvaluationLine.ATTEMPTS; attempt++) {
            request = of(EvaluationTaskRequested.class, line.on(failed(request, "INTERNAL"), START)).getFirst();
            assertEquals(attempt, request.attempt());
        }
        assertEquals(List.of(), line.on(failed(request, "INTERNAL"), START));
        assertEquals(1, line.remaining(), "the base is still to be answered");

        EvaluationLine other = line(SHORT);
        EvaluationTaskRequested refused = of(EvaluationTaskRequested.class, other.start(START)).getFirst();
        assertEquals(List.of(), other.on(failed(refused, "INFERENCE_UNSUPPORTED"), START));
        assertEquals(1, other.remaining());
    }

    @Test
    void oneModelThatCannotBeScoredKeepsTheOthersFromNothing() {
        EvaluationLine line = line(SHORT);
        List<EvaluationTaskRequested> requests = of(EvaluationTaskRequested.class, line.start(START));
        line.on(failed(requests.get(0), "INFERENCE_UNSUPPORTED"), START);
        answers.add(requests.get(1));
        List<Event> events = line.on(completed(requests.get(1)), START);
        assertEquals(List.of("base"), of(ScoreRecorded.class, events).stream().map(ScoreRecorded::modelName).toList());
        assertEquals("INFERENCE_UNSUPPORTED", assertInstanceOf(EvaluationFailed.class, events.getLast()).code());
    }

    @Test
    void aCancelledEvaluationEndsOnceAndHandsOutNothingMore() {
        EvaluationLine line = line(SHORT, LONG);
        List<Event> handedOut = line.start(START);
        List<Event> end = line.cancel("somebody", START.plusSeconds(1));
        assertEquals(List.of(new EvaluationCancelled(
                "a", "a", List.of("all"), "merge", 3, "somebody", START.plusSeconds(1))), end);
        assertTrue(line.ended());
        assertEquals(List.of(), line.cancel("somebody else", START.plusSeconds(2)), "it ends once");
        assertEquals(List.of(), line.tick(START.plus(LATE), false));
        EvaluationTaskRequested first = (EvaluationTaskRequested) handedOut.getFirst();
        answers.add(first);
        assertEquals(List.of(), line.on(completed(first), START.plusSeconds(3)), "what comes late changes nothing");
    }

    @Test
    void noMoreThanAWindowIsHandedOutAtATime() {
        PlannedTask huge = new PlannedTask("mmlu_pro", "d3", 12_032);
        EvaluationLine line = line(huge);
        List<EvaluationTaskRequested> first = of(EvaluationTaskRequested.class, line.start(START));
        assertEquals(EvaluationLine.WINDOW, first.size());
        answers.add(first.getFirst());
        assertEquals(1, of(EvaluationTaskRequested.class, line.on(completed(first.getFirst()), START)).size());
    }
}
