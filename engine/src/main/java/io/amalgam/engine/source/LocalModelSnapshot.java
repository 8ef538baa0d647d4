package io.amalgam.engine.source;

import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A local folder at the moment when it was looked at.
 *
 * <p>Its fingerprint covers every file that a merge can read: name, size, modification time in nanoseconds, and for
 * safetensors files the digest of the header. Other files of the folder (documentation, pictures) do not count, so that
 * editing a README does not make a model another one.
 *
 * <p>Its identity adds samples of the weights: fine-tunes of one base have files of the same sizes and headers, and the
 * same times too where an archive, an image's layer or one copy made them all, and one must not be taken for the other.
 * Whether a model is still what it was is told by the fingerprint alone, which is asked around every chunk.
 */
final class LocalModelSnapshot implements ModelSnapshot {
    /** What the identity of a model begins with whose contents were read for it. */
    static final String CONTENTS_PREFIX = "content:sha256:";

    /** What announces a longer header is none that a merge reads. */
    private static final int HEADER_LIMIT = 100_000_000;

    /** How many places of a file of weights are looked at, evenly spread up to its end, and bytes at each. */
    private static final int SAMPLES = 32;
    private static final int SAMPLE_BYTES = 4096;

    private final String reference;
    private final Path folder;
    private final Path confinement;
    private final List<ModelFile> files;
    private final String fingerprint;
    private final String identity;

    private LocalModelSnapshot(
            String reference, Path folder, Path confinement, List<ModelFile> files, String fingerprint, String identity) {
        this.reference = reference;
        this.folder = folder;
        this.confinement = confinement;
        this.files = List.copyOf(files);
        this.fingerprint = fingerprint;
        this.identity = identity;
    }

    /**
     * Looks at a folder.
     *
     * @param confinement the real path that every file's real path must lie in, or null
     */
    static LocalModelSnapshot take(String reference, Path folder, Path confinement, LocalModelSource.Identity kind)
            throws IOException {
        List<ModelFile> files = list(reference, folder, confinement);
        String fingerprint = fingerprint(reference, folder, files);
        String identity = switch (kind) {
            case FINGERPRINT -> "local:sha256:" + withSamples(fingerprint, folder, files);
            case CONTENTS -> CONTENTS_PREFIX + contents(folder, files);
        };
        return new LocalModelSnapshot(reference, folder, confinement, files, fingerprint, identity);
    }

    private static List<ModelFile> list(String reference, Path folder, Path confinement) throws IOException {
        List<Path> paths;
        try (Stream<Path> entries = Files.list(folder)) {
            paths = entries.filter(path -> !path.getFileName().toString().startsWith(".")).toList();
        }
        List<ModelFile> files = new ArrayList<>();
        for (Path path : paths) {
            if (!Files.isRegularFile(path)) {
                continue;
            }
            if (confinement != null && !path.toRealPath().startsWith(confinement)) {
                throw new AmalgamException(ErrorCode.MODEL_REFERENCE_INVALID, "File " + path.getFileName() + " of model "
                        + reference + " is a symbolic link that leads out of the models' root.");
            }
            files.add(new ModelFile(path.getFileName().toString(), Files.size(path)));
        }
        files.sort(Comparator.comparing(ModelFile::name));
        return files;
    }

    private static String fingerprint(String reference, Path folder, List<ModelFile> files) throws IOException {
        StringBuilder text = new StringBuilder("amalgam-fingerprint-1\n");
        for (ModelFile file : files) {
            if (!ModelSnapshot.counts(file.name())) {
                continue;
            }
            Path path = folder.resolve(file.name());
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            FileTime modified = attributes.lastModifiedTime();
            text.append(file.name()).append('\0')
                    .append(attributes.size()).append('\0')
                    .append(modified.toInstant().getEpochSecond()).append('.').append(modified.toInstant().getNano());
            if (file.name().endsWith(".safetensors")) {
                text.append('\0').append(headerDigest(path));
            }
            text.append('\n');
        }
        return Sha256.of(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static String withSamples(String fingerprint, Path folder, List<ModelFile> files) throws IOException {
        MessageDigest digest = Sha256.newDigest();
        digest.update(fingerprint.getBytes(StandardCharsets.UTF_8));
        byte[] sample = new byte[SAMPLE_BYTES];
        for (ModelFile file : files) {
            if (!file.name().endsWith(".safetensors")) {
                continue;
            }
            try (RangeReader reader = FileRangeReader.open(folder.resolve(file.name()))) {
                int length = (int) Math.min(SAMPLE_BYTES, reader.length());
                long last = reader.length() - length;
                for (int i = 1; i <= SAMPLES; i++) {
                    reader.read(last / SAMPLES * i + last % SAMPLES * i / SAMPLES, MemorySegment.ofArray(sample).asSlice(0, length));
                    digest.update(sample, 0, length);
                }
            }
        }
        return Sha256.end(digest);
    }

    /** Digest of the header's bytes, whatever they are: whether they make sense is for the reader of the checkpoint. */
    private static String headerDigest(Path path) throws IOException {
        try (RangeReader reader = FileRangeReader.open(path)) {
            byte[] length = new byte[(int) Math.min(Long.BYTES, reader.length())];
            reader.read(0, MemorySegment.ofArray(length));
            long announced = 0;
            for (int i = length.length - 1; i >= 0; i--) {
                announced = announced << Byte.SIZE | length[i] & 0xff;
            }
            MessageDigest digest = Sha256.newDigest();
            digest.update(length);
            if (announced > 0 && announced <= HEADER_LIMIT && announced <= reader.length() - length.length) {
                byte[] header = new byte[(int) announced];
                reader.read(length.length, MemorySegment.ofArray(header));
                digest.update(header);
            }
            return Sha256.end(digest);
        }
    }

    private static String contents(Path folder, List<ModelFile> files) throws IOException {
        MessageDigest whole = Sha256.newDigest();
        for (ModelFile file : files) {
            if (!ModelSnapshot.counts(file.name())) {
                continue;
            }
            whole.update((file.name() + '\0' + file.length() + '\0' + Sha256.of(folder.resolve(file.name())) + '\n')
                    .getBytes(StandardCharsets.UTF_8));
        }
        return Sha256.end(whole);
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
        return files;
    }

    @Override
    public RangeReader open(String name) throws IOException {
        return FileRangeReader.open(locate(name));
    }

    /** Only names that were there when the snapshot was taken are opened, and links are followed again each time. */
    private Path locate(String name) throws IOException {
        if (!has(name)) {
            throw new FileNotFoundException("Model " + reference + " has no file " + name + ".");
        }
        Path path = folder.resolve(name);
        if (confinement != null && !path.toRealPath().startsWith(confinement)) {
            throw new AmalgamException(ErrorCode.MODEL_REFERENCE_INVALID, "File " + name + " of model " + reference
                    + " is a symbolic link that leads out of the models' root.");
        }
        return path;
    }

    @Override
    public void verifyUnchanged() throws IOException {
        String now;
        try {
            now = fingerprint(reference, folder, list(reference, folder, confinement));
        } catch (NoSuchFileException e) {
            throw new AmalgamException(ErrorCode.MODEL_CHANGED, "Model " + reference
                    + " was removed or replaced while it was being used; submit the recipe again.", e);
        }
        if (!now.equals(fingerprint)) {
            throw new AmalgamException(ErrorCode.MODEL_CHANGED, "Model " + reference
                    + " changed while it was being used (a file's name, size, time or header differs); submit the recipe again.");
        }
    }
}
