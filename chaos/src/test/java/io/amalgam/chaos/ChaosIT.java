package io.amalgam.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The short form of {@code ./amalgam chaos}: two minutes of faults, after which every invariant must hold. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ChaosIT {

    @Test
    void twoMinutesOfFaultsLoseDuplicateAndChangeNothing() throws Exception {
        Path home = Path.of("..").toAbsolutePath().normalize();
        Path target = Path.of("target").toAbsolutePath();
        Path output = target.resolve("chaos-output");
        ProcessBuilder builder = new ProcessBuilder(List.of(home.resolve("amalgam").toString(), "chaos",
                        "--minutes", "2", "--seed", "20261123", "--merge-workers", "2",
                        "--work", target.resolve("chaos").toString()))
                .directory(target.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("AMALGAM_BUILD", "never");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        try {
            int status = process.waitFor();
            String text = Files.readString(output);
            assertEquals(0, status, text);
            assertTrue(text.contains("every invariant held"), text);
            assertTrue(figure(text, "faults injected") > 0, text);
            assertTrue(figure(text, "artifacts published") > 0, text);
            for (String none : List.of("lost", "duplicated", "half-published", "other violations")) {
                assertEquals(0, figure(text, none), text);
            }
            Matcher digests = Pattern.compile("^digests equal to the reference +(\\d+) of (\\d+)$", Pattern.MULTILINE).matcher(text);
            assertTrue(digests.find(), text);
            assertEquals(digests.group(2), digests.group(1), text);
            assertTrue(Integer.parseInt(digests.group(1)) > 0, text);
        } finally {
            process.destroy();
            process.waitFor(60, TimeUnit.SECONDS);
            process.destroyForcibly();
            Reference.remove(target.resolve("chaos/store"));
        }
    }

    private static int figure(String report, String name) {
        Matcher figure = Pattern.compile("^" + name + " +(\\d+)", Pattern.MULTILINE).matcher(report);
        assertTrue(figure.find(), name + " is not in the report: " + report);
        return Integer.parseInt(figure.group(1));
    }
}
