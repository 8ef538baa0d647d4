package io.amalgam.evaluation.task;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Answers of one scope in a file of JSON lines that is only ever appended to.
 *
 * <p>Each answer is one write of a whole line, so that a process that is killed loses at most the line it was writing;
 * a line that cannot be read is passed over and computed again. Two processes may append to the same file.
 */
public final class FileAnswerCache implements AnswerCache {
    private final Map<String, CachedAnswer> answers = new HashMap<>();
    private final Path file;
    private final FileChannel channel;

    private FileAnswerCache(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens the cache of a scope, making it where there is none.
     *
     * @param folder where caches lie, a file a scope
     * @throws AmalgamException with {@code STORE_UNAVAILABLE} if it cannot be read or written
     */
    public static FileAnswerCache open(Path folder, Scope scope) {
        Path file = folder.resolve(scope.digest() + ".jsonl");
        try {
            Files.createDirectories(folder);
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
            FileAnswerCache cache = new FileAnswerCache(file, channel);
            cache.read();
            return cache;
        } catch (IOException e) {
            throw new AmalgamException(
                    ErrorCode.STORE_UNAVAILABLE, "The answer cache " + file + " cannot be opened: " + e.getMessage(), e);
        }
    }

    @Override
    public synchronized Optional<CachedAnswer> find(String request) {
        return Optional.ofNullable(answers.get(request));
    }

    @Override
    public synchronized void store(String request, CachedAnswer answer) {
        answers.put(request, answer);
        try {
            ByteBuffer bytes = ByteBuffer.wrap(
                    AnswerLines.line(request, answer).getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new AmalgamException(
                    ErrorCode.STORE_UNAVAILABLE, "The answer cache " + file + " cannot be written: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private void read() throws IOException {
        byte[] content = Files.readAllBytes(file);
        if (content.length > 0 && content[content.length - 1] != '\n') {
            // The last write was cut off: end its line, so that the next one begins a line of its own.
            channel.write(ByteBuffer.wrap(new byte[] {'\n'}));
        }
        answers.putAll(AnswerLines.read(new String(content, StandardCharsets.UTF_8)));
    }
}
