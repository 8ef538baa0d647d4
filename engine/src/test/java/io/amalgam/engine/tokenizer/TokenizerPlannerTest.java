package io.amalgam.engine.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.checkpoint.ModelConfig;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import io.amalgam.engine.recipe.InputModel;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.recipe.Position;
import io.amalgam.engine.recipe.Recipe;
import io.amalgam.engine.recipe.RecipeParser;
import io.amalgam.engine.recipe.TokenizerRecipe;
import io.amalgam.engine.recipe.TokenizerRecipe.Source;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.tokenizer.PinnedVocabulary.ConfiguredRow;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Output vocabularies are MergeKit's, and their files are what the tokenizers library would have written. */
class TokenizerPlannerTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @TempDir
    Path root;

    static Stream<String> goldenRecipes() throws IOException {
        try (Stream<Path> recipes = Files.list(GOLDEN.resolve("recipes"))) {
            return recipes.map(path -> path.getFileName().toString().replace(".yml", ""))
                    .filter(name -> name.startsWith("tokenizer_") || name.startsWith("chat_template_")).sorted().toList().stream();
        }
    }

    private static List<TokenizerInput> inputs(Path root, List<ModelReference> references) throws IOException {
        List<TokenizerInput> inputs = new ArrayList<>();
        for (ModelReference reference : references) {
            ModelSnapshot snapshot = new LocalModelSource(root, false).resolve(reference.model().path(), null);
            inputs.add(new TokenizerInput(reference, inputs.size(), snapshot, ModelConfig.read(snapshot), true));
        }
        return inputs;
    }

    @ParameterizedTest
    @MethodSource("goldenRecipes")
    void goldenTokenizersAgree(String name) throws IOException {
        Recipe recipe = RecipeParser.parse(Files.readString(GOLDEN.resolve("recipes/" + name + ".yml")), name).orThrow();
        Set<ModelReference> references = new LinkedHashSet<>();
        recipe.models().stream().map(InputModel::model).forEach(references::add);
        if (recipe.baseModel() != null) {
            references.add(recipe.baseModel());
        }
        List<ModelReference> order = List.copyOf(references);
        TokenizerPlan plan = TokenizerPlanner.plan(inputs(GOLDEN, order), recipe.baseModel() == null ? -1 : order.indexOf(recipe.baseModel()),
                recipe.tokenizer(), recipe.chatTemplate(), false);

        Path expected = GOLDEN.resolve("expected").resolve(name);
        assertEquals(Files.readString(expected.resolve("tokenizer.json")), new String(plan.files().get("tokenizer.json"), StandardCharsets.UTF_8));
        assertEquals(Files.exists(expected.resolve("chat_template.jinja")), plan.files().containsKey("chat_template.jinja"));
        if (plan.files().containsKey("chat_template.jinja")) {
            assertArrayEquals(Files.readAllBytes(expected.resolve("chat_template.jinja")), plan.files().get("chat_template.jinja"));
        }
        ObjectNode config = json(plan, "tokenizer_config.json");
        ObjectNode expectedConfig = StrictJson.object(
                Files.readAllBytes(expected.resolve("tokenizer_config.json")), "expected", ErrorCode.TOKENIZER_INVALID);
        // What transformers notes about where it loaded the tokenizer from is not the tokenizer's.
        expectedConfig.remove(List.of("is_local", "local_files_only"));
        assertEquals(expectedConfig, config);
        if (plan.vocabulary().isPresent()) {
            Checkpoint merged = Checkpoint.open(new LocalModelSource(GOLDEN.resolve("expected"), false).resolve(name, null));
            assertEquals(merged.find("model.embed_tokens.weight").orElseThrow().shape()[0], plan.vocabulary().get().paddedRows());
        }
    }

    private static ObjectNode json(TokenizerPlan plan, String file) {
        return StrictJson.object(plan.files().get(file), file, ErrorCode.TOKENIZER_INVALID);
    }

    /** A BPE tokenizer over the given tokens, in rows from 0; added tokens as JSON objects. */
    private void model(String name, int vocabSize, List<String> tokens, List<String> merges, String... added) throws IOException {
        StringBuilder vocab = new StringBuilder();
        for (int i = 0; i < tokens.size(); i++) {
            vocab.append(i == 0 ? "" : ",").append('"').append(tokens.get(i)).append("\":").append(i);
        }
        String mergeList = String.join(",", merges.stream().map(merge -> "[\"" + merge.replace(" ", "\",\"") + "\"]").toList());
        write(name, "tokenizer.json", "{\"added_tokens\":[" + String.join(",", added) + "],\"decoder\":{\"score\":-1.50e-7},"
                + "\"model\":{\"type\":\"BPE\",\"vocab\":{" + vocab + "},\"merges\":[" + mergeList + "]}}");
        write(name, "config.json", "{\"vocab_size\":" + vocabSize + "}");
    }

    private static String added(int id, String content, boolean special) {
        return "{\"id\":" + id + ",\"content\":\"" + content + "\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
                + "\"normalized\":false,\"special\":" + special + "}";
    }

    private void write(String model, String file, String content) throws IOException {
        Path path = root.resolve(model).resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, content);
    }

    private static TokenizerRecipe recipe(Source source, Map<String, TokenizerRecipe.Token> tokens, int pad) {
        return new TokenizerRecipe(source, null, tokens, pad, Position.NONE);
    }

    private TokenizerPlan plan(TokenizerRecipe recipe, int base, String... models) throws IOException {
        return TokenizerPlanner.plan(inputs(root, Stream.of(models).map(ModelReference::parse).toList()), base, recipe, null, false);
    }

    private static PinnedVocabulary vocabulary(TokenizerPlan plan) {
        return plan.vocabulary().orElseThrow();
    }

    @Test
    void aUnionHasEveryTokenOnceAndKnowsWhoseRowIsWhose() throws IOException {
        model("a", 4, List.of("x", "y", "z"), List.of(), added(3, "<a>", true));
        model("b", 5, List.of("z", "x", "w", "v"), List.of(), added(4, "<b>", true));
        TokenizerPlan plan = plan(recipe(Source.UNION, Map.of(), 0), -1, "a", "b");
        PinnedVocabulary vocabulary = vocabulary(plan);
        // x y z <a>, then b's regular tokens in the order of their rows, then its added ones.
        assertEquals(7, vocabulary.tokens());
        assertArrayEquals(new int[] {0, 1, 2, 3, -1, -1, -1}, vocabulary.ownRow()[0]);
        assertArrayEquals(new int[] {1, -1, 0, -1, 2, 3, 4}, vocabulary.ownRow()[1]);
        List<AddedToken> added = TokenizerFile.parse(plan.files().get("tokenizer.json"), "output").addedTokens();
        assertEquals(List.of("<a>", "w", "v", "<b>"), added.stream().map(AddedToken::content).toList());
        assertEquals(List.of(true, false, false, true), added.stream().map(AddedToken::special).toList());
    }

    @Test
    void theBasesTokensComeFirst() throws IOException {
        model("a", 2, List.of("x", "y"), List.of());
        model("b", 2, List.of("y", "z"), List.of());
        PinnedVocabulary vocabulary = vocabulary(plan(recipe(Source.UNION, Map.of(), 0), 1, "a", "b"));
        assertArrayEquals(new int[] {1, -1, 0}, vocabulary.ownRow()[0]);
        assertArrayEquals(new int[] {0, 1, -1}, vocabulary.ownRow()[1]);
    }

    @Test
    void aBaseTokenizerLosesTokensThatItsModelHasNoRowFor() throws IOException {
        model("a", 4, List.of("t", "h", "e", "th", "the"), List.of("t h", "th e"), added(5, "<extra>", true));
        write("a", "tokenizer_config.json", "{\"added_tokens_decoder\":{\"5\":{\"content\":\"<extra>\"}},\"x\":1}");
        write("a", "merges.txt", "t h\nth e\n");
        TokenizerPlan plan = plan(recipe(Source.BASE, Map.of(), 0), 0, "a");
        assertEquals(4, vocabulary(plan).tokens());
        ObjectNode tokenizer = json(plan, "tokenizer.json");
        assertEquals("{\"t\":0,\"h\":1,\"e\":2,\"th\":3}", tokenizer.at("/model/vocab").toString());
        assertEquals("[[\"t\",\"h\"]]", tokenizer.at("/model/merges").toString());
        assertEquals(0, tokenizer.path("added_tokens").size());
        assertEquals(0, json(plan, "tokenizer_config.json").path("added_tokens_decoder").size());
        assertFalse(plan.files().containsKey("merges.txt"), "a second form of the vocabulary would be stale");
    }

    @Test
    void onlyBpeTokenizersAreStripped() throws IOException {
        write("a", "tokenizer.json", "{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",-1.5],[\"b\",-2.5]]}}");
        write("a", "config.json", "{\"vocab_size\":1}");
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> plan(recipe(Source.BASE, Map.of(), 0), 0, "a"));
        assertEquals(ErrorCode.TOKENIZER_INVALID, refusal.code());
        assertTrue(refusal.getMessage().contains("Unigram"));
    }

    @Test
    void numbersAndTextsOfATokenizerComeThroughUnchanged() throws IOException {
        model("a", 9, List.of("x", "é", "\\u0120", "\\ud83d\\ude00", "\\u0001"), List.of());
        model("b", 9, List.of("new"), List.of());
        String written = new String(plan(recipe(Source.UNION, Map.of(), 0), -1, "a", "b").files().get("tokenizer.json"), StandardCharsets.UTF_8);
        assertTrue(written.contains("\"score\": -1.50e-7"), written);
        assertTrue(written.contains("\"é\": 1") && written.contains("\"Ġ\": 2") && written.contains("\"😀\": 3"), written);
        assertTrue(written.contains("\"content\": \"new\""), written);
    }

    @Test
    void configuredTokensAreAppendedAndFilledAsToldTo() throws IOException {
        model("a", 2, List.of("x", "y"), List.of());
        model("b", 2, List.of("y", "z"), List.of());
        ModelReference b = ModelReference.parse("b");
        Map<String, TokenizerRecipe.Token> tokens = Map.of(
                "<zero>", new TokenizerRecipe.Token(new TokenizerRecipe.Fill.Zero(), false, Position.NONE),
                "x", new TokenizerRecipe.Token(new TokenizerRecipe.Fill.OtherToken(b, null, "z"), true, Position.NONE),
                "y", new TokenizerRecipe.Token(new TokenizerRecipe.Fill.SameToken(b), false, Position.NONE));
        PinnedVocabulary vocabulary = vocabulary(plan(recipe(Source.UNION, tokens, 8), -1, "a", "b"));
        assertEquals(4, vocabulary.tokens());
        assertEquals(8, vocabulary.paddedRows());
        assertEquals(Map.of(
                0, new ConfiguredRow(1, 1, true),
                1, new ConfiguredRow(1, 0, false),
                3, new ConfiguredRow(ConfiguredRow.ZERO, 0, false)), vocabulary.configured());
    }

    @Test
    void aTokenThatIsNotThereIsRefused() throws IOException {
        model("a", 1, List.of("x"), List.of());
        ModelReference a = ModelReference.parse("a");
        for (TokenizerRecipe.Fill fill : List.of(
                new TokenizerRecipe.Fill.OtherToken(a, null, "missing"),
                new TokenizerRecipe.Fill.OtherToken(a, 1, null),
                new TokenizerRecipe.Fill.OtherToken(a, -1, null),
                new TokenizerRecipe.Fill.SameToken(a),
                new TokenizerRecipe.Fill.SameToken(ModelReference.parse("other")))) {
            Map<String, TokenizerRecipe.Token> tokens = Map.of("<new>", new TokenizerRecipe.Token(fill, false, Position.NONE));
            AmalgamException refusal = assertThrows(AmalgamException.class, () -> plan(recipe(Source.UNION, tokens, 0), -1, "a"));
            assertEquals(ErrorCode.TOKENIZER_INVALID, refusal.code());
            assertTrue(refusal.getMessage().contains("<new>"), refusal.getMessage());
        }
    }

    @Test
    void aModelCanGiveItsTokenizerOnly() throws IOException {
        model("a", 2, List.of("x", "y"), List.of());
        model("b", 2, List.of("y", "x"), List.of());
        model("only", 3, List.of("z", "y", "x"), List.of());
        write("only", "chat_template.jinja", "{{ its own }}");
        List<TokenizerInput> inputs = new ArrayList<>(inputs(root, Stream.of("a", "b").map(ModelReference::parse).toList()));
        ModelReference only = ModelReference.parse("only");
        ModelSnapshot snapshot = new LocalModelSource(root, false).resolve("only", null);
        inputs.add(new TokenizerInput(only, 2, snapshot, ModelConfig.read(snapshot), false));
        TokenizerPlan plan = TokenizerPlanner.plan(
                inputs, -1, new TokenizerRecipe(Source.MODEL, only, Map.of(), 0, Position.NONE), null, false);
        PinnedVocabulary vocabulary = vocabulary(plan);
        assertEquals(List.of(0, 1), vocabulary.models());
        assertArrayEquals(new int[][] {{-1, 1, 0}, {-1, 0, 1}}, vocabulary.ownRow());
        assertArrayEquals(snapshot.readSmall("tokenizer.json", 1 << 20), plan.files().get("tokenizer.json"));
        assertTrue(plan.files().containsKey("chat_template.jinja"));
    }

    @Test
    void aModelWithoutTokenizerIsTakenToHaveTheDonors() throws IOException {
        model("a", 2, List.of("x", "y"), List.of());
        write("b", "config.json", "{\"vocab_size\":1}");
        TokenizerPlan plan = plan(recipe(Source.UNION, Map.of(), 0), -1, "a", "b");
        assertArrayEquals(new int[] {0, -1}, vocabulary(plan).ownRow()[1]);
        assertEquals(1, plan.problems().size());
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> plan(recipe(Source.UNION, Map.of(), 0), 1, "a", "b"));
        assertTrue(refusal.getMessage().contains("save_pretrained"));
    }

    @Test
    void withoutATokenizerOptionFilesAreCopiedToTheByte() throws IOException {
        for (String file : List.of("tokenizer.json", "tokenizer_config.json", "generation_config.json", "special_tokens_map.json", "chat_template.jinja")) {
            write("a", file, "not even JSON: " + file);
        }
        write("a", "config.json", "{}");
        write("a", "vocab.json", "{}");
        TokenizerPlan plan = plan(null, -1, "a");
        assertTrue(plan.vocabulary().isEmpty());
        assertEquals(Set.of("tokenizer.json", "tokenizer_config.json", "generation_config.json", "special_tokens_map.json", "chat_template.jinja"),
                plan.files().keySet());
        for (Map.Entry<String, byte[]> file : plan.files().entrySet()) {
            assertEquals("not even JSON: " + file.getKey(), new String(file.getValue(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void theMostFrequentTemplateIsTaken() throws IOException {
        for (String name : List.of("a", "b", "c", "d")) {
            model(name, 1, List.of("x"), List.of());
        }
        write("a", "tokenizer_config.json", "{\"chat_template\":\"{{ one }}\"}");
        write("b", "chat_template.jinja", "{{ two }}\n");
        write("c", "tokenizer_config.json", "{\"chat_template\":[{\"name\":\"tool\",\"template\":\"x\"},{\"name\":\"default\",\"template\":\" {{ two }}\"}]}");
        List<TokenizerInput> inputs = inputs(root, Stream.of("a", "b", "c", "d").map(ModelReference::parse).toList());
        TokenizerPlan plan = TokenizerPlanner.plan(inputs, -1, null, "auto", false);
        assertEquals("{{ two }}", new String(plan.files().get("chat_template.jinja"), StandardCharsets.UTF_8));
        assertFalse(json(plan, "tokenizer_config.json").has("chat_template"), "two templates would contradict each other");
    }

    @ParameterizedTest
    @ValueSource(strings = {"alpaca", "chatml", "exaone", "llama3", "mistral", "{% for m in messages %}{% endfor %}"})
    void namesAndLiteralsAreTemplates(String setting) throws IOException {
        model("a", 1, List.of("x"), List.of());
        TokenizerPlan plan = TokenizerPlanner.plan(inputs(root, List.of(ModelReference.parse("a"))), 0, null, setting, false);
        String template = new String(plan.files().get("chat_template.jinja"), StandardCharsets.UTF_8);
        assertTrue(template.contains("messages"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"chatlm", "{{ short }}", "a long text without any of Jinja's braces"})
    void anythingElseIsNot(String setting) throws IOException {
        model("a", 1, List.of("x"), List.of());
        List<TokenizerInput> inputs = inputs(root, List.of(ModelReference.parse("a")));
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> TokenizerPlanner.plan(inputs, 0, null, setting, false));
        assertEquals(ErrorCode.RECIPE_INVALID, refusal.code());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "[]", "{", "{}", "{\"model\":{}}", "{\"model\":{\"vocab\":{\"a\":-1}}}", "{\"model\":{\"vocab\":{\"a\":99999999}}}",
        "{\"model\":{\"vocab\":{\"a\":1.5}}}", "{\"model\":{\"vocab\":{\"a\":99999999999999999999}}}", "{\"model\":{\"vocab\":{\"a\":0,\"a\":1}}}",
        "{\"model\":{\"vocab\":[\"a\"]}}", "{\"model\":{\"vocab\":1}}", "{\"model\":{\"vocab\":{},\"merges\":[[\"a\"]]}}",
        "{\"model\":{\"vocab\":{},\"merges\":[1]}}", "{\"model\":{\"vocab\":{},\"merges\":{}}}", "{\"added_tokens\":{},\"model\":{\"vocab\":{}}}",
        "{\"added_tokens\":[{\"id\":0}],\"model\":{\"vocab\":{}}}", "{\"added_tokens\":[{\"id\":0,\"content\":\"a\",\"special\":1}],\"model\":{\"vocab\":{}}}",
        "{\"added_tokens\":[1],\"model\":{\"vocab\":{}}}", "{\"model\":{\"vocab\":{}}}{}"})
    void aDamagedTokenizerIsRefused(String content) throws IOException {
        write("a", "tokenizer.json", content);
        write("a", "config.json", "{\"vocab_size\":1}");
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> plan(recipe(Source.UNION, Map.of(), 0), 0, "a"));
        assertEquals(ErrorCode.TOKENIZER_INVALID, refusal.code());
        assertTrue(refusal.getMessage().contains("tokenizer.json of a"), refusal.getMessage());
    }

    @Test
    void aUnionOfAQuarterMillionTokensTakesSeconds() throws IOException {
        int size = 256_000;
        for (String name : List.of("a", "b")) {
            List<String> tokens = new ArrayList<>(size);
            List<String> merges = new ArrayList<>(size);
            for (int i = 0; i < size; i++) {
                tokens.add(name + "-" + i / 2 * (name.equals("a") ? 1 : i % 2) + "-" + i);
                merges.add(tokens.get(i / 2) + " " + tokens.get(i / 3));
            }
            model(name, size, tokens, merges);
        }
        // Processor time, so that a busy machine does not fail the test; a loop that is quadratic takes minutes.
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadCpuTime();
        assertEquals(2 * size, vocabulary(plan(recipe(Source.UNION, Map.of(), 0), 0, "a", "b")).tokens());
        double seconds = (threads.getCurrentThreadCpuTime() - before) / 1e9;
        assertTrue(seconds < 15, "a union of two vocabularies of " + size + " tokens took " + seconds + " s");
    }
}
