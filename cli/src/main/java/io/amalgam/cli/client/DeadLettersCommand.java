package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Records that were given up. */
@Command(name = "dead-letters",
        description = "Records that were given up: list, show, replay or drop them.",
        subcommands = {
            DeadLettersCommand.ListLetters.class,
            DeadLettersCommand.ShowLetter.class,
            DeadLettersCommand.ReplayLetters.class,
            DeadLettersCommand.DropLetters.class,
        })
public final class DeadLettersCommand implements Runnable {

    private static final String PATH = "api/dead-letters";

    @Spec
    private CommandSpec spec;

    /** Without a subcommand there is nothing to do. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "dead-letters: list, show, replay or drop?");
    }

    private static String path(String letter) {
        return PATH + "/" + Server.encode(letter);
    }

    private static String place(JsonNode letter) {
        return letter.path("topic").asText() + "-" + letter.path("partition").asText() + "@"
                + letter.path("offset").asText();
    }

    /** Lists letters. */
    @Command(name = "list", description = "List dead letters, the newest first.")
    static final class ListLetters implements Callable<Integer> {

        @Option(names = "--state", paramLabel = "STATE",
                description = "Only letters that are open, replayed or dropped.")
        private String state;

        @Option(names = "--merge", paramLabel = "MERGE", description = "Only letters of a merge.")
        private String merge;

        @Option(names = "--limit", paramLabel = "N", defaultValue = "50", description = "At most N (default: 50).")
        private int limit;

        @Mixin
        private ServerOptions options;

        @Override
        public Integer call() {
            JsonNode page = options.server().get(PATH + "?limit=" + limit
                    + (state == null ? "" : "&state=" + Server.encode(state))
                    + (merge == null ? "" : "&merge=" + Server.encode(merge)));
            options.print(page, () -> Display.table(rows(page)));
            return 0;
        }

        private static List<List<String>> rows(JsonNode page) {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("LETTER", "STATE", "CODE", "RECORD", "AT", "REASON"));
            for (JsonNode letter : page.path("deadLetters")) {
                rows.add(List.of(letter.path("id").asText(), letter.path("state").asText(),
                        letter.path("code").asText(), place(letter), Display.time(letter.path("at")),
                        letter.path("reason").asText()));
            }
            return rows;
        }
    }

    /** Shows a letter. */
    @Command(name = "show", description = "Show a dead letter: its record's place, reason and text.")
    static final class ShowLetter implements Callable<Integer> {

        @Parameters(paramLabel = "LETTER", description = "The letter's id.")
        private String letter;

        @Mixin
        private ServerOptions options;

        @Override
        public Integer call() {
            JsonNode found = options.server().get(path(letter));
            options.print(found, () -> Display.table(found.properties().stream()
                    .map(property -> List.of(property.getKey(), property.getValue().asText())).toList()));
            return 0;
        }
    }

    /** What replaying and dropping have in common: several letters, each decided by itself. */
    private abstract static class Decision implements Callable<Integer> {

        @Parameters(paramLabel = "LETTER", arity = "1..*", description = "Ids of letters.")
        private List<String> letters;

        @Mixin
        private ServerOptions options;

        final Integer decide(Function<Server, Function<String, JsonNode>> request) {
            Function<String, JsonNode> decision = request.apply(options.server());
            for (String letter : letters) {
                JsonNode decided = decision.apply(letter);
                options.print(decided, () -> "dead letter %s is %s (record %s)%n"
                        .formatted(letter, decided.path("state").asText(), place(decided)));
            }
            return 0;
        }
    }

    /** Replays letters. */
    @Command(name = "replay",
            description = "Publish a dead letter's record once more where it was; asking again changes nothing.")
    static final class ReplayLetters extends Decision {

        @Override
        public Integer call() {
            return decide(server -> letter -> server.post(path(letter) + "/replay", Map.of()));
        }
    }

    /** Drops letters. */
    @Command(name = "drop", description = "Say that nothing is to be done about a dead letter.")
    static final class DropLetters extends Decision {

        @Override
        public Integer call() {
            return decide(server -> letter -> server.delete(path(letter)));
        }
    }
}
