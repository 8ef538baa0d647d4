package io.amalgam.engine.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import io.amalgam.engine.source.ModelSnapshot.ModelFile;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Models on the Hugging Face Hub. A revision is resolved to a commit once, and from then on only that commit is read:
 * files that the shared cache has from there, others by ranges from the Hub, so that a merge reads what it needs and
 * stores nothing.
 */
public final class HubModelSource implements ModelSource {
    /** What identities of such models begin with: {@code hf:owner/name@commit}. */
    static final String IDENTITY_PREFIX = "hf:";

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}");
    private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,199}");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final int DESCRIPTION_LIMIT = 32 << 20;

    private final HubOptions options;
    private HubClient client;
    private AmalgamException unreachable;

    /** A source with these settings. */
    public HubModelSource(HubOptions options) {
        this.options = options;
    }

    /** Whether a path can be the name of a repository. */
    public static boolean isName(String path) {
        return NAME.matcher(path).matches() && !path.contains("..") && !path.contains("--");
    }

    @Override
    public ModelSnapshot resolve(String path, String revision) throws IOException {
        if (!isName(path)) {
            throw new AmalgamException(ErrorCode.MODEL_REFERENCE_INVALID, "Model '" + path.replaceAll("\\p{C}", "?")
                    + "' is not the name of a repository (owner/name).");
        }
        String wanted = revision == null ? "main" : revision;
        if (!REVISION.matcher(wanted).matches() || wanted.contains("..")) {
            throw new AmalgamException(ErrorCode.MODEL_REFERENCE_INVALID, "Revision '" + wanted.replaceAll("\\p{C}", "?") + "' of model " + path
                    + " is not a branch, tag or commit.");
        }
        Optional<String> cached = cachedCommit(path, wanted);
        if (options.offline()) {
            return new HubSnapshot(this, path, cached.orElseThrow(() -> new AmalgamException(ErrorCode.MODEL_NOT_FOUND, "Model " + path
                    + " at revision " + wanted + " is not in the cache " + options.cache() + ", and HF_HUB_OFFLINE is set; unset it, or "
                    + advice(path, revision))), cached.map(commit -> cachedFiles(path, commit)).get());
        }
        try {
            return describe(path, wanted);
        } catch (AmalgamException e) {
            if (e.code() != ErrorCode.SOURCE_UNAVAILABLE || cached.isEmpty()) {
                throw e.code() == ErrorCode.SOURCE_UNAVAILABLE ? unreachable(path, revision, e) : e;
            }
            return new HubSnapshot(this, path, cached.get(), cachedFiles(path, cached.get()));
        }
    }

    /** Opens a model at the commit that it was resolved to before, wherever its branch is now. */
    ModelSnapshot open(String path, String identity) throws IOException {
        return resolve(path, identity.substring(identity.lastIndexOf('@') + 1));
    }

    private AmalgamException unreachable(String path, String revision, AmalgamException cause) {
        return new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE, "Model " + path + " is not a local folder, and the Hub at "
                + options.endpoint() + " cannot be reached; " + advice(path, revision)
                + " HF_ENDPOINT names a mirror, HF_HOME a filled cache.", cause);
    }

    private static String advice(String path, String revision) {
        return "download it where the Hub can be reached with `hf download " + path + (revision == null ? "" : " --revision " + revision)
                + " --local-dir " + path + "`.";
    }

    private ModelSnapshot describe(String path, String revision) throws IOException {
        String what = "Model " + path + (revision.equals("main") ? "" : " at revision " + revision);
        URI uri = address("/api/models/" + path + "/revision/" + encoded(revision) + "?blobs=true");
        ObjectNode description = StrictJson.object(reach(uri, what), "The Hub's description of " + path, ErrorCode.SOURCE_UNAVAILABLE);
        String commit = description.path("sha").asText();
        if (!COMMIT.matcher(commit).matches()) {
            throw new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE, "The Hub's description of " + path + " names no commit.");
        }
        List<ModelFile> files = new ArrayList<>();
        for (JsonNode sibling : description.path("siblings")) {
            String name = sibling.path("rfilename").asText();
            // Files in folders of a repository are other forms of the model (original/, onnx/); none is read.
            if (name.isEmpty() || name.startsWith(".") || name.chars().anyMatch(c -> c == '/' || c == '\\' || c < ' ')) {
                continue;
            }
            long length = sibling.path("size").canConvertToLong() ? sibling.path("size").longValue() : -1;
            if (length < 0) {
                length = client().length(fileAddress(path, commit, name), "File " + name + " of " + what);
            }
            if (length < 0) {
                throw new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE, "The Hub does not say how long " + name + " of " + path + " is.");
            }
            files.add(new ModelFile(name, length));
        }
        files.sort(Comparator.comparing(ModelFile::name));
        return new HubSnapshot(this, path, commit, files);
    }

    /** Asks the Hub; one that could not be reached is not asked again for every model of a recipe. */
    private synchronized byte[] reach(URI uri, String what) throws IOException {
        if (unreachable != null) {
            throw unreachable;
        }
        try {
            return client().document(uri, DESCRIPTION_LIMIT, what);
        } catch (AmalgamException e) {
            if (e.code() == ErrorCode.SOURCE_UNAVAILABLE && HubClient.isUnreached(e.getCause())) {
                unreachable = e;
            }
            throw e;
        }
    }

    /** The conversation is begun only when something is asked. */
    synchronized HubClient client() {
        if (client == null) {
            client = new HubClient(options);
        }
        return client;
    }

    private URI address(String path) {
        return URI.create(options.endpoint() + path);
    }

    /** Where a file of a commit is. */
    URI fileAddress(String path, String commit, String file) {
        return address("/" + path + "/resolve/" + commit + "/" + encoded(file));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private Path repository(String path) {
        return options.cache().resolve("models--" + path.replace("/", "--"));
    }

    /** The file of a commit in the shared cache, if it is there. */
    Optional<Path> cachedFile(String path, String commit, String file) {
        Path cached = repository(path).resolve("snapshots").resolve(commit).resolve(file);
        return Files.isRegularFile(cached) ? Optional.of(cached) : Optional.empty();
    }

    private Optional<String> cachedCommit(String path, String revision) throws IOException {
        if (COMMIT.matcher(revision).matches()) {
            return Files.isDirectory(repository(path).resolve("snapshots").resolve(revision)) ? Optional.of(revision) : Optional.empty();
        }
        try {
            return Optional.of(Files.readString(repository(path).resolve("refs").resolve(revision)).strip())
                    .filter(commit -> COMMIT.matcher(commit).matches());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private List<ModelFile> cachedFiles(String path, String commit) {
        try (Stream<Path> entries = Files.list(repository(path).resolve("snapshots").resolve(commit))) {
            List<ModelFile> files = new ArrayList<>();
            for (Path entry : entries.filter(Files::isRegularFile).toList()) {
                files.add(new ModelFile(entry.getFileName().toString(), Files.size(entry)));
            }
            files.sort(Comparator.comparing(ModelFile::name));
            return files;
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE, "The cache " + options.cache() + " cannot be read: " + e.getMessage() + ".", e);
        }
    }
}
