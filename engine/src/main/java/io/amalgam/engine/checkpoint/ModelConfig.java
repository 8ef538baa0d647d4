package io.amalgam.engine.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A model's {@code config.json}, as a tree with the few readings that merging needs.
 *
 * @param reference of the model, for messages
 * @param json the whole document
 */
public record ModelConfig(String reference, ObjectNode json) {
    /** Its name in a model. */
    public static final String FILE = "config.json";

    private static final int LIMIT = 16 << 20;

    /**
     * Reads a model's configuration.
     *
     * @throws AmalgamException with {@code MODEL_UNREADABLE} if it is missing or not a JSON object
     */
    public static ModelConfig read(ModelSnapshot snapshot) throws IOException {
        if (!snapshot.has(FILE)) {
            throw new AmalgamException(ErrorCode.MODEL_UNREADABLE, "Model " + snapshot.reference() + " has no " + FILE
                    + (snapshot.has(AdapterConfig.FILE) ? "; it is a LoRA adapter, written MODEL+ADAPTER in a recipe." : "."));
        }
        return parse(snapshot.reference(), snapshot.readSmall(FILE, LIMIT));
    }

    /** Reads a configuration from its bytes. */
    public static ModelConfig parse(String reference, byte[] content) {
        return new ModelConfig(reference, StrictJson.object(content, FILE + " of " + reference, ErrorCode.MODEL_UNREADABLE));
    }

    /** The class names under {@code architectures}. */
    public List<String> architectures() {
        List<String> names = new ArrayList<>();
        for (JsonNode name : json.path("architectures")) {
            names.add(name.asText());
        }
        return names;
    }

    /** {@code model_type}, if given. */
    public Optional<String> modelType() {
        return text("model_type");
    }

    /** The value at a dotted path such as {@code text_config.vocab_size}, or a missing node. */
    public JsonNode at(String dottedPath) {
        JsonNode node = json;
        for (String part : dottedPath.split("\\.")) {
            node = node.path(part);
        }
        return node;
    }

    /** The text at a dotted path, if there is one. */
    public Optional<String> text(String dottedPath) {
        return Optional.ofNullable(at(dottedPath).textValue());
    }

    /**
     * The whole number at a dotted path, if there is one.
     *
     * @throws AmalgamException with {@code MODEL_UNREADABLE} if there is something else
     */
    public OptionalLong integer(String dottedPath) {
        JsonNode node = at(dottedPath);
        if (node.isMissingNode() || node.isNull()) {
            return OptionalLong.empty();
        }
        if (!node.isIntegralNumber() || !node.canConvertToLong()) {
            throw new AmalgamException(ErrorCode.MODEL_UNREADABLE, FILE + " of " + reference + " has " + dottedPath
                    + " = " + node + ", expected a whole number.");
        }
        return OptionalLong.of(node.longValue());
    }
}
