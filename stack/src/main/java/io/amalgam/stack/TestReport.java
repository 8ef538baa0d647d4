package io.amalgam.stack;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * What all modules' tests came to: {@code TestReport [--build-failed] [--require-benchmarks] PROJECT}. Reads the reports
 * that Surefire and Failsafe wrote, names what failed and what was skipped and why, and ends with one line
 * {@code N passed, N failed, N skipped}. Needs the JDK alone, because the launcher runs this file as it is, also when
 * nothing could be built.
 */
public final class TestReport {
    /** The reason of a test that is skipped because the public benchmarks' data are not there names this variable. */
    private static final String BENCHMARKS = "AMALGAM_BENCHMARKS";

    private final TreeMap<String, List<String>> skippedByReason = new TreeMap<>();
    private final List<String> failed = new ArrayList<>();
    private int passed;
    private int skipped;

    private TestReport() {
    }

    /**
     * Prints the report and exits: with status 0 if tests ran and none failed.
     *
     * @param arguments see the class
     */
    public static void main(String[] arguments) throws Exception {
        boolean buildFailed = false;
        boolean requireBenchmarks = false;
        Path project = Path.of(".");
        for (String argument : arguments) {
            switch (argument) {
                case "--build-failed" -> buildFailed = true;
                case "--require-benchmarks" -> requireBenchmarks = true;
                default -> project = Path.of(argument);
            }
        }
        TestReport report = new TestReport();
        report.read(project);
        System.exit(report.print(buildFailed, requireBenchmarks));
    }

    private void read(Path project) throws IOException, ParserConfigurationException, SAXException {
        try (DirectoryStream<Path> modules = Files.newDirectoryStream(project, Files::isDirectory)) {
            for (Path module : modules) {
                readFolder(module, "surefire-reports");
                readFolder(module, "failsafe-reports");
            }
        }
    }

    private void readFolder(Path module, String folder) throws IOException, ParserConfigurationException, SAXException {
        Path reports = module.resolve("target").resolve(folder);
        if (!Files.isDirectory(reports)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(reports, "TEST-*.xml")) {
            for (Path file : files) {
                NodeList cases = DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder()
                        .parse(file.toFile()).getElementsByTagName("testcase");
                for (int i = 0; i < cases.getLength(); i++) {
                    count(module.getFileName().toString(), (Element) cases.item(i));
                }
            }
        }
    }

    private void count(String module, Element testCase) {
        String className = testCase.getAttribute("classname");
        String name = module + ": " + className.substring(className.lastIndexOf('.') + 1)
                + (testCase.getAttribute("name").isEmpty() ? "" : "." + testCase.getAttribute("name"));
        Element failure = first(testCase, "failure", "error");
        Element skip = first(testCase, "skipped");
        if (failure != null) {
            failed.add(name + ": " + reason(failure));
        } else if (skip != null) {
            skipped++;
            String reason = reason(skip)
                    .replaceFirst("^(org\\.opentest4j\\.TestAbortedException: )?(Assumption failed: )?", "");
            skippedByReason.computeIfAbsent(reason, key -> new ArrayList<>()).add(name);
        } else {
            passed++;
        }
    }

    /** The first line of the message, which is an attribute or, of an aborted test, the element's text. */
    private static String reason(Element element) {
        String message = element.getAttribute("message").isBlank()
                ? element.getTextContent() : element.getAttribute("message");
        return message.strip().lines().findFirst().orElse(
                element.getAttribute("type").isEmpty() ? "no reason given" : element.getAttribute("type"));
    }

    private static Element first(Element testCase, String... names) {
        for (String name : names) {
            NodeList found = testCase.getElementsByTagName(name);
            if (found.getLength() > 0) {
                return (Element) found.item(0);
            }
        }
        return null;
    }

    private int print(boolean buildFailed, boolean requireBenchmarks) {
        boolean benchmarksMissing = false;
        System.out.println();
        for (var entry : skippedByReason.entrySet()) {
            System.out.println("SKIPPED because: " + entry.getKey());
            entry.getValue().forEach(name -> System.out.println("  " + name));
            benchmarksMissing |= entry.getKey().contains(BENCHMARKS);
        }
        if (!failed.isEmpty()) {
            System.out.println("FAILED");
            failed.forEach(name -> System.out.println("  " + name));
        }
        if (buildFailed) {
            System.out.println("The build failed: not every test could run.");
        }
        if (requireBenchmarks && benchmarksMissing) {
            System.out.println("In CI the benchmarks' data must be there; tests that need them were skipped.");
        }
        if (passed == 0) {
            System.out.println("No test passed.");
        }
        System.out.println();
        System.out.println(passed + " passed, " + failed.size() + " failed, " + skipped + " skipped");
        boolean good = passed > 0 && failed.isEmpty() && !buildFailed && !(requireBenchmarks && benchmarksMissing);
        return good ? 0 : 1;
    }
}
