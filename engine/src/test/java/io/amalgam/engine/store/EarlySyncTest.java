package io.amalgam.engine.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Syncing early changes nothing of what is written, and hides no failure. */
class EarlySyncTest {
    private static final int BLOCK = 16 << 20;

    @TempDir
    private Path folder;

    @Test
    void whatIsWrittenWhileItIsSyncedIsAllThere() throws IOException {
        Path file = folder.resolve("shard");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            EarlySync sync = new EarlySync(channel);
            for (byte block = 0; block < 6; block++) {
                byte[] content = new byte[BLOCK];
                content[0] = block;
                channel.write(ByteBuffer.wrap(content));
                sync.grown(channel.position());
            }
            sync.finish();
        }
        assertEquals(6L * BLOCK, Files.size(file));
        byte[] content = Files.readAllBytes(file);
        for (byte block = 0; block < 6; block++) {
            assertEquals(block, content[block * BLOCK]);
        }
    }

    @Test
    void aSyncThatFailedIsToldOf() throws IOException {
        FileChannel channel = FileChannel.open(folder.resolve("shard"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        channel.write(ByteBuffer.allocate(BLOCK));
        EarlySync sync = new EarlySync(channel);
        channel.close();
        sync.grown(4L * BLOCK);
        assertThrows(IOException.class, sync::finish);
    }
}
