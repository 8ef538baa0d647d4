package io.amalgam.recipeservice.merge;

import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.source.ModelSources;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.FileSystemStore;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.nio.file.Path;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Where models come from and where artifacts go. */
@ApplicationScoped
public class Stores {

    /** Models lie under a root that every service has under the same name; nothing outside of it is read. */
    @Produces
    @ApplicationScoped
    ModelSource models(@ConfigProperty(name = "amalgam.models.root") Path root) {
        return new ModelSources(new LocalModelSource(root, false));
    }

    /** The store of pinned recipes and artifacts. */
    @Produces
    @ApplicationScoped
    ArtifactStore store(@ConfigProperty(name = "amalgam.store.root") Path root) {
        return new FileSystemStore(root, true);
    }
}
