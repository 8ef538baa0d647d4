package io.amalgam.engine.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A PEFT LoRA adapter's {@code adapter_config.json}: what decides how its matrices are added to a model.
 *
 * @param rank {@code r}
 * @param alpha {@code lora_alpha}
 * @param rankStabilized {@code use_rslora}: the scale is alpha / √rank instead of alpha / rank
 * @param fanInFanOut {@code fan_in_fan_out}: the model stores weights transposed (GPT-2's Conv1D)
 * @param rankPattern ranks that differ, by the end of a module's name or an expression
 * @param alphaPattern alphas that differ, likewise
 */
public record AdapterConfig(
        int rank,
        double alpha,
        boolean rankStabilized,
        boolean fanInFanOut,
        Map<String, Double> rankPattern,
        Map<String, Double> alphaPattern) {
    /** Its name in an adapter. */
    public static final String FILE = "adapter_config.json";

    private static final int LIMIT = 1 << 20;

    /**
     * Reads an adapter's configuration.
     *
     * @throws AmalgamException with {@code ADAPTER_INVALID} if it is missing, not LoRA, or uses a variant whose merge is
     *     not {@code W + scale·B·A}
     */
    public static AdapterConfig read(ModelSnapshot snapshot) throws IOException {
        if (!snapshot.has(FILE)) {
            throw new AmalgamException(ErrorCode.ADAPTER_INVALID, "Adapter " + snapshot.reference() + " has no " + FILE + ".");
        }
        return parse(snapshot.reference(), snapshot.readSmall(FILE, LIMIT));
    }

    /** Reads a configuration from its bytes; throws as {@link #read} does. */
    public static AdapterConfig parse(String reference, byte[] content) {
        String label = FILE + " of " + reference;
        ObjectNode json = StrictJson.object(content, label, ErrorCode.ADAPTER_INVALID);
        String type = json.path("peft_type").asText("LORA");
        if (!type.equals("LORA")) {
            throw new AmalgamException(ErrorCode.ADAPTER_INVALID, label + " has peft_type " + type + "; only LORA adapters can be merged.");
        }
        if (json.path("use_dora").asBoolean()) {
            throw new AmalgamException(ErrorCode.ADAPTER_INVALID, label
                    + " has use_dora; merge a DoRA adapter into its model with PEFT's merge_and_unload and name the result.");
        }
        int rank = json.path("r").asInt(0);
        if (rank <= 0) {
            throw new AmalgamException(ErrorCode.ADAPTER_INVALID, label + " has r = " + json.path("r") + ", expected a whole number above 0.");
        }
        if (!json.path("lora_alpha").isNumber()) {
            throw new AmalgamException(ErrorCode.ADAPTER_INVALID, label + " has no number lora_alpha.");
        }
        return new AdapterConfig(
                rank,
                json.path("lora_alpha").doubleValue(),
                json.path("use_rslora").asBoolean(),
                json.path("fan_in_fan_out").asBoolean(),
                numbers(json.path("rank_pattern"), label),
                numbers(json.path("alpha_pattern"), label));
    }

    private static Map<String, Double> numbers(JsonNode node, String label) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            if (!entry.getValue().isNumber()) {
                throw new AmalgamException(ErrorCode.ADAPTER_INVALID, label + " has a pattern '" + entry.getKey() + "' whose value is not a number.");
            }
            numbers.put(entry.getKey(), entry.getValue().doubleValue());
        }
        return numbers;
    }

    /**
     * The factor of B·A for a module.
     *
     * @param module its name in the model, such as {@code model.layers.0.self_attn.q_proj}
     */
    public double scale(String module) {
        double moduleAlpha = matching(alphaPattern, module, alpha);
        double moduleRank = matching(rankPattern, module, rank);
        return moduleAlpha / (rankStabilized ? Math.sqrt(moduleRank) : moduleRank);
    }

    /** PEFT takes the first pattern that matches the whole name or its end behind a dot. */
    private static double matching(Map<String, Double> patterns, String module, double otherwise) {
        for (Map.Entry<String, Double> pattern : patterns.entrySet()) {
            try {
                if (Pattern.compile("(.*\\.)?(" + pattern.getKey() + ")$").matcher(new BudgetedText(module)).lookingAt()) {
                    return pattern.getValue();
                }
            } catch (PatternSyntaxException e) {
                throw new AmalgamException(ErrorCode.ADAPTER_INVALID,
                        "The pattern '" + pattern.getKey() + "' in " + FILE + " is not a regular expression.", e);
            }
        }
        return otherwise;
    }

    /** A text that can be looked at so many times and no more: an expression from outside may try for ever. */
    private static final class BudgetedText implements CharSequence {
        private static final int LOOKS = 1_000_000;

        private final String text;
        private int looks;

        BudgetedText(String text) {
            this.text = text;
        }

        @Override
        public char charAt(int index) {
            if (++looks > LOOKS) {
                throw new AmalgamException(ErrorCode.ADAPTER_INVALID,
                        "A pattern in " + FILE + " takes too long to match '" + text + "'; write the modules' names out.");
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
