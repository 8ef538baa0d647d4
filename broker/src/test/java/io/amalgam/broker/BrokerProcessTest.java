package io.amalgam.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the rest of the line relies on: share groups, long locks, data that survive a crash, and no orphan. */
@Timeout(600)
class BrokerProcessTest {
    @TempDir
    Path folder;

    @Test
    void aShareGroupHandsOutEachRecordAndTheDataSurviveACrash() throws Exception {
        Path directory = folder.resolve("broker");
        int port;
        try (BrokerProcess broker = BrokerProcess.start(directory)) {
            port = broker.port();
            WorkQueueCheck.createTopicAndGroup(broker.bootstrapServers());
            WorkQueueCheck.publish(broker.bootstrapServers(), "one", "two", "three");
            assertEquals(List.of("one", "three", "two"), WorkQueueCheck.consume(broker.bootstrapServers(), 3));
            WorkQueueCheck.publish(broker.bootstrapServers(), "four");
            broker.kill();
            assertFalse(broker.process().isAlive());
        }
        try (BrokerProcess broker = BrokerProcess.start(directory, port, Map.of(), folder.resolve("again.log"))) {
            assertEquals(List.of("four"), WorkQueueCheck.consume(broker.bootstrapServers(), 1),
                    "what was acknowledged does not come back");
        }
    }

    @Test
    void topicsAreNotMadeByATypingError() throws Exception {
        try (BrokerProcess broker = BrokerProcess.start(folder.resolve("broker"));
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            ExecutionException refused = assertThrows(ExecutionException.class,
                    () -> admin.describeTopics(List.of("mergs")).allTopicNames().get());
            assertTrue(refused.getCause() instanceof UnknownTopicOrPartitionException, refused.toString());
        }
    }

    @Test
    void aDirectoryWithOtherFilesIsRefused() throws IOException {
        Path directory = Files.createDirectories(folder.resolve("mine"));
        Files.writeString(directory.resolve("thesis.txt"), "irreplaceable");
        assertThrows(IOException.class, () -> BrokerProcess.start(directory).close());
        assertEquals("irreplaceable", Files.readString(directory.resolve("thesis.txt")));
    }

    @Test
    void theBrokerEndsWhenItsParentIsKilled() throws Exception {
        Process parent = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m",
                "-cp", System.getProperty("java.class.path"), Parent.class.getName(),
                folder.resolve("broker").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader reader = new BufferedReader(
                new InputStreamReader(parent.getInputStream(), StandardCharsets.UTF_8))) {
            ProcessHandle broker = ProcessHandle.of(Long.parseLong(reader.readLine())).orElseThrow();
            assertTrue(broker.isAlive());
            parent.destroyForcibly().waitFor();
            broker.onExit().get(120, TimeUnit.SECONDS);
        } finally {
            parent.destroyForcibly();
        }
    }

    /** Starts a broker, prints its process id and waits to be killed. */
    static final class Parent {
        public static void main(String[] arguments) throws Exception {
            BrokerProcess broker = BrokerProcess.start(Path.of(arguments[0]));
            System.out.println(broker.process().pid());
            broker.process().waitFor();
        }
    }
}
