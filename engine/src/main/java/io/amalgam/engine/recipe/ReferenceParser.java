package io.amalgam.engine.recipe;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;

/** Reads references to models: {@code path@revision+adapter}, or an object (mergekit.md §1.2). */
final class ReferenceParser {

    private final RecipeForm form;

    ReferenceParser(RecipeForm form) {
        this.form = form;
    }

    /** The model that a string or an object names; null if it cannot be understood. */
    ModelReference parse(YamlValue value) {
        try {
            return switch (value) {
                case YamlValue.Scalar scalar when scalar.value() != null -> ModelReference.parse(scalar.text());
                case YamlValue.Mapping mapping -> referenceObject(mapping);
                default -> {
                    form.error(ErrorCode.MODEL_REFERENCE_INVALID, value.position(), "A model must be named by a string or by"
                            + " {model: {path, revision}, lora: {path, revision}}, not by " + RecipeForm.described(value) + ".");
                    yield null;
                }
            };
        } catch (AmalgamException e) {
            form.error(e.code(), value.position(), e.getMessage());
            return null;
        }
    }

    private ModelReference referenceObject(YamlValue.Mapping mapping) {
        form.unknownKeys(mapping, Ordered.keys("model", "lora", "override_architecture"), "a model reference");
        ModelPath model = path(mapping, "model");
        if (model == null) {
            if (mapping.get("model") == null) {
                form.error(ErrorCode.MODEL_REFERENCE_INVALID, mapping.position(), "This model reference has no model; write"
                        + " {model: {path: …}}.");
            }
            return null;
        }
        return new ModelReference(model, path(mapping, "lora"), form.string(mapping, "override_architecture"));
    }

    private ModelPath path(YamlValue.Mapping owner, String key) {
        YamlValue value = owner.get(key);
        if (value == null) {
            return null;
        }
        if (value instanceof YamlValue.Scalar scalar) {
            ModelReference whole = ModelReference.parse(scalar.text());
            if (whole.lora() != null) {
                form.error(ErrorCode.MODEL_REFERENCE_INVALID, value.position(), "\"" + scalar.text() + "\" names an adapter"
                        + " inside an object; write {model: …, lora: …}.");
            }
            return whole.model();
        }
        if (value instanceof YamlValue.Mapping mapping && mapping.get("path") != null) {
            form.unknownKeys(mapping, Ordered.keys("path", "revision"), "a model path");
            String path = form.text(mapping.get("path"), "path");
            return path == null ? null : new ModelPath(path, form.string(mapping, "revision"));
        }
        form.error(ErrorCode.MODEL_REFERENCE_INVALID, value.position(), key + " must be a path or {path, revision}, not "
                + RecipeForm.described(value) + ".");
        return null;
    }
}
