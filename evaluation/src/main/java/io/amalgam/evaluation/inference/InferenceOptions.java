package io.amalgam.evaluation.inference;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;

/**
 * How a local model is run. Nothing here changes results but {@link #maximumLength} and {@link #keyValueType}.
 *
 * @param threads how many threads compute; 0 means all cores
 * @param maximumLength the most tokens of a sequence; 0 means what the model's configuration says
 * @param batchTokens the most tokens of one pass; 0 means a default that suits the caches
 * @param keyValueType the type in which keys and values are kept
 */
public record InferenceOptions(int threads, int maximumLength, int batchTokens, KeyValueType keyValueType) {

    /** Types of the key and value cache. */
    public enum KeyValueType {
        /** As computed. */
        FLOAT32,
        /** Rounded to the nearest bfloat16: half the memory, slightly other results. */
        BFLOAT16
    }

    /** All cores, the configuration's length, keys and values as computed. */
    public static final InferenceOptions DEFAULT = new InferenceOptions(0, 0, 0, KeyValueType.FLOAT32);

    /** Refuses negative numbers. */
    public InferenceOptions {
        if (threads < 0 || maximumLength < 0 || batchTokens < 0) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "threads (" + threads + "), maximum length ("
                    + maximumLength + ") and batch tokens (" + batchTokens + ") must not be negative");
        }
    }
}
