package io.amalgam.recipeservice.rest;

import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanJson;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.recipeservice.view.MergeView;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** The pinned recipes of merges, as they lie in the store. */
@ApplicationScoped
public class PinnedRecipes {

    private static final int LIMIT = 256 << 20;

    private final ArtifactStore store;

    /** Takes the store. */
    public PinnedRecipes(ArtifactStore store) {
        this.store = store;
    }

    /** The pinned recipe of a merge, unless the store has lost it. */
    public Optional<PinnedRecipe> of(MergeView merge) {
        return store.get(ArtifactStore.pinnedLocation(merge.artifact()), LIMIT)
                .map(json -> PlanJson.read(json, PinnedRecipe.class));
    }
}
