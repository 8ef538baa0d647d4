package io.amalgam.evalworker.task;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.PlannedModel;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.evaluation.inference.InferenceOptions;
import io.amalgam.evaluation.inference.LanguageModel;
import io.amalgam.evaluation.inference.LocalLanguageModel;
import io.amalgam.events.Event.ModelPlace;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The models that this worker has ready to run, the least recently used given up for another. Used by one thread at a
 * time: whoever has the worker's turn.
 */
public final class OpenModels implements AutoCloseable {
    private static final String ARTIFACT = "artifact:";

    private final ArtifactStore store;
    private final ModelSource models;
    private final InferenceOptions options;
    private final int most;
    private final Map<String, LanguageModel> open = new LinkedHashMap<>(8, 0.75f, true);

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
    public LanguageModel get(ModelPlace place) {
        LanguageModel model = open.get(place.identity());
        if (model != null) {
            return model;
        }
        while (open.size() >= most) {
            var eldest = open.entrySet().iterator();
            eldest.next().getValue().close();
            eldest.remove();
        }
        try {
            model = LocalLanguageModel.open(snapshot(place), options);
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE,
                    "Model " + place.name() + " cannot be read: " + e.getMessage(), e);
        }
        open.put(place.identity(), model);
        return model;
    }

    private ModelSnapshot snapshot(ModelPlace place) throws IOException {
        if (place.identity().startsWith(ARTIFACT)) {
            return store.openArtifact(place.identity().substring(ARTIFACT.length()));
        }
        return models.open(new PlannedModel(place.location(), null, place.identity()));
    }

    @Override
    public void close() {
        open.values().forEach(LanguageModel::close);
        open.clear();
    }
}
