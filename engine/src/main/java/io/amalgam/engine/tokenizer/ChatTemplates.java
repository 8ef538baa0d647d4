package io.amalgam.engine.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.json.StrictJson;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The recipe's {@code chat_template} (mergekit.md §4.6): {@code auto}, a built-in name, or a Jinja template itself.
 * Templates are texts here and are never rendered.
 */
final class ChatTemplates {
    /** The file that holds a template beside its tokenizer. */
    static final String FILE = "chat_template.jinja";

    private static final List<String> BUILT_IN = List.of("alpaca", "chatml", "exaone", "llama3", "mistral");
    private static final int SHORTEST_LITERAL = 20;
    private static final int LIMIT = 4 << 20;

    private ChatTemplates() {
    }

    /**
     * The template that the output gets instead of its tokenizer's own.
     *
     * @param setting of the recipe, or null
     * @throws AmalgamException with {@code RECIPE_INVALID} if it is neither a name nor a template
     */
    static Optional<String> resolve(String setting, List<TokenizerInput> inputs, List<Problem> problems) throws IOException {
        if (setting == null) {
            return Optional.empty();
        }
        if (setting.equals("auto")) {
            Optional<String> template = mostFrequent(inputs);
            if (template.isEmpty()) {
                problems.add(Problem.warning(ErrorCode.RECIPE_INVALID, "chat_template: auto finds no template, because none of the models has one."));
            }
            return template;
        }
        if (BUILT_IN.contains(setting)) {
            return Optional.of(builtIn(setting));
        }
        if (setting.contains("{") && setting.length() >= SHORTEST_LITERAL) {
            return Optional.of(setting);
        }
        throw new AmalgamException(ErrorCode.RECIPE_INVALID, "chat_template '" + setting + "' is neither auto, nor one of "
                + String.join(", ", BUILT_IN) + ", nor a Jinja template (which contains '{' and has at least "
                + SHORTEST_LITERAL + " characters).");
    }

    private static String builtIn(String name) {
        try (InputStream in = ChatTemplates.class.getResourceAsStream("chat-templates/" + name + ".jinja")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The template that most models have; of several, the one that is met first. */
    private static Optional<String> mostFrequent(List<TokenizerInput> inputs) throws IOException {
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (TokenizerInput input : inputs.stream().filter(TokenizerInput::merged).toList()) {
            of(input.snapshot()).ifPresent(template -> counts.merge(template.strip(), 1, Integer::sum));
        }
        Optional<String> best = Optional.empty();
        int bestCount = 0;
        for (Map.Entry<String, Integer> candidate : counts.entrySet()) {
            if (candidate.getValue() > bestCount) {
                best = Optional.of(candidate.getKey());
                bestCount = candidate.getValue();
            }
        }
        return best;
    }

    /** A model's own template: its file, else the entry in its tokenizer's configuration, else the older file. */
    static Optional<String> of(ModelSnapshot model) throws IOException {
        if (model.has(FILE)) {
            return Optional.of(new String(model.readSmall(FILE, LIMIT), StandardCharsets.UTF_8)).filter(text -> !text.isBlank());
        }
        for (String file : new String[] {TokenizerFiles.CONFIG, "chat_template.json"}) {
            if (model.has(file)) {
                ObjectNode json = StrictJson.object(
                        model.readSmall(file, TokenizerFile.LIMIT), file + " of " + model.reference(), ErrorCode.TOKENIZER_INVALID);
                Optional<String> template = template(json.path("chat_template"));
                if (template.isPresent()) {
                    return template;
                }
            }
        }
        return Optional.empty();
    }

    /** A template is a text, or several by name, of which {@code default} counts. */
    private static Optional<String> template(JsonNode node) {
        if (node.isTextual()) {
            return Optional.of(node.textValue());
        }
        if (node.isObject()) {
            return Optional.ofNullable(node.path("default").textValue());
        }
        for (JsonNode named : node) {
            if (named.path("name").asText().equals("default") && named.path("template").isTextual()) {
                return Optional.of(named.path("template").textValue());
            }
        }
        return Optional.empty();
    }
}
