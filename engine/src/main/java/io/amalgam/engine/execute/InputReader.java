package io.amalgam.engine.execute;

import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.tensor.TensorPlan;
import java.io.IOException;
import java.util.List;

/**
 * Reads the inputs of a plan's tensors as a merge reads them, adapters merged and vocabularies remapped, for those who
 * look at them without merging. Safe for use by several threads; each file is opened once.
 */
public final class InputReader implements AutoCloseable {
    private final InputFiles files;
    private final ElementSources sources;

    /**
     * A reader of the inputs of one plan.
     *
     * @param models opens the plan's files
     * @param listener hears of the bytes that are read
     */
    public InputReader(MergePlan plan, ModelOpener models, ExecutionListener listener) {
        files = new InputFiles(plan.models(), models, listener);
        sources = new ElementSources(files, plan.rowTables());
    }

    /** The inputs of one tensor, in the plan's order. */
    public List<ElementSource> inputs(TensorPlan tensor) {
        return sources.of(tensor);
    }

    @Override
    public void close() throws IOException {
        files.close();
    }
}
