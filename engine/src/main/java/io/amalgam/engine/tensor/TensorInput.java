package io.amalgam.engine.tensor;

import io.amalgam.engine.checkpoint.DType;
import java.util.Map;

/**
 * One input of one output tensor.
 *
 * @param model index of the model in {@code MergePlan.models()}
 * @param tensor the input tensor's name in that model, for messages
 * @param source where its elements lie
 * @param dtype the type that its elements are cast to when they are loaded (the recipe's {@code dtype}, else the
 *     stored one); {@link TensorPlan#arithmetic()} is the common type of all inputs
 * @param parameters per-input parameters of the method, resolved for this tensor: Double, Boolean, Long or String
 * @param randomOffset how many 32-bit outputs of the generator precede this input's first draw, or -1 if it draws none
 */
public record TensorInput(
        int model, String tensor, TensorSource source, DType dtype, Map<String, Object> parameters, long randomOffset) {

    /** Keeps the parameters as they are now. */
    public TensorInput {
        parameters = Map.copyOf(parameters);
    }
}
