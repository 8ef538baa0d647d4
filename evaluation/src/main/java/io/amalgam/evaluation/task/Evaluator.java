package io.amalgam.evaluation.task;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.data.Digests;
import io.amalgam.evaluation.inference.GenerationRequest;
import io.amalgam.evaluation.inference.GenerationResult;
import io.amalgam.evaluation.inference.LanguageModel;
import io.amalgam.evaluation.inference.LoglikelihoodRequest;
import io.amalgam.evaluation.inference.LoglikelihoodResult;
import io.amalgam.evaluation.task.AnswerCache.CachedAnswer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Asks a model the questions of a task.
 *
 * <p>Questions are asked in batches, so that the model computes what prompts have in common once; results come out in
 * the order of the questions. Answers that a cache holds are not asked for again.
 */
public final class Evaluator {
    /** Questions with choices that are asked together. */
    static final int SCORED_BATCH = 250;
    /** Questions with generated answers that are asked together; small, since each may take long. */
    static final int GENERATED_BATCH = 8;

    private final PromptFormat format;
    private final AnswerCache cache;
    private final GenerationArguments generation;

    /** Receives results, and says when to stop. */
    @FunctionalInterface
    public interface Sink {
        /** Takes the next result. */
        void accept(QuestionResult result);

        /**
         * Whether evaluation is to stop; asked before each batch.
         *
         * @return true to end with {@code CANCELLED}
         */
        default boolean cancelled() {
            return false;
        }
    }

    /** An evaluator with plain prompts and without a cache. */
    public Evaluator() {
        this(PromptFormat.plain(), AnswerCache.NONE);
    }

    /**
     * An evaluator.
     *
     * @param format how prompts become text
     * @param cache what was answered before, of the scope that model and format make
     */
    public Evaluator(PromptFormat format, AnswerCache cache) {
        this(format, cache, GenerationArguments.NONE);
    }

    /**
     * An evaluator that has answers generated in another way than tasks say.
     *
     * @param generation what is changed
     */
    public Evaluator(PromptFormat format, AnswerCache cache, GenerationArguments generation) {
        this.format = Objects.requireNonNull(format, "format");
        this.cache = Objects.requireNonNull(cache, "cache");
        this.generation = Objects.requireNonNull(generation, "generation");
    }

    /**
     * Asks a range of a task's questions.
     *
     * @param from the first question
     * @param to the question after the last one
     * @param sink takes the results, in the order of the questions
     * @throws AmalgamException with {@code CANCELLED} if the sink said so, or as the model throws
     */
    public void run(LanguageModel model, BenchmarkTask task, int from, int to, Sink sink) {
        Objects.checkFromToIndex(from, to, task.size());
        int batch = task.outputType() == BenchmarkTask.OutputType.MULTIPLE_CHOICE ? SCORED_BATCH : GENERATED_BATCH;
        for (int start = from; start < to; start += batch) {
            if (sink.cancelled()) {
                throw new AmalgamException(
                        ErrorCode.CANCELLED, "The evaluation of task " + task.name() + " was cancelled.");
            }
            runBatch(model, task, start, Math.min(to, start + batch), sink);
        }
    }

    /** Returns the text that a model sees of a question, and what is scored after it. */
    public AskedQuestion ask(Question asIs) {
        Question question = asIs.generation() == null
                ? asIs
                : asIs.withGeneration(generation.apply(asIs.generation()));
        String delimiter = format.targetDelimiter(question.prompt());
        List<String> continuations = new ArrayList<>();
        for (String choice : question.choices()) {
            continuations.add(delimiter + choice);
        }
        return new AskedQuestion(question, format.context(question.prompt()), continuations);
    }

    /**
     * A question as a model sees it.
     *
     * @param question the question
     * @param context the text before the answer
     * @param continuations the texts whose log-likelihood is asked for, a choice each, or empty
     */
    public record AskedQuestion(Question question, String context, List<String> continuations) {

