package io.amalgam.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code plan}, {@code merge} and {@code methods} as a person uses them. */
class MergeCommandTest {

    private static final Path MODELS =
            Path.of("../engine/src/test/resources/golden/models").toAbsolutePath().normalize();

    @TempDir
    private Path folder;

    private Path recipe;

    @BeforeEach
    void writeRecipe() throws IOException {
        recipe = write("recipe.yml", """
                merge_method: linear
                models:
                - {model: %1$s/llama-a, parameters: {weight: 0.25}}
                - {model: %1$s/llama-b, parameters: {weight: 0.75}}
                dtype: bfloat16
                """.formatted(MODELS));
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.writeString(file, text);
        return file;
    }

    @Test
    void aMergeWritesAModelThatTransformersKnows() throws IOException {
        Path out = folder.resolve("out");
        CommandRun run = CommandRun.of("merge", recipe, out);
        assertEquals(0, run.status(), run.err());
        assertEquals("", run.err());
        assertTrue(run.out().contains(out.toString()), run.out());
        for (String file : List.of(
                "model.safetensors", "config.json", "tokenizer.json", "README.md", "mergekit_config.yml", "amalgam.json")) {
            assertTrue(Files.exists(out.resolve(file)), file);
        }
        assertEquals(Files.readString(recipe), Files.readString(out.resolve("mergekit_config.yml")));
        assertOnly("out", "recipe.yml");
    }

