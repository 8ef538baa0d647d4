package io.amalgam.engine.plan;

/** Turns a pinned recipe into a plan: a pure function that reads and writes nothing. */
public final class Planner {

    private Planner() {
    }

    /** Plans a merge. */
    public static MergePlan plan(PinnedRecipe pinned) {
        throw new UnsupportedOperationException("written in the next landing");
    }
}
