package io.amalgam.evaluation.data;

import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSnapshot.ModelFile;
import io.amalgam.engine.source.RangeReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.Set;

/**
 * The digests of a model by which its answers are remembered: of its files' digests, whatever its name, place and time.
 *
 * @param weights the digest of the weights' bytes and of the configuration that says how to run them
 * @param tokenizer the digest of the tokenizer's files, chat templates included
 */
public record ModelDigest(String weights, String tokenizer) {
    private static final int BLOCK = 8 << 20;
    private static final Set<String> CONFIGURATIONS = Set.of("config.json", "generation_config.json");

    /** Takes the digests of files from where they are known, such as an artifact's manifest; else reads them once. */
    public static ModelDigest of(ModelSnapshot model) throws IOException {
        MessageDigest weights = Sha256.newDigest();
        MessageDigest tokenizer = Sha256.newDigest();
        for (ModelFile file : model.files()) {
            if (file.name().endsWith(".safetensors") || CONFIGURATIONS.contains(file.name())) {
                add(weights, model, file);
            } else if (isTokenizer(file.name())) {
                add(tokenizer, model, file);
            }
        }
        return new ModelDigest(Sha256.end(weights), Sha256.end(tokenizer));
    }

    private static boolean isTokenizer(String name) {
        return name.startsWith("tokenizer") || name.startsWith("chat_template") || name.equals("special_tokens_map.json")
                || name.equals("added_tokens.json") || name.equals("vocab.json") || name.equals("merges.txt");
    }

    private static void add(MessageDigest digest, ModelSnapshot model, ModelFile file) throws IOException {
        Optional<String> known = model.knownSha256(file.name());
        String contents = known.isPresent() ? known.get() : read(model, file);
        digest.update((file.name() + "\0" + file.length() + "\0" + contents + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static String read(ModelSnapshot model, ModelFile file) throws IOException {
        MessageDigest digest = Sha256.newDigest();
        byte[] block = new byte[(int) Math.min(BLOCK, Math.max(1, file.length()))];
        try (RangeReader reader = model.open(file.name())) {
            for (long position = 0; position < file.length(); position += block.length) {
                int length = (int) Math.min(block.length, file.length() - position);
                reader.read(position, MemorySegment.ofArray(block).asSlice(0, length));
                digest.update(block, 0, length);
            }
        }
        return Sha256.end(digest);
    }
}
