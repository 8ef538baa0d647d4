package io.amalgam.evaluation.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.evaluation.data.BenchmarkFolder;
import io.amalgam.evaluation.data.CsvReader;
import io.amalgam.evaluation.data.Digests;
import io.amalgam.evaluation.data.PythonText;
import io.amalgam.evaluation.task.MultipleChoiceTask.Definition;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/**
 * GPQA as the leaderboard asks it, but for the order of the choices.
 *
 * <p>lm-evaluation-harness shuffles by Python's global generator, so that its order depends on what else ran before.
 * Here each question has an order of its own: Fisher-Yates with numbers from SHA-256 of its record identifier (the
 * question's text where it has none), the same wherever and whenever it is asked. Exports say so:
 * {@code gpqa_shuffle: sha256-record}.
 */
final class GpqaTasks {
    /** The group of all sets. */
    static final String GPQA = "leaderboard_gpqa";
    /** The sets with their sizes. */
    static final List<GpqaSet> SETS =
            List.of(new GpqaSet("diamond", 198), new GpqaSet("extended", 546), new GpqaSet("main", 448));

    private static final double BOUND = 0.25;
    private static final String VERSION = "1.0";
    private static final Pattern BRACKETS = Pattern.compile("\\[.*?\\]", Pattern.UNIX_LINES);
    private static final List<String> LETTERS = List.of("(A)", "(B)", "(C)", "(D)");

    /** One of GPQA's overlapping sets of questions. */
    record GpqaSet(String name, int fullSize) {
        String task() {
            return GPQA + "_" + name;
        }

        String file() {
            return "gpqa/gpqa_" + name + ".csv";
        }
    }

    private GpqaTasks() {
    }

    /** Reads a set. */
    static BenchmarkTask read(BenchmarkFolder folder, GpqaSet set) {
        String text = folder.readText(set.file());
        List<ObjectNode> rows;
        try {
            rows = CsvReader.read(text);
        } catch (IllegalArgumentException e) {
            throw folder.badRow(set.file(), 0, "or a later one is not CSV: " + e.getMessage());
        }
        List<Question> questions = new ArrayList<>();
        for (int index = 0; index < rows.size(); index++) {
            questions.add(question(folder, set.file(), index, rows.get(index)));
        }
        return new MultipleChoiceTask(
                new Definition(
                        set.task(), VERSION,
                        Digests.sha256OfParts(set.task(), VERSION, "sha256-record", Digests.sha256(text)),
                        set.fullSize(), 0, Metrics.NORMALISED_ACCURACY, OptionalDouble.of(BOUND), true),
                questions);
    }

    private static Question question(BenchmarkFolder folder, String file, int index, ObjectNode row) {
        String text = folder.text(file, index, row, "Question");
        String correct = preprocess(row.get("Correct Answer"));
        List<String> answers = new ArrayList<>();
        answers.add(preprocess(row.get("Incorrect Answer 1")));
        answers.add(preprocess(row.get("Incorrect Answer 2")));
        answers.add(preprocess(row.get("Incorrect Answer 3")));
        answers.add(correct);
        String record = row.path("Record ID").isTextual() ? row.get("Record ID").textValue() : text;
        shuffle(answers, record);
        StringBuilder question =
                new StringBuilder("What is the correct answer to this question:").append(text).append("\nChoices:\n");
        for (int choice = 0; choice < answers.size(); choice++) {
            question.append(LETTERS.get(choice)).append(' ').append(answers.get(choice)).append('\n');
        }
        // The blank at the end is the leaderboard's: with the delimiter, two blanks stand before the choice.
        question.append("Answer: ");
        int gold = answers.indexOf(correct);
        return Question.multipleChoice(
                index, record.equals(text) ? Digests.sha256(text) : record,
                Prompt.of("", List.of(), question.toString()), LETTERS, gold, LETTERS.get(gold), null);
    }

    /** The leaderboard's cleaning of an answer; it removes all that stands in brackets, needed or not. */
    static String preprocess(JsonNode value) {
        if (value == null || value.isNull()) {
            return " ";
        }
        String text = PythonText.strip(value.asText()).replace(" [title]", ". ");
        return BRACKETS.matcher(text).replaceAll("").replace("  ", " ");
    }

    /** Fisher-Yates with the digest of a record as its random numbers: one of four bytes a step. */
    static void shuffle(List<String> answers, String record) {
        ByteBuffer random = ByteBuffer.wrap(Sha256.newDigest().digest(record.getBytes(StandardCharsets.UTF_8)));
        for (int last = answers.size() - 1; last > 0; last--) {
            int other = (int) (Integer.toUnsignedLong(random.getInt()) % (last + 1));
            answers.set(last, answers.set(other, answers.get(last)));
        }
    }
}
