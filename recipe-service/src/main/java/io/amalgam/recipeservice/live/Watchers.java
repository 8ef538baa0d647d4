package io.amalgam.recipeservice.live;

import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.projection.MergeProjection;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jboss.logging.Logger;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * Wakes those who wait for news of a merge. Any replica's transaction notifies all of them through PostgreSQL; what the
 * news is, each reads from the table. One connection of the pool listens for as long as the service runs.
 */
@ApplicationScoped
public class Watchers {

    private static final Logger LOG = Logger.getLogger(Watchers.class);
    private static final int LISTEN_MILLISECONDS = 1_000;
    private static final long PAUSE_MILLISECONDS = 1_000;

    private final Database database;
    private final Map<UUID, Set<Semaphore>> waiting = new ConcurrentHashMap<>();
    private volatile boolean running = true;

    /** Takes the database. */
    public Watchers(Database database) {
        this.database = database;
    }

    void start(@Observes StartupEvent event) {
        // A platform thread: the driver waits in a monitor-free native read, but for the life of the process.
        Thread.ofPlatform().daemon().name("merge-notifications").start(this::listen);
    }

    void stop(@Observes ShutdownEvent event) {
        running = false;
        wakeAll();
    }

    /** Whether the service goes on. */
    boolean running() {
        return running;
    }

    /** Begins to wait for news of a merge; a permit is given for news. */
    Semaphore register(UUID merge) {
        Semaphore signal = new Semaphore(0);
        waiting.computeIfAbsent(merge, id -> ConcurrentHashMap.newKeySet()).add(signal);
        return signal;
    }

    /** Waits no longer. */
    void unregister(UUID merge, Semaphore signal) {
        waiting.computeIfPresent(merge, (id, signals) -> {
            signals.remove(signal);
            return signals.isEmpty() ? null : signals;
        });
    }

    private void listen() {
        while (running) {
            try (Connection connection = database.dataSource().getConnection()) {
                try (Statement statement = connection.createStatement()) {
                    statement.execute("listen " + MergeProjection.CHANNEL);
                }
                // What happened while nobody listened is in the table.
                wakeAll();
                PGConnection notifications = connection.unwrap(PGConnection.class);
                try {
                    while (running) {
                        PGNotification[] received = notifications.getNotifications(LISTEN_MILLISECONDS);
                        if (received != null) {
                            for (PGNotification notification : received) {
                                wake(UUID.fromString(notification.getParameter()));
                            }
                        }
                    }
                } finally {
                    try (Statement statement = connection.createStatement()) {
                        statement.execute("unlisten *");
                    }
                }
            } catch (SQLException failure) {
                if (running) {
                    LOG.warnf("watchers of merges wait for the database: %s", failure.getMessage());
                    pause();
                }
            }
        }
    }

    private void wake(UUID merge) {
        Set<Semaphore> signals = waiting.get(merge);
        if (signals != null) {
            signals.forEach(Semaphore::release);
        }
    }

    private void wakeAll() {
        waiting.keySet().forEach(this::wake);
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
