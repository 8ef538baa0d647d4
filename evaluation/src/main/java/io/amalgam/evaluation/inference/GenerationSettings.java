package io.amalgam.evaluation.inference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a model's own {@code generation_config.json} says about greedy generation; transformers obeys it, and with it
 * lm-evaluation-harness.
 *
 * @param endTokens tokens that end a generation
 * @param repetitionPenalty what the logits of tokens that occurred already are divided by (multiplied with where they are
 *     negative); 1 for none
 * @param unsupported a setting that would change a greedy generation in a way we don't compute, or null
 */
record GenerationSettings(Set<Integer> endTokens, float repetitionPenalty, String unsupported) {
    private static final String FILE = "generation_config.json";
    private static final int LIMIT = 1 << 20;

    /** Settings that change greedy generation, with the values that leave it alone. */
    private static final Map<String, List<String>> NEUTRAL = Map.ofEntries(
            Map.entry("num_beams", List.of("1")),
            Map.entry("num_beam_groups", List.of("1")),
            Map.entry("penalty_alpha", List.of()),
            Map.entry("min_length", List.of("0")),
            Map.entry("min_new_tokens", List.of("0")),
            Map.entry("encoder_repetition_penalty", List.of("1", "1.0")),
            Map.entry("no_repeat_ngram_size", List.of("0")),
            Map.entry("encoder_no_repeat_ngram_size", List.of("0")),
            Map.entry("bad_words_ids", List.of()),
            Map.entry("force_words_ids", List.of()),
            Map.entry("sequence_bias", List.of()),
            Map.entry("forced_bos_token_id", List.of()),
            Map.entry("forced_eos_token_id", List.of()),
            Map.entry("exponential_decay_length_penalty", List.of()),
            Map.entry("suppress_tokens", List.of("[]")),
            Map.entry("begin_suppress_tokens", List.of("[]")),
            Map.entry("guidance_scale", List.of("1", "1.0")),
            Map.entry("remove_invalid_values", List.of("false")));

    /** Copies the end tokens. */
    GenerationSettings {
        endTokens = Set.copyOf(endTokens);
    }

    /** Reads a model's settings; without a file of its own, {@code config.json} names the end tokens. */
    static GenerationSettings read(ModelSnapshot model) throws IOException {
        String file = model.has(FILE) ? FILE : "config.json";
        ObjectNode settings = StrictJson.object(model.readSmall(file, LIMIT), file + " of " + model.reference(),
                ErrorCode.MODEL_UNREADABLE);
        Set<Integer> endTokens = new HashSet<>();
        JsonNode end = settings.path("eos_token_id");
        if (end.isInt()) {
            endTokens.add(end.intValue());
        }
        for (JsonNode token : end) {
            endTokens.add(token.asInt());
        }
        String unsupported = null;
        for (Iterator<Map.Entry<String, JsonNode>> fields = settings.fields(); fields.hasNext(); ) {
            Map.Entry<String, JsonNode> field = fields.next();
            List<String> neutral = NEUTRAL.get(field.getKey());
            if (neutral != null && !field.getValue().isNull() && !neutral.contains(field.getValue().toString())) {
                unsupported = field.getKey() + " " + field.getValue() + " in " + file + " of " + model.reference();
            }
        }
        return new GenerationSettings(endTokens, (float) settings.path("repetition_penalty").asDouble(1), unsupported);
    }

    /** @throws AmalgamException with {@code INFERENCE_UNSUPPORTED} if the model asks for what we don't compute */
    void refuseUnsupported() {
        if (unsupported != null) {
            throw new AmalgamException(ErrorCode.INFERENCE_UNSUPPORTED,
                    "The setting " + unsupported + " changes what is generated, and is not implemented.");
        }
    }
}
