package io.amalgam.evaluation.inference;

import static io.amalgam.evaluation.inference.VectorMath.LANES;
import static io.amalgam.evaluation.inference.VectorMath.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * Rotary position embedding (Su et al. 2021, arXiv:2104.09864): turns the pair (x[i], x[i + d/2]) of every head by the
 * angle position · frequency[i].
 *
 * <p>Frequencies and angles are rounded to float32 where transformers rounds them, because at position 8000 the rounding
 * of an angle is far more than a logit's tolerance. The tables of cosines and sines grow as positions are asked for;
 * {@link #prepare} must have been called for the highest one.
 */
final class RotaryEmbedding {
    private final float[] frequencies;
    private float[] cosines = new float[0];
    private float[] sines = new float[0];
    private int prepared;

    private RotaryEmbedding(float[] frequencies) {
        this.frequencies = frequencies;
    }

    /** Without scaling. */
    static RotaryEmbedding plain(int headDimension, double theta) {
        int half = headDimension / 2;
        float[] frequencies = new float[half];
        for (int i = 0; i < half; i++) {
            float exponent = (float) (2 * i) / headDimension;
            frequencies[i] = 1f / (float) StrictMath.pow((float) theta, exponent);
        }
        return new RotaryEmbedding(frequencies);
    }

    /** All positions divided by a factor. */
    static RotaryEmbedding linear(int headDimension, double theta, double factor) {
        RotaryEmbedding rotary = plain(headDimension, theta);
        for (int i = 0; i < rotary.frequencies.length; i++) {
            rotary.frequencies[i] /= (float) factor;
        }
        return rotary;
    }

    /** Llama 3.1's: low frequencies divided by the factor, high ones kept, a ramp between. */
    static RotaryEmbedding llama3(int headDimension, double theta, double factor, double lowFactor, double highFactor,
            double originalLength) {
        RotaryEmbedding rotary = plain(headDimension, theta);
        float lowWavelength = (float) (originalLength / lowFactor);
        float highWavelength = (float) (originalLength / highFactor);
        for (int i = 0; i < rotary.frequencies.length; i++) {
            float frequency = rotary.frequencies[i];
            float wavelength = (float) (2 * Math.PI) / frequency;
            if (wavelength > lowWavelength) {
                rotary.frequencies[i] = frequency / (float) factor;
            } else if (wavelength >= highWavelength) {
                float smooth = ((float) originalLength / wavelength - (float) lowFactor) / (float) (highFactor - lowFactor);
                rotary.frequencies[i] = (1 - smooth) * frequency / (float) factor + smooth * frequency;
            }
        }
        return rotary;
    }

    /** Makes the tables long enough for positions below {@code length}. */
    void prepare(int length) {
        if (length <= prepared) {
            return;
        }
        int half = frequencies.length;
        int target = Math.max(length, 2 * prepared);
        float[] newCosines = java.util.Arrays.copyOf(cosines, target * half);
        float[] newSines = java.util.Arrays.copyOf(sines, target * half);
        for (int position = prepared; position < target; position++) {
            for (int i = 0; i < half; i++) {
                float angle = position * frequencies[i];
                newCosines[position * half + i] = (float) StrictMath.cos(angle);
                newSines[position * half + i] = (float) StrictMath.sin(angle);
            }
        }
        cosines = newCosines;
        sines = newSines;
        prepared = target;
    }

    /** Turns one head of {@code values} that begins at {@code offset}. */
    void rotate(float[] values, int offset, int position) {
        int half = frequencies.length;
        int table = position * half;
        int i = 0;
        for (; i <= half - LANES; i += LANES) {
            FloatVector cosine = FloatVector.fromArray(SPECIES, cosines, table + i);
            FloatVector sine = FloatVector.fromArray(SPECIES, sines, table + i);
            FloatVector first = FloatVector.fromArray(SPECIES, values, offset + i);
            FloatVector second = FloatVector.fromArray(SPECIES, values, offset + half + i);
            first.mul(cosine).sub(second.mul(sine)).intoArray(values, offset + i);
            second.mul(cosine).add(first.mul(sine)).intoArray(values, offset + half + i);
        }
        for (; i < half; i++) {
            float cosine = cosines[table + i];
            float sine = sines[table + i];
            float first = values[offset + i];
            float second = values[offset + half + i];
            values[offset + i] = first * cosine - second * sine;
            values[offset + half + i] = second * cosine + first * sine;
        }
    }
}
