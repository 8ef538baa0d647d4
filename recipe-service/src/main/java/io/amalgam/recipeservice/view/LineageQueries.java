package io.amalgam.recipeservice.view;

import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Follows artifacts to their parents and to what was made of them. */
@ApplicationScoped
public class LineageQueries {

    /** The most artifacts that one answer follows: a picture of more helps nobody. */
    private static final int LIMIT = 500;

    private final Database database;

    /** Takes the database. */
    public LineageQueries(Database database) {
        this.database = database;
    }

    private record Use(String artifact, Lineage.Node model, String role) {
    }

    /** Returns the lineage of an artifact, or nothing if there is no such artifact. */
    public Optional<Lineage> lineage(String artifact) {
        return database.transaction(connection -> {
            Optional<Lineage.Node> start = node(connection, artifact);
            if (start.isEmpty()) {
                return Optional.empty();
            }
            Map<String, Lineage.Node> nodes = new LinkedHashMap<>();
            Set<Lineage.Edge> edges = new LinkedHashSet<>();
            nodes.put(artifact, start.get());
            follow(connection, artifact, true, nodes, edges);
            follow(connection, artifact, false, nodes, edges);
            return Optional.of(new Lineage(artifact, List.copyOf(nodes.values()), List.copyOf(edges)));
        });
    }

    /** Returns the lineage of the newest artifacts, all of them in one graph; {@code artifact} is empty. */
    public Lineage everything() {
        return database.transaction(connection -> {
            Map<String, Lineage.Node> nodes = new LinkedHashMap<>();
            Set<Lineage.Edge> edges = new LinkedHashSet<>();
            for (Lineage.Node artifact : Sql.list(connection,
                    "select id, name, method from projection.artifact order by completed_at desc, id limit ?",
                    LineageQueries::node, LIMIT)) {
                nodes.put(artifact.id(), artifact);
                for (Use use : models(connection, artifact.id())) {
                    nodes.putIfAbsent(use.model().id(), use.model());
                    edges.add(new Lineage.Edge(use.model().id(), use.artifact(), use.role()));
                }
            }
            return new Lineage("", List.copyOf(nodes.values()), List.copyOf(edges));
        });
    }

    private static void follow(
            Connection connection, String start, boolean ancestors, Map<String, Lineage.Node> nodes,
            Set<Lineage.Edge> edges) throws SQLException {
        Deque<String> open = new ArrayDeque<>(List.of(start));
        Set<String> seen = new LinkedHashSet<>(open);
        while (!open.isEmpty() && seen.size() <= LIMIT) {
            String artifact = open.remove();
            for (Use use : ancestors ? models(connection, artifact) : uses(connection, artifact)) {
                nodes.putIfAbsent(use.model().id(), use.model());
                if (!ancestors) {
                    node(connection, use.artifact()).ifPresent(made -> nodes.putIfAbsent(made.id(), made));
                }
                edges.add(new Lineage.Edge(use.model().id(), use.artifact(), use.role()));
                String next = ancestors ? use.model().artifact() : use.artifact();
                if (next != null && seen.add(next)) {
                    open.add(next);
                }
            }
        }
    }

    private static Optional<Lineage.Node> node(Connection connection, String artifact) throws SQLException {
        return Sql.first(connection, "select id, name, method from projection.artifact where id = ?",
                LineageQueries::node, artifact);
    }

    private static Lineage.Node node(ResultSet row) throws SQLException {
        return new Lineage.Node(row.getString("id"), row.getString("name"), row.getString("id"),
                row.getString("method"));
    }

    /** What an artifact was made of. */
    private static List<Use> models(Connection connection, String artifact) throws SQLException {
        return uses(connection, "m.artifact = ?", artifact);
    }

    /** What was made of an artifact. */
    private static List<Use> uses(Connection connection, String artifact) throws SQLException {
        return uses(connection, "a.id = ?", artifact);
    }

    private static List<Use> uses(Connection connection, String condition, String artifact) throws SQLException {
        return Sql.list(connection, """
                select m.artifact as made, m.role, m.name, m.identity, a.id, a.name as artifact_name, a.method
                from projection.artifact_model m left join projection.artifact a on a.location = m.location
                where m.role <> 'ARTIFACT' and\s""" + condition + " order by m.artifact, m.position",
                row -> {
                    String id = row.getString("id");
                    Lineage.Node model = id == null
                            ? new Lineage.Node(row.getString("identity"), row.getString("name"), null, null)
                            : new Lineage.Node(id, row.getString("artifact_name"), id, row.getString("method"));
                    return new Use(row.getString("made"), model, row.getString("role"));
                },
                artifact);
    }
}
