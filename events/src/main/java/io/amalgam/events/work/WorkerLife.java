package io.amalgam.events.work;

import io.amalgam.events.TopicAdministration;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker's life from start to drain. It takes work when topics and group settings are as they must be and its own
 * preparations are done, and says until then what is missing. Topics come first: what is published or consumed before
 * them would be lost.
 */
public final class WorkerLife {

    private static final Logger LOG = LoggerFactory.getLogger(WorkerLife.class);
    private static final Duration PAUSE = Duration.ofSeconds(2);

    private final String worker;
    private final Map<String, Object> connection;
    private final boolean createTopics;
    private final int replication;
    private final Supplier<List<String>> preparation;
    private final WorkLoop loop;
    private volatile List<String> obstacles = List.of("Kafka has not answered yet");
    private volatile boolean running;
    private volatile boolean stopping;
    private volatile Thread starter;

    /**
     * A life that has not begun.
     *
     * @param worker its name
     * @param connection to Kafka
     * @param createTopics whether missing topics and group settings are made; else they are only checked
     * @param replication replicas of a topic that is made; -1 for the cluster's default
     * @param preparation called when the topics are right, and again after a pause while it returns obstacles, each in
     *     a sentence; starts what has to run before work is taken, and returns nothing when that is done
     * @param loop takes the work
     */
    public WorkerLife(
            String worker, Map<String, Object> connection, boolean createTopics, int replication,
            Supplier<List<String>> preparation, WorkLoop loop) {
        this.worker = worker;
        this.connection = connection;
        this.createTopics = createTopics;
        this.replication = replication;
        this.preparation = preparation;
        this.loop = loop;
    }

    /** A name for a worker that was given none: its host and process. */
    public static String hostAndProcess() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException unknown) {
            host = "worker";
        }
        return host + "-" + ProcessHandle.current().pid();
    }

    /** Begins, in a thread of its own: whoever starts the process does not wait for Kafka. */
    public void begin() {
        starter = Thread.ofPlatform().name("starter").daemon(true).start(this::startWhenPossible);
    }

    /**
     * Takes no more work, and gives back what is not done in time.
     *
     * @param patience how long the record that is being worked on may still take
     */
    public void end(Duration patience) throws InterruptedException {
        stopping = true;
        if (starter != null) {
            starter.interrupt();
            starter.join();
        }
        if (running) {
            loop.drain(patience);
        }
    }

    /** Whether it has begun to take work. */
    public boolean running() {
        return running;
    }

    /** What keeps the worker from working, each in a sentence; empty when it can. */
    public List<String> obstacles() {
        return obstacles.isEmpty() && stopping ? List.of("the worker is stopping") : obstacles;
    }

    /** Whether the slots that should take work are running: false if the process should be replaced. */
    public boolean alive() {
        return !running || stopping || loop.alive();
    }

    private void startWhenPossible() {
        while (!stopping) {
            obstacles = tryToStart();
            if (obstacles.isEmpty()) {
                LOG.info("worker {} takes work", worker);
                return;
            }
            obstacles.forEach(obstacle -> LOG.warn("not ready: {}", obstacle));
            try {
                Thread.sleep(PAUSE);
            } catch (InterruptedException end) {
                return;
            }
        }
    }

    private List<String> tryToStart() {
        try (Admin admin = Admin.create(connection)) {
            List<String> differences = new TopicAdministration(admin, createTopics, replication).ensure();
            if (!differences.isEmpty()) {
                return differences;
            }
        } catch (KafkaException failure) {
            return List.of("Kafka does not answer: " + failure.getMessage());
        }
        List<String> missing = preparation.get();
        if (missing.isEmpty()) {
            loop.start();
            running = true;
        }
        return missing;
    }
}
