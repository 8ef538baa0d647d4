package io.amalgam.engine.method;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.SelectionKernels;
import io.amalgam.engine.kernel.Tile;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cuts found by counting are those that sorting finds. */
class MagnitudeCountsTest {
    private static final int STRIPS = 48;
    private static final int STRIP = 1000;

    private final long[] keys = new long[STRIPS * STRIP];
    private final Tile[] tiles = new Tile[STRIPS];

    /** Elements of a deviation that differs by strip, with some zeros among them. */
    private void fill(DType type, double[] deviations) {
        Random random = new Random(3);
        SelectionKernels selection = Kernels.of(type).selection();
        for (int strip = 0; strip < STRIPS; strip++) {
            tiles[strip] = Tile.of(type, STRIP);
            for (int i = 0; i < STRIP; i++) {
                double value = random.nextInt(10) == 0 ? 0 : random.nextGaussian() * deviations[strip];
                tiles[strip].set(i, value);
            }
            Kernels.of(type).arithmetic().round(tiles[strip], tiles[strip], STRIP);
            for (int i = 0; i < STRIP; i++) {
                keys[strip * STRIP + i] = selection.key(tiles[strip].get(i));
            }
        }
    }

    private MagnitudeCounts counts(DType type, long... ranks) {
        return new MagnitudeCounts(Kernels.of(type).selection(), 2, STRIPS, ranks, (cut, seen, zeros) ->
                (double) ranks[cut] / keys.length * seen);
    }

    private void pass(MagnitudeCounts counts) {
        for (int strip = 0; strip < STRIPS; strip++) {
            int worker = strip % 2;
            counts.beginStrip(worker);
            counts.count(worker, tiles[strip], STRIP);
            counts.endStrip(worker, strip);
        }
        counts.complete();
    }

    private void assertSorted(MagnitudeCounts counts, long... ranks) {
        long[] sorted = keys.clone();
        Arrays.sort(sorted);
        for (int cut = 0; cut < ranks.length; cut++) {
            long key = sorted[(int) ranks[cut]];
            assertEquals(key, counts.key(cut));
            assertEquals(Arrays.stream(sorted).filter(each -> each == key).count(), counts.equal(cut));
            assertEquals(ranks[cut] - Arrays.stream(sorted).filter(each -> each < key).count(), counts.equalBefore(cut));
            for (int strip = 0; strip < STRIPS; strip++) {
                long noticed = counts.equalIn(strip, cut);
                long own = IntStream.range(strip * STRIP, (strip + 1) * STRIP).filter(i -> keys[i] == key).count();
                assertTrue(noticed == -1 || noticed == own, "strip " + strip + " has " + own + ", noticed " + noticed);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"BF16", "F16", "F32"})
    void oneCutOrTwoNearOrFar(DType type) {
        double[] deviations = new double[STRIPS];
        Arrays.fill(deviations, 0.01);
        fill(type, deviations);
        long n = keys.length;
        for (long[] ranks : new long[][] {{n / 2}, {n / 2, n * 9 / 10}, {n / 2, n / 2 + 10}, {n / 2, n / 2 + n / 6}, {0}, {n - 1}, {5, n - 5}}) {
            MagnitudeCounts counts = counts(type, ranks.clone());
            for (int level = 0; level < Kernels.of(type).selection().levels() && !counts.found(); level++) {
                pass(counts);
            }
            if (!counts.found()) {
                pass(counts);
            }
            assertSorted(counts, ranks);
        }
    }

    @Test
    void theFirstStripsSayWhereToLook() {
        double[] deviations = new double[STRIPS];
        Arrays.fill(deviations, 0.01);
        fill(DType.BF16, deviations);
        MagnitudeCounts counts = counts(DType.BF16, keys.length / 2);
        pass(counts);
        assertTrue(counts.found());
        for (int strip = 8; strip < STRIPS; strip++) {
            assertTrue(counts.equalIn(strip, 0) >= 0, "strip " + strip);
        }
    }

    /** The first strips are ten times as small, or as large, as the others. */
    @ParameterizedTest
    @ValueSource(doubles = {0.1, 10})
    void aCutThatWasLookedForInTheWrongPlaceIsFoundByCountingAgain(double factor) {
        double[] deviations = new double[STRIPS];
        Arrays.fill(deviations, 0.01);
        Arrays.fill(deviations, 0, 12, 0.01 * factor);
        fill(DType.BF16, deviations);
        for (long[] ranks : new long[][] {{keys.length / 2}, {keys.length / 3, keys.length * 4L / 5}}) {
            MagnitudeCounts counts = counts(DType.BF16, ranks.clone());
            pass(counts);
            assertFalse(counts.found());
            pass(counts);
            assertTrue(counts.found());
            assertSorted(counts, ranks);
        }
    }
}
