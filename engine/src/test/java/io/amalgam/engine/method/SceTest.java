package io.amalgam.engine.method;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** As many positions are kept as MergeKit keeps. */
class SceTest {
    /** Counts as {@code int(torch.tensor(nonZero) * share)} gives them; with float64, all but the first would be less. */
    @ParameterizedTest
    @CsvSource({"10, 0.5, 5", "100, 0.29, 29", "4358143, 0.6, 2614886", "28671984, 0.6, 17203192"})
    void theCountOfKeptPositionsIsThatOfFloat32(long nonZero, double share, long kept) {
        assertEquals(kept, Sce.kept(nonZero, share));
    }
}
