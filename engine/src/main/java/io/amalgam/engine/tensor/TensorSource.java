package io.amalgam.engine.tensor;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.amalgam.engine.checkpoint.DType;
import java.util.List;

/** Where the elements of one input tensor come from: a tree whose leaves are byte ranges of files. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
    @JsonSubTypes.Type(value = TensorSource.Stored.class, name = "stored"),
    @JsonSubTypes.Type(value = TensorSource.Concatenated.class, name = "concatenated"),
    @JsonSubTypes.Type(value = TensorSource.Adapted.class, name = "adapted"),
    @JsonSubTypes.Type(value = TensorSource.Remapped.class, name = "remapped")
})
public sealed interface TensorSource {

    /** Shape of what this gives. */
    long[] shape();

    /**
     * A tensor as it lies in a file.
     *
     * @param model index of the model in {@code MergePlan.models()}
     * @param file name of the file in the model
     * @param position of the first byte in the file
     * @param dtype its stored type
     * @param shape its shape
     */
    record Stored(int model, String file, long position, DType dtype, long[] shape) implements TensorSource {
    }

    /**
     * Several tensors one behind the other in row-major order: fused experts, stacked from per-expert tensors.
     *
     * @param parts in order; their elements add up to those of {@code shape}
     * @param shape of the whole
     */
    record Concatenated(List<TensorSource> parts, long[] shape) implements TensorSource {
    }

    /**
     * A weight with a LoRA adapter merged into it: {@code W + scale · B·A}, as PEFT does it.
     *
     * @param weight W
     * @param a the adapter's A, [rank, in]
     * @param b the adapter's B, [out, rank]
     * @param scale alpha / rank, or alpha / √rank
     * @param transposed whether B·A is transposed before it is added (embeddings, Conv1D)
     */
    record Adapted(TensorSource weight, Stored a, Stored b, double scale, boolean transposed) implements TensorSource {
        @Override
        public long[] shape() {
            return weight.shape();
        }
    }

    /**
     * A vocabulary tensor whose rows follow the output tokenizer (mergekit.md §4.4).
     *
     * @param table name of the plan's row table ({@code MergePlan.rowTables()})
     * @param input which of the table's columns is this input
     * @param rows the vocabulary tensors of all inputs, in the table's order: a missing token's row may come from them
     * @param shape of the result: rows of the output vocabulary (padding included)
     */
    record Remapped(String table, int input, List<TensorSource> rows, long[] shape) implements TensorSource {
    }
}
