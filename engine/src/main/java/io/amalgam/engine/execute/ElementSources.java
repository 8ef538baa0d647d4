package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.plan.RowTable;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Turns the sources that a plan names into sources of bytes. */
final class ElementSources {
    private final InputFiles files;
    private final Map<String, RowTable> rowTables;

    ElementSources(InputFiles files, Map<String, RowTable> rowTables) {
        this.files = files;
        this.rowTables = rowTables;
    }

    /** The sources of a tensor's inputs, in their order. */
    List<ElementSource> of(TensorPlan tensor) {
        List<ElementSource> sources = new ArrayList<>();
        for (int input = 0; input < tensor.inputs().size(); input++) {
            sources.add(of(tensor.inputs().get(input).source(), tensor));
        }
        return sources;
    }

    private ElementSource of(TensorSource source, TensorPlan tensor) {
        return switch (source) {
            case TensorSource.Stored stored -> new StoredSource(stored, files);
            case TensorSource.Concatenated concatenated -> concatenated(concatenated, tensor);
            case TensorSource.Adapted adapted -> new AdaptedSource(adapted, of(adapted.weight(), tensor), files);
            case TensorSource.Remapped remapped -> remapped(remapped, tensor);
        };
    }

    private ElementSource concatenated(TensorSource.Concatenated concatenated, TensorPlan tensor) {
        List<ElementSource> parts = new ArrayList<>();
        DType common = null;
        for (TensorSource part : concatenated.parts()) {
            ElementSource source = of(part, tensor);
            parts.add(source);
            common = common == null ? source.dtype() : promote(common, source.dtype());
        }
        DType type = common;
        long[] lengths = concatenated.parts().stream().mapToLong(part -> elements(part.shape())).toArray();
        parts.replaceAll(part -> part.dtype() == type ? part : new CastSource(part, type));
        return new ConcatenatedSource(parts, lengths);
    }

    private ElementSource remapped(TensorSource.Remapped remapped, TensorPlan tensor) {
        List<ElementSource> rows = new ArrayList<>();
        for (int input = 0; input < remapped.rows().size(); input++) {
            ElementSource source = of(remapped.rows().get(input), tensor);
            // Each input is cast to its own type first and then to the common one.
            DType own = tensor.inputs().get(input).dtype();
            source = source.dtype() == own ? source : new CastSource(source, own);
            rows.add(own == tensor.arithmetic() ? source : new CastSource(source, tensor.arithmetic()));
        }
        long[] shape = remapped.shape();
        int rowLength = Math.toIntExact(elements(shape) / Math.max(1, shape[0]));
        return new RemappedSource(rowTables.get(remapped.table()), remapped.input(), rows, tensor.arithmetic(), rowLength);
    }

    /** The common type of two, as torch promotes them. */
    private static DType promote(DType left, DType right) {
        if (left == right) {
            return left;
        }
        return left == DType.F64 || right == DType.F64 ? DType.F64 : DType.F32;
    }

    private static long elements(long[] shape) {
        long product = 1;
        for (long dimension : shape) {
            product = Math.multiplyExact(product, dimension);
        }
        return product;
    }
}
