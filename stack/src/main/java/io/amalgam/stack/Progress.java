package io.amalgam.stack;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What several merges have got done together: chunks and how fast, then questions of their evaluations. */
final class Progress {
    private static final int BAR_WIDTH = 24;
    private static final double MILESTONE = 0.25;

    private final Set<String> told = new HashSet<>();
    private long firstPlanned;
    private long lastBytes;
    private double bytesPerSecond;
    private String text = "";
    private int milestone = -1;

    /**
     * Takes the newest states.
     *
     * @param merges as recipe-service has them
     * @return whether another quarter of the work is done since this last returned true
     */
    boolean update(List<JsonNode> merges) {
        long chunks = 0;
        long chunksDone = 0;
        long bytes = 0;
        long questions = 0;
        long questionsDone = 0;
        boolean everyMergePlanned = true;
        for (JsonNode merge : merges) {
            everyMergePlanned &= merge.path("chunks").asLong() > 0 || ended(merge);
            chunks += merge.path("chunks").asLong();
            chunksDone += merge.path("chunksDone").asLong();
            bytes += merge.path("bytesRead").asLong() + merge.path("bytesWritten").asLong();
            questions += merge.path("evaluation").path("questions").asLong();
            questionsDone += merge.path("evaluation").path("questionsDone").asLong();
        }
        if (firstPlanned == 0 && chunks > 0) {
            firstPlanned = System.nanoTime();
        }
        if (bytes > lastBytes) {
            lastBytes = bytes;
            bytesPerSecond = bytes / Math.max(1e-3, (System.nanoTime() - firstPlanned) / 1e9);
        }
        text = "chunks " + bar(chunksDone, chunks) + " " + rate(bytesPerSecond);
        if (questions > 0) {
            text += "   questions " + bar(questionsDone, questions);
        }
        // While not every merge is planned the total still grows, and a share of it says little.
        double done = everyMergePlanned ? share(chunksDone, chunks) + share(questionsDone, questions) : 0;
        int reached = (int) (done / MILESTONE);
        boolean another = reached > milestone && chunks > 0;
        if (another) {
            milestone = reached;
        }
        return another;
    }

    /** Returns the bars as one line. */
    String text() {
        return text;
    }

    /** Returns a sentence for each merge or evaluation that has ended since the last call. */
    List<String> newlyEnded(List<JsonNode> merges) {
        List<String> messages = new ArrayList<>();
        for (JsonNode merge : merges) {
            String name = merge.path("name").asText();
            if (ended(merge) && told.add(merge.path("id").asText())) {
                messages.add(name + ": merge " + merge.path("state").asText() + ", "
                        + merge.path("chunksDone").asLong() + " of " + merge.path("chunks").asLong() + " chunks"
                        + reason(merge.path("error")));
            }
            JsonNode evaluation = merge.path("evaluation");
            if (evaluationEnded(merge) && told.add(evaluation.path("id").asText(name + " evaluation"))) {
                messages.add(name + ": evaluation " + evaluation.path("state").asText()
                        + reason(evaluation.path("error")));
            }
        }
        return messages;
    }

    /** Whether every merge has ended, and the evaluation of every completed one too. */
    boolean allSettled(List<JsonNode> merges) {
        for (JsonNode merge : merges) {
            boolean waitsForScores = merge.path("state").asText().equals("completed") && !evaluationEnded(merge);
            if (!ended(merge) || waitsForScores) {
                return false;
            }
        }
        return true;
    }

    private static boolean ended(JsonNode merge) {
        return switch (merge.path("state").asText()) {
            case "completed", "failed", "cancelled" -> true;
            default -> false;
        };
    }

    private static boolean evaluationEnded(JsonNode merge) {
        return switch (merge.path("evaluation").path("state").asText()) {
            case "completed", "failed", "cancelled" -> true;
            default -> false;
        };
    }

    private static String reason(JsonNode error) {
        return error.isMissingNode() || error.isNull()
                ? "" : ": " + error.path("code").asText() + ", " + error.path("message").asText();
    }

    private static double share(long done, long all) {
        return all == 0 ? 0 : (double) done / all;
    }

    private static String bar(long done, long all) {
        int filled = (int) Math.round(share(done, all) * BAR_WIDTH);
        return "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled) + " " + done + "/" + all;
    }

    private static String rate(double bytesPerSecond) {
        return bytesPerSecond >= 1e9
                ? String.format(Locale.ROOT, "%.1f GB/s", bytesPerSecond / 1e9)
                : String.format(Locale.ROOT, "%.1f MB/s", bytesPerSecond / 1e6);
    }
}
