package io.amalgam.evaluation.score;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.evaluation.data.BenchmarkFixtures;
import io.amalgam.evaluation.data.BenchmarkFolder;
import io.amalgam.evaluation.score.math.BoxedAnswer;
import io.amalgam.evaluation.score.math.MinervaNormalizer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Compares with what lm-evaluation-harness 0.4.13 makes of the same answers. */
class MinervaNormalizerTest {

    @Test
    void everyGoldAnswerOfMathIsFoundAndNormalisedAsByTheHarness() throws Exception {
        BenchmarkFolder data = new BenchmarkFolder(BenchmarkFixtures.folder());
        MinervaNormalizer normalizer = normalizer(data);
        List<ObjectNode> rows = BenchmarkFixtures.rows("golden_math_gold_answers.jsonl");
        assertEquals(1_324, rows.size());
        String file = "";
        List<ObjectNode> questions = List.of();
        for (ObjectNode row : rows) {
            if (!row.get("file").textValue().equals(file)) {
                file = row.get("file").textValue();
                questions = data.readLines("math_hard/" + file);
            }
            String solution = questions.get(row.get("row").intValue()).get("solution").textValue();
            assertEquals(row.get("gold_answer").textValue(), BoxedAnswer.of(solution));
            assertEquals(row.get("normalized").textValue(), normalizer.normalize(row.get("gold_answer").textValue()));
        }
    }

    @Test
    void everyCandidateIsExtractedAndNormalisedAsByTheHarness() throws Exception {
        MinervaNormalizer normalizer = normalizer(new BenchmarkFolder(BenchmarkFixtures.folder()));
        List<ObjectNode> rows = BenchmarkFixtures.rows("golden_math_scoring.jsonl");
        assertEquals(55, rows.size());
        for (ObjectNode row : rows) {
            String extracted = MinervaNormalizer.extract(row.get("candidate").textValue());
            assertEquals(row.get("extracted_v1").textValue(), extracted);
            assertEquals(row.get("normalized_v1").textValue(), normalizer.normalize(extracted));
            assertEquals(
                    row.get("normalized_gold").textValue(), normalizer.normalize(row.get("gold_answer").textValue()));
            assertEquals(
                    row.get("gold_answer").textValue(), BoxedAnswer.of(row.get("gold_solution").textValue()));
        }
    }

    private static MinervaNormalizer normalizer(BenchmarkFolder data) {
        return new MinervaNormalizer(data.readJson("math_hard/_minerva_normalisation_tables.json"));
    }
}
