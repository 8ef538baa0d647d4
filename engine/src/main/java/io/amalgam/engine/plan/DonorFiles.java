package io.amalgam.engine.plan;

import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Files that are copied from the model that gives configuration and tokenizer (mergekit.md §3.9). */
final class DonorFiles {

    private static final int LIMIT = 256 << 20;
    private static final String TOKENIZER_CONFIG = "tokenizer_config.json";
    private static final List<String> TOKENIZER_FILES = List.of(
            TOKENIZER_CONFIG,
            "special_tokens_map.json",
            "tokenizer.json",
            "tokenizer.model",
            "added_tokens.json",
            "merges.txt",
            "vocab.json",
            "chat_template.jinja",
            "generation_config.json",
            "chat_template.json",
            "video_preprocessor_config.json");

    private DonorFiles() {
    }

    /** The tokenizer's files as they are, if the model has a tokenizer. */
    static Map<String, byte[]> tokenizer(ModelSnapshot donor) throws IOException {
        boolean complete = donor.has(TOKENIZER_CONFIG) && (donor.has("tokenizer.json") || donor.has("tokenizer.model"));
        return complete ? copies(donor, TOKENIZER_FILES) : Map.of();
    }

    /** Those of the named files that the model has. */
    static Map<String, byte[]> copies(ModelSnapshot donor, Collection<String> names) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        for (String name : names) {
            if (donor.has(name)) {
                files.put(name, donor.readSmall(name, LIMIT));
            }
        }
        return files;
    }
}
