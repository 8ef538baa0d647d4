package io.amalgam.engine.tokenizer;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.json.IndentedJson;
import io.amalgam.engine.json.StrictJson;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The files of an output's tokenizer, made from those of the model that it comes from. */
final class TokenizerFiles {
    /** The tokenizer's configuration. */
    static final String CONFIG = "tokenizer_config.json";

    private static final String GENERATION_CONFIG = "generation_config.json";
    private static final String OLD_TEMPLATE = "chat_template.json";

    /** What is copied byte for byte where the recipe leaves the tokenizer alone (mergekit.md §3.9). */
    private static final List<String> COPIED = List.of(
            CONFIG, "special_tokens_map.json", TokenizerFile.NAME, "tokenizer.model", "added_tokens.json", "merges.txt",
            ChatTemplates.FILE, GENERATION_CONFIG, OLD_TEMPLATE, "video_preprocessor_config.json");
    /** The vocabulary in other words: right only as long as the vocabulary is the one it was made with. */
    private static final List<String> OTHER_FORMS = List.of("tokenizer.model", "added_tokens.json", "merges.txt", "vocab.json");

    private final ModelSnapshot model;
    private final List<Problem> problems;

    TokenizerFiles(TokenizerInput donor, List<Problem> problems) {
        this.model = donor.snapshot();
        this.problems = problems;
    }

    /** The donor's files as they are, but for a chat template of the recipe's. */
    Map<String, byte[]> copied(Optional<String> template) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        for (String name : COPIED) {
            copy(files, name);
        }
        if (!files.containsKey(TokenizerFile.NAME)) {
            // Without it the vocabulary lies in other files.
            copy(files, "vocab.json");
        }
        if (!files.containsKey(TokenizerFile.NAME) && !files.containsKey("tokenizer.model") && !files.containsKey("vocab.json")) {
            problems.add(Problem.warning(ErrorCode.TOKENIZER_INVALID,
                    "Model " + model.reference() + " has no tokenizer files, so the output has none."));
        }
        if (template.isPresent()) {
            replaceTemplate(files, template.get());
            files.computeIfPresent(CONFIG, (name, content) -> IndentedJson.bytes(withoutTemplate(config(content)), true));
        }
        return files;
    }

    /** The files of a vocabulary that was put together. */
    Map<String, byte[]> written(OutputVocabulary output, Optional<String> template) throws IOException {
        Map<String, byte[]> files = copied(Optional.empty());
        files.put(TokenizerFile.NAME, output.file());
        ObjectNode config = files.containsKey(CONFIG)
                ? config(files.get(CONFIG))
                : JsonNodeFactory.instance.objectNode().put("tokenizer_class", "PreTrainedTokenizerFast");
        if (output.changed()) {
            OTHER_FORMS.forEach(files::remove);
            if (config.has("added_tokens_decoder")) {
                config.set("added_tokens_decoder", decoder(output));
            }
        }
        if (template.isPresent()) {
            replaceTemplate(files, template.get());
            withoutTemplate(config);
        }
        files.put(CONFIG, IndentedJson.bytes(config, true));
        return files;
    }

    private void copy(Map<String, byte[]> files, String name) throws IOException {
        if (model.has(name)) {
            files.put(name, model.readSmall(name, TokenizerFile.LIMIT));
        }
    }

    private static void replaceTemplate(Map<String, byte[]> files, String template) {
        files.put(ChatTemplates.FILE, template.getBytes(StandardCharsets.UTF_8));
        files.remove(OLD_TEMPLATE);
    }

    private ObjectNode config(byte[] content) {
        return StrictJson.object(content, CONFIG + " of " + model.reference(), ErrorCode.TOKENIZER_INVALID);
    }

    private static ObjectNode withoutTemplate(ObjectNode config) {
        config.remove("chat_template");
        return config;
    }

    /** Added tokens as transformers 4 repeats them in the configuration; a stale entry there would be added again. */
    private static ObjectNode decoder(OutputVocabulary output) {
        ObjectNode decoder = JsonNodeFactory.instance.objectNode();
        for (AddedToken token : output.addedTokens().stream().sorted(Comparator.comparingInt(AddedToken::id)).toList()) {
            decoder.putObject(Integer.toString(token.id()))
                    .put("content", token.content())
                    .put("lstrip", token.leftStrip())
                    .put("normalized", token.normalized())
                    .put("rstrip", token.rightStrip())
                    .put("single_word", token.singleWord())
                    .put("special", token.special());
        }
        return decoder;
    }
}
