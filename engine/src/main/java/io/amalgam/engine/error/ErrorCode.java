package io.amalgam.engine.error;

/**
 * Every way in which Amalgam can refuse or fail, in one place.
 *
 * <p>The name of a constant is the value of metric labels, of the {@code code} member of HTTP problem responses
 * (RFC 9457), of dead letters and of failure events, and the anchor in {@code docs/errors.md}. Names are therefore
 * never changed and never reused.
 */
public enum ErrorCode {
    /** The recipe is not YAML, or not a mapping. */
    RECIPE_NOT_YAML(Kind.USER),
    /** The recipe exceeds a limit on size, depth, aliases, or repeats a key. */
    RECIPE_LIMIT_EXCEEDED(Kind.USER),
    /** A key that the recipe language does not know; a warning unless strict. */
    RECIPE_UNKNOWN_KEY(Kind.USER),
    /** The recipe's structure is wrong: a key missing, of the wrong type, or excluded by another. */
    RECIPE_INVALID(Kind.USER),
    /** The merge method is not known. */
    METHOD_UNKNOWN(Kind.USER),
    /** The number of inputs, or the presence of a base model, does not fit the merge method. */
    METHOD_INPUTS(Kind.USER),
    /** A required parameter has no value. */
    PARAMETER_MISSING(Kind.USER),
    /** A parameter has a value of the wrong type or outside its range. */
    PARAMETER_INVALID(Kind.USER),
    /** A model reference is malformed, or leaves the folder it must stay in. */
    MODEL_REFERENCE_INVALID(Kind.USER),
    /** A model does not exist, or may not be read. */
    MODEL_NOT_FOUND(Kind.USER),
    /** A model folder lacks a configuration or weights in a readable form (pickled, GGUF, quantised). */
    MODEL_UNREADABLE(Kind.USER),
    /** A model's files changed while they were being used. */
    MODEL_CHANGED(Kind.USER),
    /** A safetensors file or shard index breaks the format. */
    CHECKPOINT_INVALID(Kind.USER),
    /** Models of a merge have different architectures or layer counts. */
    ARCHITECTURE_MISMATCH(Kind.USER),
    /** A tensor has different shapes in different models. */
    SHAPE_MISMATCH(Kind.USER),
    /** A tensor without arithmetic, of integers, has different values in different models. */
    TENSOR_DIFFERS(Kind.USER),
    /** A tensor that is needed is in none of the places it could be. */
    TENSOR_MISSING(Kind.USER),
    /** A tensor type is not known or not supported here. */
    DTYPE_UNSUPPORTED(Kind.USER),
    /** A tokenizer cannot be read, or cannot be combined as the recipe asks. */
    TOKENIZER_INVALID(Kind.USER),
    /** A LoRA adapter does not fit its model. */
    ADAPTER_INVALID(Kind.USER),
    /** Weights contain NaN or infinity and the request refuses them. */
    NON_FINITE_WEIGHTS(Kind.USER),
    /** The output folder holds something else. */
    OUTPUT_NOT_EMPTY(Kind.USER),
    /** A signature is missing, was made with another key, or is of other files. */
    SIGNATURE_INVALID(Kind.USER),
    /** A command line or request argument is wrong. */
    ARGUMENT_INVALID(Kind.USER),
    /** A request body is too large. */
    REQUEST_TOO_LARGE(Kind.USER),
    /** The merge, artifact or file asked for does not exist. */
    NOT_FOUND(Kind.USER),
    /** The request conflicts with the state of the thing it names. */
    CONFLICT(Kind.USER),
    /** A benchmark task is not known. */
    TASK_UNKNOWN(Kind.USER),
    /** Benchmark data are missing or damaged. */
    BENCHMARK_DATA(Kind.USER),
    /** The forward pass does not know this architecture, rope or quantisation exactly. */
    INFERENCE_UNSUPPORTED(Kind.USER),
    /** An inference endpoint cannot do what scoring needs. */
    ENDPOINT_UNSUITABLE(Kind.USER),
    /** A request has no token or key, or one that is unknown, expired or revoked. */
    UNAUTHENTICATED(Kind.USER),
    /** The caller lacks the role for this, or it belongs to another tenant. */
    FORBIDDEN(Kind.USER),
    /** An outgoing address is malformed, or inside this network and not allowed. */
    ADDRESS_REFUSED(Kind.USER),

    /** The disk or store has no room for what is to be written. */
    STORAGE_FULL(Kind.INSUFFICIENT_RESOURCES),
    /** A limit of memory, requests or a quota is reached. */
    QUOTA_EXCEEDED(Kind.INSUFFICIENT_RESOURCES),
    /** A tenant's artifacts have as many bytes as it may have. */
    BYTES_QUOTA_EXCEEDED(Kind.INSUFFICIENT_RESOURCES),
    /** Too many requests in a short time; Retry-After says when to come again. */
    RATE_LIMITED(Kind.INSUFFICIENT_RESOURCES),

    /** A model source did not answer, or answered wrongly. */
    SOURCE_UNAVAILABLE(Kind.EXTERNAL),
    /** The artifact store did not answer, or answered wrongly. */
    STORE_UNAVAILABLE(Kind.EXTERNAL),
    /** Kafka did not answer. */
    BROKER_UNAVAILABLE(Kind.EXTERNAL),
    /** A recipe-service that a command asks did not answer. */
    SERVICE_UNAVAILABLE(Kind.EXTERNAL),
    /** The database did not answer. */
    DATABASE_UNAVAILABLE(Kind.EXTERNAL),
    /** An inference endpoint did not answer. */
    ENDPOINT_UNAVAILABLE(Kind.EXTERNAL),

    /** An event cannot be read or breaks its schema. */
    EVENT_INVALID(Kind.INTERNAL),
    /** A stored receipt, shard or manifest does not match what it must match. */
    DIGEST_MISMATCH(Kind.INTERNAL),
    /** A worker of another numerics version, or receipts of two versions. */
    NUMERICS_MISMATCH(Kind.INTERNAL),
    /** A chunk ran past its deadline. */
    DEADLINE_EXCEEDED(Kind.INTERNAL),
    /** A chunk's worker died three times. */
    WORKER_LOST(Kind.INTERNAL),
    /** A merge made no progress over three rounds of twice a chunk's deadline. */
    STALLED(Kind.INTERNAL),
    /** Work was cancelled. */
    CANCELLED(Kind.INTERNAL),
    /** A fault of ours. */
    INTERNAL(Kind.INTERNAL);

    /** Who can mend it. */
    public enum Kind {
        /** The author of the input; repeating the request changes nothing. */
        USER,
        /** The operator, by giving more room. */
        INSUFFICIENT_RESOURCES,
        /** Nobody here: something that Amalgam depends on; a later attempt may succeed. */
        EXTERNAL,
        /** Amalgam's developers. */
        INTERNAL
    }

    private final Kind kind;

    ErrorCode(Kind kind) {
        this.kind = kind;
    }

    /** Returns who can mend it. */
    public Kind kind() {
        return kind;
    }

    /** Whether a later attempt with the same input may succeed: true for outages, false for what is deterministic. */
    public boolean transientFailure() {
        return kind == Kind.EXTERNAL || this == STORAGE_FULL || this == RATE_LIMITED;
    }

    /** The code's name of a failure, as metrics have it: that of an {@link AmalgamException}, {@code INTERNAL} of others. */
    public static String nameOf(Throwable failure) {
        return failure instanceof AmalgamException coded ? coded.code().name() : INTERNAL.name();
    }
}
