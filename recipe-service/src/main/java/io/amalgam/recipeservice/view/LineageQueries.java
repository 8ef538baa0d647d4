package io.amalgam.recipeservice.view;

import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.security.Caller;
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

    /**
     * Returns the lineage of an artifact, or nothing if the caller may see no such artifact. Other tenants' artifacts
     * are not in it, but for parents: those are models without an artifact.
     */
    public Optional<Lineage> lineage(Caller caller, String artifact) {
        String scope = caller.scope();
        return database.transaction(connection -> {
            Optional<Lineage.Node> start = node(connection, scope, artifact);
            if (start.isEmpty()) {
                return Optional.empty();
            }
            Map<String, Lineage.Node> nodes = new LinkedHashMap<>();
            Set<Lineage.Edge> edges = new LinkedHashSet<>();
            nodes.put(artifact, start.get());
            follow(connection, scope, artifact, true, nodes, edges);
            follow(connection, scope, artifact, false, nodes, edges);
            return Optional.of(new Lineage(artifact, List.copyOf(nodes.values()), List.copyOf(edges)));
        });
    }

    /** Returns the lineage of the newest artifacts that the caller may see, in one graph; {@code artifact} is empty. */
    public Lineage everything(Caller caller) {
        String scope = caller.scope();
        return database.transaction(connection -> {
            Map<String, Lineage.Node> nodes = new LinkedHashMap<>();
            Set<Lineage.Edge> edges = new LinkedHashSet<>();
            for (Lineage.Node artifact : Sql.list(connection, """
                    select a.id, coalesce(g.name, a.name) as name, a.method from projection.artifact a
                    left join owned.artifact_grant g on g.artifact = a.id and g.tenant = ?
                    where cast(? as text) is null or g.tenant is not null
                    order by a.completed_at desc, a.id limit ?""",
                    LineageQueries::node, scope, scope, LIMIT)) {
                nodes.put(artifact.id(), artifact);
                for (Use use : models(connection, scope, artifact.id())) {
                    nodes.putIfAbsent(use.model().id(), use.model());
                    edges.add(new Lineage.Edge(use.model().id(), use.artifact(), use.role()));
                }
            }
            return new Lineage("", List.copyOf(nodes.values()), List.copyOf(edges));
        });
    }

    private static void follow(
            Connection connection, String scope, String start, boolean ancestors, Map<String, Lineage.Node> nodes,
            Set<Lineage.Edge> edges) throws SQLException {
        Deque<String> open = new ArrayDeque<>(List.of(start));
        Set<String> seen = new LinkedHashSet<>(open);
        while (!open.isEmpty() && seen.size() <= LIMIT) {
            String artifact = open.remove();
            for (Use use : ancestors ? models(connection, scope, artifact) : uses(connection, scope, artifact)) {
                nodes.putIfAbsent(use.model().id(), use.model());
                if (!ancestors) {
                    node(connection, scope, use.artifact()).ifPresent(made -> nodes.putIfAbsent(made.id(), made));
                }
                edges.add(new Lineage.Edge(use.model().id(), use.artifact(), use.role()));
                String next = ancestors ? use.model().artifact() : use.artifact();
                if (next != null && seen.add(next)) {
                    open.add(next);
                }
            }
        }
    }

    private static Optional<Lineage.Node> node(Connection connection, String scope, String artifact)
            throws SQLException {
        return Sql.first(connection, """
                select a.id, coalesce(g.name, a.name) as name, a.method from projection.artifact a
                left join owned.artifact_grant g on g.artifact = a.id and g.tenant = ?
                where (cast(? as text) is null or g.tenant is not null) and a.id = ?""",
                LineageQueries::node, scope, scope, artifact);
    }

    private static Lineage.Node node(ResultSet row) throws SQLException {
        return new Lineage.Node(row.getString("id"), row.getString("name"), row.getString("id"),
                row.getString("method"));
    }

    /** What an artifact was made of. */
    private static List<Use> models(Connection connection, String scope, String artifact) throws SQLException {
        return uses(connection, scope, "m.artifact = ?", artifact);
    }

    /** What was made of an artifact. */
    private static List<Use> uses(Connection connection, String scope, String artifact) throws SQLException {
        return uses(connection, scope, "a.id = ?", artifact);
    }

    private static List<Use> uses(Connection connection, String scope, String condition, String artifact)
            throws SQLException {
        return Sql.list(connection, """
                with visible as (select a.*, coalesce(g.name, a.name) as shown_name from projection.artifact a
                    left join owned.artifact_grant g on g.artifact = a.id and g.tenant = ?
                    where cast(? as text) is null or g.tenant is not null)
                select m.artifact as made, m.role, m.name, m.identity, a.id, a.shown_name as artifact_name, a.method
                from projection.artifact_model m join visible made on made.id = m.artifact
                left join visible a on a.location = m.location
                where m.role <> 'ARTIFACT' and\s""" + condition + " order by m.artifact, m.position",
                row -> {
                    String id = row.getString("id");
                    Lineage.Node model = id == null
                            ? new Lineage.Node(row.getString("identity"), row.getString("name"), null, null)
                            : new Lineage.Node(id, row.getString("artifact_name"), id, row.getString("method"));
                    return new Use(row.getString("made"), model, row.getString("role"));
                },
                scope, scope, artifact);
    }
}
