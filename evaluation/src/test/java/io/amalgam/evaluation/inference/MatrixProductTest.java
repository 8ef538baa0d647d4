package io.amalgam.evaluation.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products are those of the scalar loop that defines them, to the bit, whatever the threads and the width of vectors. */
class MatrixProductTest {

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 1", "1, 130, 16, 3", "3, 64, 288, 1", "4, 63, 289, 2", "5, 200, 600, 1", "197, 70, 600, 1",
        "197, 70, 600, 3", "400, 33, 40, 2"
    })
    void everyElementIsASumOverBlocksOfSumsOverColumns(int tokens, int rows, int columns, int threads) {
        Random random = new Random(tokens + rows + columns);
        for (boolean half : new boolean[] {true, false}) {
            try (Arena arena = Arena.ofShared(); WorkerTeam team = new WorkerTeam(threads)) {
                PackedMatrix weights = new PackedMatrix(arena, rows, columns, half);
                float[][] expectedWeights = fill(weights, random);
                int stride = columns + 3;
                float[] x = new float[tokens * stride];
                for (int i = 0; i < x.length; i++) {
                    x[i] = (float) random.nextGaussian();
                }
                float[] y = new float[MatrixProduct.paddedTokens(tokens) * weights.paddedRows()];
                new MatrixProduct(team).multiply(x, stride, tokens, weights, y);
                for (int token = 0; token < tokens; token++) {
                    for (int row = 0; row < rows; row++) {
                        assertEquals(product(x, token * stride, expectedWeights[row]), y[token * weights.paddedRows() + row],
                                "token " + token + ", row " + row + (half ? ", bfloat16" : ", float32"));
                    }
                }
            }
        }
    }

    private static float[][] fill(PackedMatrix weights, Random random) {
        float[][] values = new float[weights.rows()][weights.columns()];
        for (int row = 0; row < values.length; row++) {
            for (int column = 0; column < values[row].length; column++) {
                int bits = Float.floatToRawIntBits((float) random.nextGaussian()) & (weights.half() ? 0xffff0000 : -1);
                values[row][column] = Float.intBitsToFloat(bits);
                weights.set(row, column, bits);
                assertEquals(values[row][column], weights.get(row, column));
            }
        }
        return values;
    }

    private static float product(float[] x, int offset, float[] weights) {
        int depth = MatrixProduct.depth(weights.length);
        float total = 0;
        for (int start = 0; start < weights.length; start += depth) {
            float sum = 0;
            for (int column = start; column < Math.min(start + depth, weights.length); column++) {
                sum = Math.fma(x[offset + column], weights[column], sum);
            }
            total = start == 0 ? sum : sum + total;
        }
        return total;
    }
}
