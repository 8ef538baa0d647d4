package io.amalgam.engine.source;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/**
 * Ranges of remote files, kept in a local scratch file while a chunk is made, so that methods that look at a tensor twice
 * read it from afar once. Ranges are fetched in blocks of up to {@value #BLOCK} bytes, which also makes few requests of
 * the many small reads of a kernel; nothing beyond the ranges that were announced is fetched.
 *
 * <p>The scratch file is bounded. When it is full the oldest block makes room: what a chunk works on at a time is far less
 * than what it reads over all. Safe for use by several threads; two that want the same block fetch it once.
 */
public final class ScratchRanges implements AutoCloseable {
    /** The most bytes of a block: a request's latency is small beside its transfer, and memory beside a tensor. */
    static final int BLOCK = 4 << 20;
    /** Blocks that are fetched at a time, each through memory of its size. */
    static final int FETCHES = 8;

    private final Path folder;
    private final int slots;
    private final Arena arena = Arena.ofShared();
    private final ArrayDeque<MemorySegment> buffers = new ArrayDeque<>();
    private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
    private final ArrayDeque<Block> kept = new ArrayDeque<>();
    private int allocatedBuffers;
    private int allocatedSlots;
    private FileChannel file;

    /**
     * Nothing is kept yet, and no file is there.
     *
     * @param folder for the scratch file
     * @param limit the most bytes that it may have
     */
    public ScratchRanges(Path folder, long limit) {
        this.folder = folder;
        this.slots = (int) Math.clamp(limit / BLOCK, 1, Integer.MAX_VALUE);
    }

    /** Bytes from {@code position} on. */
    public record Range(long position, long length) {
        /** The position behind the last byte. */
        long end() {
            return position + length;
        }
    }

    /** A piece of a range, fetched and kept as one. Guarded by the lock of the outer object. */
    private static final class Block {
        private final long position;
        private final int length;
        private int slot = -1;
        private int readers;
        private boolean fetching;

        Block(long position, int length) {
            this.position = position;
            this.length = length;
        }
    }

    /**
     * Lets reads of a file go by way of the scratch file.
     *
     * @param reader of the remote file; it is closed with what is returned
     * @param ranges everything that is going to be read of it; they may overlap
     */
    public RangeReader keep(RangeReader reader, List<Range> ranges) {
        return new KeptReader(reader, blocks(ranges));
    }

    private static Block[] blocks(List<Range> ranges) {
        List<Range> sorted = new ArrayList<>(ranges);
        sorted.sort(Comparator.comparingLong(Range::position));
        List<Block> blocks = new ArrayList<>();
        long covered = 0;
        for (int i = 0; i < sorted.size(); ) {
            long start = Math.max(covered, sorted.get(i).position());
            long end = sorted.get(i).end();
            for (i++; i < sorted.size() && sorted.get(i).position() <= end; i++) {
                end = Math.max(end, sorted.get(i).end());
            }
            for (long position = start; position < end; position += BLOCK) {
                blocks.add(new Block(position, (int) Math.min(BLOCK, end - position)));
            }
            covered = Math.max(covered, end);
        }
        return blocks.toArray(Block[]::new);
    }

    /** A file of which announced ranges are kept. */
    private final class KeptReader implements RangeReader {
        private final RangeReader remote;
        private final Block[] blocks;

        KeptReader(RangeReader remote, Block[] blocks) {
            this.remote = remote;
            this.blocks = blocks;
        }

        @Override
        public long length() {
            return remote.length();
        }

        @Override
        public boolean remote() {
            return true;
        }

        @Override
        public void read(long position, MemorySegment destination) throws IOException {
            long done = 0;
            int index = indexOf(position);
            while (done < destination.byteSize()) {
                long at = position + done;
                boolean inside = index < blocks.length && blocks[index].position <= at;
                if (!inside) {
                    throw new IOException("bytes at " + at + " are read that were not announced");
                }
                Block block = blocks[index];
                int from = (int) (at - block.position);
                int count = (int) Math.min(block.length - from, destination.byteSize() - done);
                read(block, from, destination.asSlice(done, count));
                done += count;
                index++;
            }
        }

