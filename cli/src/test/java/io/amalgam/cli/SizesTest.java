package io.amalgam.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SizesTest {

    @ParameterizedTest
    @CsvSource({"0, 0", "123, 123", "2k, 2000", "3M, 3000000", "5B, 5000000000", "5g, 5000000000", "-1, -1", " 7k, 7000"})
    void sizesAreBytesWithDecimalSuffixes(String text, long bytes) {
        assertEquals(bytes, Sizes.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "5GB", "1.5B", "five", "99999999999B"})
    void otherTextsAreNoSizes(String text) {
        assertThrows(IllegalArgumentException.class, () -> Sizes.parse(text));
    }

    @Test
    void bytesAreToldWithThreeDigits() {
        assertEquals("999 bytes", Sizes.inWords(999));
        assertEquals("1.00 kB", Sizes.inWords(1_000));
        assertEquals("58.4 kB", Sizes.inWords(58_432));
        assertEquals("1.00 MB", Sizes.inWords(999_960));
        assertEquals("141.1 GB", Sizes.inWords(141_107_412_992L));
    }
}
