package io.amalgam.evalworker.task;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.evaluation.inference.LanguageModel;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.Evaluator;
import io.amalgam.evaluation.task.PromptFormat;
import io.amalgam.evaluation.task.QuestionResult;
import io.amalgam.evaluation.task.TaskCatalog;
import io.amalgam.events.Event;
import io.amalgam.events.Event.EvaluationTaskCompleted;
import io.amalgam.events.Event.EvaluationTaskFailed;
import io.amalgam.events.Event.EvaluationTaskRequested;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.TraceContext;
import io.amalgam.events.work.RefusedWork;
import io.amalgam.events.work.WorkHandler;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Asks a model the questions of a slice. Order matters: answers in the store, result acknowledged by the broker, and
 * only then is the record accepted; whoever gets the record again finds the answers and asks only what is missing.
 */
public final class EvaluationWork implements WorkHandler {

    /** Deliveries of a record until it counts as one that kills its workers: three have died or hung with it. */
    static final int LOST_AFTER = 3;

    private static final Logger LOG = LoggerFactory.getLogger(EvaluationWork.class);
    private static final int FIRST_BATCH = 25;
    private static final Duration SHORT_BATCH = Duration.ofSeconds(5);
    private static final Duration LONG_BATCH = Duration.ofSeconds(30);
    private static final Duration SAVING_INTERVAL = Duration.ofSeconds(15);
    /** Of its deadline, how much a record may use up before the rest is published as another one. */
    private static final double DEADLINE_SHARE = 0.8;

    private final String worker;
    private final ArtifactStore store;
    private final ResultStore results;
    private final Supplier<TaskCatalog> catalog;
    private final OpenModels models;
    private final CancelledEvaluations cancelled;
    private final EventPublisher publisher;
    private final Clock clock;
    private final WorkListener listener;

    /** Told of work, for metrics. */
    public interface WorkListener {

        /**
         * Questions of a task have been answered.
         *
         * @param tokens that went through the model's forward pass for it
         */
        void answered(String task, int questions, long tokens, Duration duration);

        /** A record came that had been delivered before. */
        void redelivered();

        /** A slice is complete; {@code reused} if all answers were in the store. */
        void done(boolean reused);

        /** A slice failed for good. */
        void failed(String code);
    }

    /**
     * Work of a worker.
     *
     * @param worker its name, in results
     * @param store where answers go
     * @param catalog the benchmark tasks
     * @param cancelled evaluations that nobody waits for any more
     */
    public EvaluationWork(
            String worker, ArtifactStore store, Supplier<TaskCatalog> catalog, OpenModels models,
            CancelledEvaluations cancelled, EventPublisher publisher, Clock clock, WorkListener listener) {
        this.worker = worker;
        this.store = store;
        this.results = new ResultStore(store);
        this.catalog = catalog;
        this.models = models;
        this.cancelled = cancelled;
        this.publisher = publisher;
        this.clock = clock;
        this.listener = listener;
    }

    @Override
    public boolean available() {
        return true;
    }

    @Override
    public Outcome handle(Work work, Turn turn) throws InterruptedException {
        if (!(work.received().event() instanceof EvaluationTaskRequested request)) {
            throw new RefusedWork(ErrorCode.EVENT_INVALID.name(),
                    work.received().event().getClass().getSimpleName() + " is no work for an eval-worker");
        }
        if (request.from() < 0 || request.to() <= request.from() || request.to() > request.total()
                || request.to() > Slices.end(request.from(), request.total())) {
            throw new RefusedWork(ErrorCode.EVENT_INVALID.name(), "questions " + request.from() + " to " + request.to()
                    + " of " + request.total() + " are no slice");
        }
        MDC.put(TraceContext.LOG_KEY, work.received().trace().traceId());
        MDC.put("evaluation", request.evaluation());
        if (work.deliveries() > 1) {
            listener.redelivered();
        }
        try {
            return new Run(request, work, turn).run();
        } finally {
            MDC.remove(TraceContext.LOG_KEY);
            MDC.remove("evaluation");
        }
    }

    /** One record. */
    private final class Run {
        private final EvaluationTaskRequested request;
        private final Work work;
        private final Turn turn;
        /** When this record's work began; waiting for the turn is none. */
        private long begun = System.nanoTime();
        private StoredAnswerCache cache;

        Run(EvaluationTaskRequested request, Work work, Turn turn) {
            this.request = request;
            this.work = work;
            this.turn = turn;
        }

        Outcome run() throws InterruptedException {
            if (work.deliveries() > LOST_AFTER) {
                return fail(ErrorCode.WORKER_LOST,
                        (work.deliveries() - 1) + " workers died or hung with " + name());
            }
            try {
                return answer();
            } catch (AmalgamException failure) {
                if (!failure.code().transientFailure()) {
                    return fail(failure.code(), failure.getMessage());
                }
                LOG.warn("{} waits: {}", name(), failure.getMessage());
                return Outcome.OUTAGE;
            } catch (RuntimeException | OutOfMemoryError fault) {
                LOG.error("{} failed", name(), fault);
                return fail(ErrorCode.INTERNAL, name() + " failed by a fault of Amalgam: " + fault);
            }
        }

        private Outcome answer() throws InterruptedException {
            Optional<SliceResults> stored = stored();
            if (stored.isPresent() && stored.get().next() >= request.to()) {
                listener.done(true);
                return completed(request.to());
            }
            BenchmarkTask task = task();
            if (!turn.take(Duration.ofSeconds(request.deadlineSeconds()))) {
                return Outcome.GIVE_BACK;
            }
            if (cancelled.contains(request)) {
                LOG.info("{} is not wanted any more", name());
                return Outcome.DONE;
            }
            begun = System.nanoTime();
            // Another worker, or this one's other slot, may have been at it meanwhile.
            stored = stored();
            OpenModels.Open open = models.get(request.model());
            LanguageModel model = open.model();
            String engine = model.fingerprint().toString();
            List<QuestionResult> answers = new ArrayList<>();
            stored.filter(known -> known.engine().equals(engine)).ifPresent(known -> answers.addAll(known.answers()));
            cache = new StoredAnswerCache(store, open.scope(), requests(task));
            return ask(model, task, engine, answers);
        }

