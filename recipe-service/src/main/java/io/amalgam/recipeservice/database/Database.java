package io.amalgam.recipeservice.database;

import io.agroal.api.AgroalDataSource;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;

/** Connections and transactions, and the meaning of what the database answers when it refuses. */
@ApplicationScoped
public class Database {

    /** Work in a connection. */
    @FunctionalInterface
    public interface Work<T> {
        /** Does it. */
        T run(Connection connection) throws SQLException;
    }

    private final AgroalDataSource dataSource;

    /** Uses the application's own pool of connections. */
    public Database(AgroalDataSource dataSource) {
        this.dataSource = dataSource;
    }

    /** Returns the pool, for those who hold a connection for long. */
    public AgroalDataSource dataSource() {
        return dataSource;
    }

    /** Runs statements that need not see one state of the database, each committed by itself. */
    public <T> T read(Work<T> work) {
        try (Connection connection = dataSource.getConnection()) {
            return work.run(connection);
        } catch (SQLException exception) {
            throw failure(exception);
        }
    }

    /** Runs work in one transaction, which is committed if it returns and rolled back if it throws. */
    public <T> T transaction(Work<T> work) {
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            boolean done = false;
            try {
                T result = work.run(connection);
                connection.commit();
                done = true;
                return result;
            } finally {
                if (!done) {
                    rollback(connection);
                }
                connection.setAutoCommit(true);
            }
        } catch (SQLException exception) {
            throw failure(exception);
        }
    }

    /**
     * Translates what the driver threw: a refused connection, a restart, a full disk or a deadlock may pass
     * ({@code DATABASE_UNAVAILABLE}); anything else is a fault of ours.
     */
    public static AmalgamException failure(SQLException exception) {
        String state = exception.getSQLState();
        boolean passing = state == null
                || state.startsWith("08")
                || state.startsWith("53")
                || state.startsWith("57")
                || state.startsWith("58")
                || state.startsWith("40");
        return passing
                ? new AmalgamException(ErrorCode.DATABASE_UNAVAILABLE,
                        "the database did not answer: " + exception.getMessage(), exception)
                : new AmalgamException(ErrorCode.INTERNAL,
                        "the database refused a statement (SQL state " + state + "): " + exception.getMessage(),
                        exception);
    }

    private static void rollback(Connection connection) {
        try {
            connection.rollback();
        } catch (SQLException ignored) {
            // The connection is broken: the database rolls back by itself, and the first failure is the one to tell.
        }
    }
}
