package io.amalgam.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MersenneTwisterTest {
    private static final RandomKernels SCALAR = new ScalarRandom();

    @Test
    void givesTheReferenceStream() {
        // The 10 000th output for seed 5489, as the C++ standard states it (ISO/IEC 14882, [rand.predef]).
        MersenneTwister twister = MersenneTwister.seeded(5489);
        int[] buffer = new int[624 + 10_000];
        twister.generate(SCALAR, buffer, 10_000);
        assertEquals(4123659995L, Integer.toUnsignedLong(MersenneTwister.temper(buffer[624 + 9_999])));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 623, 624, 625, 19_936, 19_937, 19_938, 1_000_003})
    void jumpingIsSkipping(long draws) {
        MersenneTwister jumped = MersenneTwister.seeded(11);
        MersenneTwister skipped = jumped.copy();
        jumped.jump(JumpPolynomial.of(draws), SCALAR);
        skipped.skip(SCALAR, draws);
        assertEquals(skipped, jumped);
    }

    @Test
    void jumpsAddUp() {
        MersenneTwister once = MersenneTwister.seeded(11);
        MersenneTwister twice = once.copy();
        once.jump(JumpPolynomial.of((1L << 40) + 12_345), SCALAR);
        twice.jump(JumpPolynomial.of(1L << 40), SCALAR);
        twice.jump(JumpPolynomial.of(12_345), SCALAR);
        assertEquals(once, twice);
    }
}
