package io.amalgam.engine.recipe;

import java.util.Map;
import java.util.Objects;

/**
 * One entry of {@code models} or of a slice's {@code sources}.
 *
 * @param model which model
 * @param layers which of its layers; null under {@code models}, where it is all of them
 * @param parameters of this input, by name
 * @param position where the entry stands
 */
public record InputModel(
        ModelReference model, LayerRange layers, Map<String, Setting> parameters, Position position) {

    /** Checks that there is a model. */
    public InputModel {
        Objects.requireNonNull(model, "model");
        parameters = Ordered.copyOf(parameters);
    }
}