        /** Returns the digest of the request: all that the answer depends on besides the model. */
        public String digest() {
            List<String> parts = new ArrayList<>();
            if (question.generation() == null) {
                parts.add("loglikelihood");
                parts.add(context);
                parts.addAll(continuations);
            } else {
                parts.add("generate_until");
                parts.add(context);
                parts.add(Integer.toString(question.generation().maximumNewTokens()));
                parts.addAll(question.generation().stops());
            }
            return Digests.sha256OfParts(parts.toArray(new String[0]));
        }
    }

    private void runBatch(LanguageModel model, BenchmarkTask task, int from, int to, Sink sink) {
        List<AskedQuestion> asked = new ArrayList<>();
        List<String> digests = new ArrayList<>();
        List<CachedAnswer> answers = new ArrayList<>();
        List<AskedQuestion> open = new ArrayList<>();
        for (int index = from; index < to; index++) {
            AskedQuestion question = ask(task.question(index));
            String digest = question.digest();
            Optional<CachedAnswer> known = cache.find(digest);
            asked.add(question);
            digests.add(digest);
            answers.add(known.orElse(null));
            if (known.isEmpty()) {
                open.add(question);
            }
        }
        List<CachedAnswer> fresh = open.isEmpty()
                ? List.of()
                : task.outputType() == BenchmarkTask.OutputType.MULTIPLE_CHOICE
                        ? score(model, open)
                        : generate(model, open);
        int next = 0;
        for (int position = 0; position < asked.size(); position++) {
            CachedAnswer answer = answers.get(position);
            if (answer == null) {
                answer = fresh.get(next++);
                cache.store(digests.get(position), answer);
            }
            AskedQuestion question = asked.get(position);
            sink.accept(QuestionResult.judge(
                    task, question.question(), question.context(), answer.answer(), answer.truncated()));
        }
    }

    private static List<CachedAnswer> score(LanguageModel model, List<AskedQuestion> questions) {
        List<LoglikelihoodRequest> requests = new ArrayList<>();
        for (AskedQuestion question : questions) {
            for (String continuation : question.continuations()) {
                requests.add(new LoglikelihoodRequest(question.context(), continuation));
            }
        }
        List<LoglikelihoodResult> results = model.loglikelihood(requests);
        checkAnswered(results.size(), requests.size());
        List<CachedAnswer> answers = new ArrayList<>();
        int next = 0;
        for (AskedQuestion question : questions) {
            List<Double> logLikelihoods = new ArrayList<>();
            List<Boolean> greedy = new ArrayList<>();
            boolean truncated = false;
            for (int choice = 0; choice < question.continuations().size(); choice++) {
                LoglikelihoodResult result = results.get(next++);
                if (!Double.isFinite(result.logLikelihood())) {
                    throw new AmalgamException(
                            ErrorCode.NON_FINITE_WEIGHTS,
                            "The model gives no finite log-likelihood for question " + question.question().id()
                                    + "; its weights are probably damaged.");
                }
                logLikelihoods.add(result.logLikelihood());
                greedy.add(result.greedy());
                truncated |= result.truncated();
            }
            answers.add(new CachedAnswer(new Answer.Choices(logLikelihoods, greedy), truncated));
        }
        return answers;
    }

    private static List<CachedAnswer> generate(LanguageModel model, List<AskedQuestion> questions) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (AskedQuestion question : questions) {
            Question.Generation generation = question.question().generation();
            requests.add(new GenerationRequest(
                    question.context(), generation.stops(), generation.maximumNewTokens()));
        }
        List<GenerationResult> results = model.generateUntil(requests);
        checkAnswered(results.size(), requests.size());
        List<CachedAnswer> answers = new ArrayList<>();
        for (GenerationResult result : results) {
            answers.add(new CachedAnswer(new Answer.Generated(result.text()), result.truncated()));
        }
        return answers;
    }

    private static void checkAnswered(int results, int requests) {
        if (results != requests) {
            throw new AmalgamException(
                    ErrorCode.INTERNAL, "The model answered " + results + " of " + requests + " requests.");
        }
    }
}
