package io.amalgam.recipeservice.page;

import io.amalgam.engine.error.ErrorCode;

/** What a person at the page can do about a merge or evaluation that ended without success. */
final class Remedies {

    private Remedies() {
    }

    /** A sentence for the code of a failure; codes of a newer version get the general one. */
    static String of(String name) {
        ErrorCode code;
        try {
            code = ErrorCode.valueOf(name);
        } catch (IllegalArgumentException | NullPointerException unknown) {
            return "Run it again; if it fails in the same way, look at the workers' logs.";
        }
        return switch (code) {
            case MODEL_CHANGED -> "A model's files changed meanwhile. Run it again: it then reads them as they are now.";
            case MODEL_NOT_FOUND, MODEL_UNREADABLE, MODEL_REFERENCE_INVALID ->
                "Check the model's name, or run it again with another model.";
            case STORAGE_FULL -> "Make room in the store, then run it again: finished chunks are kept.";
            case CANCELLED -> "Run it again if it was a mistake: finished chunks are kept.";
            case WORKER_LOST -> "Workers died three times with the same chunk, usually for want of memory. Give them more "
                    + "of it, then run it again.";
            case STALLED, DEADLINE_EXCEEDED ->
                "See under Workers whether any is alive and how fast it reads, then run it again: finished chunks are kept.";
            case NUMERICS_MISMATCH -> "Workers of another version took part. Bring all to one version, then run it again.";
            case TASK_UNKNOWN, BENCHMARK_DATA -> "Check the benchmark's name and where the workers find its data.";
            case INFERENCE_UNSUPPORTED -> "Score this model through an inference endpoint: ./amalgam evaluate --endpoint.";
            default -> switch (code.kind()) {
                case USER -> "Run it again with changes: the recipe or a model must be mended.";
                case INSUFFICIENT_RESOURCES -> "Give it more room or lower the load, then run it again.";
                case EXTERNAL -> "Something it depends on did not answer. Run it again: finished chunks are kept.";
                case INTERNAL -> "This is a fault of Amalgam. Run it again, and report it with the workers' logs.";
            };
        };
    }
}
