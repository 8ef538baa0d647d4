package io.amalgam.evaluation.inference;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/**
 * Greedy generation of many requests side by side.
 *
 * <p>Contexts go through a {@link PrefixTree} as in {@link LikelihoodScorer}; then every step adds one token to each
 * unfinished sequence. A sequence ends with an end token, with a stop string, or at its limit; the test for stop strings
 * is lm-evaluation-harness's: the last tokens, two more than the stop string has itself, are decoded and searched.
 */
final class GreedyGenerator {
    /** Sequences that are generated together. */
    private static final int MOST_SEQUENCES = 16;
    /** Rows of keys and values that a sequence asks for at a time. */
    private static final int GROWTH = 64;

    private static final class Sequence {
        final int index;
        final GenerationRequest request;
        final int contextLength;
        final boolean truncated;
        final List<StopString> stops;
        int[] tokens;
        int length;
        KeyValueSegment[] chain;
        BitSet seen;
        int next;
        boolean finished;

        Sequence(int index, GenerationRequest request, int[] context, boolean truncated, List<StopString> stops) {
            this.index = index;
            this.request = request;
            this.contextLength = context.length;
            this.truncated = truncated;
            this.stops = stops;
            this.tokens = context;
            this.length = context.length;
        }

        int generated() {
            return length - contextLength;
        }
    }

    private record StopString(String text, int lookback) {
    }

    private final Decoder decoder;
    private final TextTokenizer tokenizer;
    private final GenerationSettings settings;
    private final WorkerTeam team;
    private final int batchTokens;
    private final int maximumLength;

    /** A generator; passes over contexts have at most {@code batchTokens} tokens. */
    GreedyGenerator(Decoder decoder, TextTokenizer tokenizer, GenerationSettings settings, WorkerTeam team, int batchTokens,
            int maximumLength) {
        this.decoder = decoder;
        this.tokenizer = tokenizer;
        this.settings = settings;
        this.team = team;
        this.batchTokens = batchTokens;
        this.maximumLength = maximumLength;
    }

    /** Answers requests; results are in their order. */
    List<GenerationResult> generate(List<GenerationRequest> requests) {
        settings.refuseUnsupported();
        int[][] contexts = tokenizer.encode(requests.stream().map(GenerationRequest::context).toList());
        List<Sequence> sequences = new ArrayList<>();
        for (int i = 0; i < contexts.length; i++) {
            sequences.add(sequence(i, requests.get(i), contexts[i]));
        }
        sequences.sort(Comparator.comparing(sequence -> sequence.tokens, Arrays::compare));
        GenerationResult[] results = new GenerationResult[contexts.length];
        int from = 0;
        while (from < sequences.size()) {
            int to = groupEnd(sequences, from);
            List<Sequence> group = new ArrayList<>(sequences.subList(from, to));
            readContexts(group);
            while (!group.isEmpty()) {
                for (Sequence sequence : group) {
                    take(sequence);
                }
                group.removeIf(sequence -> {
                    if (sequence.finished) {
                        results[sequence.index] = result(sequence);
                        sequence.chain = null;
                    }
                    return sequence.finished;
                });
                step(group);
            }
            from = to;
        }
        return List.of(results);
    }

