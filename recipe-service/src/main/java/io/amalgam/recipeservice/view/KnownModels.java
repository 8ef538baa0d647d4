package io.amalgam.recipeservice.view;

import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.security.Caller;
import io.amalgam.recipeservice.security.TenantModels;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/** The models that a recipe can name here: folders under the models' root, and what earlier merges were made of. */
@ApplicationScoped
public class KnownModels {

    private static final Logger LOG = Logger.getLogger(KnownModels.class);
    private static final int DEPTH = 4;
    private static final int MOST_FOLDERS = 500;
    private static final int MOST_VISITED = 20_000;
    private static final List<String> SIGNS = List.of("config.json", "adapter_config.json");

    private final Database database;
    private final TenantModels models;
    private final Path root;

    /** Takes the database, who may read what, and the models' root. */
    public KnownModels(
            Database database, TenantModels models, @ConfigProperty(name = "amalgam.models.root") Path root) {
        this.database = database;
        this.models = models;
        this.root = root;
    }

    /**
     * A model.
     *
     * @param name as a recipe names it
     * @param source {@code folder} under the models' root, or {@code used} by an earlier merge from elsewhere
     * @param merges how many artifacts were made of it
     */
    public record Known(String name, String source, int merges) {
    }

    /** Lists the models that a caller's recipes can name, those of the models' root first. */
    public List<Known> list(Caller caller) {
        String scope = caller.scope();
        Map<String, Integer> used = new LinkedHashMap<>();
        database.read(connection -> Sql.list(connection, """
                        select m.name, count(distinct m.artifact) as artifacts from projection.artifact_model m
                        left join owned.artifact_grant g on g.artifact = m.artifact and g.tenant = ?
                        where m.role <> 'ARTIFACT' and (cast(? as text) is null or g.tenant is not null)
                        group by m.name order by artifacts desc, m.name limit 500""",
                        row -> Map.entry(row.getString("name"), row.getInt("artifacts")), scope, scope))
                .forEach(use -> used.put(use.getKey(), use.getValue()));
        List<Known> known = new ArrayList<>();
        Set<String> folders = folders();
        folders.removeIf(folder -> !models.mayRead(caller, folder));
        for (String folder : folders) {
            known.add(new Known(folder, "folder", used.getOrDefault(folder, 0)));
        }
        used.forEach((name, artifacts) -> {
            if (!folders.contains(name)) {
                known.add(new Known(name, "used", artifacts));
            }
        });
        return known;
    }

    /** Folders with a model's configuration, not deep below the root and not without end. */
    private Set<String> folders() {
        Set<String> folders = new TreeSet<>();
        if (!Files.isDirectory(root)) {
            return folders;
        }
        try {
            Files.walkFileTree(root, EnumSet.noneOf(FileVisitOption.class), DEPTH,
                    new SimpleFileVisitor<>() {

                private int visited;

                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    boolean hidden = !folder.equals(root) && folder.getFileName().toString().startsWith(".");
                    return hidden ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    visited++;
                    if (visited > MOST_VISITED || folders.size() >= MOST_FOLDERS) {
                        return FileVisitResult.TERMINATE;
                    }
                    if (SIGNS.contains(file.getFileName().toString()) && !file.getParent().equals(root)) {
                        folders.add(root.relativize(file.getParent()).toString().replace('\\', '/'));
                        return FileVisitResult.SKIP_SIBLINGS;
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) {
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException failure) {
            LOG.warnf("the models' root cannot be listed: %s", failure.getMessage());
        }
        return folders;
    }
}
