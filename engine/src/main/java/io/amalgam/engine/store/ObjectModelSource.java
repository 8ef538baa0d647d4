package io.amalgam.engine.store;

import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSnapshot.ModelFile;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.store.ObjectStorage.StoredObject;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Models in buckets of an object store: {@code s3://bucket/prefix} names the objects directly under
 * {@code prefix/}.
 *
 * <p>Such a model is identified by the names, lengths and entity tags of its objects when it is resolved. Every read
 * demands the same tag, so that no byte of another content is ever taken for this model's.
 */
public final class ObjectModelSource implements ModelSource {
    /** What references of such models begin with. */
    public static final String KIND = "s3:";

    private static final Pattern REFERENCE =
            Pattern.compile("s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/((?:[A-Za-z0-9_=+@.!'()-]+/)*[A-Za-z0-9_=+@.!'()-]+)?/?)?");
    private static final int MOST_FILES = 100_000;

    private final Function<String, ObjectStorage> buckets;

    /**
     * A source.
     *
     * @param buckets opens a bucket by its name; nothing is asked of the store yet
     */
    public ObjectModelSource(Function<String, ObjectStorage> buckets) {
        this.buckets = buckets;
    }

    /**
     * A bucket and what its keys begin with.
     *
     * @param bucket its name
     * @param prefix empty, or ending with a slash
     */
    public record Place(String bucket, String prefix) {

        /**
         * Reads {@code s3://bucket/prefix}.
         *
         * @param what names it in messages
         * @throws AmalgamException with {@code code} if the text is no such address
         */
        public static Place parse(String text, String what, ErrorCode code) {
            Matcher matcher = REFERENCE.matcher(text);
            boolean dots = text.contains("/./") || text.contains("/../") || text.endsWith("/.") || text.endsWith("/..");
            if (!matcher.matches() || dots || matcher.group(1).contains("..")) {
                throw new AmalgamException(code, what + " '" + text.replaceAll("\\p{C}", "?")
                        + "' is no address of a bucket; expected s3://bucket or s3://bucket/prefix, of letters, digits and _ = + @ . ! ' ( ) -.");
            }
            String prefix = matcher.group(2);
            return new Place(matcher.group(1), prefix == null ? "" : prefix + "/");
        }
    }

    @Override
    public ModelSnapshot resolve(String path, String revision) throws IOException {
        Place place = Place.parse(path, "Model", ErrorCode.MODEL_REFERENCE_INVALID);
        if (revision != null) {
            throw new AmalgamException(ErrorCode.MODEL_REFERENCE_INVALID, "Model " + path + "@" + revision
                    + " names a revision, but models in buckets have none: what is there now is pinned; remove '@" + revision + "'.");
        }
        ObjectStorage bucket = buckets.apply(place.bucket());
        Map<String, StoredObject> objects = new TreeMap<>();
        for (StoredObject object : asSource(() -> bucket.list(place.prefix()))) {
            String name = object.key().substring(place.prefix().length());
            if (!name.isEmpty() && name.indexOf('/') < 0 && !name.startsWith(".")) {
                objects.put(name, object);
            }
        }
        if (objects.isEmpty()) {
            throw new AmalgamException(ErrorCode.MODEL_NOT_FOUND, "Model " + path + " does not exist: no object of bucket "
                    + place.bucket() + " lies directly under '" + place.prefix() + "'.");
        }
        if (objects.size() > MOST_FILES) {
            throw new AmalgamException(ErrorCode.MODEL_UNREADABLE, "Model " + path + " has " + objects.size()
                    + " files, more than " + MOST_FILES + "; name the folder of one model.");
        }
        return new ObjectSnapshot(path, place, bucket, objects);
    }

    /** What a store's failure means to those who read a model from it. */
    private static <T> T asSource(Supplier<T> asked) {
        try {
            return asked.get();
        } catch (AmalgamException e) {
            if (e.code() == ErrorCode.STORE_UNAVAILABLE) {
                throw new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE, e.getMessage(), e);
            }
            throw e;
        }
    }

    private static String identity(Map<String, StoredObject> objects) {
        StringBuilder text = new StringBuilder("amalgam-objects-1\n");
        objects.forEach((name, object) -> {
            if (ModelSnapshot.counts(name)) {
                text.append(name).append('\0').append(object.length()).append('\0').append(object.tag()).append('\n');
            }
        });
        return KIND + "sha256:" + Sha256.of(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** A model as its objects were listed. */
    private final class ObjectSnapshot implements ModelSnapshot {
        private final String reference;
        private final Place place;
        private final ObjectStorage bucket;
        private final Map<String, StoredObject> objects;
        private final String identity;
        private final List<ModelFile> files = new ArrayList<>();

        ObjectSnapshot(String reference, Place place, ObjectStorage bucket, Map<String, StoredObject> objects) {
            this.reference = reference;
            this.place = place;
            this.bucket = bucket;
            this.objects = objects;
            this.identity = ObjectModelSource.identity(objects);
            objects.forEach((name, object) -> files.add(new ModelFile(name, object.length())));
        }

        @Override
        public String reference() {
            return reference;
        }

        @Override
        public String identity() {
            return identity;
        }

        @Override
        public List<ModelFile> files() {
            return List.copyOf(files);
        }

        @Override
        public RangeReader open(String name) throws IOException {
            StoredObject object = objects.get(name);
            if (object == null) {
                throw new FileNotFoundException("Model " + reference + " has no file " + name + ".");
            }
            return new SourceReader(bucket.open(object));
        }

        @Override
        public void verifyUnchanged() throws IOException {
            String now;
            try {
                now = resolve(reference, null).identity();
            } catch (AmalgamException e) {
                if (e.code() != ErrorCode.MODEL_NOT_FOUND) {
                    throw e;
                }
                now = "nothing";
            }
            if (!now.equals(identity)) {
                throw new AmalgamException(ErrorCode.MODEL_CHANGED, "Model " + reference
                        + " changed while it was being used: under " + bucket.address(place.prefix()) + " is now " + now
                        + ", before was " + identity + "; submit the recipe again.");
            }
        }
    }

    /** Reads of which a failure is the source's. */
    private record SourceReader(RangeReader reader) implements RangeReader {
        @Override
        public long length() {
            return reader.length();
        }

        @Override
        public boolean remote() {
            return reader.remote();
        }

        @Override
        public void read(long position, MemorySegment destination) throws IOException {
            try {
                reader.read(position, destination);
            } catch (AmalgamException e) {
                throw e.code() == ErrorCode.STORE_UNAVAILABLE
                        ? new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE, e.getMessage(), e) : e;
            }
        }

        @Override
        public void close() throws IOException {
            reader.close();
        }
    }
}
