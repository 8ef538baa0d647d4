package io.amalgam.evaluation.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.HubDatasets;
import io.amalgam.engine.source.HubOptions;
import io.amalgam.evaluation.data.BenchmarkInventory.Benchmark;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.TaskCatalog;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fetches from a server of our own that answers as the Hub does. */
class BenchmarkFetcherTest {
    private static final String COMMIT = "0123456789012345678901234567890123456789";
    private static final String TOKEN = "hf_test";

    @TempDir
    Path folder;

    private final Map<String, byte[]> documents = new HashMap<>();
    private final List<String> asked = new ArrayList<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void rowsOfCsvBecomeJsonLinesAndTheCommitIsKept() throws IOException {
        musr();
        assertEquals(
                List.of("musr/murder_mysteries.jsonl", "musr/object_placements.jsonl", "musr/team_allocation.jsonl"),
                fetcher(null, false).fetch(benchmark("musr"), null));
        BenchmarkFolder data = new BenchmarkFolder(folder);
        assertEquals("Who?", data.readLines("musr/team_allocation.jsonl").getFirst().get("question").textValue());
        assertEquals(COMMIT, data.readJson("sources.json").get("TAUR-Lab/MuSR").textValue());

        // What is fetched later comes from the same commit, whatever the main branch is by then.
        asked.clear();
        Files.delete(folder.resolve("musr/team_allocation.jsonl"));
        documents.put(
                "/api/datasets/TAUR-Lab/MuSR/revision/" + COMMIT, documents.remove("/api/datasets/TAUR-Lab/MuSR/revision/main"));
        fetcher(null, false).fetch(benchmark("musr"), null);
        assertEquals("/api/datasets/TAUR-Lab/MuSR/revision/" + COMMIT, asked.getFirst());
    }

    @Test
    void filesThatDifferAreNotReplacedUnlessThatIsAskedFor() throws IOException {
        musr();
        Path own = folder.resolve("musr/team_allocation.jsonl");
        Files.createDirectories(own.getParent());
        Files.writeString(own, "{\"question\": \"my own\"}\n");
        AmalgamException refusal = assertThrows(
                AmalgamException.class, () -> fetcher(null, false).fetch(benchmark("musr"), null));
        assertEquals(ErrorCode.OUTPUT_NOT_EMPTY, refusal.code());
        assertTrue(refusal.getMessage().contains("musr/team_allocation.jsonl"), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("--force"), refusal.getMessage());
        assertEquals("{\"question\": \"my own\"}\n", Files.readString(own));
        assertFalse(Files.exists(folder.resolve("musr/murder_mysteries.jsonl")), "all or nothing");

        assertEquals(3, fetcher(null, false, true).fetch(benchmark("musr"), null).size());
        assertTrue(Files.readString(own).contains("Who?"));
        assertEquals(List.of(), fetcher(null, false).fetch(benchmark("musr"), null), "the same again is no conflict");
    }

    @Test
    void whatWasFetchedIsKnownByItsDigestAndRefusedOnceItChanges() throws IOException {
        musr();
        fetcher(null, false).fetch(benchmark("musr"), null);
        Path file = folder.resolve("musr/team_allocation.jsonl");
        BenchmarkTask task = TaskCatalog.open(List.of(folder)).find("leaderboard_musr_team_allocation");
        assertEquals(1, task.size());
        Files.writeString(file, Files.readString(file).replace("Who?", "Whom?"));
        AmalgamException refusal = assertThrows(AmalgamException.class,
                () -> TaskCatalog.open(List.of(folder)).find("leaderboard_musr_team_allocation"));
        assertEquals(ErrorCode.BENCHMARK_DATA, refusal.code());
        assertTrue(refusal.getMessage().contains("digest"), refusal.getMessage());
    }

    @Test
    void parquetRowsAreFoundByConfigurationAndSplit() throws IOException {
        byte[] parquet;
        try (InputStream stream = BenchmarkFetcherTest.class.getResourceAsStream("questions.parquet")) {
            parquet = stream.readAllBytes();
        }
        dataset("TIGER-Lab/MMLU-Pro", Map.of(
                "data/test-00000-of-00001.parquet", parquet, "data/validation-00000-of-00001.parquet", parquet,
                "README.md", bytes("text")));
        fetcher(null, false).fetch(benchmark("mmlu_pro"), null);
        assertEquals(6, new BenchmarkFolder(folder).readLines("mmlu_pro/test.jsonl").size());
    }

