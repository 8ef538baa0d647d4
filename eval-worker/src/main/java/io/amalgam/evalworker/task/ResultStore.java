package io.amalgam.evalworker.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.Version;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.evaluation.task.QuestionResult;
import io.amalgam.events.StoredAnswers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Answers in the artifact store, a document a slice: {@code evaluations/<digest of the model's identity>/<task>/…}. The
 * name says which model, which task and which data; the first line says so again, with the engine, and is checked when
 * the document is read. So what one evaluation has answered no other one asks again, and no model gets another's answers.
 *
 * <p>A document grows: it holds the answers to the first questions of its slice, in their order. Whoever writes writes
 * the whole document, so that two workers on the same slice do no harm.
 */
public final class ResultStore {
    private static final int FORMAT = 1;

    private final ArtifactStore store;
    private final ObjectMapper json = new ObjectMapper();

    /** Results in a store. */
    public ResultStore(ArtifactStore store) {
        this.store = store;
    }

    /**
     * Where a slice's answers are.
     *
     * @param question any question of the slice
     */
    public static String location(String modelIdentity, String task, String taskDigest, int question) {
        return StoredAnswers.location(modelIdentity, task, taskDigest, question);
    }

    /**
     * Reads what is known of a slice. Answers of another version of the engine are as good as none.
     *
     * @param question any question of the slice
     * @throws AmalgamException with {@code DIGEST_MISMATCH} if the document belongs to another model or task
     */
    public Optional<SliceResults> read(String modelIdentity, String task, String taskDigest, int question) {
        String location = location(modelIdentity, task, taskDigest, question);
        Optional<byte[]> content = store.get(location, StoredAnswers.LIMIT);
        if (content.isEmpty()) {
            return Optional.empty();
        }
        List<String> lines = new String(content.get(), StandardCharsets.UTF_8).lines().toList();
        JsonNode header;
        try {
            header = json.readTree(lines.isEmpty() ? "" : lines.getFirst());
        } catch (JsonProcessingException e) {
            throw unreadable(location, e.getOriginalMessage());
        }
        require(location, "model", modelIdentity, header.path("model").asText());
        require(location, "task", task, header.path("task").asText());
        require(location, "taskDigest", taskDigest, header.path("taskDigest").asText());
        require(location, "from", Integer.toString(Slices.start(question)), header.path("from").asText());
        String engine = header.path("engine").asText();
        if (header.path("format").asInt() != FORMAT || !engine.startsWith("amalgam/" + Version.AMALGAM + " ")) {
            return Optional.empty();
        }
        List<QuestionResult> answers = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            QuestionResult answer = QuestionResult.parse(line);
            if (answer.index() != Slices.start(question) + answers.size()) {
                throw unreadable(location, "question " + answer.index() + " is out of order");
            }
            answers.add(answer);
        }
        return Optional.of(new SliceResults(engine, Slices.start(question), answers));
    }

    /** Writes all that is known of a slice, in place of what was there. */
    public void write(String modelIdentity, String task, String taskDigest, SliceResults results) {
        ObjectNode header = json.createObjectNode();
        header.put("format", FORMAT);
        header.put("model", modelIdentity);
        header.put("task", task);
        header.put("taskDigest", taskDigest);
        header.put("from", Integer.toString(results.start()));
        header.put("engine", results.engine());
        StringBuilder text = new StringBuilder(header.toString()).append('\n');
        for (QuestionResult answer : results.answers()) {
            text.append(answer.toJson()).append('\n');
        }
        store.put(location(modelIdentity, task, taskDigest, results.start()),
                text.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static void require(String location, String key, String expected, String seen) {
        if (!expected.equals(seen)) {
            throw new AmalgamException(ErrorCode.DIGEST_MISMATCH, "Stored answers " + location + " have " + key + " "
                    + seen + "; expected " + expected + ". Delete the document to have the questions asked again.");
        }
    }

    private static AmalgamException unreadable(String location, String reason) {
        return new AmalgamException(ErrorCode.DIGEST_MISMATCH, "Stored answers " + location + " cannot be read ("
                + reason + "). Delete the document to have the questions asked again.");
    }
}
