package io.amalgam.engine.method;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranks are rounded as MergeKit rounds them. */
class DellaMergeTest {
    /** As {@code torch.tensor(rank).to(torch.bfloat16) + 1} gives them; rounded once, 257 would be 258. */
    @ParameterizedTest
    @CsvSource({"0, 1", "254, 255", "255, 256", "256, 256", "257, 256", "258, 260", "259, 260", "895, 896"})
    void aRankIsRoundedBeforeAndAfterOneIsAdded(int fromZero, double rank) {
        assertEquals(rank, DellaMerge.rank(Kernels.of(DType.BF16), fromZero));
    }
}
