package io.amalgam.evaluation.task;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.evaluation.score.instruction.InstructionChecker;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * IFEval: prompts with instructions that a program can verify. A prompt is followed if all its instructions are; both
 * are counted, strictly and loosely.
 *
 * <p>What says nothing does not score nothing here: the floor is what the better of two kinds of garbage scores, one
 * word over and over and the prompt itself.
 */
public final class InstructionTask implements BenchmarkTask {
    /** An answer ends with the model's own end. */
    static final Question.Generation GENERATION = new Question.Generation(List.of(), 1_280);

    private static final String VERSION = "3.0";
    private static final String GARBAGE = "the ".repeat(300);

    private final String name;
    private final String digest;
    private final InstructionChecker checker;
    private final List<Question> questions;
    private final List<List<Instruction>> instructions;
    private final double constantFloor;
    private final double echoFloor;

    /**
     * An instruction of a prompt.
     *
     * @param name its name, such as {@code punctuation:no_comma}
     * @param parameters its parameters
     */
    record Instruction(String name, JsonNode parameters) {
    }

    /**
     * A task.
     *
     * @param questions the prompts
     * @param instructions the instructions of each prompt
     */
    InstructionTask(
            String name,
            String digest,
            InstructionChecker checker,
            List<Question> questions,
            List<List<Instruction>> instructions) {
        this.name = Objects.requireNonNull(name, "name");
        this.digest = Objects.requireNonNull(digest, "digest");
        this.checker = Objects.requireNonNull(checker, "checker");
        this.questions = List.copyOf(questions);
        this.instructions = instructions.stream().map(List::copyOf).toList();
        double constant = 0;
        double echo = 0;
        for (Question question : this.questions) {
            constant += score(question, new Answer.Generated(GARBAGE)).mean(Metrics.PROMPT_STRICT);
            echo += score(question, new Answer.Generated(question.prompt().question())).mean(Metrics.PROMPT_STRICT);
        }
        constantFloor = constant / this.questions.size();
        echoFloor = echo / this.questions.size();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String digest() {
        return digest;
    }

    @Override
    public String version() {
        return VERSION;
    }

    @Override
    public int size() {
        return questions.size();
    }

    @Override
    public OutputType outputType() {
        return OutputType.GENERATION;
    }

    @Override
    public int shots() {
        return 0;
    }

    @Override
    public List<String> metrics() {
        return List.of(
                Metrics.PROMPT_STRICT, Metrics.INSTRUCTION_STRICT, Metrics.PROMPT_LOOSE, Metrics.INSTRUCTION_LOOSE);
    }

    @Override
    public double chance() {
        return 0;
    }

    @Override
    public double bestConstantAnswer() {
        return constantFloor;
    }

    @Override
    public OptionalDouble garbageFloor() {
        return OptionalDouble.of(Math.max(constantFloor, echoFloor));
    }

    @Override
    public OptionalDouble leaderboardBound() {
        return OptionalDouble.of(0);
    }

    @Override
    public Question question(int index) {
        return questions.get(index);
    }

    @Override
    public Verdict score(Question question, Answer answer) {
        String response = ((Answer.Generated) answer).text();
        List<Double> strict = new ArrayList<>();
        List<Double> loose = new ArrayList<>();
        for (Instruction instruction : instructions.get(question.index())) {
            strict.add(checker.strict(instruction.name(), instruction.parameters(), response) ? 1.0 : 0.0);
            loose.add(checker.loose(instruction.name(), instruction.parameters(), response) ? 1.0 : 0.0);
        }
        SortedMap<String, List<Double>> metrics = new TreeMap<>();
        metrics.put(Metrics.PROMPT_STRICT, List.of(strict.contains(0.0) ? 0.0 : 1.0));
        metrics.put(Metrics.INSTRUCTION_STRICT, strict);
        metrics.put(Metrics.PROMPT_LOOSE, List.of(loose.contains(0.0) ? 0.0 : 1.0));
        metrics.put(Metrics.INSTRUCTION_LOOSE, loose);
        return new Verdict(metrics, null);
    }
}