    private Sequence sequence(int index, GenerationRequest request, int[] context) {
        int room = maximumLength - request.maximumTokens();
        if (request.maximumTokens() < 1 || room < 1) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "Generating " + request.maximumTokens()
                    + " tokens leaves no room for a context within the model's maximum length of " + maximumLength + ".");
        }
        if (context.length == 0) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "A prompt without tokens cannot be continued.");
        }
        boolean truncated = context.length > room;
        int[] tokens = truncated ? Arrays.copyOfRange(context, context.length - room, context.length) : context;
        Sequence sequence = new Sequence(index, request, tokens, truncated, stops(request));
        if (settings.repetitionPenalty() != 1) {
            sequence.seen = new BitSet();
            for (int token : tokens) {
                sequence.seen.set(token);
            }
        }
        return sequence;
    }

    private List<StopString> stops(GenerationRequest request) {
        List<String> texts = tokenizer.stopStrings(request.until());
        int[][] tokens = tokenizer.encode(texts, false);
        List<StopString> stops = new ArrayList<>();
        for (int i = 0; i < tokens.length; i++) {
            stops.add(new StopString(texts.get(i), tokens[i].length + 2));
        }
        return stops;
    }

    /** As many sequences as may keep their keys and values in a quarter of the heap. */
    private int groupEnd(List<Sequence> sequences, int from) {
        DecoderConfiguration configuration = decoder.configuration();
        long tokenBytes = 2L * configuration.layers() * configuration.keyValueSize() * Float.BYTES;
        long room = Runtime.getRuntime().maxMemory() / 4;
        int to = from;
        while (to < sequences.size() && to - from < MOST_SEQUENCES) {
            Sequence sequence = sequences.get(to);
            room -= tokenBytes * (sequence.length + sequence.request.maximumTokens());
            if (room < 0 && to > from) {
                break;
            }
            to++;
        }
        return to;
    }

    /** Computes keys and values of all contexts, and each one's first token. */
    private void readContexts(List<Sequence> group) {
        int[][] inputs = new int[group.size()][];
        Arrays.setAll(inputs, i -> group.get(i).tokens);
        PrefixTree tree = new PrefixTree(inputs);
        List<Span> spans = new ArrayList<>();
        List<Sequence> complete = new ArrayList<>();
        List<Integer> completeRows = new ArrayList<>();
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
                position += count;
                rows += count;
                for (int i = node.first(); i < node.last(); i++) {
                    if (inputs[i].length == position) {
                        group.get(i).chain = node.chain;
                        complete.add(group.get(i));
                        completeRows.add(rows - 1);
                    }
                }
                if (rows == batchTokens) {
                    run(spans, complete, completeRows);
                    spans.clear();
                    block = null;
                    rows = 0;
                }
            }
        }
        if (rows > 0) {
            run(spans, complete, completeRows);
        }
    }

    /**
     * Runs a pass and chooses the next token of sequences; empties both lists.
     *
     * @param rows of the pass in which the sequences' last tokens are, in ascending order; equal contexts share theirs
     */
    private void run(List<Span> spans, List<Sequence> sequences, List<Integer> rows) {
        int[] wanted = rows.stream().mapToInt(Integer::intValue).distinct().toArray();
        decoder.run(spans, wanted);
        for (int from = 0; from < rows.size(); from += Decoder.LOGIT_ROWS) {
            int first = from;
            int[] chunk = new int[Math.min(Decoder.LOGIT_ROWS, rows.size() - from)];
            Arrays.setAll(chunk, i -> Arrays.binarySearch(wanted, rows.get(first + i)));
            float[] logits = decoder.logits(chunk);
            team.run(chunk.length, (index, worker) -> {
                Sequence sequence = sequences.get(first + index);
                int offset = index * decoder.logitStride();
                penalise(logits, offset, sequence.seen);
                sequence.next = Logits.greatest(logits, offset, decoder.configuration().vocabularySize());
            });
        }
        sequences.clear();
        rows.clear();
    }

    private void penalise(float[] logits, int offset, BitSet seen) {
        if (seen == null) {
            return;
        }
        float penalty = settings.repetitionPenalty();
        for (int token = seen.nextSetBit(0); token >= 0; token = seen.nextSetBit(token + 1)) {
            float logit = logits[offset + token];
            logits[offset + token] = logit < 0 ? logit * penalty : logit / penalty;
        }
    }

    /** Appends the chosen token and sees whether the sequence ends with it. */
    private void take(Sequence sequence) {
        if (sequence.length == sequence.tokens.length) {
            sequence.tokens = Arrays.copyOf(sequence.tokens, sequence.length + GROWTH);
        }
        sequence.tokens[sequence.length++] = sequence.next;
        if (sequence.seen != null) {
            sequence.seen.set(sequence.next);
        }
        sequence.finished = sequence.generated() == sequence.request.maximumTokens()
                || settings.endTokens().contains(sequence.next)
                || stopped(sequence);
    }

    private boolean stopped(Sequence sequence) {
        int decoded = -1;
        String text = "";
        for (StopString stop : sequence.stops) {
            int lookback = Math.min(stop.lookback(), sequence.generated());
            if (lookback != decoded) {
                text = tokenizer.decode(sequence.tokens, sequence.length - lookback, sequence.length, false);
                decoded = lookback;
            }
            if (text.contains(stop.text())) {
                return true;
            }
        }
        return false;
    }

    /** Runs the last token of every sequence. */
    private void step(List<Sequence> group) {
        if (group.isEmpty()) {
            return;
        }
        List<Span> spans = new ArrayList<>(group.size());
        List<Integer> rows = new ArrayList<>(group.size());
        for (Sequence sequence : group) {
            int position = sequence.length - 1;
            sequence.chain = KeyValueSegment.append(sequence.chain, nextRow(sequence, position));
            spans.add(new Span(sequence.tokens, position, 1, sequence.chain));
            rows.add(rows.size());
        }
        run(spans, new ArrayList<>(group), rows);
    }

    /** A row of the sequence's own for its next key and value; the context's rows may be shared. */
    private KeyValueSegment nextRow(Sequence sequence, int position) {
        int generated = position - sequence.contextLength;
        if (generated % GROWTH == 0) {
            int capacity = Math.min(GROWTH, sequence.request.maximumTokens() - generated);
            return new KeyValueSegment(decoder.keyValueBlock(capacity), 0, position, 1);
        }
        KeyValueSegment last = sequence.chain[sequence.chain.length - 1];
        return new KeyValueSegment(last.block(), last.row() + last.length(), position, 1);
    }

    private GenerationResult result(Sequence sequence) {
        String text = tokenizer.decode(sequence.tokens, sequence.contextLength, sequence.length, true);
        List<String> stops = sequence.stops.stream().map(StopString::text).toList();
        return new GenerationResult(StopStrings.cut(text, stops), sequence.generated(), sequence.truncated);
    }
}
