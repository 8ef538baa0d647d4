package io.amalgam.evaluation.data;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import net.lingala.zip4j.ZipFile;
import net.lingala.zip4j.model.FileHeader;

/**
 * GPQA's data as its authors hand them out ({@code dataset.zip} of github.com/idavidrein/gpqa): a ZIP archive under a
 * password that stands next to it, so that the questions do not lie about in plain text. It stays as it is: members are
 * decrypted in memory only.
 */
final class EncryptedArchive {
    /** The archive's name; it lies where its members are expected. */
    static final String NAME = "dataset.zip";

    /** What the authors' own page gives to whoever asks: it keeps out crawlers, not readers. */
    private static final String PASSWORD = "deserted-untie-orchid";
    private static final String MEMBERS = "dataset/";

    private final Path file;

    private EncryptedArchive(Path file) {
        this.file = file;
    }

    /** Returns the archive that may hold a file which is not there, if there is one. */
    static Optional<EncryptedArchive> beside(Path missing) {
        Path archive = missing.resolveSibling(NAME);
        return Files.isRegularFile(archive) ? Optional.of(new EncryptedArchive(archive)) : Optional.empty();
    }

    /** Whether it has a member of this name. */
    boolean has(String name) {
        try (ZipFile archive = open()) {
            return archive.getFileHeader(MEMBERS + name) != null;
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    /**
     * Decrypts a member.
     *
     * @param limit the most bytes it may have
     */
    byte[] read(String name, long limit) {
        try (ZipFile archive = open()) {
            FileHeader member = archive.getFileHeader(MEMBERS + name);
            if (member == null) {
                throw new AmalgamException(
                        ErrorCode.BENCHMARK_DATA, "The archive " + file + " has no member " + MEMBERS + name + ".");
            }
            try (InputStream content = archive.getInputStream(member)) {
                byte[] bytes = content.readNBytes((int) limit);
                if (content.read() >= 0) {
                    throw new AmalgamException(
                            ErrorCode.BENCHMARK_DATA,
                            MEMBERS + name + " in " + file + " has more than " + limit + " bytes; it is refused.");
                }
                return bytes;
            }
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    private ZipFile open() {
        return new ZipFile(file.toFile(), PASSWORD.toCharArray());
    }

    private AmalgamException unreadable(String name, IOException e) {
        return new AmalgamException(
                ErrorCode.BENCHMARK_DATA,
                MEMBERS + name + " in " + file + " cannot be read (" + e.getMessage()
                        + "): it is damaged, or has another password than GPQA's archive.",
                e);
    }
}
