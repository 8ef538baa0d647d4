package io.amalgam.engine.store;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The few file operations from which everything atomic is made: write aside, sync, rename.
 *
 * @param durable whether files and folders are synced, so that what is visible survives a loss of power. The service
 *     does; the command line only on request
 */
record StoreFiles(boolean durable) {

    /** A fresh name in a folder for what is being written. */
    static Path scratch(Path folder, String name) {
        return folder.resolve(name + "." + UUID.randomUUID() + ".part");
    }

    /** Writes a file whole or not at all, replacing what is there. The scratch folder is on the same file system. */
    void writeAtomically(Path target, Path scratchFolder, byte[] content) throws IOException {
        Path part = writePart(target, scratchFolder, content);
        try {
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
        syncFolder(target.getParent());
    }

    /** Writes a file whole if there is none of that name; returns whether this call did. */
    boolean createAtomically(Path target, Path scratchFolder, byte[] content) throws IOException {
        if (Files.exists(target)) {
            return false;
        }
        Path part = writePart(target, scratchFolder, content);
        try {
            // A hard link fails where the name exists; a rename would replace it.
            Files.createLink(target, part);
        } catch (FileAlreadyExistsException e) {
            return false;
        } catch (UnsupportedOperationException | FileSystemException e) {
            return createWithoutLinks(target, content);
        } finally {
            Files.deleteIfExists(part);
        }
        syncFolder(target.getParent());
        return true;
    }

    /** On a file system without hard links the name is still given once, though a crash may leave half of the content. */
    private boolean createWithoutLinks(Path target, byte[] content) throws IOException {
        try {
            write(target, content);
        } catch (FileAlreadyExistsException e) {
            return false;
        }
        syncFolder(target.getParent());
        return true;
    }

    private Path writePart(Path target, Path scratchFolder, byte[] content) throws IOException {
        Path part = scratch(scratchFolder, target.getFileName().toString());
        try {
            write(part, content);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(part);
            throw e;
        }
        return part;
    }

    private void write(Path file, byte[] content) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(content);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            if (durable) {
                channel.force(true);
            }
        }
    }

    /** Makes a folder and its parents; the new names survive a loss of power. */
    void createFolders(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        Files.createDirectories(folder);
        syncFolder(folder.getParent());
    }

    /** Renames a folder to a name that is not taken by a folder with content; returns whether it was free. */
    boolean renameFolder(Path folder, Path target) throws IOException {
        try {
            Files.move(folder, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (DirectoryNotEmptyException | FileAlreadyExistsException e) {
            return false;
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("Cannot rename " + folder + " to " + target + ": they are on different file systems.", e);
        } catch (NoSuchFileException e) {
            throw e;
        } catch (IOException e) {
            // rename(2) onto a folder with content is ENOTEMPTY, for which the JDK has no exception of its own here.
            if (isFolderWithContent(target)) {
                return false;
            }
            throw e;
        }
        syncFolder(target.getParent());
        return true;
    }

    /** Whether there is a folder with something in it. */
    static boolean isFolderWithContent(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.findAny().isPresent();
        }
    }

    /** Writes a folder's entries to the disk, if durable. */
    void syncFolder(Path folder) throws IOException {
        if (durable) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    /** Removes a folder and all in it, whatever others remove at the same time. Symbolic links are not followed. */
    static void removeTree(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                try {
                    Files.deleteIfExists(path);
                } catch (DirectoryNotEmptyException e) {
                    // Somebody works in it; what is theirs stays.
                    continue;
                }
            }
        } catch (UncheckedIOException e) {
            if (!(e.getCause() instanceof NoSuchFileException)) {
                throw e.getCause();
            }
        }
    }

    /** What a failure of the file system means to those who wait for it. */
    static AmalgamException failure(String doing, IOException cause) {
        String reason = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        boolean full = reason.contains("No space left") || reason.contains("quota exceeded");
        return new AmalgamException(full ? ErrorCode.STORAGE_FULL : ErrorCode.STORE_UNAVAILABLE,
                "Cannot " + doing + ": " + reason + (full ? "; make room on that disk." : "."), cause);
    }
}
