package io.amalgam.evaluation.inference;

import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * Token sequences as a tree in which common beginnings are one path, walked depth first.
 *
 * <p>Nodes come out parents first, in the order of the sorted sequences. They know their parents but not their children,
 * so that what is attached to a node can be collected once the walk has left its subtree.
 */
final class PrefixTree {

    /** Consecutive tokens that a run of the sorted sequences has in common. */
    static final class Node {
        private final Node parent;
        private final int first;
        private final int last;
        private final int from;
        private final int to;

        /** Keys and values from the root up to what has been computed of this node. */
        KeyValueSegment[] chain;

        private Node(Node parent, int first, int last, int from, int to) {
            this.parent = parent;
            this.first = first;
            this.last = last;
            this.from = from;
            this.to = to;
        }

        /** Index, in sorted order, of the first sequence that goes through this node. */
        int first() {
            return first;
        }

        /** Index behind the last. */
        int last() {
            return last;
        }

        /** Position of the first token. */
        int from() {
            return from;
        }

        /** Position behind the last token. */
        int to() {
            return to;
        }

        /** The chain that this node's tokens continue. */
        KeyValueSegment[] startingChain() {
            return parent == null ? KeyValueSegment.EMPTY : parent.chain;
        }
    }

    private record Frame(Node parent, int first, int last, int depth) {
    }

    private final int[][] sequences;
    private final ArrayDeque<Frame> open = new ArrayDeque<>();

    /** A tree of sequences that are sorted by {@link Arrays#compare(int[], int[])}. */
    PrefixTree(int[][] sorted) {
        this.sequences = sorted;
        pushGroups(null, 0, sorted.length, 0);
    }

    /** The next node, or null after the last. */
    Node next() {
        Frame frame = open.poll();
        if (frame == null) {
            return null;
        }
        int[] one = sequences[frame.first];
        int[] other = sequences[frame.last - 1];
        int mismatch = Arrays.mismatch(one, frame.depth, one.length, other, frame.depth, other.length);
        int end = mismatch < 0 ? one.length : frame.depth + mismatch;
        Node node = new Node(frame.parent, frame.first, frame.last, frame.depth, end);
        pushGroups(node, frame.first, frame.last, end);
        return node;
    }

    /** Opens the subtrees of sequences that go on behind {@code depth}, the first one on top. */
    private void pushGroups(Node parent, int first, int last, int depth) {
        int end = last;
        while (end > first && sequences[end - 1].length > depth) {
            int token = sequences[end - 1][depth];
            int start = end - 1;
            while (start > first && sequences[start - 1].length > depth && sequences[start - 1][depth] == token) {
                start--;
            }
            open.push(new Frame(parent, start, end, depth));
            end = start;
        }
    }
}
