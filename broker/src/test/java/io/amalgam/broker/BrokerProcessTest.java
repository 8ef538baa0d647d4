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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the rest of the line relies on: share groups, long locks, data that survive a crash, and no orphan. */
@Timeout(600)
class BrokerProcessTest {
    private static final String GROUP = "workers";
    private static final String TOPIC = "work";

    @TempDir
    Path folder;

    @Test
    void aShareGroupHandsOutEachRecordAndTheDataSurviveACrash() throws Exception {
        Path directory = folder.resolve("broker");
        int port;
        try (BrokerProcess broker = BrokerProcess.start(directory)) {
            port = broker.port();
            createTopicAndGroup(broker);
            publish(broker, "one", "two", "three");
            assertEquals(List.of("one", "three", "two"), consume(broker, 3));
            publish(broker, "four");
            broker.kill();
            assertFalse(broker.process().isAlive());
        }
        try (BrokerProcess broker = BrokerProcess.start(directory, port, Map.of(), folder.resolve("again.log"))) {
            assertEquals(List.of("four"), consume(broker, 1), "what was acknowledged does not come back");
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

    private static void createTopicAndGroup(BrokerProcess broker) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, Optional.of(3), Optional.empty()))).all().get();
            ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, GROUP);
            Collection<AlterConfigOp> settings = List.of(
                    set("share.record.lock.duration.ms", Long.toString(Duration.ofMinutes(15).toMillis())),
                    set("share.auto.offset.reset", "earliest"));
            admin.incrementalAlterConfigs(Map.of(group, settings)).all().get();
        }
    }

    private static AlterConfigOp set(String key, String value) {
        return new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET);
    }

    private static void publish(BrokerProcess broker, String... values) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "acks", "all"),
                new StringSerializer(), new StringSerializer())) {
            for (String value : values) {
                producer.send(new ProducerRecord<>(TOPIC, value, value)).get();
            }
        }
    }

    /** Consumes and accepts that many records; returns their values, sorted. */
    private static List<String> consume(BrokerProcess broker, int count) {
        List<String> values = new ArrayList<>();
        try (KafkaShareConsumer<String, String> consumer = new KafkaShareConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "group.id", GROUP,
                        "share.acknowledgement.mode", "explicit"),
                new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(TOPIC));
            while (values.size() < count) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
                    values.add(record.value());
                    consumer.acknowledge(record, AcknowledgeType.ACCEPT);
                }
                consumer.commitSync();
            }
        }
        values.sort(null);
        return values;
    }
}
