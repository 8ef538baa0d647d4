package io.amalgam.evaluation.inference;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;

/**
 * What an endpoint says about the scored tokens of a prompt.
 *
 * @param sum of their log-probabilities
 * @param greedy whether each is the most probable one at its place
 */
record PromptLogProbabilities(double sum, boolean greedy) {

    /**
     * Reads a choice of a response.
     *
     * @param echo whether the prompt was asked back with {@code echo} and {@code logprobs}, else with
     *     {@code prompt_logprobs}
     * @param prompt the tokens that were sent
     * @param from index of the first scored one; all up to the last are scored
     * @throws AmalgamException with {@code ENDPOINT_UNSUITABLE} if the answer is not that of a server that can score
     */
    static PromptLogProbabilities of(JsonNode choice, boolean echo, int[] prompt, int from) {
        return echo ? ofEcho(choice.path("logprobs"), prompt, from) : ofPrompt(choice.path("prompt_logprobs"), prompt, from);
    }

    private static PromptLogProbabilities ofEcho(JsonNode logprobs, int[] prompt, int from) {
        JsonNode tokens = logprobs.path("token_logprobs");
        JsonNode alternatives = logprobs.path("top_logprobs");
        if (tokens.size() != prompt.length + 1 || alternatives.size() != prompt.length + 1) {
            throw unsuitable("it returned " + tokens.size() + " token_logprobs and " + alternatives.size()
                    + " top_logprobs for a prompt of " + prompt.length + " tokens and one generated, expected "
                    + (prompt.length + 1));
        }
        double sum = 0;
        boolean greedy = true;
        for (int i = from; i < prompt.length; i++) {
            double value = logProbability(tokens.get(i), i);
            double best = Double.NEGATIVE_INFINITY;
            for (JsonNode alternative : alternatives.get(i)) {
                best = Math.max(best, logProbability(alternative, i));
            }
            sum += value;
            greedy &= value >= best;
        }
        return new PromptLogProbabilities(sum, greedy);
    }

    private static PromptLogProbabilities ofPrompt(JsonNode positions, int[] prompt, int from) {
        if (positions.size() != prompt.length) {
            throw unsuitable("it returned " + positions.size() + " prompt_logprobs for a prompt of " + prompt.length
                    + " tokens");
        }
        double sum = 0;
        boolean greedy = true;
        for (int i = from; i < prompt.length; i++) {
            JsonNode own = positions.get(i).path(Integer.toString(prompt[i]));
            if (!own.path("rank").isInt()) {
                throw unsuitable("its prompt_logprobs at token " + i + " lack the prompt's own token " + prompt[i]);
            }
            sum += logProbability(own.path("logprob"), i);
            greedy &= own.path("rank").intValue() == 1;
        }
        return new PromptLogProbabilities(sum, greedy);
    }

    private static double logProbability(JsonNode node, int index) {
        if (!node.isNumber() || !Double.isFinite(node.doubleValue()) || node.doubleValue() > 1e-3) {
            throw unsuitable("the log-probability of token " + index + " is " + node + ", not a number up to 0");
        }
        return node.doubleValue();
    }

    private static AmalgamException unsuitable(String what) {
        return new AmalgamException(ErrorCode.ENDPOINT_UNSUITABLE, "The endpoint cannot score: " + what + ".");
    }

    /** As the result of a request. */
    LoglikelihoodResult result(RequestTokens request) {
        return new LoglikelihoodResult(sum, greedy, request.continuation(), request.truncated());
    }
}
