package io.amalgam.fuzz;

import io.amalgam.engine.checkpoint.ModelConfig;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.recipe.Position;
import io.amalgam.engine.recipe.TokenizerRecipe;
import io.amalgam.engine.tokenizer.TokenizerInput;
import io.amalgam.engine.tokenizer.TokenizerPlan;
import io.amalgam.engine.tokenizer.TokenizerPlanner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Tokenizer files: a model with the fuzzed {@code tokenizer.json}, or {@code tokenizer_config.json}, is put together with
 * an honest one.
 */
public final class TokenizerTarget implements FuzzTarget {

    private static final TokenizerTarget INSTANCE = new TokenizerTarget();
    private static final byte[] HONEST = bytes("""
            {"version":"1.0","added_tokens":[{"id":3,"content":"<s>","special":true}],"model":{"type":"BPE",
            "vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}""");
    private static final byte[] CONFIG = bytes("{\"model_type\":\"llama\",\"vocab_size\":8}");
    private static final List<TokenizerRecipe.Source> SOURCES =
            List.of(TokenizerRecipe.Source.UNION, TokenizerRecipe.Source.BASE);

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
        return "tokenizer";
    }

    @Override
    public void run(byte[] input) {
        if (input.length == 0) {
            return;
        }
        byte[] file = Arrays.copyOfRange(input, 1, input.length);
        boolean configuration = (input[0] & 2) != 0;
        TokenizerRecipe recipe =
                new TokenizerRecipe(SOURCES.get(input[0] & 1), null, Map.of(), 0, Position.NONE);
        String template = (input[0] & 4) != 0 ? "auto" : null;
        try {
            TokenizerInput fuzzed = model("fuzzed", configuration ? HONEST : file, configuration ? file : bytes("{}"));
            TokenizerInput honest = model("honest", HONEST, bytes("{}"));
            TokenizerPlan plan = TokenizerPlanner.plan(List.of(honest, fuzzed), (input[0] & 8) != 0 ? 1 : 0, recipe, template,
                    (input[0] & 16) != 0);
            Refusals.promise(plan.files().containsKey("tokenizer.json"), "an output has its tokenizer");
        } catch (AmalgamException refusal) {
            Refusals.check(refusal, ErrorCode.TOKENIZER_INVALID, ErrorCode.RECIPE_INVALID);
        } catch (IOException failure) {
            throw new AssertionError("it opened what is not there", failure);
        }
    }

    private static TokenizerInput model(String name, byte[] tokenizer, byte[] configuration) throws IOException {
        MemorySnapshot snapshot = new MemorySnapshot(Map.of(
                "config.json", CONFIG, "tokenizer.json", tokenizer, "tokenizer_config.json", configuration));
        return new TokenizerInput(ModelReference.parse(name), 0, snapshot, ModelConfig.read(snapshot), true);
    }

    @Override
    public List<byte[]> seeds() {
        return List.of(
                seed(0, new String(HONEST, StandardCharsets.UTF_8)),
                seed(1, """
                        {"added_tokens":[{"id":2,"content":"x","lstrip":true,"rstrip":false,"normalized":true,
                        "single_word":false,"special":false}],"model":{"type":"Unigram","unk_id":0,
                        "vocab":[["<unk>",0.0],["a",-1.5]]}}"""),
                seed(0, "{\"model\":{\"type\":\"WordPiece\",\"continuing_subword_prefix\":\"##\",\"vocab\":{\"##a\":0}}}"),
                seed(6, "{\"chat_template\":[{\"name\":\"default\",\"template\":\"{{ messages }}\"}],"
                        + "\"added_tokens_decoder\":{\"3\":{\"content\":\"<s>\"}}}"));
    }

    private static byte[] seed(int form, String text) {
        byte[] content = bytes(text);
        byte[] seed = new byte[content.length + 1];
        seed[0] = (byte) form;
        System.arraycopy(content, 0, seed, 1, content.length);
        return seed;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
