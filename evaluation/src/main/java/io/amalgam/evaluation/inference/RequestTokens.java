package io.amalgam.evaluation.inference;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.data.PythonText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A request for a log-likelihood in tokens.
 *
 * @param tokens of context and continuation, cut on the left to the maximum length plus the last one, which is only scored
 * @param continuation how many of them, at the end, are scored
 * @param truncated whether the context was cut
 */
record RequestTokens(int[] tokens, int continuation, boolean truncated) {

    /**
     * Tokenizes requests with lm-evaluation-harness's rules: trailing whitespace of the context (as Python's
     * {@code str.rstrip} sees it) goes to the continuation; the whole and the context are tokenized separately, and what
     * the whole has beyond the context's number of tokens is the continuation; an empty context is the prefix token; too
     * long a context loses tokens on the left.
     */
    static List<RequestTokens> of(List<LoglikelihoodRequest> requests, TextTokenizer tokenizer, int maximumLength) {
        Map<String, Integer> places = new HashMap<>();
        List<String> texts = new ArrayList<>();
        List<String> bareTexts = new ArrayList<>();
        int[] contexts = new int[requests.size()];
        int[] wholes = new int[requests.size()];
        for (int i = 0; i < contexts.length; i++) {
            LoglikelihoodRequest request = requests.get(i);
            if (request.context().isEmpty()) {
                contexts[i] = -1;
                wholes[i] = bareTexts.size();
                bareTexts.add(request.continuation());
            } else {
                contexts[i] = place(PythonText.stripRight(request.context()), places, texts);
                wholes[i] = place(request.context() + request.continuation(), places, texts);
            }
        }
        int[][] encoded = tokenizer.encode(texts);
        int[][] bare = tokenizer.encode(bareTexts, false);
        List<RequestTokens> result = new ArrayList<>(contexts.length);
        for (int i = 0; i < contexts.length; i++) {
            int[] whole;
            int context;
            if (contexts[i] < 0) {
                int[] tokens = bare[wholes[i]];
                boolean begins = tokens.length > 0 && tokens[0] == tokenizer.prefix();
                whole = begins ? tokens : prepend(tokenizer.prefix(), tokens);
                context = 1;
            } else {
                whole = encoded[wholes[i]];
                context = encoded[contexts[i]].length;
                if (context < whole.length) {
                    // The context's own tokens come first, which may differ from how the whole was split.
                    whole = whole.clone();
                    System.arraycopy(encoded[contexts[i]], 0, whole, 0, context);
                }
            }
            result.add(cut(whole, whole.length - context, maximumLength, requests.get(i)));
        }
        return result;
    }

    private static RequestTokens cut(int[] tokens, int continuation, int maximumLength, LoglikelihoodRequest request) {
        if (continuation < 1 || tokens.length == continuation) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "The continuation '" + request.continuation()
                    + "' has no tokens of its own behind its context; nothing can be scored.");
        }
        if (continuation > maximumLength) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "A continuation has " + continuation
                    + " tokens, more than the model's maximum length of " + maximumLength + ".");
        }
        if (tokens.length <= maximumLength + 1) {
            return new RequestTokens(tokens, continuation, false);
        }
        return new RequestTokens(Arrays.copyOfRange(tokens, tokens.length - maximumLength - 1, tokens.length), continuation,
                true);
    }

    private static int place(String text, Map<String, Integer> places, List<String> texts) {
        Integer known = places.putIfAbsent(text, texts.size());
        if (known != null) {
            return known;
        }
        texts.add(text);
        return texts.size() - 1;
    }

    private static int[] prepend(int first, int[] tokens) {
        int[] longer = new int[tokens.length + 1];
        longer[0] = first;
        System.arraycopy(tokens, 0, longer, 1, tokens.length);
        return longer;
    }

    /** The tokens that the model reads: all but the last. */
    int[] input() {
        return Arrays.copyOf(tokens, tokens.length - 1);
    }

    /** Position, in the input, whose logits give the first continuation token. */
    int firstScored() {
        return tokens.length - 1 - continuation;
    }
}
