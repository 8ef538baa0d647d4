package io.amalgam.recipeservice;

import io.amalgam.events.Event;
import io.amalgam.events.EventRoute;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.projection.Projector;
import io.amalgam.recipeservice.security.Caller;
import java.util.List;
import java.util.UUID;

/** The projection of tests: what it is made from, and the whole of it as text, for comparing it with another one. */
public final class Projections {

    /** Who sees everything. */
    static final Caller ALL = new Caller("test", "default", true);

    private Projections() {
    }

    /** Applies events as the line's consumer does. */
    public static void apply(Database database, Projector projector, Event... events) {
        for (Event event : events) {
            database.transaction(connection ->
                    projector.apply(connection, UUID.fromString(EventRoute.of(event).id()), event));
        }
    }

    /**
     * Every row of every table, but for when and where things were read.
     *
     * @param withNumbers whether the numbers of merges' events count; they follow the order in which topics are read
     */
    static String dump(Database database, boolean withNumbers) {
        return database.transaction(connection -> {
            StringBuilder text = new StringBuilder();
            List<String> tables = Sql.list(connection, """
                    select table_name from information_schema.tables where table_schema = 'projection'
                    and table_name not in ('position', 'flyway_schema_history') order by table_name""",
                    row -> row.getString("table_name"));
            for (String table : tables) {
                String row = "to_jsonb(t) - 'applied_at'" + (withNumbers ? "" : " - 'number'");
                text.append(table).append('\n');
                Sql.list(connection, "select (" + row + ")::text as row from projection." + table + " t order by 1",
                                found -> found.getString("row"))
                        .forEach(found -> text.append("  ").append(found).append('\n'));
            }
            return text.toString();
        });
    }
}
