package io.amalgam.engine.tensor;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.TensorHeader;
import java.util.List;
import java.util.Map;

/**
 * Everything that decides the bytes of one output tensor.
 *
 * @param name its name in the output
 * @param shape its shape
 * @param dtype the type it is stored in
 * @param method name of the merge method; for integer tensors {@code passthrough}
 * @param arithmetic type that the method computes in: all inputs promoted
 * @param inputs in the recipe's order, an implicit base last
 * @param base index of the base model in {@code inputs}, or -1
 * @param parameters shared parameters of the method, resolved for this tensor: Double, Boolean, Long or String
 */
public record TensorPlan(
        String name,
        long[] shape,
        DType dtype,
        String method,
        DType arithmetic,
        List<TensorInput> inputs,
        int base,
        Map<String, Object> parameters) {

    /** Keeps collections as they are now. */
    public TensorPlan {
        inputs = List.copyOf(inputs);
        parameters = Map.copyOf(parameters);
    }

    /** The entry of the tensor in its shard's header. */
    public TensorHeader header() {
        return new TensorHeader(name, dtype, shape);
    }

    /** Number of elements. */
    public long elements() {
        long product = 1;
        for (long size : shape) {
            product = Math.multiplyExact(product, size);
        }
        return product;
    }

    /** Bytes in the output. */
    public long bytes() {
        return Math.multiplyExact(elements(), dtype.bytes());
    }
}
