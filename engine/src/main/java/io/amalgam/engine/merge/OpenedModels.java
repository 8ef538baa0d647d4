package io.amalgam.engine.merge;

import io.amalgam.engine.execute.ModelOpener;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.source.RangeReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The models of a plan, opened once and verified to be those that the plan was made for. */
public final class OpenedModels implements ModelOpener {

    private final List<ModelSnapshot> snapshots;

    /**
     * Resolves all models again.
     *
     * @throws io.amalgam.engine.error.AmalgamException with {@code MODEL_CHANGED} if one is another than was planned
     */
    public OpenedModels(List<PlannedModel> models, ModelSource sources) throws IOException {
        snapshots = new ArrayList<>(models.size());
        for (PlannedModel model : models) {
            snapshots.add(sources.open(model));
        }
    }

    @Override
    public RangeReader open(int model, String file) throws IOException {
        return snapshots.get(model).open(file);
    }

    /** Checks that no model changed while it was read. */
    public void verifyUnchanged() throws IOException {
        for (ModelSnapshot snapshot : snapshots) {
            snapshot.verifyUnchanged();
        }
    }
}
