package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One output tensor to be made.
 *
 * @param plan of the tensor
 * @param kernels of its arithmetic
 * @param elements of the tensor
 * @param random the merge's random stream
 * @param workers how many threads there may be
 * @param maskBytes memory that random masks may take
 * @param scratch folder for temporary files
 */
public record TensorTask(
        TensorPlan plan, Kernels kernels, long elements, RandomStream random, int workers, long maskBytes, Path scratch) {

    /** Number of inputs, the base model included. */
    public int inputs() {
        return plan.inputs().size();
    }

    /** Index of the base model, or -1. */
    public int base() {
        return plan.base();
    }

    /** Indices of the inputs that are not the base model, in the recipe's order. */
    public int[] nonBase() {
        List<Integer> indices = new ArrayList<>();
        for (int input = 0; input < inputs(); input++) {
            if (input != base()) {
                indices.add(input);
            }
        }
        return indices.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Length of the last dimension; a scalar has rows of one element. */
    public int rowLength() {
        long[] shape = plan.shape();
        return shape.length == 0 ? 1 : Math.toIntExact(shape[shape.length - 1]);
    }

    /** Strips of so many elements in the tensor. */
    public int strips(int stripLength) {
        return Math.toIntExact((elements + stripLength - 1) / stripLength);
    }

    /** Elements of a strip of whole rows: as many rows as fit an ordinary strip, at least one. */
    public static int stripOfRows(int rowLength) {
        return rowLength == 0 ? TensorMerge.STRIP : Math.max(1, TensorMerge.STRIP / rowLength) * rowLength;
    }

    /** A shared number. */
    public double number(String name) {
        return asNumber(plan.parameters(), name);
    }

    /** A shared flag. */
    public boolean flag(String name) {
        return (Boolean) plan.parameters().getOrDefault(name, defaultOf(name));
    }

    /** A number of one input. */
    public double number(int input, String name) {
        return asNumber(plan.inputs().get(input).parameters(), name);
    }

    /** Whether an input has a value for a parameter. */
    public boolean has(int input, String name) {
        return plan.inputs().get(input).parameters().containsKey(name);
    }

    /** An input. */
    public TensorInput input(int index) {
        return plan.inputs().get(index);
    }

    private double asNumber(Map<String, Object> values, String name) {
        Object value = values.get(name);
        return ((Number) (value != null ? value : defaultOf(name))).doubleValue();
    }

    private Object defaultOf(String name) {
        return MergeMethods.find(plan.method())
                .flatMap(method -> method.parameter(name))
                .flatMap(MethodParameter::whenAbsent)
                .orElseThrow(() -> new IllegalStateException(
                        "tensor " + plan.name() + " has no value for " + name + " of " + plan.method()));
    }

    /**
     * The index, within a run of elements, from which a sum over {@code count} models uses interleaved partial sums: torch
     * handles the elements behind the last multiple of 32 of a float32 tensor so, when it sums five or more.
     *
     * @param first index in the tensor of the run's first element
     */
    public int interleavedFrom(long first, int count) {
        if (plan.arithmetic() != DType.F32 || count < 5) {
            return Integer.MAX_VALUE;
        }
        long start = elements - elements % 32 - first;
        return (int) Math.clamp(start, 0, Integer.MAX_VALUE);
    }
}
