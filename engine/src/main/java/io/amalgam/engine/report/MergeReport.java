package io.amalgam.engine.report;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.execute.ModelOpener;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PlanJson;
import java.util.List;

/**
 * What a merge's inputs look like, layer by layer: lengths of task vectors, the angles between them, and how often their
 * signs conflict (Yadav et al. 2023, <a href="https://arxiv.org/abs/2306.01708">TIES-Merging</a>, section 3.2). Task
 * vectors at right angles rarely disturb each other; many conflicts of sign say that plain averaging will cancel what
 * the models learnt.
 *
 * <p>Where a tensor is merged without a base model there are no task vectors, and the weights themselves are compared.
 * Integer tensors are left out.
 *
 * <p>The report is a pure function of the plan and the weights: neither threads nor shard sizes change a digit.
 *
 * @param schemaVersion of this document, {@value #SCHEMA_VERSION}
 * @param artifactKey identity of the artifact that the merge makes
 * @param inputs names of what is merged, adapters included; other members refer to them by index
 * @param rows by stack, layer and module: first what lies outside the layers
 * @param total over all rows that compare task vectors; over all rows if none does
 */
public record MergeReport(int schemaVersion, String artifactKey, List<String> inputs, List<Row> rows, Row total) {

    /** The name under which a report lies beside an artifact. */
    public static final String FILE = "report.json";
    /** The version of this document's form. */
    public static final int SCHEMA_VERSION = 1;

    /** Keeps lists as they are now. */
    public MergeReport {
        inputs = List.copyOf(inputs);
        rows = List.copyOf(rows);
    }

    /** What the vectors of a row are. */
    public enum Compared {
        /** Differences from the base model. */
        TASK_VECTORS,
        /** The weights themselves: there is no base model, or the tensor is copied. */
        WEIGHTS
    }

    /**
     * All tensors of one module of one layer, taken together as one long vector an input.
     *
     * @param stack what the layers are counted in, such as {@code model.layers}; empty outside layers
     * @param layer index in the output, or null outside layers
     * @param module the part of the layer, such as {@code self_attn}; outside layers the tensor's name without
     *     {@code .weight} or {@code .bias}; empty for the total
     * @param compared what the vectors are
     * @param tensors how many there are
     * @param elements of all of them
     * @param base length of the base model's vector, or null where weights are compared or it is not finite
     * @param vectors one for each input, in their order
     * @param pairs one for each two inputs that share tensors, in their order
     * @param conflict share of the positions at which at least two vectors are not zero where not all of those have the
     *     same sign; 0 if there is no such position
     */
    public record Row(
            String stack,
            Integer layer,
            String module,
            Compared compared,
            int tensors,
            long elements,
            Double base,
            List<Vector> vectors,
            List<Pair> pairs,
            double conflict) {

        /** Keeps lists as they are now. */
        public Row {
            vectors = List.copyOf(vectors);
            pairs = List.copyOf(pairs);
        }
    }

    /**
     * One input.
     *
     * @param input index in {@link MergeReport#inputs()}
     * @param norm Euclidean length, or null if it is not finite
     * @param relative {@code norm} divided by the length of the base model's vector; null without one, or if that is zero
     * @param changed share of elements that are not zero
     */
    public record Vector(int input, Double norm, Double relative, double changed) {
    }

    /**
     * Two inputs.
     *
     * @param left index of one in {@link MergeReport#inputs()}
     * @param right index of the other, greater
     * @param cosine of the angle between their vectors; null if one is zero or not finite
     * @param conflict share of the positions at which both are not zero where they have different signs; 0 if there is no
     *     such position
     */
    public record Pair(int left, int right, Double cosine, double conflict) {
    }

    /**
     * Reads all weights of a plan once, in memory that does not grow with the models, and compares them.
     *
     * @param plan of the merge
     * @param models opens the files of its models
     * @param threads how many read and compute; at least 1
     * @throws AmalgamException with {@code SOURCE_UNAVAILABLE} if reading fails
     */
    public static MergeReport of(MergePlan plan, ModelOpener models, int threads) {
        return of(plan, models, threads, ExecutionListener.NONE);
    }

    /**
     * The same, with someone who hears of what is read and may cancel.
     *
     * @throws AmalgamException with {@code SOURCE_UNAVAILABLE} if reading fails, {@code CANCELLED} if the listener or an
     *     interrupt says so
     */
    public static MergeReport of(MergePlan plan, ModelOpener models, int threads, ExecutionListener listener) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, not " + threads);
        }
        ReportInputs inputs = new ReportInputs(plan);
        List<TensorSums> sums = new ReportScan(plan, inputs, models, listener).run(threads);
        return new ReportRows(inputs, sums).report(plan.artifactKey());
    }

    /** The document, as it lies in {@value #FILE}; {@link #read} reads it. */
    public byte[] write() {
        return PlanJson.write(this);
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws AmalgamException with {@code EVENT_INVALID} if the bytes are something else
     */
    public static MergeReport read(byte[] json) {
        return PlanJson.read(json, MergeReport.class);
    }
}
