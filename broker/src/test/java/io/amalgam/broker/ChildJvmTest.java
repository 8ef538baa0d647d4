package io.amalgam.broker;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class ChildJvmTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    /** A program that is ready at once and stays. */
    static final class Waiting {
        public static void main(String[] arguments) throws InterruptedException {
            System.out.println("ready to wait");
            Thread.sleep(Duration.ofDays(1));
        }
    }

    @Test
    void aChildIsHeardThoughAnotherIsSilent() throws IOException {
        String tests = Path.of(ChildJvmTest.class.getProtectionDomain().getCodeSource().getLocation().getPath()).toString();
        List<ChildJvm> children = new ArrayList<>();
        try {
            for (int number = 0; number < 2; number++) {
                ChildJvm child = ChildJvm.start(new ChildJvm.Command(
                        "child-" + number, List.of("-Xmx32m", "-XX:TieredStopAtLevel=1"), tests, Waiting.class.getName(),
                        List.of(), Map.of(), folder.resolve(number + ".log")));
                children.add(child);
                child.awaitReady(LIMIT);
            }
            assertTrue(children.stream().allMatch(child -> child.process().isAlive()));
        } finally {
            children.forEach(ChildJvm::kill);
        }
    }
}
