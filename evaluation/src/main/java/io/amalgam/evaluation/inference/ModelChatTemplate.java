package io.amalgam.evaluation.inference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.evaluation.inference.jinja.JinjaException;
import io.amalgam.evaluation.inference.jinja.JinjaTemplate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The chat template that comes with a model, rendered as transformers' {@code apply_chat_template} does. As in
 * lm-evaluation-harness, a conversation whose system message the template refuses is rendered without it.
 */
final class ModelChatTemplate implements ChatTemplate {
    private static final String FILE = "chat_template.jinja";
    private static final int LIMIT = 1 << 20;
    private static final String SYSTEM = "system";

    private final String model;
    private final String source;
    private final JinjaTemplate template;
    private final Map<String, Object> specialTokens;

    private ModelChatTemplate(String model, String source, Map<String, Object> specialTokens) {
        this.model = model;
        this.source = source;
        this.specialTokens = specialTokens;
        try {
            this.template = JinjaTemplate.parse(source);
        } catch (JinjaException e) {
            throw failure(e);
        }
    }

    /**
     * The template of a model: {@value #FILE}, else the one in {@code tokenizer_config.json}, of several the default.
     *
     * @param tokenizerConfiguration {@code tokenizer_config.json}
     */
    static Optional<ChatTemplate> of(ModelSnapshot model, ObjectNode tokenizerConfiguration) throws IOException {
        String source = null;
        if (model.has(FILE)) {
            source = new String(model.readSmall(FILE, LIMIT), StandardCharsets.UTF_8);
        } else {
            JsonNode stored = tokenizerConfiguration.path("chat_template");
            if (stored.isTextual()) {
                source = stored.textValue();
            }
            for (JsonNode named : stored) {
                if (named.path("name").asText().equals("default")) {
                    source = named.path("template").asText();
                }
            }
        }
        if (source == null) {
            return Optional.empty();
        }
        Map<String, Object> specialTokens = new HashMap<>();
        tokenizerConfiguration.properties().forEach(property -> {
            if (property.getKey().endsWith("_token")) {
                JsonNode value = property.getValue().isObject() ? property.getValue().get("content") : property.getValue();
                if (value != null && value.isTextual()) {
                    specialTokens.put(property.getKey(), value.textValue());
                }
            }
        });
        return Optional.of(new ModelChatTemplate(model.reference(), source, specialTokens));
    }

    @Override
    public String render(List<ChatMessage> messages) {
        try {
            return renderAll(messages);
        } catch (JinjaException e) {
            List<ChatMessage> withoutSystem = messages.stream().filter(message -> !message.role().equals(SYSTEM)).toList();
            if (withoutSystem.size() == messages.size()) {
                throw failure(e);
            }
            try {
                return renderAll(withoutSystem);
            } catch (JinjaException again) {
                throw failure(again);
            }
        }
    }

    private String renderAll(List<ChatMessage> messages) {
        List<Object> turns = new ArrayList<>();
        for (ChatMessage message : messages) {
            Map<String, Object> turn = new java.util.LinkedHashMap<>();
            turn.put("role", message.role());
            turn.put("content", message.content());
            turns.add(turn);
        }
        Map<String, Object> variables = new HashMap<>(specialTokens);
        variables.put("messages", turns);
        variables.put("tools", null);
        variables.put("documents", null);
        variables.put("add_generation_prompt", true);
        return template.render(variables);
    }

    private AmalgamException failure(JinjaException cause) {
        return new AmalgamException(ErrorCode.TOKENIZER_INVALID, "The chat template of " + model + " cannot be used: "
                + cause.getMessage() + ".", cause);
    }

    @Override
    public String source() {
        return source;
    }
}
