package io.amalgam.evaluation.inference;

import static io.amalgam.evaluation.inference.VectorMath.LANES;
import static io.amalgam.evaluation.inference.VectorMath.SPECIES;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * Causal attention with grouped heads over chains of key and value segments.
 *
 * <p>The work is cut into blocks of queries that share a key and value head. Of each block all scores are computed, then
 * the softmax, then the weighted sums. Scores are sums over dimensions in order, softmax sums have a shape fixed by the
 * keys' positions, and weighted sums go over positions in order, so that a result depends neither on how a sequence is
 * cut into segments nor on what else is in the pass.
 */
final class Attention {
    private static final int TILE = MatrixProduct.TILE;
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
        int scoreStride = width + 2 * LANES;
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
     * Scores against keys {@code from} to {@code to}, two vectors of keys at a time. What is computed beyond the segment
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
            keyStride = to - from + 2 * LANES;
            memory.widened = room(memory.widened, headDimension * keyStride);
            keys = memory.widened;
            block.widenKeys(layer, head, row, to - from, keys, keyStride);
            firstKey = 0;
        } else {
            keys = block.keys(layer);
            keyStride = block.keyStride();
            firstKey = block.keyOffset(head) + row;
        }
        for (int key = 0; key < to - from; key += 2 * LANES) {
            for (int tile = 0; tile < tiles; tile++) {
                scoreTile(memory.queries, tile * TILE * headDimension, keys, firstKey + key, keyStride, headDimension,
                        memory.scores,
                        tile * TILE * scoreStride + from + key - base, scoreStride);
            }
        }
    }

    private static void scoreTile(float[] queries, int queryOffset, float[] keys, int keyOffset, int keyStride,
            int headDimension, float[] scores, int scoreOffset, int scoreStride) {
        FloatVector sum00 = FloatVector.zero(SPECIES);
        FloatVector sum01 = sum00;
        FloatVector sum10 = sum00;
        FloatVector sum11 = sum00;
        FloatVector sum20 = sum00;
        FloatVector sum21 = sum00;
        FloatVector sum30 = sum00;
        FloatVector sum31 = sum00;
        for (int d = 0; d < headDimension; d++) {
            FloatVector k0 = FloatVector.fromArray(SPECIES, keys, keyOffset + d * keyStride);
            FloatVector k1 = FloatVector.fromArray(SPECIES, keys, keyOffset + d * keyStride + LANES);
            int at = queryOffset + d * TILE;
            FloatVector q0 = FloatVector.broadcast(SPECIES, queries[at]);
            sum00 = q0.fma(k0, sum00);
            sum01 = q0.fma(k1, sum01);
            FloatVector q1 = FloatVector.broadcast(SPECIES, queries[at + 1]);
            sum10 = q1.fma(k0, sum10);
            sum11 = q1.fma(k1, sum11);
            FloatVector q2 = FloatVector.broadcast(SPECIES, queries[at + 2]);
            sum20 = q2.fma(k0, sum20);
            sum21 = q2.fma(k1, sum21);
            FloatVector q3 = FloatVector.broadcast(SPECIES, queries[at + 3]);
            sum30 = q3.fma(k0, sum30);
            sum31 = q3.fma(k1, sum31);
        }
        int at = scoreOffset;
        sum00.intoArray(scores, at);
        sum01.intoArray(scores, at + LANES);
        at += scoreStride;
        sum10.intoArray(scores, at);
        sum11.intoArray(scores, at + LANES);
        at += scoreStride;
        sum20.intoArray(scores, at);
        sum21.intoArray(scores, at + LANES);
        at += scoreStride;
        sum30.intoArray(scores, at);
        sum31.intoArray(scores, at + LANES);
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
        for (int d = 0; d < valueStride; d += 2 * LANES) {
            boolean pair = d + 2 * LANES <= valueStride;
            for (int tile = 0; tile < tiles; tile++) {
                int score = tile * TILE * scoreStride + from - base;
                int sum = tile * TILE * valueStride + d;
                if (pair) {
                    sumTile(memory.scores, score, scoreStride, values, firstValue + d, valueStride, to - from,
                            memory.sums, sum);
                } else {
                    sumHalfTile(memory.scores, score, scoreStride, values, firstValue + d, valueStride, to - from,
                            memory.sums, sum);
                }
            }
        }
    }

    private static void sumTile(float[] scores, int scoreOffset, int scoreStride, float[] values, int valueOffset,
            int valueStride, int keys, float[] sums, int sumOffset) {
        int row1 = sumOffset + valueStride;
        int row2 = row1 + valueStride;
        int row3 = row2 + valueStride;
        FloatVector sum00 = FloatVector.fromArray(SPECIES, sums, sumOffset);
        FloatVector sum01 = FloatVector.fromArray(SPECIES, sums, sumOffset + LANES);
        FloatVector sum10 = FloatVector.fromArray(SPECIES, sums, row1);
        FloatVector sum11 = FloatVector.fromArray(SPECIES, sums, row1 + LANES);
        FloatVector sum20 = FloatVector.fromArray(SPECIES, sums, row2);
        FloatVector sum21 = FloatVector.fromArray(SPECIES, sums, row2 + LANES);
        FloatVector sum30 = FloatVector.fromArray(SPECIES, sums, row3);
        FloatVector sum31 = FloatVector.fromArray(SPECIES, sums, row3 + LANES);
        int score1 = scoreOffset + scoreStride;
        int score2 = score1 + scoreStride;
        int score3 = score2 + scoreStride;
        for (int key = 0; key < keys; key++) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, values, valueOffset + key * valueStride);
            FloatVector v1 = FloatVector.fromArray(SPECIES, values, valueOffset + key * valueStride + LANES);
            FloatVector p0 = FloatVector.broadcast(SPECIES, scores[scoreOffset + key]);
            sum00 = p0.fma(v0, sum00);
            sum01 = p0.fma(v1, sum01);
            FloatVector p1 = FloatVector.broadcast(SPECIES, scores[score1 + key]);
            sum10 = p1.fma(v0, sum10);
            sum11 = p1.fma(v1, sum11);
            FloatVector p2 = FloatVector.broadcast(SPECIES, scores[score2 + key]);
            sum20 = p2.fma(v0, sum20);
            sum21 = p2.fma(v1, sum21);
            FloatVector p3 = FloatVector.broadcast(SPECIES, scores[score3 + key]);
            sum30 = p3.fma(v0, sum30);
            sum31 = p3.fma(v1, sum31);
        }
        sum00.intoArray(sums, sumOffset);
        sum01.intoArray(sums, sumOffset + LANES);
        sum10.intoArray(sums, row1);
        sum11.intoArray(sums, row1 + LANES);
        sum20.intoArray(sums, row2);
        sum21.intoArray(sums, row2 + LANES);
        sum30.intoArray(sums, row3);
        sum31.intoArray(sums, row3 + LANES);
    }

    /** The same for a last single vector of dimensions. */
    private static void sumHalfTile(float[] scores, int scoreOffset, int scoreStride, float[] values, int valueOffset,
            int valueStride, int keys, float[] sums, int sumOffset) {
        for (int row = 0; row < TILE; row++) {
            int sumAt = sumOffset + row * valueStride;
            int scoreAt = scoreOffset + row * scoreStride;
            FloatVector sum = FloatVector.fromArray(SPECIES, sums, sumAt);
            for (int key = 0; key < keys; key++) {
                FloatVector value = FloatVector.fromArray(SPECIES, values, valueOffset + key * valueStride);
                sum = FloatVector.broadcast(SPECIES, scores[scoreAt + key]).fma(value, sum);
            }
            sum.intoArray(sums, sumAt);
        }
    }
}
