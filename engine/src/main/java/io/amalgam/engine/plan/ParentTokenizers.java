package io.amalgam.engine.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.recipe.ModelPath;
import io.amalgam.engine.recipe.Position;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Warns of parents that were trained with different special tokens or chat templates: a merge speaks only one. */
final class ParentTokenizers {

    private static final String CONFIG = "tokenizer_config.json";
    private static final String TEMPLATE = "chat_template.jinja";
    private static final int LIMIT = 64 << 20;
    private static final List<String> SPECIAL_TOKENS = List.of("bos_token", "eos_token", "unk_token", "pad_token");
    private static final JsonMapper MAPPER = new JsonMapper();

    /** What a model's tokenizer says. */
    private record Tokenizer(ModelPath model, JsonNode config, String template) {
    }

    private ParentTokenizers() {
    }

    /**
     * Compares every model's tokenizer with the first one's.
     *
     * @param templateGiven whether the recipe decides the chat template
     */
    static void warn(Map<ModelPath, ModelSnapshot> snapshots, boolean templateGiven, ProblemCollector problems)
            throws IOException {
        Tokenizer first = null;
        for (Map.Entry<ModelPath, ModelSnapshot> entry : snapshots.entrySet()) {
            Tokenizer tokenizer = read(entry.getKey(), entry.getValue());
            if (tokenizer == null) {
                continue;
            }
            if (first == null) {
                first = tokenizer;
                continue;
            }
            for (String token : SPECIAL_TOKENS) {
                String left = token(first.config(), token);
                String right = token(tokenizer.config(), token);
                if (!left.equals(right)) {
                    problems.warning(
                            ErrorCode.TOKENIZER_INVALID,
                            Position.NONE,
                            token + " is " + right + " in model " + tokenizer.model() + " and " + left + " in model "
                                    + first.model(),
                            "the merged model has one tokenizer; check which of the two it should have");
                }
            }
            if (!templateGiven && !tokenizer.template().isEmpty() && !first.template().isEmpty()
                    && !tokenizer.template().equals(first.template())) {
                problems.warning(
                        ErrorCode.TOKENIZER_INVALID,
                        Position.NONE,
                        "The chat template of model " + tokenizer.model() + " differs from that of model " + first.model(),
                        "choose one with chat_template: in the recipe (auto takes the most frequent)");
            }
        }
    }

    private static Tokenizer read(ModelPath model, ModelSnapshot snapshot) throws IOException {
        if (!snapshot.has(CONFIG)) {
            return null;
        }
        JsonNode config;
        try {
            config = MAPPER.readTree(snapshot.readSmall(CONFIG, LIMIT));
        } catch (JsonProcessingException e) {
            // The planning of the tokenizer says what is wrong, if this one is needed.
            return null;
        }
        String template = snapshot.has(TEMPLATE)
                ? new String(snapshot.readSmall(TEMPLATE, LIMIT), StandardCharsets.UTF_8)
                : config.path("chat_template").asText("");
        return new Tokenizer(model, config, template);
    }

    /** A special token's text, which stands there as a string or as an object. */
    private static String token(JsonNode config, String name) {
        JsonNode node = config.path(name);
        String text = node.isObject() ? node.path("content").asText("") : node.asText("");
        return text.isEmpty() || text.equals("null") ? "none" : "\"" + text + "\"";
    }
}
