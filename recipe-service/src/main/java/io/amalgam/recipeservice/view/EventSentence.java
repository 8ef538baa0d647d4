package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;

/** Says in a sentence what an event of a merge tells, for pages and terminals. */
final class EventSentence {

    private EventSentence() {
    }

    /** The sentence of an event. */
    static String of(String type, JsonNode data) {
        return switch (type) {
            case "requested" -> "Requested: " + text(data, "name") + " by " + text(data, "method");
            case "planned" -> "Planned: " + data.path("chunks").asInt() + " chunks, "
                    + ByteCount.text(data.path("bytesToRead").asLong()) + " to read, "
                    + ByteCount.text(data.path("bytesToWrite").asLong()) + " to write";
            case "progress" -> data.path("chunksDone").asInt() + " of " + data.path("chunks").asInt()
                    + " chunks, " + ByteCount.text(data.path("bytesRead").asLong()) + " read, "
                    + ByteCount.text(data.path("bytesWritten").asLong()) + " written";
            case "chunk" -> "Chunk " + data.path("index").asInt() + (data.path("reused").asBoolean()
                    ? " taken from an earlier merge by " + text(data, "worker")
                    : " written by " + text(data, "worker") + " in " + data.path("milliseconds").asLong() + " ms ("
                            + ByteCount.text(data.path("length").asLong()) + ")");
            case "chunk-failed" -> "Chunk " + data.path("index").asInt() + " failed at attempt "
                    + data.path("attempt").asInt() + " on " + text(data, "worker") + ": " + failure(data);
            case "cancellation-requested" -> "Cancellation asked for" + by(data);
            case "completed" -> "Completed: the artifact is visible";
            case "failed" -> "Failed: " + failure(data);
            case "cancelled" -> "Cancelled" + by(data);
            case "artifact" -> "Artifact of " + ByteCount.text(data.path("bytes").asLong()) + " made of "
                    + Math.max(0, data.path("models").size() - 1) + " models";
            case "questions" -> data.path("questionsDone").asLong() + " of " + data.path("questions").asLong()
                    + " questions answered (" + text(data, "task") + ")";
            case "score" -> text(data, "modelName") + " scored " + score(data) + " on " + text(data, "task");
            case "evaluation-completed" -> "All scores are there";
            case "evaluation-failed" -> "Scoring failed: " + failure(data);
            case "evaluation-cancelled" -> "Scoring was cancelled" + by(data);
            default -> type;
        };
    }

    private static String score(JsonNode data) {
        String metric = data.path("primaryMetric").asText();
        return String.format(Locale.ROOT, "%.3f ± %.3f", data.path("metrics").path(metric).asDouble(),
                data.path("standardErrors").path(metric).asDouble());
    }

    private static String failure(JsonNode data) {
        return text(data, "code") + ", " + text(data, "message");
    }

    private static String by(JsonNode data) {
        String who = text(data, "by");
        String why = text(data, "reason");
        return (who.isEmpty() ? "" : " by " + who) + (why.isEmpty() ? "" : ": " + why);
    }

    private static String text(JsonNode data, String field) {
        return data.path(field).asText("");
    }
}
