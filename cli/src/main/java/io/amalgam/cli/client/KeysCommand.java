package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes, lists and revokes API keys; an administrator's token is needed. */
@Command(
        name = "keys",
        description = "Make, list and revoke the API keys of a recipe-service.",
        subcommands = {KeysCommand.Create.class, KeysCommand.Listed.class, KeysCommand.Revoke.class})
public final class KeysCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    /** Without a subcommand there is nothing to do. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing: create, list or revoke.");
    }

    /** Makes a key and prints it: the only time that it is seen. */
    @Command(name = "create", description = "Make a key and print it; it is shown this once.")
    static final class Create implements Callable<Integer> {

        @Mixin
        private ServerOptions options;

        @Parameters(paramLabel = "NAME", description = "What the key is for.")
        private String name;

        @Option(names = "--tenant", required = true, description = "On whose behalf it acts.")
        private String tenant;

        @Option(names = "--role", split = ",", defaultValue = "submit",
                description = "read, submit or administer; each includes those before it (default: submit).")
        private List<String> roles;

        @Option(names = "--days", description = "After how many days it stops (default: never).")
        private Long days;

        @Override
        public Integer call() {
            Map<String, Object> order = new LinkedHashMap<>();
            order.put("name", name);
            order.put("tenant", tenant);
            order.put("roles", roles);
            if (days != null) {
                order.put("days", days);
            }
            JsonNode made = options.server().post("api/keys", order);
            options.print(made, () -> made.path("key").asText() + System.lineSeparator());
            return 0;
        }
    }

    /** Lists keys. */
    @Command(name = "list", description = "List keys, the newest first.")
    static final class Listed implements Callable<Integer> {

        @Mixin
        private ServerOptions options;

        @Override
        public Integer call() {
            JsonNode page = options.server().get("api/keys");
            options.print(page, () -> Display.table(rows(page)));
            return 0;
        }

        private static List<List<String>> rows(JsonNode page) {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("ID", "NAME", "TENANT", "ROLES", "MADE", "EXPIRES", "REVOKED"));
            for (JsonNode key : page.path("keys")) {
                List<String> roles = new ArrayList<>();
                key.path("roles").forEach(role -> roles.add(role.asText()));
                rows.add(List.of(key.path("id").asText(), key.path("name").asText(), key.path("tenant").asText(),
                        String.join(",", roles), Display.time(key.path("createdAt")),
                        Display.time(key.path("expiresAt")), Display.time(key.path("revokedAt"))));
            }
            return rows;
        }
    }

    /** Revokes a key. */
    @Command(name = "revoke", description = "Revoke a key: from the next request on it is refused.")
    static final class Revoke implements Callable<Integer> {

        @Mixin
        private ServerOptions options;

        @Parameters(paramLabel = "ID", description = "The key's id, as keys list shows it.")
        private String id;

        @Override
        public Integer call() {
            JsonNode key = options.server().delete("api/keys/" + Server.encode(id));
            options.print(key, () -> "%s (%s) is revoked.%n".formatted(id, key.path("name").asText()));
            return 0;
        }
    }
}
