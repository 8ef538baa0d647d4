package io.amalgam.evaluation.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Answers of one scope in a file of JSON lines that is only ever appended to.
 *
 * <p>Each answer is one write of a whole line, so that a process that is killed loses at most the line it was writing;
 * a line that cannot be read is passed over and computed again. Two processes may append to the same file.
 */
public final class FileAnswerCache implements AnswerCache {
    private static final ObjectMapper JSON = new ObjectMapper();

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
        ObjectNode line = JSON.createObjectNode();
        line.put("request", request);
        switch (answer.answer()) {
            case Answer.Choices choices -> {
                ArrayNode logLikelihoods = line.putArray("logLikelihoods");
                choices.logLikelihoods().forEach(logLikelihoods::add);
                ArrayNode greedy = line.putArray("greedy");
                choices.greedy().forEach(greedy::add);
            }
            case Answer.Generated generated -> line.put("answer", generated.text());
        }
        line.put("truncated", answer.truncated());
        try {
            ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
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
        for (String line : new String(content, StandardCharsets.UTF_8).split("\n")) {
            if (line.isBlank()) {
                continue;
            }
            try {
                JsonNode node = JSON.readTree(line);
                answers.put(node.required("request").textValue(), answer(node));
            } catch (JsonProcessingException | IllegalArgumentException | NullPointerException e) {
                // Damaged by a crash: the answer is computed again.
                continue;
            }
        }
    }

    private static CachedAnswer answer(JsonNode node) {
        boolean truncated = node.required("truncated").booleanValue();
        if (node.has("answer")) {
            return new CachedAnswer(new Answer.Generated(node.get("answer").textValue()), truncated);
        }
        List<Double> logLikelihoods = new ArrayList<>();
        node.required("logLikelihoods").forEach(value -> logLikelihoods.add(value.asDouble()));
        List<Boolean> greedy = new ArrayList<>();
        node.required("greedy").forEach(value -> greedy.add(value.booleanValue()));
        return new CachedAnswer(new Answer.Choices(logLikelihoods, greedy), truncated);
    }
}
