package io.amalgam.storage;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.HubModelSource;
import io.amalgam.engine.source.HubOptions;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.source.ModelSources;
import io.amalgam.engine.store.ArtifactModelSource;
import io.amalgam.engine.store.ArtifactSigner;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.FileSystemStore;
import io.amalgam.engine.store.ModelSignature;
import io.amalgam.engine.store.ObjectArtifactStore;
import io.amalgam.engine.store.ObjectModelSource;
import io.amalgam.storage.s3.S3Service;
import io.amalgam.storage.s3.S3Settings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which models are read and where artifacts go, by settings: the same for the command line and for every service, so
 * that what one of them finds the others find too.
 *
 * <p>Settings of the Hub are by default those of its Python library ({@code HF_HOME}, {@code HF_TOKEN}, …); those of S3
 * are by default those of Amazon's SDK ({@code AWS_ENDPOINT_URL}, {@code AWS_REGION}, …), with its chain of credentials.
 */
public final class StorageSettings {
    private static final Map<String, String> HUB_VARIABLES = Map.of(
            "endpoint", "HF_ENDPOINT", "cache", "HF_HUB_CACHE", "token", "HF_TOKEN", "offline", "HF_HUB_OFFLINE");

    private final Optional<HubOptions> hub;
    private final S3Service s3;

    private StorageSettings(Optional<HubOptions> hub, S3Service s3) {
        this.hub = hub;
        this.s3 = s3;
    }

    /**
     * Settings of a service.
     *
     * @param hub by name: {@code enabled} (by default true), {@code endpoint}, {@code cache}, {@code token},
     *     {@code offline}; what is not set is taken from the environment
     * @param s3 by name, see {@link S3Settings#of}
     * @param environment such as {@link System#getenv()}
     * @throws AmalgamException with {@code ARGUMENT_INVALID} if a name or value is unknown
     */
    public static StorageSettings of(Map<String, String> hub, Map<String, String> s3, Map<String, String> environment) {
        return new StorageSettings(hub(hub, environment), new S3Service(S3Settings.of(s3, environment)));
    }

    /** Settings of the environment alone, as the command line has them. */
    public static StorageSettings fromEnvironment() {
        return of(Map.of(), Map.of(), System.getenv());
    }

    private static Optional<HubOptions> hub(Map<String, String> settings, Map<String, String> environment) {
        Map<String, String> merged = new HashMap<>(environment);
        settings.forEach((key, value) -> {
            String variable = HUB_VARIABLES.get(key);
            if (variable != null) {
                merged.put(variable, value);
            } else if (!key.equals("enabled")) {
                throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "Setting amalgam.hub." + key
                        + " is unknown; known are enabled, endpoint, cache, token and offline.");
            }
        });
        String enabled = settings.getOrDefault("enabled", "true");
        if (!Set.of("true", "false").contains(enabled)) {
            throw new AmalgamException(
                    ErrorCode.ARGUMENT_INVALID, "Setting amalgam.hub.enabled is '" + enabled + "', expected true or false.");
        }
        return enabled.equals("true")
                ? Optional.of(HubOptions.fromEnvironment(merged, Path.of(System.getProperty("user.home"))))
                : Optional.empty();
    }

    /** The Hub's settings, unless it is not to be asked. */
    public Optional<HubOptions> hub() {
        return hub;
    }

    /** S3, for what is neither a model nor an artifact store. */
    public S3Service s3() {
        return s3;
    }

    /** Models: local ones, the Hub's unless it is not to be asked, those in buckets. */
    public ModelSources models(LocalModelSource local) {
        return models(local, Map.of());
    }

    /**
     * Models of a service: local ones, which are confined to a root, the Hub's unless it is not to be asked, those in
     * buckets, and finished artifacts.
     *
     * @param store that has the artifacts
     */
    public ModelSources models(Path root, ArtifactStore store) {
        return models(new LocalModelSource(root, false), Map.of(ArtifactModelSource.KIND, new ArtifactModelSource(store)));
    }

    private ModelSources models(LocalModelSource local, Map<String, ModelSource> others) {
        Map<String, ModelSource> kinds = new HashMap<>(others);
        kinds.put(ObjectModelSource.KIND, new ObjectModelSource(s3::bucket));
        return new ModelSources(local, hub.map(HubModelSource::new).orElse(null), kinds);
    }

    /** Whether a store's root is a bucket's address rather than a folder. */
    public static boolean isBucket(String root) {
        return root.startsWith(ObjectModelSource.KIND);
    }

    /**
     * An artifact store.
     *
     * @param root a folder, or {@code s3://bucket/prefix}
     * @param signingKey file of the key that artifacts are signed with, if they are
     * @throws AmalgamException with {@code ARGUMENT_INVALID} if the root is neither, or the key is none
     */
    public ArtifactStore store(String root, Optional<Path> signingKey) {
        Optional<ArtifactSigner> signer = signingKey.map(ModelSignature::withKey);
        if (!isBucket(root)) {
            return new FileSystemStore(Path.of(root), true, signer);
        }
        ObjectModelSource.Place place = ObjectModelSource.Place.parse(root, "Store", ErrorCode.ARGUMENT_INVALID);
        return new ObjectArtifactStore(s3.bucket(place.bucket()), place.prefix(), signer);
    }
}
