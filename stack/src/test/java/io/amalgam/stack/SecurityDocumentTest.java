package io.amalgam.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of attacks in {@code docs/security.md}: each is there once and names a test that exists. */
class SecurityDocumentTest {

    private static final Pattern ROW = Pattern.compile("\\| (.+) \\| (.+) \\| `(\\w+)\\.(\\w+)` \\|");
    private static final int FEWEST = 60;

    @Test
    void everyAttackHasATestThatExists() throws IOException {
        Map<String, String> tests = testSources();
        Set<String> attacks = new HashSet<>();
        List<String> missing = new ArrayList<>();
        for (String line : Files.readAllLines(Launcher.home().resolve("docs/security.md"))) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                assertTrue(attacks.add(row.group(1)), "twice: " + row.group(1));
                if (!hasTest(tests.getOrDefault(row.group(3), ""), row.group(4))) {
                    missing.add(row.group(3) + "." + row.group(4));
                }
            }
        }
        assertEquals(List.of(), missing, "tests that do not exist");
        assertTrue(attacks.size() >= FEWEST, attacks.size() + " attacks");
    }

    /** Whether a source has a method of that name with an annotation of a test, behind the end of the one before it. */
    private static boolean hasTest(String source, String method) {
        int place = source.indexOf("void " + method + "(");
        if (place < 0) {
            return false;
        }
        String annotations = source.substring(Math.max(0, source.lastIndexOf("\n    }\n", place)), place);
        return annotations.contains("@Test") || annotations.contains("@ParameterizedTest");
    }

    private static Map<String, String> testSources() throws IOException {
        Map<String, String> sources = new HashMap<>();
        List<Path> modules;
        try (Stream<Path> folders = Files.list(Launcher.home())) {
            modules = folders.map(folder -> folder.resolve("src/test/java")).filter(Files::isDirectory).toList();
        }
        for (Path module : modules) {
            try (Stream<Path> files = Files.walk(module)) {
                for (Path file : files.filter(path -> path.toString().endsWith("Test.java")).toList()) {
                    sources.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
                }
            }
        }
        return sources;
    }
}
