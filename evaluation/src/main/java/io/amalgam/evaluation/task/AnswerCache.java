package io.amalgam.evaluation.task;

import io.amalgam.evaluation.inference.EngineFingerprint;
import io.amalgam.evaluation.data.Digests;
import java.io.Closeable;
import java.util.Optional;

/**
 * Remembers what a model answered, so that no request is computed twice and a task that was killed half-way goes on
 * where it was.
 *
 * <p>A cache belongs to one {@link Scope}, that is to one model run in one way; within it an answer is found by the
 * request alone. Nothing else is part of the key: neither the model's name nor the task's.
 */
public interface AnswerCache extends Closeable {

    /** A cache that remembers nothing. */
    AnswerCache NONE = new AnswerCache() {
        @Override
        public Optional<CachedAnswer> find(String request) {
            return Optional.empty();
        }

        @Override
        public void store(String request, CachedAnswer answer) {
            // Nothing is remembered.
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    };

    /**
     * What answers depend on besides the request. The prompt format is not listed since the request holds the rendered
     * text; what a template changes beyond it (special tokens) the template's digest covers.
     *
     * @param weightsDigest the digest of the weights and of the configuration they are run by
     * @param tokenizerDigest the digest of the tokenizer's files
     * @param template the identity of the prompt format
     * @param engine what computes: engine, version, types, maximum length
     */
    record Scope(String weightsDigest, String tokenizerDigest, String template, EngineFingerprint engine) {
        /** Returns the digest by which the cache of this scope is found. */
        public String digest() {
            return Digests.sha256OfParts(weightsDigest, tokenizerDigest, template, engine.toString());
        }
    }

    /**
     * A remembered answer.
     *
     * @param answer what the model said
     * @param truncated whether the prompt lost its beginning
     */
    record CachedAnswer(Answer answer, boolean truncated) {
    }

    /**
     * Finds an answer.
     *
     * @param request the digest of the request
     */
    Optional<CachedAnswer> find(String request);

    /**
     * Remembers an answer.
     *
     * @param request the digest of the request
     */
    void store(String request, CachedAnswer answer);
}
