package io.amalgam.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.amalgam.engine.checkpoint.DType;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signs counted by words are those counted one by one. */
class SignBitsTest {

    private static final double[] VALUES = {1, -1, 0, -0.0, Double.NaN, Float.MIN_VALUE, -Float.MIN_VALUE, 1 / 0.0};

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 65, 1000, 4096})
    void countsAreThoseOfOneByOne(int length) {
        for (DType type : new DType[] {DType.F32, DType.F64}) {
            Random random = new Random(length);
            double[][] values = new double[3][length];
            SignBits[] bits = new SignBits[3];
            for (int vector = 0; vector < 3; vector++) {
                Tile tile = Tile.of(type, Math.max(1, length));
                for (int i = 0; i < length; i++) {
                    values[vector][i] = VALUES[random.nextInt(VALUES.length)];
                    tile.set(i, values[vector][i]);
                }
                bits[vector] = new SignBits(4096);
                // What was there before is forgotten.
                Tile other = Tile.of(type, 4096);
                other.set(4095, 1);
                bits[vector].take(other, 4096);
                bits[vector].take(tile, length);
            }
            int signed = 0;
            int both = 0;
            int opposite = 0;
            int contested = 0;
            int conflicting = 0;
            for (int i = 0; i < length; i++) {
                int above = 0;
                int below = 0;
                for (double[] vector : values) {
                    above += vector[i] > 0 ? 1 : 0;
                    below += vector[i] < 0 ? 1 : 0;
                }
                double product = Math.signum(values[0][i]) * Math.signum(values[1][i]);
                signed += values[0][i] > 0 || values[0][i] < 0 ? 1 : 0;
                both += product == 1 || product == -1 ? 1 : 0;
                opposite += product == -1 ? 1 : 0;
                contested += above + below > 1 ? 1 : 0;
                conflicting += above > 0 && below > 0 ? 1 : 0;
            }
            assertEquals(signed, bits[0].signed());
            assertEquals(both, bits[0].bothSigned(bits[1]));
            assertEquals(opposite, bits[0].opposite(bits[1]));
            assertEquals(contested, SignBits.contested(bits));
            assertEquals(conflicting, SignBits.conflicting(bits));
        }
    }
}
