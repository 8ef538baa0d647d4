package io.amalgam.evaluation.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.evaluation.data.BenchmarkVerifier.Finding;
import io.amalgam.evaluation.data.BenchmarkVerifier.State;
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
