package io.amalgam.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code plan --report} as a person and as a machine see it. */
class PlanReportTest {

    private static final Path MODELS =
            Path.of("../engine/src/test/resources/golden/models").toAbsolutePath().normalize();

    @TempDir
    private Path folder;

    private Path recipe(String method, String... models) throws IOException {
        StringBuilder text = new StringBuilder("merge_method: " + method + "\n");
        if (!method.equals("linear")) {
            text.append("base_model: ").append(MODELS.resolve("llama-base")).append('\n');
        }
        text.append("models:\n");
        for (String model : models) {
            text.append("- {model: ").append(MODELS.resolve(model)).append(", parameters: {weight: 0.5}}\n");
        }
        Path file = folder.resolve("recipe.yml");
        Files.writeString(file, text);
        return file;
    }

    @Test
    void theTableHasARowForEveryModuleOfEveryLayer() throws IOException {
        CommandRun run = CommandRun.of("plan", recipe("task_arithmetic", "llama-a", "llama-b"), "--report");
        assertEquals(0, run.status(), run.err());
        List<String> lines = run.out().lines().toList();
        String header = lines.stream().filter(line -> line.startsWith("layer ")).findFirst().orElseThrow();
        assertTrue(header.matches("layer +module +length 1 +length 2 +cosine 1·2 +conflict"), header);
        assertTrue(
                lines.stream().anyMatch(line -> line.matches(
                        "model\\.layers\\.0 +self_attn +\\d+\\.\\d\\d% +\\d+\\.\\d\\d% +-?\\d\\.\\d{3} +\\d+\\.\\d\\d%")),
                run.out());
        assertTrue(lines.stream().anyMatch(line -> line.matches(" +model\\.embed_tokens .*")), run.out());
        assertTrue(lines.getLast().startsWith("all "), run.out());
    }

    @Test
    void manyModelsHaveTheirMeanAndLowestCosine() throws IOException {
        CommandRun run = CommandRun.of(
                "plan", recipe("linear", "llama-base", "llama-a", "llama-b", "llama-c"), "--report", "--threads", 1);
        assertEquals(0, run.status(), run.err());
        assertTrue(run.out().contains("mean cosine"), run.out());
        assertTrue(run.out().contains("without a base model"), run.out());
    }

    @Test
    void theJsonHasTheReportOnlyIfItWasAskedFor() throws IOException {
        Path recipe = recipe("ties", "llama-a", "llama-b");
        ObjectMapper json = new ObjectMapper();
        assertTrue(json.readTree(CommandRun.of("plan", recipe, "--json").out()).get("report").isNull());
        JsonNode report = json.readTree(CommandRun.of("plan", recipe, "--json", "--report").out()).get("report");
        assertEquals(1, report.get("schemaVersion").asInt());
        assertEquals("TASK_VECTORS", report.get("total").get("compared").asText());
        assertEquals(2, report.get("total").get("vectors").size());
        assertEquals(1, report.get("total").get("pairs").size());
        assertFalse(report.get("rows").isEmpty());
    }
}
