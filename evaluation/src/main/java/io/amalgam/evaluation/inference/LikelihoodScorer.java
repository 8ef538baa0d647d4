package io.amalgam.evaluation.inference;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Log-likelihoods of many requests with as few tokens as possible.
 *
 * <p>The inputs form a {@link PrefixTree}: a description with its shots, a question, the first token of two choices are
 * each computed once, and choices of one token cost nothing beyond their question. Passes take the nodes in depth-first
 * order until they are full; a node may share its pass with its parent, because within a layer keys and values are stored
 * before attention reads them. The head is applied only where a continuation is scored, once for all requests that score
 * the same place.
 */
final class LikelihoodScorer {

    /** A place whose logits a request needs. */
    private record Wanted(int row, int request, int target) {
    }

    private final Decoder decoder;
    private final WorkerTeam team;
    private final int batchTokens;

    private RequestTokens[] sorted;
    private double[] sums;
    private boolean[] greedy;

    /** A scorer whose passes have at most {@code batchTokens} tokens. */
    LikelihoodScorer(Decoder decoder, WorkerTeam team, int batchTokens) {
        this.decoder = decoder;
        this.team = team;
        this.batchTokens = batchTokens;
    }

    /** Scores requests; results are in their order. */
    List<LoglikelihoodResult> score(List<RequestTokens> requests) {
        Integer[] order = new Integer[requests.size()];
        Arrays.setAll(order, i -> i);
        int[][] unsorted = new int[order.length][];
        Arrays.setAll(unsorted, i -> requests.get(i).input());
        Arrays.sort(order, Comparator.comparing(i -> unsorted[i], Arrays::compare));
        sorted = new RequestTokens[order.length];
        int[][] inputs = new int[order.length][];
        for (int i = 0; i < order.length; i++) {
            sorted[i] = requests.get(order[i]);
            inputs[i] = unsorted[order[i]];
        }
        sums = new double[order.length];
        greedy = new boolean[order.length];
        Arrays.fill(greedy, true);
        walk(new PrefixTree(inputs), inputs);
        LoglikelihoodResult[] results = new LoglikelihoodResult[order.length];
        for (int i = 0; i < order.length; i++) {
            results[order[i]] = new LoglikelihoodResult(sums[i], greedy[i], sorted[i].continuation(), sorted[i].truncated());
        }
        return List.of(results);
    }

    private void walk(PrefixTree tree, int[][] inputs) {
        List<Span> spans = new ArrayList<>();
        List<Wanted> wanted = new ArrayList<>();
        KeyValueBlock block = null;
        int rows = 0;
        for (PrefixTree.Node node = tree.next(); node != null; node = tree.next()) {
            node.chain = node.startingChain();
            int position = node.from();
            while (position < node.to()) {
                if (block == null) {
                    block = decoder.keyValueBlock(batchTokens);
                }
                int count = Math.min(node.to() - position, batchTokens - rows);
                node.chain = KeyValueSegment.append(node.chain, new KeyValueSegment(block, rows, position, count));
                spans.add(new Span(inputs[node.first()], position, count, node.chain));
                collect(node, position, count, rows, wanted);
                position += count;
                rows += count;
                if (rows == batchTokens) {
                    run(spans, wanted);
                    spans.clear();
                    wanted.clear();
                    block = null;
                    rows = 0;
                }
            }
        }
        if (rows > 0) {
            run(spans, wanted);
        }
    }

    /** Notes which of {@code count} positions of a node are scored, and for which requests. */
    private void collect(PrefixTree.Node node, int position, int count, int row, List<Wanted> wanted) {
        for (int request = node.first(); request < node.last(); request++) {
            RequestTokens tokens = sorted[request];
            int from = Math.max(position, tokens.firstScored());
            for (int place = from; place < position + count; place++) {
                wanted.add(new Wanted(row + place - position, request, tokens.tokens()[place + 1]));
            }
        }
    }

    private void run(List<Span> spans, List<Wanted> wanted) {
        SortedMap<Integer, List<Wanted>> byRow = new TreeMap<>();
        for (Wanted place : wanted) {
            byRow.computeIfAbsent(place.row(), row -> new ArrayList<>()).add(place);
        }
        decoder.run(spans, byRow.keySet().stream().mapToInt(Integer::intValue).toArray());
        List<List<Wanted>> allRows = List.copyOf(byRow.values());
        for (int from = 0; from < allRows.size(); from += Decoder.LOGIT_ROWS) {
            int first = from;
            List<List<Wanted>> rows = allRows.subList(from, Math.min(from + Decoder.LOGIT_ROWS, allRows.size()));
            int[] indices = new int[rows.size()];
            Arrays.setAll(indices, i -> first + i);
            float[] logits = decoder.logits(indices);
            double[][] logProbabilities = new double[indices.length][];
            int[] best = new int[indices.length];
            team.run(indices.length, (index, worker) -> {
                best[index] = Logits.greatest(logits, index * decoder.logitStride(), decoder.configuration().vocabularySize());
                logProbabilities[index] = logProbabilities(logits, index, rows.get(index), best[index]);
            });
            for (int index = 0; index < indices.length; index++) {
                List<Wanted> sameRow = rows.get(index);
                for (int i = 0; i < sameRow.size(); i++) {
                    Wanted place = sameRow.get(i);
                    sums[place.request()] += logProbabilities[index][i];
                    greedy[place.request()] &= place.target() == best[index];
                }
            }
        }
    }

    private double[] logProbabilities(float[] logits, int index, List<Wanted> places, int best) {
        int offset = index * decoder.logitStride();
        int vocabulary = decoder.configuration().vocabularySize();
        double[] values = new double[places.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = logits[offset + places.get(i).target()];
        }
        float greatest = logits[offset + best];
        Arrays.fill(logits, offset + vocabulary, offset + decoder.logitStride(), Float.NEGATIVE_INFINITY);
        double logSum = greatest + Math.log(VectorMath.expAndSum(logits, offset, decoder.logitStride(), greatest));
        if (!Double.isFinite(logSum)) {
            throw new AmalgamException(ErrorCode.NON_FINITE_WEIGHTS,
                    "The model's logits are not finite: its weights hold NaN or infinity, or overflow.");
        }
        for (int i = 0; i < values.length; i++) {
            values[i] -= logSum;
        }
        return values;
    }
}
