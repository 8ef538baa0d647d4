package io.amalgam.evaluation.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.evaluation.data.BenchmarkFixtures;
import io.amalgam.evaluation.data.BenchmarkFolder;
import io.amalgam.evaluation.score.instruction.InstructionChecker;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Compares with what lm-evaluation-harness 0.4.13 and NLTK 3.10.4 make of the same texts. */
class InstructionCheckerTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void everyInstructionIsJudgedAsByTheHarness() throws Exception {
        InstructionChecker checker = checker();
        List<ObjectNode> rows = BenchmarkFixtures.rows("golden_ifeval_checkers.jsonl");
        assertEquals(1_824, rows.size());
        for (ObjectNode row : rows) {
            String instruction = row.get("instruction_id").textValue();
            String response = row.get("response").textValue();
            assertEquals(
                    row.get("strict").booleanValue(), checker.strict(instruction, row.get("kwargs"), response),
                    () -> "strict " + row);
            assertEquals(
                    row.get("loose").booleanValue(), checker.loose(instruction, row.get("kwargs"), response),
                    () -> "loose " + row);
        }
    }

    @Test
    void sentencesAndWordsAreCountedAsByNltk() throws Exception {
        InstructionChecker checker = checker();
        List<ObjectNode> rows = BenchmarkFixtures.rows("golden_ifeval_sentences.jsonl");
        assertEquals(565, rows.size());
        for (ObjectNode row : rows) {
            String text = row.get("text").textValue();
            assertEquals(row.get("n_sentences").intValue(), checker.countSentences(text), () -> "sentences " + row);
            assertEquals(row.get("n_words_regex").intValue(), InstructionChecker.countWords(text), () -> "words " + row);
            assertEquals(
                    row.get("n_capital_words").intValue(), checker.countCapitalWords(text), () -> "capitals " + row);
        }
    }

    @Test
    void everyInstructionOfTheDataIsKnownAndHasItsParameters() {
        InstructionChecker checker = checker();
        Set<String> seen = new HashSet<>();
        for (ObjectNode row : new BenchmarkFolder(BenchmarkFixtures.folder()).readLines("ifeval/input_data.jsonl")) {
            for (int index = 0; index < row.get("instruction_id_list").size(); index++) {
                String instruction = row.get("instruction_id_list").get(index).textValue();
                seen.add(instruction);
                // Whatever the verdict, it is given.
                checker.strict(instruction, row.get("kwargs").get(index), "Some response, with two sentences. Here.");
            }
        }
        assertEquals(InstructionChecker.INSTRUCTIONS, seen);
    }

    @Test
    void languagesAreDetectedTheSameEveryTime() throws Exception {
        InstructionChecker checker = new InstructionChecker(JSON.readTree("{}"));
        ObjectNode german = JSON.createObjectNode().put("language", "de");
        String text = "Der schnelle braune Fuchs springt über den faulen Hund, und niemand sieht es.";
        String hindi = "यह एक छोटा सा वाक्य है जो हिन्दी में लिखा गया है।";
        for (int time = 0; time < 20; time++) {
            assertTrue(checker.strict("language:response_language", german, text));
            assertFalse(checker.strict("language:response_language", german, hindi));
            assertTrue(checker.strict(
                    "language:response_language", JSON.createObjectNode().put("language", "hi"), hindi));
        }
        ObjectNode none = JSON.createObjectNode();
        assertTrue(checker.strict("change_case:english_capital", none, "THIS IS A SENTENCE WRITTEN IN CAPITALS."));
        assertFalse(checker.strict("change_case:english_capital", none, "This is a sentence."));
        // No language can be detected in numbers; the harness lets that pass.
        assertTrue(checker.strict("language:response_language", german, "12345 67890"));
    }

    @Test
    void aSignThatIsNoLetterIsCountedAsItStands() throws Exception {
        InstructionChecker checker = new InstructionChecker(JSON.readTree("{}"));
        ObjectNode parameters = JSON.createObjectNode()
                .put("letter", "#").put("let_frequency", 2).put("let_relation", "at least");
        assertTrue(checker.strict("keywords:letter_frequency", parameters, "#a #b"));
        assertFalse(checker.strict("keywords:letter_frequency", parameters, "#a b"));
    }

    @Test
    void unknownInstructionsAndMissingParametersAreRefused() throws Exception {
        InstructionChecker checker = new InstructionChecker(JSON.readTree("{}"));
        ObjectNode none = JSON.createObjectNode();
        assertThrows(AmalgamException.class, () -> checker.strict("keywords:none", none, "text"));
        assertThrows(AmalgamException.class, () -> checker.strict("keywords:frequency", none, "text"));
    }

    private static InstructionChecker checker() {
        return new InstructionChecker(
                new BenchmarkFolder(BenchmarkFixtures.folder()).readJson("ifeval/punkt_english/punkt_english.json"));
    }
}
