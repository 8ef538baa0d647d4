package io.amalgam.evalworker.task;

import io.amalgam.evaluation.task.QuestionResult;
import java.util.List;

/**
 * Answers to the first questions of a slice, maybe to all of them.
 *
 * @param engine what they were computed with: the text of an engine fingerprint
 * @param start the slice's first question
 * @param answers in the order of the questions, without a gap
 */
public record SliceResults(String engine, int start, List<QuestionResult> answers) {

    /** Keeps the list as it is now. */
    public SliceResults {
        answers = List.copyOf(answers);
    }

    /** The first question without an answer. */
    public int next() {
        return start + answers.size();
    }
}
