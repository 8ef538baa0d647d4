package io.amalgam.broker;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * A Kafka broker and controller in one process: Kafka's own server, formatted on first use.
 *
 * <p>{@code BrokerMain --directory DIR --port P [--controller-port C] [--KEY=VALUE …]}; a {@code --KEY=VALUE} sets a
 * broker property. When the broker serves requests, one line {@code ready HOST:PORT} is written to standard output.
 * The data in DIR survive the process; a second start continues with them.
 *
 * <p>This is a broker for one machine (listening on the loopback address, replication 1), for the demo, for tests and
 * for a laptop. A cluster brings its own Kafka.
 */
public final class BrokerMain {
    private static final int NODE = 1;

    private BrokerMain() {
    }

    /**
     * Starts the broker and waits until it ends.
     *
     * @param arguments see the class
     * @throws Exception if the directory cannot be formatted or the broker cannot start
     */
    public static void main(String[] arguments) throws Exception {
        Path directory = null;
        int port = 0;
        int controllerPort = 0;
        Map<String, String> overrides = new HashMap<>();
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--directory" -> directory = Path.of(arguments[++i]);
                case "--port" -> port = Integer.parseInt(arguments[++i]);
                case "--controller-port" -> controllerPort = Integer.parseInt(arguments[++i]);
                default -> {
                    String argument = arguments[i];
                    int equals = argument.indexOf('=');
                    if (!argument.startsWith("--") || equals < 0) {
                        throw new IllegalArgumentException("unknown argument " + argument);
                    }
                    overrides.put(argument.substring(2, equals), argument.substring(equals + 1));
                }
            }
        }
        if (directory == null || port == 0) {
            throw new IllegalArgumentException("--directory and --port are required");
        }
        if (controllerPort == 0) {
            controllerPort = BrokerProcess.freePort();
        }
        run(directory, port, controllerPort, overrides);
    }

    private static void run(Path directory, int port, int controllerPort, Map<String, String> overrides)
            throws Exception {
        Map<String, String> properties = properties(directory, port, controllerPort);
        properties.putAll(overrides);
        format(directory);
        KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.shutdown();
            server.awaitShutdown();
        }, "broker-shutdown"));
        server.startup();
        System.out.println("ready " + BrokerProcess.HOST + ":" + port);
        System.out.flush();
        server.awaitShutdown();
    }

    private static Map<String, String> properties(Path directory, int port, int controllerPort) {
        Map<String, String> properties = new HashMap<>();
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", Integer.toString(NODE));
        properties.put("controller.quorum.voters", NODE + "@" + BrokerProcess.HOST + ":" + controllerPort);
        properties.put("listeners", "PLAINTEXT://" + BrokerProcess.HOST + ":" + port + ",CONTROLLER://" + BrokerProcess.HOST + ":" + controllerPort);
        properties.put("advertised.listeners", "PLAINTEXT://" + BrokerProcess.HOST + ":" + port);
        properties.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        properties.put("inter.broker.listener.name", "PLAINTEXT");
        properties.put("controller.listener.names", "CONTROLLER");
        properties.put("log.dirs", directory.toString());

        // Topics have partitions, retention and compaction that the services state: none may appear by a typing error.
        properties.put("auto.create.topics.enable", "false");

        // One node holds the only copy of everything.
        properties.put("default.replication.factor", "1");
        properties.put("min.insync.replicas", "1");
        properties.put("offsets.topic.replication.factor", "1");
        properties.put("offsets.topic.num.partitions", "4");
        properties.put("transaction.state.log.replication.factor", "1");
        properties.put("transaction.state.log.min.isr", "1");
        properties.put("transaction.state.log.num.partitions", "4");
        properties.put("share.coordinator.state.topic.replication.factor", "1");
        properties.put("share.coordinator.state.topic.min.isr", "1");
        properties.put("share.coordinator.state.topic.num.partitions", "4");

        // A record of work is locked while it is worked on; the default ceiling of a minute is below a chunk's deadline.
        properties.put("group.share.max.record.lock.duration.ms", Integer.toString(30 * 60 * 1000));

        // Groups of one machine assemble at once; waiting for late members only delays the start.
        properties.put("group.initial.rebalance.delay.ms", "0");

        // Kafka preallocates 10 MiB an index and sizes its pools for servers; this shares a laptop with the merges.
        properties.put("log.index.size.max.bytes", Integer.toString(1024 * 1024));
        properties.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 * 1024 * 1024));
        properties.put("log.segment.bytes", Integer.toString(64 * 1024 * 1024));
        properties.put("num.network.threads", "2");
        properties.put("num.io.threads", "2");
        properties.put("background.threads", "2");
        return properties;
    }

    /** Writes the metadata directory's identity and feature levels, unless an earlier run has. */
    private static void format(Path directory) throws Exception {
        Files.createDirectories(directory);
        if (Files.exists(directory.resolve("meta.properties"))) {
            return;
        }
        if (!isEmpty(directory)) {
            throw new IOException(directory + " holds files that are not a broker's; give an empty directory");
        }
        new Formatter()
                .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                .setNodeId(NODE)
                .setClusterId(Uuid.randomUuid().toString())
                .setDirectories(List.of(directory.toString()))
                .setMetadataLogDirectory(directory.toString())
                .setControllerListenerName("CONTROLLER")
                .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
                .setIgnoreFormatted(true)
                .run();
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (var entries = Files.newDirectoryStream(directory)) {
            return !entries.iterator().hasNext();
        }
    }
}
