package io.amalgam.evaluation.inference;

import static io.amalgam.evaluation.inference.PackedMatrix.PANEL;
import static io.amalgam.evaluation.inference.VectorMath.LANES;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Causal attention with grouped heads over chains of key and value segments.
 *
 * <p>The work is cut into blocks of queries that share a key and value head. Of each block all scores are computed, then
 * the softmax, then the weighted sums. Scores are sums over dimensions in order, softmax sums have a shape fixed by the
 * keys' positions, and weighted sums go over positions in order, so that a result depends neither on how a sequence is
 * cut into segments nor on what else is in the pass.
 */
final class Attention {
    private static final int TILE = ProductTile.ROWS;
    /** Scores of a block of queries, in floats: they stay in the second-level cache. */
    private static final int SCORES = 1 << 15;
    /** Keys from which the sums of a softmax are aligned. */
    private static final int ALIGNMENT = 256;

    private static final class Scratch {
        float[] queries = new float[0];
        float[] scores = new float[0];
        float[] sums = new float[0];
        float[] widened = new float[0];
    }

    private record Task(Span span, int batchRow, int token, int tokens, int head) {
    }

    private final DecoderConfiguration configuration;
    private final WorkerTeam team;
    private final Scratch[] scratch;

    /** Attention of a model, computed by a team. */
    Attention(DecoderConfiguration configuration, WorkerTeam team) {
        this.configuration = configuration;
        this.team = team;
        this.scratch = new Scratch[team.size()];
        Arrays.setAll(scratch, worker -> new Scratch());
    }

    /**
     * Computes attention in one layer.
     *
     * @param layer its number
     * @param spans of the pass; their keys and values are stored already
     * @param queries row-major, heads side by side; rows in the order of the spans
     * @param queryStride floats from one row to the next
     * @param output receives the heads' results side by side
     * @param outputStride floats from one row to the next
     */
    void compute(int layer, List<Span> spans, float[] queries, int queryStride, float[] output, int outputStride) {
        int group = configuration.groupSize();
        List<Task> tasks = new ArrayList<>();
        int batchRow = 0;
        for (Span span : spans) {
            int keys = span.from() + span.count();
            int block = Math.clamp(SCORES / ((long) keys * group), 1, 64);
            for (int token = 0; token < span.count(); token += block) {
                int tokens = Math.min(block, span.count() - token);
                for (int head = 0; head < configuration.keyValueHeads(); head++) {
                    tasks.add(new Task(span, batchRow + token, token, tokens, head));
                }
            }
            batchRow += span.count();
        }
        team.run(tasks.size(), (index, worker) -> {
            Task task = tasks.get(index);
            compute(layer, task, queries, queryStride, output, outputStride, scratch[worker]);
        });
    }

    private void compute(int layer, Task task, float[] queries, int queryStride, float[] output, int outputStride,
            Scratch memory) {
        int group = configuration.groupSize();
        int headDimension = configuration.headDimension();
        int rows = task.tokens * group;
        int tiles = (rows + TILE - 1) / TILE;
        int firstPosition = task.span.from() + task.token;
        int keyEnd = firstPosition + task.tokens;
        int window = configuration.windows().get(layer);
        int keyStart = window == 0 ? 0 : Math.max(0, firstPosition - window + 1);
        int base = keyStart / ALIGNMENT * ALIGNMENT;
        int width = VectorMath.paddedLength(keyEnd - base);
        int scoreStride = width + PANEL;
        int valueStride = task.span.block().valueStride();
        memory.queries = room(memory.queries, tiles * TILE * headDimension);
        memory.scores = room(memory.scores, tiles * TILE * scoreStride);
        memory.sums = room(memory.sums, tiles * TILE * valueStride);

        packQueries(queries, queryStride, task, memory.queries);
        for (KeyValueSegment segment : task.span.chain()) {
            int from = Math.max(segment.position(), keyStart);
            int to = Math.min(segment.end(), keyEnd);
            if (from < to) {
                scores(layer, task.head, segment, from, to, base, tiles, memory, scoreStride);
            }
        }
        for (int row = 0; row < rows; row++) {
            int position = firstPosition + row / group;
            int first = window == 0 ? 0 : Math.max(0, position - window + 1);
            softmax(memory.scores, row * scoreStride, first - base, position + 1 - base, width);
        }
        Arrays.fill(memory.sums, 0, tiles * TILE * valueStride, 0);
        for (KeyValueSegment segment : task.span.chain()) {
            int from = Math.max(segment.position(), keyStart);
            int to = Math.min(segment.end(), keyEnd);
            if (from < to) {
                weightedSums(layer, task.head, segment, from, to, base, tiles, memory, scoreStride);
            }
        }
        for (int row = 0; row < rows; row++) {
            int target = (task.batchRow + row / group) * outputStride + (task.head * group + row % group) * headDimension;
            System.arraycopy(memory.sums, row * valueStride, output, target, headDimension);
        }
    }

