package io.amalgam.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The short form of {@code ./amalgam fuzz}: every seed, everything that was ever found, and some thousand changed ones by
 * a fixed seed.
 */
@Timeout(120)
class FuzzRegressionTest {

    private static final int CHANGED = 4_000;
    private static final Path FINDINGS = Path.of("src", "test", "resources", "findings");

    static Stream<FuzzTarget> targets() {
        return FuzzTarget.ALL.stream();
    }

    @ParameterizedTest
    @MethodSource("targets")
    void noInputBreaksAParser(FuzzTarget target) throws Exception {
        List<byte[]> inputs = new ArrayList<>(target.seeds());
        assertFalse(inputs.isEmpty());
        Path findings = FINDINGS.resolve(target.name());
        if (Files.isDirectory(findings)) {
            try (Stream<Path> files = Files.list(findings)) {
                for (Path file : files.sorted().toList()) {
                    inputs.add(Files.readAllBytes(file));
                }
            }
        }
        inputs.forEach(input -> run(target, input));
        Mutator mutator = new Mutator(20_261_123);
        for (int number = 0; number < CHANGED; number++) {
            run(target, mutator.next(inputs));
        }
    }

    private static void run(FuzzTarget target, byte[] input) {
        try {
            target.run(input);
        } catch (RuntimeException | Error finding) {
            throw new AssertionError(target.name() + " breaks on " + HexFormat.of().formatHex(input), finding);
        }
    }
}
