package io.amalgam.evalworker.task;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.store.ArtifactModelSource;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.evaluation.data.ModelDigest;
import io.amalgam.evaluation.inference.InferenceOptions;
import io.amalgam.evaluation.inference.LanguageModel;
import io.amalgam.evaluation.inference.LocalLanguageModel;
import io.amalgam.evaluation.task.AnswerCache;
import io.amalgam.evaluation.task.PromptFormat;
import io.amalgam.events.Event.ModelPlace;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The models that this worker has ready to run, the least recently used given up for another. Used by one thread at a
 * time: whoever has the worker's turn.
 */
public final class OpenModels implements AutoCloseable {
    /** What the identities of models begin with whose files' digests are to be had here; others are a commit or version. */
    private static final List<String> WITH_DIGESTS = List.of("local:", "content:", ArtifactModelSource.IDENTITY_PREFIX);

    /**
     * A model that is ready to run.
     *
     * @param model the model
     * @param scope what its answers depend on, for the plain prompts of the line
     */
    public record Open(LanguageModel model, AnswerCache.Scope scope) {
    }

    private final ArtifactStore store;
    private final ModelSource models;
    private final InferenceOptions options;
    private final int most;
    private final Map<String, Open> open = new LinkedHashMap<>(8, 0.75f, true);

    /**
     * No models yet.
     *
     * @param most how many are kept open
     */
    public OpenModels(ArtifactStore store, ModelSource models, InferenceOptions options, int most) {
        this.store = store;
        this.models = models;
        this.options = options;
        this.most = most;
    }

    /**
     * Returns a model, opened if need be; it stays this object's to close.
     *
     * @throws AmalgamException with {@code MODEL_CHANGED} if what is at the place is not the model that is meant, or as
     *     opening a model throws
     */
    public Open get(ModelPlace place) {
        Open known = open.get(place.identity());
        if (known != null) {
            return known;
        }
        while (open.size() >= most) {
            var eldest = open.entrySet().iterator();
            eldest.next().getValue().model().close();
            eldest.remove();
        }
        try {
            ModelSnapshot snapshot = snapshot(place);
            ModelDigest digest = digest(snapshot);
            LanguageModel model = LocalLanguageModel.open(snapshot, options);
            snapshot.verifyUnchanged();
            known = new Open(model, new AnswerCache.Scope(
                    digest.weights(), digest.tokenizer(), PromptFormat.plain().identity(), model.fingerprint()));
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE,
                    "Model " + place.name() + " cannot be read: " + e.getMessage(), e);
        }
        open.put(place.identity(), known);
        return known;
    }

    /** A folder is read for it, an artifact's manifest has it; a pinned revision elsewhere stands for itself. */
    private static ModelDigest digest(ModelSnapshot model) throws IOException {
        String identity = model.identity();
        return WITH_DIGESTS.stream().anyMatch(identity::startsWith)
                ? ModelDigest.of(model)
                : new ModelDigest(identity, identity);
    }

    private ModelSnapshot snapshot(ModelPlace place) throws IOException {
        String artifact = ArtifactModelSource.IDENTITY_PREFIX;
        if (place.identity().startsWith(artifact)) {
            return store.openArtifact(place.identity().substring(artifact.length()));
        }
        return models.open(new PlannedModel(place.location(), null, place.identity()));
    }

    @Override
    public void close() {
        open.values().forEach(known -> known.model().close());
        open.clear();
    }
}
