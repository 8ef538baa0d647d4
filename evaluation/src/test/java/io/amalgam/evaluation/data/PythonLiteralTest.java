package io.amalgam.evaluation.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The expected values are what Python's {@code ast.literal_eval} gives. */
class PythonLiteralTest {

    @Test
    void listsOfStringsWithBothQuotesAndEscapes() {
        assertEquals(List.of("a", "it's", "say \"x\""), PythonLiteral.parse("['a', \"it's\", 'say \"x\"']"));
        assertEquals(List.of("it's\n\u00e9\\q"), PythonLiteral.parse("['it\\'s\\n\\u00e9\\q',]"));
        assertEquals(List.of("AB\u0007A"), PythonLiteral.parse("['\\x41\\102\\a' 'A']"));
        assertEquals("\\frac{1}{2}", PythonLiteral.parse("r'\\frac{1}{2}'"));
        assertEquals("two\nlines", PythonLiteral.parse("\"\"\"two\nlines\"\"\""));
    }

    @Test
    void numbersConstantsAndNesting() {
        assertEquals(Arrays.asList(1L, -2.5, null, true), PythonLiteral.parse("(1, -2.5, None, True)"));
        assertEquals(
                Map.of("k", List.of(Map.of("a", 1L))), PythonLiteral.parse("{'k': [ # comment\n {'a': 1}]}"));
    }

    @Test
    void codeIsRefused() {
        for (String text : List.of("__import__('os')", "[1", "'open", "'a\nb'", "[1] + [2]", "f('x')", "", "{'a'}")) {
            assertThrows(IllegalArgumentException.class, () -> PythonLiteral.parse(text), text);
        }
        assertThrows(IllegalArgumentException.class, () -> PythonLiteral.parse("[".repeat(10_000)));
    }
}
