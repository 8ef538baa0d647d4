package io.amalgam.evaluation.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A folder of benchmark data. What is missing or damaged in it is refused with {@code BENCHMARK_DATA}. Nothing here writes:
 * {@link BenchmarkFetcher} alone does.
 */
public final class BenchmarkFolder {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long MAXIMUM_BYTES = 512L << 20;

    private final Path root;

    /** The data in a folder. */
    public BenchmarkFolder(Path root) {
        this.root = Objects.requireNonNull(root, "root");
    }

    /** Returns where it is. */
    public Path root() {
        return root;
    }

    /** Whether there is such a file, by itself or in GPQA's archive. */
    public boolean has(String name) {
        Path file = root.resolve(name);
        return Files.isRegularFile(file)
                || EncryptedArchive.beside(file).filter(archive -> archive.has(file.getFileName().toString())).isPresent();
    }

    /**
     * Reads a file whole.
     *
     * @param name its name relative to the folder; it must not leave it
     */
    public byte[] read(String name) {
        Path file = root.resolve(name).normalize();
        if (!file.startsWith(root.normalize())) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA, "The file " + name + " lies outside the benchmark folder " + root + ".");
        }
        try {
            long length = Files.size(file);
            if (length > MAXIMUM_BYTES) {
                throw new AmalgamException(
                        ErrorCode.BENCHMARK_DATA,
                        file + " has " + length + " bytes; benchmark files of more than " + MAXIMUM_BYTES
                                + " bytes are refused.");
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            Optional<EncryptedArchive> archive = EncryptedArchive.beside(file);
            if (archive.isPresent()) {
                return archive.get().read(file.getFileName().toString(), MAXIMUM_BYTES);
            }
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA,
                    "The benchmark file " + file + " does not exist; `amalgam benchmarks verify` says how to get it.", e);
        } catch (IOException e) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA, "The benchmark file " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Reads a text file in UTF-8. */
    public String readText(String name) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(read(name))).toString();
        } catch (CharacterCodingException e) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA, "The benchmark file " + root.resolve(name) + " is not UTF-8 text.", e);
        }
    }

    /** Reads a JSON document. */
    public JsonNode readJson(String name) {
        try {
            return JSON.readTree(readText(name));
        } catch (JsonProcessingException e) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA,
                    "The benchmark file " + root.resolve(name) + " is not JSON: " + e.getOriginalMessage() + ".", e);
        }
    }

    /** Reads a file of JSON lines, an object each; blank lines are passed over. */
    public List<ObjectNode> readLines(String name) {
        List<ObjectNode> rows = new ArrayList<>();
        int number = 0;
        // Only the line feed ends a line: texts may hold U+2028 and its like.
        for (String line : readText(name).split("\n", -1)) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            try {
                if (JSON.readTree(line) instanceof ObjectNode row) {
                    rows.add(row);
                    continue;
                }
            } catch (JsonProcessingException e) {
                throw damaged(name, number, e);
            }
            throw damaged(name, number, null);
        }
        if (rows.isEmpty()) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA, "The benchmark file " + root.resolve(name) + " has no rows.");
        }
        return rows;
    }

    /** Returns the digest of a file's bytes. */
    public String digest(String name) {
        return Digests.sha256(read(name));
    }

    /** Returns a refusal that names a row of a file, counted from 0. */
    public AmalgamException badRow(String name, int row, String problem) {
        return new AmalgamException(
                ErrorCode.BENCHMARK_DATA, "Row " + row + " of " + root.resolve(name) + " " + problem + ".");
    }

    /**
     * Returns the text of a row's field.
     *
     * @throws AmalgamException if the row has no such field, or it is no text
     */
    public String text(String file, int number, ObjectNode row, String field) {
        JsonNode value = row.get(field);
        if (value == null || !value.isTextual()) {
            throw badRow(file, number, "has no text in the field \"" + field + "\"");
        }
        return value.textValue();
    }

    private AmalgamException damaged(String name, int line, JsonProcessingException cause) {
        return new AmalgamException(
                ErrorCode.BENCHMARK_DATA,
                root.resolve(name) + ":" + line + ": this line is not a JSON object"
                        + (cause == null ? "." : ": " + cause.getOriginalMessage() + "."),
                cause);
    }
}
