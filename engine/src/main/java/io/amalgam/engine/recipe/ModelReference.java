package io.amalgam.engine.recipe;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.util.Objects;

/**
 * What a recipe calls a model: a model, optionally with a LoRA adapter merged into it. Two references are the same
 * model if all their parts are equal, as in MergeKit: {@code ./a} is not {@code a}.
 *
 * @param model the model
 * @param lora the adapter, or null
 * @param overrideArchitecture a class name that replaces {@code architectures} of the model's configuration, or null
 */
public record ModelReference(ModelPath model, ModelPath lora, String overrideArchitecture) {

    /** Checks that there is a model. */
    public ModelReference {
        Objects.requireNonNull(model, "model");
    }

    /**
     * Reads the string form {@code MODEL[@REVISION][+ADAPTER[@REVISION]]}.
     *
     * @throws AmalgamException with {@code MODEL_REFERENCE_INVALID} if a part is empty, or there is more than one
     *     {@code +}, or more than one {@code @} in a part
     */
    public static ModelReference parse(String text) {
        int plus = text.indexOf('+');
        if (plus < 0) {
            return new ModelReference(parsePath(text, text), null, null);
        }
        if (text.indexOf('+', plus + 1) >= 0) {
            throw new AmalgamException(
                    ErrorCode.MODEL_REFERENCE_INVALID,
                    "Model reference \"" + text + "\" has more than one '+'; expected MODEL[@REVISION][+ADAPTER[@REVISION]]."
                            + " Use the object form {model: {path: …}, lora: {path: …}} for paths with '+'.");
        }
        return new ModelReference(
                parsePath(text.substring(0, plus), text), parsePath(text.substring(plus + 1), text), null);
    }

    private static ModelPath parsePath(String part, String whole) {
        int at = part.indexOf('@');
        if (at >= 0 && part.indexOf('@', at + 1) >= 0) {
            throw new AmalgamException(
                    ErrorCode.MODEL_REFERENCE_INVALID,
                    "Model reference \"" + whole + "\" has more than one '@' in \"" + part
                            + "\"; expected PATH[@REVISION]. Use the object form {model: {path: …, revision: …}} for"
                            + " paths with '@'.");
        }
        String path = at < 0 ? part : part.substring(0, at);
        String revision = at < 0 ? null : part.substring(at + 1);
        if (path.isBlank() || (revision != null && revision.isBlank())) {
            throw new AmalgamException(
                    ErrorCode.MODEL_REFERENCE_INVALID,
                    "Model reference \"" + whole + "\" has an empty part; expected MODEL[@REVISION][+ADAPTER[@REVISION]].");
        }
        return new ModelPath(path, revision);
    }

    /** The reference in its string form. */
    @Override
    public String toString() {
        return lora == null ? model.toString() : model + "+" + lora;
    }
}