        /** Index of the first block that ends behind a position. */
        private int indexOf(long position) {
            int low = 0;
            int high = blocks.length;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (blocks[middle].position + blocks[middle].length <= position) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }

        private void read(Block block, int from, MemorySegment destination) throws IOException {
            if (!acquire(block)) {
                fetch(block, from, destination);
                return;
            }
            try {
                transfer(destination, (long) block.slot * BLOCK + from, false);
            } finally {
                release(block);
            }
        }

        private void fetch(Block block, int from, MemorySegment destination) throws IOException {
            MemorySegment buffer = null;
            boolean stored = false;
            try {
                buffer = takeBuffer();
                MemorySegment content = buffer.asSlice(0, block.length);
                remote.read(block.position, content);
                MemorySegment.copy(content, from, destination, 0, destination.byteSize());
                if (block.slot >= 0) {
                    store(content, block.slot);
                    stored = true;
                }
            } finally {
                fetched(block, buffer, stored);
            }
        }

        @Override
        public void close() throws IOException {
            remote.close();
        }
    }

    /** Whether a block is here, and then stays until it is released; otherwise the caller is to fetch it. */
    private synchronized boolean acquire(Block block) throws IOException {
        while (block.fetching) {
            await();
        }
        if (block.slot >= 0) {
            block.readers++;
            return true;
        }
        block.fetching = true;
        block.slot = slot();
        return false;
    }

    private synchronized void release(Block block) {
        block.readers--;
        notifyAll();
    }

    /** A place in the file: a new one, or that of the oldest block that nobody reads; -1 if there is none. */
    private int slot() {
        if (!freeSlots.isEmpty()) {
            return freeSlots.remove();
        }
        if (allocatedSlots < slots) {
            return allocatedSlots++;
        }
        for (Iterator<Block> oldest = kept.iterator(); oldest.hasNext(); ) {
            Block block = oldest.next();
            if (block.readers == 0) {
                oldest.remove();
                int slot = block.slot;
                block.slot = -1;
                return slot;
            }
        }
        return -1;
    }

    private synchronized MemorySegment takeBuffer() throws IOException {
        while (buffers.isEmpty() && allocatedBuffers == FETCHES) {
            await();
        }
        if (buffers.isEmpty()) {
            allocatedBuffers++;
            return arena.allocate(BLOCK);
        }
        return buffers.remove();
    }

    private synchronized void fetched(Block block, MemorySegment buffer, boolean stored) {
        block.fetching = false;
        if (stored) {
            kept.add(block);
        } else if (block.slot >= 0) {
            freeSlots.add(block.slot);
            block.slot = -1;
        }
        if (buffer != null) {
            buffers.add(buffer);
        }
        notifyAll();
    }

    private void await() throws IOException {
        try {
            wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Reading was interrupted.", e);
        }
    }

    private void store(MemorySegment content, int slot) {
        try {
            transfer(content, (long) slot * BLOCK, true);
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.STORAGE_FULL, "Keeping what was read of a remote model in the scratch folder "
                    + folder + " failed: " + e.getMessage() + "; make room there.", e);
        }
    }

    private void transfer(MemorySegment memory, long position, boolean write) throws IOException {
        FileChannel channel = file();
        ByteBuffer buffer = memory.asByteBuffer();
        long at = position;
        while (buffer.hasRemaining()) {
            int count = write ? channel.write(buffer, at) : channel.read(buffer, at);
            if (count < 0) {
                throw new IOException("the scratch file became shorter");
            }
            at += count;
        }
    }

    private synchronized FileChannel file() throws IOException {
        if (file == null) {
            Files.createDirectories(folder);
            Path path = Files.createTempFile(folder, "ranges-", ".scratch");
            file = FileChannel.open(
                    path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
        }
        return file;
    }

    /** Bytes that the scratch file has. */
    synchronized long size() throws IOException {
        return file == null ? 0 : file.size();
    }

    /** Removes the scratch file; nobody may be reading any more. */
    @Override
    public synchronized void close() throws IOException {
        arena.close();
        if (file != null) {
            file.close();
        }
    }
}
