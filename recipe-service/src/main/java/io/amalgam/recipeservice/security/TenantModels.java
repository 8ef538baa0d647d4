package io.amalgam.recipeservice.security;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.LocalPaths;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.store.ArtifactModelSource;
import io.amalgam.engine.store.ObjectModelSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * The models that a tenant's recipes may name: all of the models' root, but for {@code tenants/NAME}, which only the
 * tenant of that name reads, and the artifact store, if it lies under the root: of that, only artifacts that the tenant
 * has ordered. Buckets are read with the line's own credentials, so that tenants name only those that the operator has
 * listed; finished artifacts only those that they have ordered. What a tenant may not read does not exist for it: refusals tell nothing apart.
 *
 * <p>Decided by real paths, so that no symbolic link, capital letter or dot leads around it.
 */
@ApplicationScoped
public class TenantModels {

    /** The folder under the models' root whose folders each belong to one tenant. */
    static final String FOLDER = "tenants";

    private static final String ARTIFACTS = "artifacts";

    private final ModelSource models;
    private final Quotas quotas;
    private final Path root;
    private final Path store;
    private final List<String> buckets;

    /**
     * Takes all models, and where they are.
     *
     * @param buckets what references to buckets may begin with, such as {@code s3://models/public}
     */
    public TenantModels(
            ModelSource models, Quotas quotas, @ConfigProperty(name = "amalgam.models.root") Path root,
            @ConfigProperty(name = "amalgam.store.root") Path store,
            @ConfigProperty(name = "amalgam.models.buckets") Optional<List<String>> buckets) {
        this.models = models;
        this.quotas = quotas;
        this.root = root;
        this.store = store;
        this.buckets = buckets.orElse(List.of()).stream().map(bucket -> bucket.endsWith("/") ? bucket : bucket + "/").toList();
    }

    /** Returns the models that a caller's recipes may name. */
    public ModelSource of(Caller caller) {
        if (caller.administrator()) {
            return models;
        }
        return new ModelSource() {
            @Override
            public ModelSnapshot resolve(String path, String revision) throws IOException {
                if (!isReadable(caller, path)) {
                    throw new AmalgamException(ErrorCode.MODEL_NOT_FOUND,
                            "Model " + path + " is not a folder under the models' root.");
                }
                return models.resolve(path, revision);
            }
        };
    }

    /** Whether a caller's recipes may name what lies at a path; of what cannot be looked at, nobody may. */
    public boolean mayRead(Caller caller, String path) {
        try {
            return caller.administrator() || isReadable(caller, path);
        } catch (IOException | AmalgamException unreadable) {
            return false;
        }
    }

    /**
     * Whether a caller may learn what is put into a bucket: whether its recipes may name everything below the prefix.
     *
     * @param prefix of keys, or null for all
     */
    public boolean mayWatch(Caller caller, String bucket, String prefix) {
        String watched = "s3://" + bucket + "/" + (prefix == null ? "" : prefix);
        return caller.administrator() || bucket.indexOf('/') < 0 && buckets.stream().anyMatch(watched::startsWith);
    }

    private boolean isReadable(Caller caller, String path) throws IOException {
        if (path.startsWith(ArtifactModelSource.KIND)) {
            return quotas.isGranted(caller, path.substring(ArtifactModelSource.KIND.length()).replaceFirst("^//", ""));
        }
        if (path.startsWith(ObjectModelSource.KIND)) {
            return buckets.stream().anyMatch(bucket -> (path + "/").startsWith(bucket));
        }
        LocalPaths.checkRelative("Model", path);
        Optional<Path> place = real(root.resolve(path));
        if (place.isEmpty()) {
            // No folder of ours: the source says so, or asks another place for it.
            return true;
        }
        Optional<Path> stored = real(store);
        if (stored.isPresent() && place.get().startsWith(stored.get())) {
            Path inside = stored.get().relativize(place.get());
            return inside.getNameCount() >= 2 && inside.getName(0).toString().equals(ARTIFACTS)
                    && quotas.isGranted(caller, inside.getName(1).toString());
        }
        Optional<Path> tenants = real(root.resolve(FOLDER));
        if (tenants.isPresent() && place.get().startsWith(tenants.get())) {
            Path inside = tenants.get().relativize(place.get());
            return inside.getName(0).toString().equals(caller.tenant());
        }
        return true;
    }

    private static Optional<Path> real(Path path) throws IOException {
        return Files.exists(path) ? Optional.of(path.toRealPath()) : Optional.empty();
    }
}