    private void assertOnly(String... names) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(
                    List.of(names),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void theSameMergeAgainIsSuccessWithoutWork() throws IOException {
        Path out = folder.resolve("out");
        CommandRun.of("merge", recipe, out);
        Object before = Files.getLastModifiedTime(out.resolve("model.safetensors"));
        CommandRun again = CommandRun.of("merge", recipe, out);
        assertEquals(0, again.status(), again.err());
        assertTrue(again.out().contains("there already"), again.out());
        assertEquals(before, Files.getLastModifiedTime(out.resolve("model.safetensors")));
    }

    @Test
    void otherContentIsReplacedOnlyIfAsked() throws IOException {
        Path out = folder.resolve("out");
        Files.createDirectories(out);
        Files.writeString(out.resolve("mine.txt"), "mine");
        CommandRun refused = CommandRun.of("merge", recipe, out);
        assertEquals(Failures.USER, refused.status());
        assertTrue(refused.err().startsWith("error[OUTPUT_NOT_EMPTY]"), refused.err());
        assertTrue(Files.exists(out.resolve("mine.txt")));
        assertEquals(0, CommandRun.of("merge", recipe, out, "--overwrite").status());
        assertFalse(Files.exists(out.resolve("mine.txt")));
    }

    @Test
    void threadsChangeNothing() throws IOException {
        CommandRun.of("merge", recipe, folder.resolve("one"), "--threads", 1);
        CommandRun.of("merge", recipe, folder.resolve("four"), "-j", 4);
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("one/model.safetensors")),
                Files.readAllBytes(folder.resolve("four/model.safetensors")));
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("one/amalgam.json")),
                Files.readAllBytes(folder.resolve("four/amalgam.json")));
    }

    @Test
    void everyArgumentOfMergekitYamlIsAccepted() {
        CommandRun run = CommandRun.of(
                "merge", recipe, folder.resolve("out"), "--allow-crimes", "--no-allow-crimes",
                "--unsafe-truncate-embeddings", "--transformers-cache", "c", "--lora-merge-cache", "c",
                "--lora-merge-dtype", "float32", "--cuda", "--device", "auto", "--low-cpu-memory", "--out-shard-size",
                "20k", "--copy-tokenizer", "--clone-tensors", "--trust-remote-code", "--random-seed", 7,
                "--lazy-unpickle", "--write-model-card", "--safe-serialization", "-v", "-v", "--no-quiet", "--read-to-gpu",
                "--multi-gpu", "--num-threads", 2, "--gpu-rich", "--async-write", "--write-threads", 2);
        assertEquals(0, run.status(), run.err());
        assertTrue(run.err().contains("note[ARGUMENT_INVALID] --cuda has no effect here"), run.err());
        assertFalse(run.err().contains("--copy-tokenizer has no effect"), run.err());
        assertTrue(Files.exists(folder.resolve("out/model-00001-of-00004.safetensors")));
    }

    @Test
    void negatedArgumentsAreHonoured() {
        CommandRun run = CommandRun.of(
                "merge", recipe, folder.resolve("out"), "--no-copy-tokenizer", "--no-write-model-card", "--quiet");
        assertEquals(0, run.status(), run.err());
        assertEquals("", run.out() + run.err());
        assertFalse(Files.exists(folder.resolve("out/tokenizer.json")));
        assertFalse(Files.exists(folder.resolve("out/README.md")));
    }

    @Test
    void everyErrorIsOneLineWithItsPlaceAndNothingIsLeftBehind() throws IOException {
        Path wrong = write("wrong.yml", """
                merge_method: dare-ties
                models:
                - {model: %1$s/llama-a}
                - {model: %1$s/llama-x}
                dtype: bf16
                """.formatted(MODELS));
        CommandRun run = CommandRun.of("merge", wrong, folder.resolve("out"));
        assertEquals(Failures.USER, run.status());
        List<String> lines = run.err().lines().toList();
        assertEquals(3, lines.size(), run.err());
        assertTrue(lines.get(0).startsWith("error[METHOD_UNKNOWN] " + wrong + ":1:1: "), run.err());
        assertTrue(lines.get(1).startsWith("error[MODEL_NOT_FOUND] " + wrong + ":4:3: "), run.err());
        assertTrue(lines.get(2).startsWith("error[DTYPE_UNSUPPORTED] " + wrong + ":5:8: "), run.err());
        assertOnly("recipe.yml", "wrong.yml");
    }

    @Test
    void jsonGoesToStandardOutputAlone() throws IOException {
        CommandRun plan = CommandRun.of("plan", recipe, "--json");
        JsonNode planned = new ObjectMapper().readTree(plan.out());
        assertEquals(58_432, planned.at("/cost/bytesToWrite").asLong());
        CommandRun merge = CommandRun.of("merge", recipe, folder.resolve("out"), "--json");
        JsonNode merged = new ObjectMapper().readTree(merge.out());
        assertEquals(planned.get("artifact"), merged.get("artifact"));
        assertTrue(merged.get("made").asBoolean());
        assertEquals("", plan.err() + merge.err());
    }

    @Test
    void aPlanSaysWhatItTakes() {
        CommandRun run = CommandRun.of("plan", recipe, "--out-shard-size", "20k");
        assertEquals(0, run.status(), run.err());
        assertTrue(run.out().contains("58.4 kB in 4 chunks"), run.out());
        assertTrue(run.out().contains("model-00004-of-00004.safetensors"), run.out());
    }

    @Test
    void recipesOfOneFileAreMadeInTheirOrder() throws IOException {
        Path several = write("several.yml", """
                merge_method: slerp
                base_model: inner
                models: [{model: inner}, {model: %1$s/llama-c}]
                parameters: {t: 0.5}
                ---
                name: inner
                merge_method: linear
                models:
                - {model: %1$s/llama-a, parameters: {weight: 1}}
                - {model: %1$s/llama-b, parameters: {weight: 1}}
                """.formatted(MODELS));
        CommandRun run = CommandRun.of("merge", several, folder.resolve("out"), "-I", folder.resolve("inner-models"));
        assertEquals(0, run.status(), run.err());
        assertTrue(Files.exists(folder.resolve("inner-models/inner/amalgam.json")));
        String inner = new ObjectMapper()
                .readTree(folder.resolve("inner-models/inner/amalgam.json").toFile())
                .get("artifactKey")
                .asText();
        JsonNode outer = new ObjectMapper().readTree(folder.resolve("out/amalgam.json").toFile());
        assertEquals("artifact:" + inner, outer.at("/parents/0/identity").asText());
        assertEquals(Failures.USER, CommandRun.of("merge", several, folder.resolve("out")).status());
    }

    @Test
    void whatIsNoRecipeIsRefusedInOneLine() throws IOException {
        assertRefused("NOT_FOUND", folder.resolve("none.yml"));
        assertRefused("NOT_FOUND", folder);
        assertRefused("RECIPE_NOT_YAML", write("words.yml", "just words"));
        assertRefused("RECIPE_NOT_YAML", write("empty.yml", ""));
        Path binary = folder.resolve("binary.yml");
        Files.write(binary, new byte[] {(byte) 0xC3, 0x28, 0x00});
        assertRefused("RECIPE_NOT_YAML", binary);
    }

    private static void assertRefused(String code, Path recipe) {
        CommandRun run = CommandRun.of("plan", recipe);
        assertEquals(Failures.USER, run.status(), run.err());
        assertTrue(run.err().startsWith("error[" + code + "]"), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
    }

    @Test
    void wrongArgumentsAreRefusedWithTheUsage() {
        assertEquals(Failures.ARGUMENTS, CommandRun.of("merge").status());
        assertEquals(Failures.ARGUMENTS, CommandRun.of("merge", recipe, "out", "--out-shard-size", "5 GB").status());
        assertEquals(Failures.ARGUMENTS, CommandRun.of().status());
        assertEquals(Failures.USER, CommandRun.of("merge", recipe).status());
        assertEquals(Failures.USER, CommandRun.of("plan", recipe, "--random-seed", -1).status());
        assertEquals(Failures.USER, CommandRun.of("merge", recipe, folder.resolve("out"), "--threads", 0).status());
        CommandRun run = CommandRun.of("merg");
        assertTrue(run.err().contains("merge"), run.err());
    }

    @Test
    void methodsAreListedAndExplained() {
        CommandRun all = CommandRun.of("methods");
        assertEquals(21, all.out().lines().count(), all.out());
        CommandRun one = CommandRun.of("methods", "della");
        assertTrue(one.out().contains("epsilon") && one.out().contains("arXiv:2406.11617"), one.out());
        CommandRun none = CommandRun.of("methods", "dela");
        assertTrue(none.err().contains("\"della\""), none.err());
    }

    @Test
    void theDocumentationPageIsThatOfTheMethods() throws IOException {
        assertEquals(
                Files.readString(Path.of("../docs/methods.md")),
                CommandRun.of("methods", "--markdown").out(),
                "make the page again: ./amalgam methods --markdown > docs/methods.md");
    }
}
