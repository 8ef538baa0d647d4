package io.amalgam.engine.tokenizer;

import io.amalgam.engine.error.Problem;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The vocabulary of a merge's output and the files that come with it.
 *
 * @param vocabulary rows of the output, or empty where the recipe leaves vocabularies alone
 * @param files tokenizer, chat template, generation configuration: name to content
 * @param problems what is worth knowing: warnings and notes
 */
public record TokenizerPlan(Optional<PinnedVocabulary> vocabulary, Map<String, byte[]> files, List<Problem> problems) {

    /** No vocabulary and no files. */
    public static final TokenizerPlan NONE = new TokenizerPlan(Optional.empty(), Map.of(), List.of());

    /** Keeps collections as they are now. */
    public TokenizerPlan {
        files = Map.copyOf(files);
        problems = List.copyOf(problems);
    }
}