        /** The digests of the slice's requests. */
        private List<String> requests(BenchmarkTask task) {
            Evaluator evaluator = new Evaluator();
            List<String> requests = new ArrayList<>();
            int end = Slices.end(request.from(), request.total());
            for (int question = Slices.start(request.from()); question < end; question++) {
                requests.add(evaluator.ask(task.question(question)).digest());
            }
            return requests;
        }

        /** Asks what is not answered, from the slice's first open question on. */
        private Outcome ask(LanguageModel model, BenchmarkTask task, String engine, List<QuestionResult> answers)
                throws InterruptedException {
            Evaluator evaluator = new Evaluator(PromptFormat.plain(), cache);
            int start = Slices.start(request.from());
            int batch = FIRST_BATCH;
            int known = answers.size();
            long saved = System.nanoTime();
            while (start + answers.size() < request.to()) {
                if (turn.stopped(remaining(start + answers.size(), answers.size() - known))) {
                    save(engine, answers);
                    return Outcome.GIVE_BACK;
                }
                if (cancelled.contains(request)) {
                    LOG.info("{} is not wanted any more", name());
                    save(engine, answers);
                    return Outcome.DONE;
                }
                if (elapsed(begun).toSeconds() > request.deadlineSeconds() * DEADLINE_SHARE) {
                    save(engine, answers);
                    return continueLater(start + answers.size());
                }
                int from = start + answers.size();
                int to = Math.min(request.to(), from + batch);
                long batchBegun = System.nanoTime();
                long tokensBefore = model.tokensComputed();
                evaluator.run(model, task, from, to, answers::add);
                Duration duration = elapsed(batchBegun);
                listener.answered(task.name(), to - from, model.tokensComputed() - tokensBefore, duration);
                if (duration.compareTo(SHORT_BATCH) < 0) {
                    batch = Math.min(Slices.QUESTIONS, batch * 2);
                } else if (duration.compareTo(LONG_BATCH) > 0) {
                    batch = Math.max(1, batch / 2);
                }
                if (elapsed(saved).compareTo(SAVING_INTERVAL) > 0) {
                    save(engine, answers);
                    saved = System.nanoTime();
                }
            }
            save(engine, answers);
            listener.done(false);
            LOG.info("{} done in {} ms", name(), elapsed(begun).toMillis());
            return completed(request.to());
        }

        /** How long the questions from the next one on take at the rate so far; zero while none has been asked. */
        private Duration remaining(int next, int asked) {
            return asked == 0 ? Duration.ZERO : elapsed(begun).multipliedBy(request.to() - next).dividedBy(asked);
        }

        private BenchmarkTask task() {
            BenchmarkTask task = catalog.get().find(request.task());
            if (!task.digest().equals(request.taskDigest())) {
                throw new AmalgamException(ErrorCode.BENCHMARK_DATA, "Task " + task.name() + " has the digest "
                        + task.digest() + " here; asked for was " + request.taskDigest()
                        + ". Give all eval-workers the same benchmark data.");
            }
            return task;
        }

        private Optional<SliceResults> stored() {
            return results.read(request.model().identity(), request.task(), request.taskDigest(), request.from());
        }

        private void save(String engine, List<QuestionResult> answers) {
            cache.save();
            results.write(request.model().identity(), request.task(), request.taskDigest(),
                    new SliceResults(engine, Slices.start(request.from()), answers));
        }

        /** What is answered is reported, and the rest becomes a record of its own. */
        private Outcome continueLater(int next) throws InterruptedException {
            LOG.info("{} goes on from question {} in another record", name(), next);
            if (next > request.from() && completed(next) != Outcome.DONE) {
                return Outcome.GIVE_BACK;
            }
            return publish(new EvaluationTaskRequested(
                    request.evaluation(), request.model(), request.task(), request.taskDigest(),
                    Math.max(next, request.from()), request.to(), request.total(), request.attempt(),
                    request.round() + 1, request.deadlineSeconds(), clock.instant()));
        }

        private Outcome completed(int to) throws InterruptedException {
            return publish(new EvaluationTaskCompleted(
                    request.evaluation(), request.model().identity(), request.task(), request.taskDigest(),
                    request.from(), to, request.total(),
                    ResultStore.location(
                            request.model().identity(), request.task(), request.taskDigest(), request.from()),
                    worker, to - request.from(), elapsed(begun).toMillis(), clock.instant()));
        }

        private Outcome fail(ErrorCode code, String message) throws InterruptedException {
            LOG.warn("{} failed: {} {}", name(), code, message);
            listener.failed(code.name());
            return publish(new EvaluationTaskFailed(
                    request.evaluation(), request.model().identity(), request.task(), request.from(), request.to(),
                    request.attempt(), code.name(), EventCodec.abbreviate(message), worker, clock.instant()));
        }

        private Outcome publish(Event event) throws InterruptedException {
            return publisher.publishPatiently(event, work.received().trace(), turn::stopped)
                    ? Outcome.DONE
                    : Outcome.GIVE_BACK;
        }

        private String name() {
            return "questions " + request.from() + " to " + request.to() + " of " + request.task() + " for "
                    + request.model().name();
        }
    }

    private static Duration elapsed(long since) {
        return Duration.ofNanos(System.nanoTime() - since);
    }
}
