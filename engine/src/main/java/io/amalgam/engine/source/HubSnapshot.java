package io.amalgam.engine.source;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A repository of the Hub at one commit. */
final class HubSnapshot implements ModelSnapshot {
    private final HubModelSource source;
    private final String path;
    private final String commit;
    private final List<ModelFile> files;

    HubSnapshot(HubModelSource source, String path, String commit, List<ModelFile> files) {
        this.source = source;
        this.path = path;
        this.commit = commit;
        this.files = List.copyOf(files);
    }

    @Override
    public String reference() {
        return path;
    }

    @Override
    public String identity() {
        return HubModelSource.IDENTITY_PREFIX + path + "@" + commit;
    }

    @Override
    public List<ModelFile> files() {
        return files;
    }

    @Override
    public RangeReader open(String name) throws IOException {
        ModelFile file = files.stream().filter(each -> each.name().equals(name)).findFirst()
                .orElseThrow(() -> new FileNotFoundException("Model " + path + " has no file " + name + "."));
        Optional<Path> cached = source.cachedFile(path, commit, name);
        // A download that was interrupted elsewhere may have left a shorter file.
        if (cached.isPresent() && Files.size(cached.get()) == file.length()) {
            return FileRangeReader.open(cached.get());
        }
        return new RemoteReader(file);
    }

    /** A commit never changes. */
    @Override
    public void verifyUnchanged() {
    }

    /** Ranges of a file that is not here. */
    private final class RemoteReader implements RangeReader {
        private final ModelFile file;
        private final HubClient.Location location;

        RemoteReader(ModelFile file) {
            this.file = file;
            this.location = new HubClient.Location(source.fileAddress(path, commit, file.name()));
        }

        @Override
        public long length() {
            return file.length();
        }

        @Override
        public boolean remote() {
            return true;
        }

        @Override
        public void read(long position, MemorySegment destination) throws IOException {
            if (position < 0 || destination.byteSize() > file.length() - position) {
                throw new EOFException(file.name() + " of " + path + ": bytes " + position + "…" + (position + destination.byteSize())
                        + " lie outside its " + file.length() + ".");
            }
            if (destination.byteSize() > 0) {
                source.client().range(location, position, destination, file.length(), "File " + file.name() + " of model " + path);
            }
        }

        @Override
        public void close() {
        }
    }
}
