package io.amalgam.fuzz;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.recipe.ParsedRecipe;
import io.amalgam.engine.recipe.RecipeParser;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Recipes: every mistake is told, with its place, and none is a fault of ours. */
public final class RecipeTarget implements FuzzTarget {

    private static final RecipeTarget INSTANCE = new RecipeTarget();

    /** For Jazzer, once: what is slow the first time is not an input's fault. */
    public static void fuzzerInitialize() {
        INSTANCE.seeds().forEach(INSTANCE::run);
    }

    /** For Jazzer. */
    public static void fuzzerTestOneInput(byte[] input) {
        INSTANCE.run(input);
    }

    @Override
    public String name() {
        return "recipe";
    }

    @Override
    public void run(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        try {
            ParsedRecipe parsed = RecipeParser.parse(text, "recipe.yml");
            parsed.problems().forEach(RecipeTarget::check);
            if (parsed.problems().stream().noneMatch(problem -> problem.severity() == Problem.Severity.ERROR)) {
                Refusals.promise(parsed.orThrow().mergeMethod() != null, "a recipe without errors has a method");
            }
            RecipeParser.parseAll(text, "recipe.yml").forEach(each -> each.problems().forEach(RecipeTarget::check));
        } catch (AmalgamException refusal) {
            refusal.problems().forEach(RecipeTarget::check);
        }
    }

    private static void check(Problem problem) {
        Refusals.check(new AmalgamException(problem.code(), problem.message()), problem.code());
        Refusals.promise(problem.line() >= 0 && problem.column() >= 0, "a place is a place");
    }

    @Override
    public List<byte[]> seeds() {
        return List.of(
                bytes("""
                        merge_method: ties
                        base_model: base
                        models:
                          - model: a/b@main+c
                            parameters: {weight: [0, 0.5, 1], density: 0.53}
                          - model: d
                            parameters:
                              weight:
                                - filter: self_attn
                                  value: 0.5
                                - value: 1
                        dtype: bfloat16
                        out_dtype: float16
                        parameters: {normalize: true, int8_mask: on}
                        tokenizer_source: union
                        chat_template: auto
                        """),
                bytes("""
                        slices:
                          - sources:
                              - model: &m {model: {path: x, revision: y}, lora: {path: z}}
                                layer_range: [0, 16]
                              - model: *m
                                layer_range: [16, 0x20]
                        merge_method: slerp
                        base_model: x
                        parameters: {t: 1:30}
                        dtype: float32
                        tokenizer:
                          source: base
                          pad_to_multiple_of: 64
                          tokens:
                            <|im_start|>: {source: {kind: model_token, model: x, token_id: 7}, force: true}
                        """),
                bytes("merge_method: linear\nmodules:\n  text_decoder:\n    slices: []\n---\n<<: [{a: b}, {c: d}]\n"));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
