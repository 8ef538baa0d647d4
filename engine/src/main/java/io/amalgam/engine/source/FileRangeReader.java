package io.amalgam.engine.source;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Positional reads of a local file ({@code pread}); any number of threads at once. */
public final class FileRangeReader implements RangeReader {
    /** The most bytes a single read asks for: the JDK copies array-backed buffers through memory of this size. */
    private static final int LARGEST_READ = 64 << 20;

    private final Path path;
    private final FileChannel channel;
    private final long length;

    private FileRangeReader(Path path, FileChannel channel, long length) {
        this.path = path;
        this.channel = channel;
        this.length = length;
    }

    /** Opens a file. Its length is taken now; a later read beyond it fails. */
    public static FileRangeReader open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return new FileRangeReader(path, channel, channel.size());
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public void read(long position, MemorySegment destination) throws IOException {
        long size = destination.byteSize();
        if (position < 0 || size > length - position) {
            throw new EOFException(path + ": bytes " + position + "…" + (position + size) + " lie outside its " + length + ".");
        }
        long done = 0;
        while (done < size) {
            ByteBuffer buffer = destination.asSlice(done, Math.min(LARGEST_READ, size - done)).asByteBuffer();
            while (buffer.hasRemaining()) {
                int count = channel.read(buffer, position + done);
                if (count < 0) {
                    throw new EOFException(path + " became shorter while it was read.");
                }
                done += count;
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
