package io.amalgam.engine.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SpellingTest {

    private static final List<String> KEYS = List.of("merge_method", "models", "modules", "base_model", "dtype");

    @Test
    void lettersSwappedMissingOrWrongFindTheKey() {
        assertEquals(Optional.of("merge_method"), Spelling.nearest("merge_metod", KEYS));
        assertEquals(Optional.of("merge_method"), Spelling.nearest("merge-method", KEYS));
        assertEquals(Optional.of("models"), Spelling.nearest("mdoels", KEYS));
        assertEquals(Optional.of("dtype"), Spelling.nearest("Dtype", KEYS));
    }

    @Test
    void somethingElseFindsNothing() {
        assertEquals(Optional.empty(), Spelling.nearest("temperature", KEYS));
        assertEquals("", Spelling.suggestion("temperature", KEYS));
    }

    @Test
    void ofSeveralEquallyNearTheFirstIsTaken() {
        assertEquals(Optional.of("ab"), Spelling.nearest("aa", List.of("ab", "ac")));
    }
}
