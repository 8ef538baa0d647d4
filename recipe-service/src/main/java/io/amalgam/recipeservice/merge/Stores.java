package io.amalgam.recipeservice.merge;

import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.storage.StorageSettings;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithParentName;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Where models come from and where artifacts go. */
@ApplicationScoped
public class Stores {

    private final StorageSettings storage;

    /** Settings of the Hugging Face Hub; see {@link StorageSettings#of}. */
    @ConfigMapping(prefix = "amalgam.hub")
    public interface Hub {
        /** By their names. */
        @WithParentName
        Map<String, String> settings();
    }

    /** Settings of S3; see {@link StorageSettings#of}. */
    @ConfigMapping(prefix = "amalgam.s3")
    public interface S3 {
        /** By their names. */
        @WithParentName
        Map<String, String> settings();
    }

    /** Reads the settings. */
    public Stores(Hub hub, S3 s3) {
        this.storage = StorageSettings.of(hub.settings(), s3.settings(), System.getenv());
    }

    /** Models lie under a root that every service has under the same name, on the Hub, in buckets, or are artifacts. */
    @Produces
    @ApplicationScoped
    ModelSource models(@ConfigProperty(name = "amalgam.models.root") Path root, ArtifactStore store) {
        return storage.models(root, store);
    }

    /** The store of pinned recipes and artifacts: a folder or a bucket. */
    @Produces
    @ApplicationScoped
    ArtifactStore store(@ConfigProperty(name = "amalgam.store.root") String root) {
        return storage.store(root, Optional.empty());
    }
}
