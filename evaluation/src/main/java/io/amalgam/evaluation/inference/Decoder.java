package io.amalgam.evaluation.inference;

import java.util.ArrayList;
import java.util.List;

/**
 * The forward pass of a decoder: tokens in, logits out.
 *
 * <p>A pass takes spans of any number of sequences side by side. Activations and sums are float32. In the last layer only
 * keys and values are computed of every row: nothing else of it is ever read, except of the rows whose logits are wanted.
 */
final class Decoder {
    /** Rows of logits that are computed together: a vocabulary of 256,000 then takes 48 MB. */
    static final int LOGIT_ROWS = 48;

    private final DecoderConfiguration configuration;
    private final DecoderWeights weights;
    private final WorkerTeam team;
    private final MatrixProduct product;
    private final Attention attention;
    private final boolean halfKeyValues;

    private float[] hidden = new float[0];
    private float[] normed = new float[0];
    private float[] projected = new float[0];
    private float[] attended = new float[0];
    private float[] gateUp = new float[0];
    private float[] logits = new float[0];
    private int[] positions = new int[0];
    private long tokensComputed;

    /**
     * A decoder whose loops are run by a team.
     *
     * @param keyValueType in which keys and values are kept
     */
    Decoder(DecoderConfiguration configuration, DecoderWeights weights, WorkerTeam team,
            InferenceOptions.KeyValueType keyValueType) {
        this.configuration = configuration;
        this.weights = weights;
        this.team = team;
        this.product = new MatrixProduct(team);
        this.attention = new Attention(configuration, team);
        this.halfKeyValues = keyValueType == InferenceOptions.KeyValueType.BFLOAT16;
    }

    /** Room for the keys and values of {@code capacity} tokens. */
    KeyValueBlock keyValueBlock(int capacity) {
        return new KeyValueBlock(configuration, capacity, halfKeyValues);
    }

    /** Tokens that have gone through all layers so far. */
    long tokensComputed() {
        return tokensComputed;
    }

    /** What is computed. */
    DecoderConfiguration configuration() {
        return configuration;
    }

    /**
     * Runs all layers over spans, storing their keys and values; {@link #logits} then gives what comes after the wanted
     * rows.
     *
     * @param wanted rows of the pass, counted through all spans, in ascending order, none twice
     */
    void run(List<Span> spans, int[] wanted) {
        int rows = 0;
        int length = 0;
        for (Span span : spans) {
            rows += span.count();
            length = Math.max(length, span.from() + span.count());
        }
        tokensComputed += rows;
        configuration.rotary().prepare(length);
        allocate(rows);
        embed(spans);
        int last = configuration.layers() - 1;
        for (int layer = 0; layer < last; layer++) {
            project(layer, spans, rows);
            attend(layer, spans, rows);
            feedForward(layer, rows);
        }
        project(last, spans, rows);
        if (wanted.length > 0) {
            keepOnly(wanted, weights.layers().get(last).queryKeyValue().paddedRows());
            attend(last, parts(spans, wanted), wanted.length);
            feedForward(last, wanted.length);
        }
    }

    /** Moves the residuals and projections of the wanted rows to the first rows. */
    private void keepOnly(int[] wanted, int stride) {
        int size = configuration.hiddenSize();
        for (int i = 0; i < wanted.length; i++) {
            System.arraycopy(hidden, wanted[i] * size, hidden, i * size, size);
            System.arraycopy(projected, wanted[i] * stride, projected, i * stride, stride);
        }
    }

    /** The parts of spans that the wanted rows are; neighbours stay together. */
    private static List<Span> parts(List<Span> spans, int[] wanted) {
        List<Span> parts = new ArrayList<>();
        int firstRow = 0;
        int next = 0;
        for (Span span : spans) {
            int end = firstRow + span.count();
            while (next < wanted.length && wanted[next] < end) {
                int from = wanted[next];
                int count = 0;
                while (next < wanted.length && wanted[next] == from + count && wanted[next] < end) {
                    next++;
                    count++;
                }
                parts.add(new Span(span.tokens(), span.from() + from - firstRow, count, span.chain()));
            }
            firstRow = end;
        }
        return parts;
    }

