package io.amalgam.evaluation.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.data.BenchmarkVerifier.Finding;
import io.amalgam.evaluation.data.BenchmarkVerifier.State;
import io.amalgam.evaluation.task.TaskCatalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchmarkVerifierTest {

    @TempDir
    Path folder;

    @Test
    void theDataBesideTheProjectAreWhatTheyAreSaidToBe() {
        List<Finding> findings = new BenchmarkVerifier(new BenchmarkFolder(BenchmarkFixtures.folder())).verify();
        for (Finding finding : findings) {
            State expected = switch (finding.benchmark()) {
                case "musr" -> State.SAMPLE;
                case "gpqa" -> State.MISSING;
                default -> State.COMPLETE;
            };
            assertEquals(expected, finding.state(), finding::toString);
        }
        assertEquals(5_761, findings.stream()
                .filter(finding -> finding.benchmark().equals("bbh"))
                .mapToInt(Finding::rows).sum());
    }

    @Test
    void aChangedRowIsFoundButAnotherOrderIsNoDifference() throws IOException {
        Path source = BenchmarkFixtures.folder().resolve("bbh/navigate.jsonl");
        Path copy = folder.resolve("bbh/navigate.jsonl");
        Files.createDirectories(copy.getParent());
        List<String> lines = Files.readAllLines(source);
        Files.write(copy, lines.reversed());
        assertEquals(State.COMPLETE, state("bbh/navigate.jsonl"));
        Files.writeString(copy, Files.readString(source).replaceFirst("steps", "stops"));
        assertEquals(State.DIFFERENT, state("bbh/navigate.jsonl"));
        Files.write(copy, lines.subList(1, lines.size()));
        assertEquals(State.DIFFERENT, state("bbh/navigate.jsonl"));
        Files.writeString(copy, Files.readString(source).substring(1));
        assertEquals(State.DAMAGED, state("bbh/navigate.jsonl"));
    }

    @Test
    void aTaskWhoseDataHaveAnotherDigestIsRefused() throws IOException {
        Path source = BenchmarkFixtures.folder().resolve("bbh");
        Files.createDirectories(folder.resolve("bbh"));
        Files.copy(source.resolve("_task_config.json"), folder.resolve("bbh/_task_config.json"));
        Path copy = folder.resolve("bbh/navigate.jsonl");
        Files.copy(source.resolve("navigate.jsonl"), copy);
        assertEquals(250, TaskCatalog.open(List.of(folder)).find("leaderboard_bbh_navigate").size());
        Files.writeString(copy, Files.readString(copy).replaceFirst("steps", "stops"));
        AmalgamException refusal = assertThrows(
                AmalgamException.class, () -> TaskCatalog.open(List.of(folder)).find("leaderboard_bbh_navigate"));
        assertEquals(ErrorCode.BENCHMARK_DATA, refusal.code());
        assertTrue(refusal.getMessage().contains("has the digest"), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("benchmarks fetch"), refusal.getMessage());
    }

    @Test
    void whatIsMissingIsNamedWithTheWayToGetIt() {
        for (Finding finding : new BenchmarkVerifier(new BenchmarkFolder(folder)).verify()) {
            assertEquals(State.MISSING, finding.state());
            assertTrue(finding.remark().contains("amalgam benchmarks fetch"), finding.remark());
        }
    }

    private State state(String path) {
        return new BenchmarkVerifier(new BenchmarkFolder(folder)).verify().stream()
                .filter(finding -> finding.path().equals(path))
                .findFirst().orElseThrow().state();
    }
}
