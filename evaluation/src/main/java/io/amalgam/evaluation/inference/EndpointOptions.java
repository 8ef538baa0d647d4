package io.amalgam.evaluation.inference;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;

/**
 * Where an OpenAI-compatible completions endpoint is, and how it is asked.
 *
 * @param base the address before {@code /completions}, such as {@code http://localhost:8000/v1}
 * @param model the model's name there
 * @param apiKey sent as a bearer token, or null
 * @param maximumLength the most tokens of a sequence; 0 means what the endpoint says ({@code max_model_len} of its list of
 *     models), else 2048, which is lm-evaluation-harness's assumption
 * @param batchSize prompts of a request
 * @param concurrency requests under way at a time
 * @param attempts how often a request is tried
 * @param firstDelay pause before the second try; doubled before each further one, at most ten times the first
 * @param timeout of one try
 */
public record EndpointOptions(
        URI base,
        String model,
        String apiKey,
        int maximumLength,
        int batchSize,
        int concurrency,
        int attempts,
        Duration firstDelay,
        Duration timeout) {

    /** Checks that the endpoint can be asked at all. */
    public EndpointOptions {
        Objects.requireNonNull(base, "base");
        Objects.requireNonNull(model, "model");
        if (!"http".equals(base.getScheme()) && !"https".equals(base.getScheme()) || base.getHost() == null
                || base.getRawUserInfo() != null) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "The endpoint address must be an http or https address"
                    + " without a user's name in it, such as http://localhost:8000/v1.");
        }
        if (maximumLength < 0 || batchSize < 1 || concurrency < 1 || attempts < 1) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "An endpoint's batch size (" + batchSize
                    + "), concurrency (" + concurrency + ") and attempts (" + attempts
                    + ") must be positive, and its maximum length (" + maximumLength + ") not negative.");
        }
    }

    /** An endpoint asked with the defaults: 8 prompts a request, 4 requests at a time, 5 tries over about 15 s. */
    public static EndpointOptions of(URI base, String model, String apiKey) {
        return new EndpointOptions(base, model, apiKey, 0, 8, 4, 5, Duration.ofSeconds(1), Duration.ofMinutes(10));
    }

    /** The same with another maximum length; 0 means what the endpoint says. */
    public EndpointOptions withMaximumLength(int length) {
        return new EndpointOptions(base, model, apiKey, length, batchSize, concurrency, attempts, firstDelay, timeout);
    }

    /** The options without the key, which never gets into a log. */
    @Override
    public String toString() {
        return "EndpointOptions[base=" + base + ", model=" + model + ", apiKey=" + (apiKey == null ? "none" : "set") + "]";
    }

    /** The address of an operation. */
    URI operation(String name) {
        String text = base.toString();
        return URI.create((text.endsWith("/") ? text : text + "/") + name);
    }
}