    private static float[] room(float[] array, int length) {
        return array.length >= length ? array : new float[length + length / 2];
    }

    /** Lays the scaled queries of a tile side by side, dimension by dimension; rows that are not there are zero. */
    private void packQueries(float[] queries, int stride, Task task, float[] packed) {
        int group = configuration.groupSize();
        int headDimension = configuration.headDimension();
        float scale = configuration.attentionScale();
        int rows = task.tokens * group;
        int tiles = (rows + TILE - 1) / TILE;
        for (int row = 0; row < tiles * TILE; row++) {
            int target = row / TILE * TILE * headDimension + row % TILE;
            if (row < rows) {
                int source = (task.batchRow + row / group) * stride + (task.head * group + row % group) * headDimension;
                for (int d = 0; d < headDimension; d++) {
                    packed[target + d * TILE] = queries[source + d] * scale;
                }
            } else {
                for (int d = 0; d < headDimension; d++) {
                    packed[target + d * TILE] = 0;
                }
            }
        }
    }

    /**
     * Scores against keys {@code from} to {@code to}, some vectors of keys at a time. What is computed beyond the segment
     * is overwritten by the next one, or never read.
     */
    private void scores(int layer, int head, KeyValueSegment segment, int from, int to, int base, int tiles,
            Scratch memory, int scoreStride) {
        KeyValueBlock block = segment.block();
        int headDimension = configuration.headDimension();
        int row = segment.row() + from - segment.position();
        float[] keys;
        int keyStride;
        int firstKey;
        if (block.half()) {
            keyStride = to - from + PANEL;
            memory.widened = room(memory.widened, headDimension * keyStride);
            keys = memory.widened;
            block.widenKeys(layer, head, row, to - from, keys, keyStride);
            firstKey = 0;
        } else {
            keys = block.keys(layer);
            keyStride = block.keyStride();
            firstKey = block.keyOffset(head) + row;
        }
        int vectors;
        for (int key = 0; key < to - from; key += vectors * LANES) {
            vectors = to - from - key > 2 * LANES ? ProductTile.VECTORS : 2;
            for (int tile = 0; tile < tiles; tile++) {
                ProductTile.multiply(vectors, memory.queries, tile * TILE * headDimension, keys, firstKey + key, keyStride,
                        headDimension, memory.scores, tile * TILE * scoreStride + from + key - base, scoreStride, false);
            }
        }
    }

    /** Turns the scores of keys {@code first} to {@code end} into probabilities, and all others of the row into zero. */
    private void softmax(float[] scores, int offset, int first, int end, int width) {
        float cap = configuration.attentionSoftcap();
        Arrays.fill(scores, offset, offset + first, Float.NEGATIVE_INFINITY);
        Arrays.fill(scores, offset + end, offset + width, Float.NEGATIVE_INFINITY);
        if (cap > 0) {
            VectorMath.softcap(scores, offset, width, cap);
            Arrays.fill(scores, offset, offset + first, Float.NEGATIVE_INFINITY);
            Arrays.fill(scores, offset + end, offset + width, Float.NEGATIVE_INFINITY);
        }
        float greatest = VectorMath.max(scores, offset + first, end - first);
        double sum = VectorMath.expAndSum(scores, offset, width, greatest);
        VectorMath.scale(scores, offset, width, (float) (1 / sum));
    }

    private void weightedSums(int layer, int head, KeyValueSegment segment, int from, int to, int base, int tiles,
            Scratch memory, int scoreStride) {
        KeyValueBlock block = segment.block();
        int valueStride = block.valueStride();
        int row = segment.row() + from - segment.position();
        float[] values;
        int firstValue;
        if (block.half()) {
            memory.widened = room(memory.widened, (to - from) * valueStride);
            values = memory.widened;
            block.widenValues(layer, head, row, to - from, values);
            firstValue = 0;
        } else {
            values = block.values(layer);
            firstValue = block.valueOffset(head, row);
        }
        int vectors;
        for (int d = 0; d < valueStride; d += vectors * LANES) {
            vectors = WeightedSumTile.vectors((valueStride - d) / LANES);
            for (int tile = 0; tile < tiles; tile++) {
                WeightedSumTile.add(vectors, memory.scores, tile * TILE * scoreStride + from - base, scoreStride, values,
                        firstValue + d, valueStride, to - from, memory.sums, tile * TILE * valueStride + d);
            }
        }
    }
}