    @Test
    void onlyTheHardestProblemsOfMathAreKept() throws IOException {
        Map<String, byte[]> files = new HashMap<>();
        for (BenchmarkInventory.DataFile file : benchmark("math_hard").files()) {
            files.put(file.config() + "/test.jsonl", bytes("""
                    {"problem":"p","level":"Level 5","solution":"$\\\\boxed{1}$"}
                    {"problem":"q","level":"Level 4","solution":"$\\\\boxed{2}$"}
                    """));
        }
        dataset("DigitalLearningGmbH/MATH-lighteval", files);
        fetcher(null, false).fetch(benchmark("math_hard"), null);
        assertEquals(1, new BenchmarkFolder(folder).readLines("math_hard/algebra.jsonl").size());
    }

    @Test
    void aGatedDataSetIsRefusedWithTheWayToGetIt() throws IOException {
        dataset("Idavidrein/gpqa", Map.of("gpqa_main.csv", bytes("Question\nx\n")));
        AmalgamException refusal = assertThrows(
                AmalgamException.class, () -> fetcher(null, false).fetch(benchmark("gpqa"), null));
        assertEquals(ErrorCode.BENCHMARK_DATA, refusal.code());
        assertTrue(refusal.getMessage().contains("HF_TOKEN"), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("gated"), refusal.getMessage());
        assertFalse(refusal.getMessage().contains(TOKEN));
    }

    @Test
    void withATokenAGatedDataSetIsFetched() throws IOException {
        byte[] csv = bytes("Question,Correct Answer\nx,y\n");
        dataset("Idavidrein/gpqa", Map.of(
                "gpqa_main.csv", csv, "gpqa_diamond.csv", csv, "gpqa_extended.csv", csv));
        assertEquals(3, fetcher(TOKEN, false).fetch(benchmark("gpqa"), null).size());
        assertEquals("Question,Correct Answer\nx,y\n", Files.readString(folder.resolve("gpqa/gpqa_main.csv")));
    }

    @Test
    void offlineOnlyTheCacheIsRead() throws IOException {
        AmalgamException refusal = assertThrows(
                AmalgamException.class, () -> fetcher(null, true).fetch(benchmark("musr"), null));
        assertTrue(refusal.getMessage().contains("HF_HUB_OFFLINE"), refusal.getMessage());
        assertEquals(List.of(), asked);

        Path repository = folder.resolve("cache/datasets--TAUR-Lab--MuSR");
        Files.createDirectories(repository.resolve("refs"));
        Files.writeString(repository.resolve("refs/main"), COMMIT);
        Files.createDirectories(repository.resolve("snapshots/" + COMMIT));
        for (String name : List.of("murder_mystery.csv", "object_placements.csv", "team_allocation.csv")) {
            Files.writeString(repository.resolve("snapshots/" + COMMIT + "/" + name), "question\nWho?\n");
        }
        assertEquals(3, fetcher(null, true).fetch(benchmark("musr"), null).size());
        assertEquals(List.of(), asked);
    }

    @Test
    void aDataSetThatIsLaidOutOtherwiseIsNamed() throws IOException {
        dataset("TAUR-Lab/MuSR", Map.of("README.md", bytes("moved")));
        AmalgamException refusal = assertThrows(
                AmalgamException.class, () -> fetcher(null, false).fetch(benchmark("musr"), null));
        assertEquals(ErrorCode.BENCHMARK_DATA, refusal.code());
        assertTrue(refusal.getMessage().contains(COMMIT), refusal.getMessage());
    }

