package io.amalgam.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The report is run as the launcher runs it: from its source, with nothing but the JDK. */
class TestReportTest {
    private static final String SOURCE = "src/main/java/io/amalgam/stack/TestReport.java";

    @TempDir
    Path project;

    private record Outcome(int status, List<String> lines) {
    }

    private Outcome report(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), SOURCE));
        command.addAll(List.of(options));
        command.add(project.toString());
        Path output = project.resolve("output");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        return new Outcome(process.waitFor(), Files.readAllLines(output));
    }

    private void write(String module, String folder, String... cases) throws IOException {
        Path reports = Files.createDirectories(project.resolve(module).resolve("target").resolve(folder));
        Files.writeString(reports.resolve("TEST-a.XTest.xml"),
                "<testsuite>" + String.join("", cases) + "</testsuite>");
    }

    private static String testCase(String name, String inside) {
        return "<testcase classname=\"a.XTest\" name=\"" + name + "\">" + inside + "</testcase>";
    }

    @Test
    void theLastLineCountsTheTestsOfAllModules() throws Exception {
        write("engine", "surefire-reports", testCase("one", ""), testCase("two", ""));
        write("stack", "failsafe-reports", testCase("three", ""),
                testCase("four", "<skipped message=\"Assumption failed: no container engine\"/>"),
                testCase("five", "<skipped type=\"x\"><![CDATA[org.opentest4j.TestAbortedException: "
                        + "Assumption failed: no container engine\n]]></skipped>"));
        Outcome outcome = report();
        assertEquals("3 passed, 0 failed, 2 skipped", outcome.lines().getLast());
        assertTrue(outcome.lines().contains("  stack: XTest.five"), outcome.lines().toString());
        assertTrue(outcome.lines().contains("SKIPPED because: no container engine"), outcome.lines().toString());
        assertEquals(0, outcome.status());
    }

    @Test
    void failuresAndErrorsAreNamedAndFail() throws Exception {
        write("engine", "surefire-reports", testCase("one", ""),
                testCase("two", "<failure message=\"expected: 1 but was: 2\"/>"),
                testCase("three", "<error message=\"\" type=\"java.lang.NullPointerException\"/>"));
        Outcome outcome = report();
        assertEquals("1 passed, 2 failed, 0 skipped", outcome.lines().getLast());
        assertTrue(outcome.lines().contains("  engine: XTest.two: expected: 1 but was: 2"), outcome.lines().toString());
        assertEquals(1, outcome.status());
    }

    @Test
    void nothingPassedIsNoSuccess() throws Exception {
        assertEquals(1, report().status());
    }

    @Test
    void aBrokenBuildFailsWhateverPassed() throws Exception {
        write("engine", "surefire-reports", testCase("one", ""));
        assertEquals(1, report("--build-failed").status());
    }

    @Test
    void inContinuousIntegrationTheBenchmarksMustBeThere() throws Exception {
        write("evaluation", "surefire-reports", testCase("one", ""),
                testCase("two", "<skipped message=\"AMALGAM_BENCHMARKS names no folder\"/>"));
        assertEquals(0, report().status());
        Outcome outcome = report("--require-benchmarks");
        assertEquals("1 passed, 0 failed, 1 skipped", outcome.lines().getLast());
        assertEquals(1, outcome.status());
    }
}