    private void allocate(int rows) {
        DecoderWeights.Layer layer = weights.layers().getFirst();
        int padded = MatrixProduct.paddedTokens(rows);
        hidden = room(hidden, padded * configuration.hiddenSize());
        normed = room(normed, padded * configuration.hiddenSize());
        projected = room(projected, padded * Math.max(layer.queryKeyValue().paddedRows(),
                Math.max(layer.output().paddedRows(), layer.down().paddedRows())));
        attended = room(attended, padded * configuration.querySize());
        gateUp = room(gateUp, padded * layer.gateUp().paddedRows() + VectorMath.STEP);
        if (positions.length < rows) {
            positions = new int[rows];
        }
    }

    private static float[] room(float[] array, int length) {
        return array.length >= length ? array : new float[length];
    }

    private void embed(List<Span> spans) {
        int size = configuration.hiddenSize();
        float scale = configuration.embeddingScale();
        int row = 0;
        for (Span span : spans) {
            int firstRow = row;
            team.run(span.count(), (index, worker) -> {
                int token = span.tokens()[span.from() + index];
                int offset = (firstRow + index) * size;
                for (int i = 0; i < size; i++) {
                    hidden[offset + i] = weights.embedding().get(token, i) * scale;
                }
            });
            for (int index = 0; index < span.count(); index++) {
                positions[row++] = span.from() + index;
            }
        }
    }

    /** Projects to queries, keys and values, and stores the latter two. */
    private void project(int layerNumber, List<Span> spans, int rows) {
        DecoderWeights.Layer layer = weights.layers().get(layerNumber);
        int size = configuration.hiddenSize();
        norm(hidden, layer.attentionNorm(), rows);
        product.multiply(normed, size, rows, layer.queryKeyValue(), projected);
        int stride = layer.queryKeyValue().paddedRows();
        int[] spanOfRow = spanOfRow(spans, rows);
        int[] firstRow = firstRows(spans);
        forRows(rows, row -> {
            int offset = row * stride;
            addBias(layer.queryKeyValueBias(), projected, offset);
            rotate(layer, projected, offset, positions[row]);
            Span span = spans.get(spanOfRow[row]);
            int keyOffset = offset + configuration.querySize();
            span.block().store(layerNumber, span.blockRow() + row - firstRow[spanOfRow[row]], projected, keyOffset,
                    keyOffset + configuration.keyValueSize(), configuration.keyValueHeads());
        });
    }

    /** Attention of the projected queries, added to the residual stream. */
    private void attend(int layerNumber, List<Span> spans, int rows) {
        DecoderWeights.Layer layer = weights.layers().get(layerNumber);
        int stride = layer.queryKeyValue().paddedRows();
        attention.compute(layerNumber, spans, projected, stride, attended, configuration.querySize());
        product.multiply(attended, configuration.querySize(), rows, layer.output(), projected);
        addToHidden(rows, layer.output().paddedRows(), layer.outputBias(), layer.attentionOutputNorm());
    }

    private void rotate(DecoderWeights.Layer layer, float[] values, int offset, int position) {
        int headDimension = configuration.headDimension();
        int heads = configuration.heads();
        for (int head = 0; head < heads + configuration.keyValueHeads(); head++) {
            int at = offset + head * headDimension;
            float[] headNorm = head < heads ? layer.queryNorm() : layer.keyNorm();
            if (headNorm != null) {
                VectorMath.rmsNorm(values, at, headNorm, headDimension, configuration.normEpsilon(), values, at);
            }
            configuration.rotary().rotate(values, at, position);
        }
    }

