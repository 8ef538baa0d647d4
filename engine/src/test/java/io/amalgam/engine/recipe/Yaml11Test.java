package io.amalgam.engine.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Plain scalars have the types that PyYAML gives them. */
class Yaml11Test {

    @ParameterizedTest
    @ValueSource(strings = {"1e-4", "1e5", "1.0e4", "0o17", "1_a", "yEs", "08", "+", ".", "-", "1.2.3", "0x", "=", "NaN"})
    void theseAreStrings(String text) {
        assertEquals(text, Yaml11.resolve(text));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0", "12, 12", "-3, -3", "+7, 7", "1_000, 1000", "010, 8", "-010, -8", "0x1F, 31", "0b101, 5", "1:30, 90",
        "-1:00:00, -3600", "9223372036854775807, 9223372036854775807"
    })
    void theseAreWholeNumbers(String text, long value) {
        assertEquals(value, Yaml11.resolve(text));
    }

    @ParameterizedTest
    @CsvSource({
        "0.5, 0.5", ".5, 0.5", "1., 1.0", "-0.25, -0.25", "1.0e-4, 1.0e-4", "1.5e+3, 1500.0", "6_8.5, 68.5",
        "1:30.5, 90.5", "-.inf, -Infinity", ".INF, Infinity"
    })
    void theseAreRealNumbers(String text, double value) {
        assertEquals(value, Yaml11.resolve(text));
    }

    @Test
    void numbersBeyondSixtyFourBitsAreReal() {
        assertEquals(1e20, Yaml11.resolve("100000000000000000000"));
    }

    @Test
    void undefinedIsReal() {
        assertEquals(Double.NaN, Yaml11.resolve(".nan"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "Yes", "YES", "true", "True", "on", "ON"})
    void theseAreTrue(String text) {
        assertEquals(true, Yaml11.resolve(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"no", "No", "false", "FALSE", "off", "Off"})
    void theseAreFalse(String text) {
        assertEquals(false, Yaml11.resolve(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "~", "null", "Null", "NULL"})
    void theseAreNothing(String text) {
        assertNull(Yaml11.resolve(text));
    }
}
