package io.amalgam.evalworker.task;

import io.amalgam.events.StoredAnswers;

/** How a task's questions are cut into records of work: fixed places, so that results of a slice are found by its name. */
public final class Slices {

    /** The most questions of a slice. */
    public static final int QUESTIONS = StoredAnswers.QUESTIONS;

    private Slices() {
    }

    /** The first question of the slice that a question lies in. */
    public static int start(int question) {
        return StoredAnswers.start(question);
    }

    /**
     * The question after the last one of the slice that a question lies in.
     *
     * @param total questions of the task
     */
    public static int end(int question, int total) {
        return Math.min(total, start(question) + QUESTIONS);
    }
}