    private void feedForward(int layerNumber, int rows) {
        DecoderWeights.Layer layer = weights.layers().get(layerNumber);
        int size = configuration.hiddenSize();
        int intermediate = configuration.intermediateSize();
        norm(hidden, layer.feedForwardNorm(), rows);
        product.multiply(normed, size, rows, layer.gateUp(), gateUp);
        int stride = layer.gateUp().paddedRows();
        forRows(rows, row -> {
            int gate = row * stride;
            addBias(layer.gateUpBias(), gateUp, gate);
            activate(gate, gate + intermediate, intermediate);
        });
        product.multiply(gateUp, stride, rows, layer.down(), projected);
        addToHidden(rows, layer.down().paddedRows(), layer.downBias(), layer.feedForwardOutputNorm());
    }

    /** The last step may run past the gate into the first elements of up, which have been read by then. */
    private void activate(int gate, int up, int length) {
        switch (configuration.activation()) {
            case SILU -> VectorMath.siluTimes(gateUp, gate, gateUp, up, length);
            case GELU_TANH -> VectorMath.geluTimes(gateUp, gate, gateUp, up, length);
        }
    }

    /** Adds what a projection gave, after its bias and norm, to the residual stream. */
    private void addToHidden(int rows, int stride, float[] bias, float[] outputNorm) {
        int size = configuration.hiddenSize();
        forRows(rows, row -> {
            int offset = row * stride;
            addBias(bias, projected, offset);
            if (outputNorm != null) {
                VectorMath.rmsNorm(projected, offset, outputNorm, size, configuration.normEpsilon(), projected, offset);
            }
            VectorMath.add(hidden, row * size, projected, offset, size);
        });
    }

    private static void addBias(float[] bias, float[] values, int offset) {
        if (bias != null) {
            VectorMath.add(values, offset, bias, 0, bias.length);
        }
    }

    private void norm(float[] source, float[] weight, int rows) {
        int size = configuration.hiddenSize();
        forRows(rows, row -> VectorMath.rmsNorm(source, row * size, weight, size, configuration.normEpsilon(), normed,
                row * size));
    }

    /**
     * Computes logits of wanted rows of the last pass.
     *
     * @param rows indices into the wanted rows, {@link #LOGIT_ROWS} at most
     * @return row after row, {@link #logitStride} floats each; overwritten by the next call
     */
    float[] logits(int[] rows) {
        int size = configuration.hiddenSize();
        int padded = MatrixProduct.paddedTokens(rows.length);
        logits = room(logits, padded * logitStride());
        float[] normedRows = new float[padded * size];
        for (int i = 0; i < rows.length; i++) {
            VectorMath.rmsNorm(hidden, rows[i] * size, weights.finalNorm(), size, configuration.normEpsilon(), normedRows,
                    i * size);
        }
        product.multiply(normedRows, size, rows.length, weights.head(), logits);
        if (configuration.logitSoftcap() > 0) {
            team.run(rows.length, (row, worker) -> VectorMath.softcap(logits, row * logitStride(), logitStride(),
                    configuration.logitSoftcap()));
        }
        return logits;
    }

    /** Floats from one row of logits to the next: the vocabulary in whole panels. */
    int logitStride() {
        return weights.head().paddedRows();
    }

    private void forRows(int rows, java.util.function.IntConsumer body) {
        int tasks = Math.min(rows, 4 * team.size());
        team.run(tasks, (task, worker) -> {
            int end = (int) ((long) rows * (task + 1) / tasks);
            for (int row = (int) ((long) rows * task / tasks); row < end; row++) {
                body.accept(row);
            }
        });
    }

    private static int[] spanOfRow(List<Span> spans, int rows) {
        int[] owner = new int[rows];
        int row = 0;
        for (int i = 0; i < spans.size(); i++) {
            java.util.Arrays.fill(owner, row, row + spans.get(i).count(), i);
            row += spans.get(i).count();
        }
        return owner;
    }

    private static int[] firstRows(List<Span> spans) {
        int[] first = new int[spans.size()];
        int row = 0;
        for (int i = 0; i < first.length; i++) {
            first[i] = row;
            row += spans.get(i).count();
        }
        return first;
    }
}
