package io.amalgam.evaluation.task;

import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A task of one's own whose answers are generated and compared with the target: whole, or what a regular expression
 * finds in them.
 */
public final class PatternTask implements BenchmarkTask {
    private final String name;
    private final String version;
    private final String digest;
    private final int shots;
    private final Matching matching;
    private final List<Question> questions;

    /**
     * How an answer is compared with the target. Both are stripped of surrounding white space first.
     *
     * @param pattern what is looked for in the answer; its first group, or all of it where it has none, of its last
     *     match is compared; null to compare the whole answer
     * @param ignoreCase whether upper and lower case are the same
     */
    public record Matching(Pattern pattern, boolean ignoreCase) {

        /** Returns what is compared: empty where the pattern is not found. */
        public String extract(String answer) {
            if (pattern == null) {
                return answer.strip();
            }
            Matcher matcher = pattern.matcher(answer);
            String found = "";
            while (matcher.find()) {
                String match = matcher.groupCount() > 0 ? matcher.group(1) : matcher.group();
                found = match == null ? "" : match.strip();
            }
            return found;
        }

        /** Whether what was extracted is the target. */
        public boolean equal(String extracted, String target) {
            return ignoreCase ? extracted.equalsIgnoreCase(target.strip()) : extracted.equals(target.strip());
        }
    }

    /** A task with its questions. */
    public PatternTask(
            String name, String version, String digest, int shots, Matching matching, List<Question> questions) {
        this.name = Objects.requireNonNull(name, "name");
        this.version = Objects.requireNonNull(version, "version");
        this.digest = Objects.requireNonNull(digest, "digest");
        this.shots = shots;
        this.matching = Objects.requireNonNull(matching, "matching");
        this.questions = List.copyOf(questions);
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
        return version;
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
        return shots;
    }

    @Override
    public List<String> metrics() {
        return List.of(Metrics.EXACT_MATCH);
    }

    @Override
    public double chance() {
        return 0;
    }

    @Override
    public double bestConstantAnswer() {
        return ConstantAnswers.best(questions, matching.ignoreCase());
    }

    @Override
    public Question question(int index) {
        return questions.get(index);
    }

    @Override
    public Verdict score(Question question, Answer answer) {
        String extracted = matching.extract(((Answer.Generated) answer).text());
        return Verdict.of(Metrics.EXACT_MATCH, matching.equal(extracted, question.target()), extracted);
    }
}
