package io.amalgam.recipeservice.trigger;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * A trigger as somebody asks for it.
 *
 * @param name for people; also the name of what it makes
 * @param recipe MergeKit's YAML
 * @param options what the order has beside the recipe
 * @param condition when it fires
 * @param debounceSeconds how long it waits for further causes before it starts; each further one begins the time anew
 * @param notification who is told, or null
 */
public record TriggerOrder(
        @Schema(required = true) String name, @Schema(required = true) String recipe, Options options,
        @Schema(required = true) Condition condition, Integer debounceSeconds, Notification notification) {

    private static final int LONGEST_NAME = 200;
    private static final int USUAL_DEBOUNCE = 10;
    private static final int LONGEST_DEBOUNCE = 86_400;

    /** Checks what can be checked without the recipe, and fills in what is usual. */
    public TriggerOrder {
        if (name == null || name.isBlank() || name.length() > LONGEST_NAME) {
            throw invalid("the trigger has no \"name\" of 1 to " + LONGEST_NAME + " characters");
        }
        if (recipe == null) {
            throw invalid("the trigger has no \"recipe\"; expected MergeKit's YAML as a string");
        }
        if (condition == null) {
            throw invalid("the trigger has no \"condition\"; expected {\"type\": \"schedule\", \"revision\", \"object\" "
                    + "or \"event\", …}");
        }
        debounceSeconds = debounceSeconds == null ? USUAL_DEBOUNCE : debounceSeconds;
        if (debounceSeconds < 0 || debounceSeconds > LONGEST_DEBOUNCE) {
            throw invalid("debounceSeconds is " + debounceSeconds + "; expected 0 to " + LONGEST_DEBOUNCE);
        }
        options = options == null ? new Options(List.of(), null, null, null) : options;
    }

    /**
     * What an order has beside its recipe.
     *
     * @param benchmarks tasks that what it makes is scored with
     * @param seed of the random stream; derived from the recipe if null
     * @param shardSize the most bytes of a shard, such as 500MB, or null for the service's
     * @param strict whether an unknown key refuses the recipe
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Options(List<String> benchmarks, Long seed, String shardSize, Boolean strict) {
        /** Keeps the list as it is now. */
        public Options {
            benchmarks = benchmarks == null ? List.of() : List.copyOf(benchmarks);
        }
    }

    private static AmalgamException invalid(String sentence) {
        return new AmalgamException(ErrorCode.ARGUMENT_INVALID, sentence);
    }
}