    @Test
    void promptsAndPunktAreTakenAsTheyAre() throws IOException {
        BenchmarkFolder data = new BenchmarkFolder(BenchmarkFixtures.folder());
        Path harness = folder.resolve("harness/lm_eval/tasks/leaderboard");
        Files.createDirectories(harness.resolve("bbh_mc"));
        Files.createDirectories(harness.resolve("math"));
        data.readJson("bbh/_task_config.json").properties().forEach(subtask -> {
            // JSON is YAML: a file in the harness's form with the same texts.
            String yaml = "{\"dataset_name\": \"" + subtask.getKey() + "\", \"description\": "
                    + subtask.getValue().get("description") + ", \"doc_to_choice\": " + subtask.getValue().get("choices")
                    + ", \"fewshot_config\": {\"sampler\": \"first_n\", \"samples\": "
                    + subtask.getValue().get("fewshot") + "}}";
            write(harness.resolve("bbh_mc/" + subtask.getKey() + ".yaml"), yaml);
        });
        var tables = data.readJson("math_hard/_minerva_normalisation_tables.json");
        write(harness.resolve("math/utils.py"), "import re\n\ndef list_fewshot_samples() -> list[dict]:\n    return "
                + data.readJson("math_hard/_fewshot.json") + "\n\nSUBSTITUTIONS = " + tables.get("SUBSTITUTIONS")
                + "\nREMOVED_EXPRESSIONS = " + tables.get("REMOVED_EXPRESSIONS") + "\n");
        Path table = folder.resolve("math_hard/_minerva_normalisation_tables.json");
        Files.createDirectories(table.getParent());
        Files.writeString(table, "{}");
        AmalgamException refusal = assertThrows(
                AmalgamException.class, () -> fetcher(null, true).takePrompts(folder.resolve("harness")));
        assertEquals(ErrorCode.OUTPUT_NOT_EMPTY, refusal.code());
        assertEquals("{}", Files.readString(table));
        assertFalse(Files.exists(folder.resolve("bbh/_task_config.json")), "all or nothing");
        fetcher(null, true, true).takePrompts(folder.resolve("harness"));
        BenchmarkFolder taken = new BenchmarkFolder(folder);
        for (String file : List.of(
                "bbh/_task_config.json", "math_hard/_fewshot.json", "math_hard/_minerva_normalisation_tables.json")) {
            assertEquals(data.readJson(file), taken.readJson(file));
        }

        var punkt = data.readJson("ifeval/punkt_english/punkt_english.json");
        Path english = folder.resolve("nltk/tokenizers/punkt_tab/english");
        Files.createDirectories(english);
        StringBuilder lines = new StringBuilder();
        punkt.get("abbrev_types").forEach(type -> lines.append(type.textValue()).append('\n'));
        write(english.resolve("abbrev_types.txt"), lines.toString());
        lines.setLength(0);
        punkt.get("sent_starters").forEach(type -> lines.append(type.textValue()).append('\n'));
        write(english.resolve("sent_starters.txt"), lines.toString());
        lines.setLength(0);
        punkt.get("collocations").forEach(pair ->
                lines.append(pair.get(0).textValue()).append('\t').append(pair.get(1).textValue()).append('\n'));
        write(english.resolve("collocations.tab"), lines.toString());
        lines.setLength(0);
        punkt.get("ortho_context").properties().forEach(word ->
                lines.append(word.getKey()).append('\t').append(word.getValue().intValue()).append('\n'));
        write(english.resolve("ortho_context.tab"), lines.toString());
        fetcher(null, true).takePunkt(folder.resolve("nltk"));
        for (String part : List.of("abbrev_types", "sent_starters", "collocations", "ortho_context")) {
            assertEquals(punkt.get(part), taken.readJson("ifeval/punkt_english/punkt_english.json").get(part), part);
        }
    }

    private void musr() {
        byte[] csv = bytes("narrative,question,choices,answer_index,answer_choice\n\"A, b\",Who?,\"['x', 'y']\",0,x\n");
        dataset("TAUR-Lab/MuSR", Map.of(
                "murder_mystery.csv", csv, "object_placements.csv", csv, "team_allocation.csv", csv));
    }

    private void dataset(String name, Map<String, byte[]> files) {
        StringBuilder siblings = new StringBuilder();
        files.forEach((file, content) -> {
            siblings.append(siblings.isEmpty() ? "" : ",").append("{\"rfilename\":\"").append(file).append("\"}");
            documents.put("/datasets/" + name + "/resolve/" + COMMIT + "/" + file, content);
        });
        documents.put(
                "/api/datasets/" + name + "/revision/main",
                bytes("{\"sha\":\"" + COMMIT + "\",\"siblings\":[" + siblings + "]}"));
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        asked.add(path);
        byte[] content = documents.get(path);
        boolean authorised = ("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"));
        int status = content == null ? 404 : path.contains("gpqa") && !authorised ? 403 : 200;
        if (status != 200) {
            exchange.sendResponseHeaders(status, -1);
        } else {
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content);
        }
        exchange.close();
    }

    private BenchmarkFetcher fetcher(String token, boolean offline) {
        return fetcher(token, offline, false);
    }

    private BenchmarkFetcher fetcher(String token, boolean offline, boolean force) {
        URI endpoint = URI.create("http://" + server.getAddress().getAddress().getHostAddress() + ":"
                + server.getAddress().getPort());
        return new BenchmarkFetcher(folder, new HubDatasets(new HubOptions(
                endpoint, folder.resolve("cache"), token, offline, 2, Duration.ofMillis(10), Duration.ofSeconds(5))),
                force);
    }

    private static Benchmark benchmark(String name) {
        return BenchmarkInventory.benchmarks().stream()
                .filter(benchmark -> benchmark.name().equals(name)).findFirst().orElseThrow();
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
