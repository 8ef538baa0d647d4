package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Recipes with a condition. */
@Command(name = "triggers",
        description = "Recipes with a condition: list, show, create, fire or delete them.",
        subcommands = {
            TriggersCommand.ListTriggers.class,
            TriggersCommand.ShowTrigger.class,
            TriggersCommand.CreateTrigger.class,
            TriggersCommand.FireTrigger.class,
            TriggersCommand.DeleteTrigger.class,
        })
public final class TriggersCommand implements Runnable {

    private static final String PATH = "api/triggers";

    @Spec
    private CommandSpec spec;

    /** Without a subcommand there is nothing to do. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "triggers: list, show, create, fire or delete?");
    }

    private static String path(String trigger) {
        return PATH + "/" + Server.encode(trigger);
    }

    /** Lists triggers. */
    @Command(name = "list", description = "List triggers by name.")
    static final class ListTriggers implements Callable<Integer> {

        @Mixin
        private ServerOptions options;

        @Override
        public Integer call() {
            JsonNode page = options.server().get(PATH);
            options.print(page, () -> Display.table(rows(page)));
            return 0;
        }

        private static List<List<String>> rows(JsonNode page) {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("TRIGGER", "WHEN", "LAST FIRED", "STATE", "SCORE", "NAME"));
            for (JsonNode trigger : page.path("triggers")) {
                JsonNode firing = trigger.path("firings").path(0);
                rows.add(List.of(trigger.path("id").asText(), trigger.path("condition").path("type").asText(),
                        Display.time(firing.path("noticedAt")), firing.path("state").asText(),
                        trigger.has("lastScore") ? Display.score(trigger.path("lastScore").asDouble()) : "",
                        trigger.path("name").asText()));
            }
            return rows;
        }
    }

    /** Shows a trigger. */
    @Command(name = "show", description = "Show a trigger: its condition and its newest firings.")
    static final class ShowTrigger implements Callable<Integer> {

        @Parameters(paramLabel = "TRIGGER", description = "The trigger's id.")
        private String trigger;

        @Mixin
        private ServerOptions options;

        @Override
        public Integer call() {
            JsonNode found = options.server().get(path(trigger));
            options.print(found, () -> "%s, %s%n%n".formatted(found.path("name").asText(), found.path("condition"))
                    + Display.table(rows(found)));
            return 0;
        }

        private static List<List<String>> rows(JsonNode trigger) {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("FIRED", "STATE", "SCORE", "DIFFERENCE", "MERGE", "WHY"));
            for (JsonNode firing : trigger.path("firings")) {
                rows.add(List.of(Display.time(firing.path("noticedAt")), firing.path("state").asText(),
                        firing.has("score") ? Display.score(firing.path("score").asDouble()) : "",
                        firing.has("difference") ? Display.difference(firing.path("difference").asDouble()) + " ("
                                + firing.path("verdict").asText() + ")" : "",
                        firing.path("merge").asText(),
                        firing.path("cause").asText()
                                + (firing.has("message") ? ": " + firing.path("message").asText() : "")));
            }
            return rows;
        }
    }

    /** The conditions, of which a trigger has one. */
    static final class When {

        @Option(names = "--cron", paramLabel = "CRON", required = true,
                description = "At certain times: minute, hour, day of month, month, day of week (UTC).")
        private String cron;

        @Option(names = "--on-revision", required = true,
                description = "When a model of the recipe has a new revision.")
        private boolean revision;

        @Option(names = "--on-object", paramLabel = "BUCKET[/PREFIX]", required = true,
                description = "When an object is put into a bucket.")
        private String object;

        @Option(names = "--on-event", paramLabel = "TYPE", required = true, description = "When a CloudEvent arrives.")
        private String event;

        Map<String, Object> condition() {
            if (cron != null) {
                return Map.of("type", "schedule", "cron", cron);
            }
            if (object != null) {
                int slash = object.indexOf('/');
                return slash < 0 ? Map.of("type", "object", "bucket", object)
                        : Map.of("type", "object", "bucket", object.substring(0, slash), "prefix",
                                object.substring(slash + 1));
            }
            return event != null ? Map.of("type", "event", "eventType", event) : Map.of("type", "revision");
        }
    }

    /** Makes a trigger. */
    @Command(name = "create", description = "Make a trigger from a recipe and a condition.")
    static final class CreateTrigger implements Callable<Integer> {

        @Parameters(paramLabel = "RECIPE", description = "The recipe: MergeKit's YAML.")
        private Path recipe;

        @Option(names = "--name", paramLabel = "NAME", description = "A name for people (default: the file's name).")
        private String name;

        @ArgGroup(exclusive = true, multiplicity = "1")
        private When when;

        @Option(names = "--benchmarks", paramLabel = "TASK", split = ",", description = "Tasks to score what it makes with.")
        private List<String> benchmarks = List.of();

        @Option(names = "--debounce", paramLabel = "SECONDS",
                description = "How long it waits for further causes (default: 10).")
        private Integer debounce;

        @Option(names = "--notify", paramLabel = "URL", description = "An address that is told what came of it.")
        private String url;

        @Option(names = "--notify-secret-env", paramLabel = "VARIABLE",
                description = "The environment variable with the secret (whsec_…) that messages are signed with.")
        private String secretVariable;

        @Mixin
        private ServerOptions options;

        @Override
        public Integer call() throws IOException {
            Map<String, Object> order = new LinkedHashMap<>();
            order.put("name", name == null ? recipe.getFileName().toString() : name);
            order.put("recipe", Files.readString(recipe));
            order.put("condition", when.condition());
            order.put("options", Map.of("benchmarks", benchmarks));
            if (debounce != null) {
                order.put("debounceSeconds", debounce);
            }
            if (url != null) {
                Map<String, Object> notification = new LinkedHashMap<>();
                notification.put("url", url);
                if (secretVariable != null) {
                    notification.put("secret", secret());
                }
                order.put("notification", notification);
            }
            JsonNode made = options.server().post(PATH, order);
            PrintWriter err = options.err();
            for (JsonNode problem : made.path("problems")) {
                err.println(problem.path("severity").asText() + "[" + problem.path("code").asText() + "] "
                        + problem.path("message").asText());
            }
            err.flush();
            options.print(made, () -> "trigger %s%n".formatted(made.path("trigger").path("id").asText()));
            return 0;
        }

        private String secret() {
            String secret = System.getenv(secretVariable);
            if (secret == null || secret.isBlank()) {
                throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "--notify-secret-env names " + secretVariable
                        + ", which is not set; expected a secret that begins with whsec_.");
            }
            return secret;
        }
    }

    /** Fires a trigger. */
    @Command(name = "fire", description = "Fire a trigger as if its condition had come true.")
    static final class FireTrigger implements Callable<Integer> {

        @Parameters(paramLabel = "TRIGGER", description = "The trigger's id.")
        private String trigger;

        @Mixin
        private ServerOptions options;

        @Override
        public Integer call() {
            JsonNode fired = options.server().post(path(trigger) + "/fire", Map.of());
            options.print(fired, () -> "trigger %s starts in %s s%n"
                    .formatted(trigger, fired.path("debounceSeconds").asText()));
            return 0;
        }
    }

    /** Removes a trigger. */
    @Command(name = "delete", description = "Remove a trigger; what it started goes on.")
    static final class DeleteTrigger implements Callable<Integer> {

        @Parameters(paramLabel = "TRIGGER", description = "The trigger's id.")
        private String trigger;

        @Mixin
        private ServerOptions options;

        @Override
        public Integer call() {
            options.server().delete(path(trigger));
            ObjectNode gone = JsonNodeFactory.instance.objectNode().put("id", trigger).put("state", "deleted");
            options.print(gone, () -> "trigger %s is gone%n".formatted(trigger));
            return 0;
        }
    }
}
