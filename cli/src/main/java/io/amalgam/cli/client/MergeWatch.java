package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.Terminal;
import java.io.PrintWriter;
import java.util.Locale;

/** Follows a merge to its end: a bar on a terminal, a line for each thing that matters elsewhere, JSON for programs. */
final class MergeWatch {

    /** Exit status when the merge failed. */
    static final int FAILED = 1;
    /** Exit status when the merge was cancelled. */
    static final int CANCELLED = 4;

    private static final int BAR_WIDTH = 30;
    private static final double NANOSECONDS = 1e9;
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final Server server;
    private final String merge;
    private final PrintWriter out;
    private final boolean json;
    private final boolean withScores;
    private final boolean terminal;

    private String state = "requested";
    private int chunks;
    private int chunksDone;
    private long bytesRead;
    private long bytesWritten;
    private long firstBytes = -1;
    private long firstNanoseconds;
    private int tensLastTold;

    /**
     * Follows a merge.
     *
     * @param json whether each event is printed as a line of JSON
     * @param withScores whether to wait for the scores, too
     */
    MergeWatch(Server server, String merge, PrintWriter out, boolean json, boolean withScores) {
        this.server = server;
        this.merge = merge;
        this.out = out;
        this.json = json;
        this.withScores = withScores;
        this.terminal = !json && Terminal.drawsOver();
    }

    /** Follows and returns the exit status. */
    int follow() {
        try (EventStream stream = new EventStream(server, merge, null)) {
            while (true) {
                EventStream.ServerEvent event = stream.next();
                JsonNode data = Server.parse(event.data());
                if (json) {
                    print(event, data);
                }
                if (event.name().equals("snapshot") || event.name().equals("end")) {
                    snapshot(data, event.name().equals("snapshot"));
                } else {
                    happened(event.name(), data.path("data"));
                }
                boolean unsuccessful = state.equals("failed") || state.equals("cancelled");
                if (event.name().equals("end") || unsuccessful || state.equals("completed") && !withScores) {
                    finishLine();
                    return state.equals("completed") ? 0 : state.equals("cancelled") ? CANCELLED : FAILED;
                }
            }
        }
    }

    private void print(EventStream.ServerEvent event, JsonNode data) {
        ObjectNode line = JsonNodeFactory.instance.objectNode();
        line.put("id", event.id());
        line.put("type", event.name());
        line.set("data", data);
        out.println(line);
        out.flush();
    }

    private void snapshot(JsonNode view, boolean first) {
        String before = state;
        state = view.path("state").asText();
        chunks = view.path("chunks").asInt();
        chunksDone = view.path("chunksDone").asInt();
        bytesRead = view.path("bytesRead").asLong();
        bytesWritten = view.path("bytesWritten").asLong();
        if (first && !json) {
            line(String.format("%s (%s), %s", view.path("name").asText(), view.path("method").asText(), Display.state(state)));
        }
        JsonNode error = view.path("error");
        if (!state.equals(before) && !error.isMissingNode()) {
            line(Display.state(state) + ": [" + error.path("code").asText() + "] " + error.path("message").asText());
        } else if (first && state.equals("completed")) {
            line("artifact " + view.path("artifact").asText());
        }
        bar();
    }

    private void happened(String name, JsonNode data) {
        switch (name) {
            case "planned" -> {
                state = "running";
                chunks = data.path("chunks").asInt();
                line(String.format("planned: %d chunks, %s to read, %s to write", chunks,
                        Display.bytes(data.path("bytesToRead").asDouble()),
                        Display.bytes(data.path("bytesToWrite").asDouble())));
            }
            case "chunk" -> {
                state = "running";
                chunks = Math.max(chunks, data.path("count").asInt());
                chunksDone = Math.min(chunksDone + 1, chunks);
                bytesRead += data.path("bytesRead").asLong();
                bytesWritten += data.path("length").asLong();
                tellTens();
            }
            case "progress" -> {
                state = "running";
                chunksDone = Math.max(chunksDone, data.path("chunksDone").asInt());
                tellTens();
            }
            case "chunk-failed" -> line(String.format("chunk %d failed on %s (attempt %d): [%s] %s",
                    data.path("index").asInt(), data.path("worker").asText(), data.path("attempt").asInt(),
                    data.path("code").asText(), data.path("message").asText()));
            case "cancellation-requested" -> line("cancellation requested by " + data.path("by").asText());
            case "completed" -> {
                state = "completed";
                chunksDone = chunks;
                line(Display.state("completed") + ": artifact " + data.path("artifact").asText());
            }
            case "failed" -> {
                state = "failed";
                line(Display.state("failed") + ": [" + data.path("code").asText() + "] " + data.path("message").asText());
            }
            case "cancelled" -> {
                state = "cancelled";
                line(Display.state("cancelled"));
            }
            case "score" -> line(score(data));
            case "evaluation-failed" ->
                line("evaluation failed: [" + data.path("code").asText() + "] " + data.path("message").asText());
            case "evaluation-cancelled" -> line("evaluation cancelled");
            case "questions" -> {
                questions(data);
                return;
            }
            default -> {
                // What later versions tell, and what needs no words.
            }
        }
        bar();
    }

    private static String score(JsonNode data) {
        String metric = data.path("primaryMetric").asText();
        return String.format("score: %s %s %s ± %s (n %d, chance %s)", data.path("modelName").asText(),
                data.path("task").asText(), Display.score(data.path("metrics").path(metric).asDouble()),
                Display.score(data.path("standardErrors").path(metric).asDouble()), data.path("questions").asInt(),
                Display.score(data.path("chance").asDouble()));
    }

    /** Without a terminal, a line for every tenth of the way. */
    private void tellTens() {
        int tens = chunks == 0 ? 0 : 10 * chunksDone / chunks;
        if (!terminal && tens > tensLastTold) {
            line(String.format("%d of %d chunks", chunksDone, chunks));
        }
        tensLastTold = tens;
    }

    private void bar() {
        if (!terminal || chunks == 0 || !state.equals("running")) {
            return;
        }
        long bytes = bytesRead + bytesWritten;
        if (firstBytes < 0) {
            firstBytes = bytes;
            firstNanoseconds = System.nanoTime();
        }
        double seconds = (System.nanoTime() - firstNanoseconds) / NANOSECONDS;
        String rate = bytes > firstBytes && seconds > 0 ? Display.bytes((bytes - firstBytes) / seconds) + "/s" : "";
        draw(chunksDone, chunks, "chunks", rate);
    }

    private void questions(JsonNode data) {
        if (terminal) {
            draw(data.path("questionsDone").asInt(), data.path("questions").asInt(), "questions", "");
        }
    }

    private void draw(int done, int all, String what, String rate) {
        int filled = all == 0 ? 0 : (int) Math.min(BAR_WIDTH, (long) BAR_WIDTH * done / all);
        out.print(CLEAR_LINE + String.format(Locale.ROOT, "[%s%s] %d/%d %s  %s",
                "█".repeat(filled), "·".repeat(BAR_WIDTH - filled), done, all, what, rate));
        out.flush();
    }

    private void line(String text) {
        if (json) {
            return;
        }
        out.println(terminal ? CLEAR_LINE + text : text);
        out.flush();
    }

    private void finishLine() {
        if (terminal) {
            out.print(CLEAR_LINE);
            out.flush();
        }
    }
}
