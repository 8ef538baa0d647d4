package io.amalgam.evalworker.task;

import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.evaluation.data.Digests;
import io.amalgam.evaluation.task.AnswerCache;
import io.amalgam.evaluation.task.AnswerLines;
import io.amalgam.events.StoredAnswers;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Remembered answers in the artifact store, a document the requests of a slice: {@code answers/<scope>/<requests>.jsonl}.
 *
 * <p>Its name follows from what the answers depend on ({@link AnswerCache.Scope}) and from the requests, and from nothing
 * else: a model that is merged again, copied, or known by another name is not asked again, and no model gets another's
 * answers. What {@link ResultStore} keeps under a model's identity is what was said of that model; this is what spares
 * the saying.
 */
final class StoredAnswerCache implements AnswerCache {
    private final ArtifactStore store;
    private final String location;
    private final Map<String, CachedAnswer> answers = new LinkedHashMap<>();
    private boolean changed;

    /**
     * Reads what is remembered of a slice.
     *
     * @param requests the digests of its requests, in the order of its questions
     */
    StoredAnswerCache(ArtifactStore store, Scope scope, List<String> requests) {
        this.store = store;
        this.location = "answers/" + scope.digest() + "/" + Digests.sha256OfParts(requests.toArray(new String[0])) + ".jsonl";
        store.get(location, StoredAnswers.LIMIT)
                .ifPresent(content -> answers.putAll(AnswerLines.read(new String(content, StandardCharsets.UTF_8))));
    }

    @Override
    public Optional<CachedAnswer> find(String request) {
        return Optional.ofNullable(answers.get(request));
    }

    @Override
    public void store(String request, CachedAnswer answer) {
        answers.put(request, answer);
        changed = true;
    }

    /** Writes the document if there is something new in it. */
    void save() {
        if (!changed) {
            return;
        }
        StringBuilder text = new StringBuilder();
        answers.forEach((request, answer) -> text.append(AnswerLines.line(request, answer)));
        store.put(location, text.toString().getBytes(StandardCharsets.UTF_8));
        changed = false;
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
