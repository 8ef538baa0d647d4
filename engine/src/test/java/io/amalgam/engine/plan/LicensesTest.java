package io.amalgam.engine.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A merged model is under the strictest licence of its parents. */
class LicensesTest {

    @Test
    void theStrictestOfSeveralIsNamed() {
        assertEquals(Optional.of("llama3"), Licenses.strictest(List.of("mit", "llama3", "apache-2.0")));
        assertEquals(Optional.of("cc-by-nc-4.0"), Licenses.strictest(List.of("gpl-3.0", "cc-by-nc-4.0", "gemma")));
        assertEquals(Optional.of("cc-by-nc-nd-4.0"), Licenses.strictest(List.of("cc-by-nc-4.0", "cc-by-nc-nd-4.0")));
        assertEquals(Optional.of("my-license"), Licenses.strictest(List.of("agpl-3.0", "my-license")), "what is not known is strictest");
        assertEquals(Optional.empty(), Licenses.strictest(List.of()));
    }

    @ParameterizedTest
    @CsvSource({"license: apache-2.0, apache-2.0", "license: 'MIT', mit", "license: [gemma], gemma", "'license:\n- mit\n- gpl-3.0', gpl-3.0"})
    void aCardNamesItsLicence(String line, String license) {
        assertEquals(license, Licenses.of("---\nlanguage: en\n" + line + "\ntags: [merge]\n---\n# A model\nlicense: wtfpl\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# A model\nlicense: mit\n", "---\nlicense: mit\n", "---\nlicense: <script>\n---\n", "---\ntags: [x]\n---\nlicense: mit",
        "---\nlicense:\n---\n"})
    void anotherTextNamesNone(String card) {
        assertNull(Licenses.of(card));
    }

    @Test
    void everyKindHasItsPlace() {
        assertTrue(Licenses.rank("mit").order() < Licenses.rank("gpl-3.0").order());
        assertEquals("non-commercial", Licenses.rank("cc-by-nc-sa-4.0").kind());
        assertEquals(Licenses.rank("other"), Licenses.rank("a licence of tomorrow"));
    }
}
