package io.amalgam.evaluation.inference;

import static io.amalgam.evaluation.inference.VectorMath.LANES;

/**
 * Keys and values of some consecutive rows, in all layers.
 *
 * <p>Keys lie dimension by dimension, so that the products of a query with neighbouring keys fill a vector; values lie
 * row by row, so that a weighted sum of them does.
 */
final class KeyValueBlock {
    private final int keyStride;
    private final int valueStride;
    private final int capacity;
    private final int headDimension;
    private final float[][] keys;
    private final float[][] values;
    private final short[][] halfKeys;
    private final short[][] halfValues;

    /**
     * Room for {@code capacity} rows of a model.
     *
     * @param half whether keys and values are rounded to bfloat16, which halves their memory
     */
    KeyValueBlock(DecoderConfiguration configuration, int capacity, boolean half) {
        this.capacity = capacity;
        this.headDimension = configuration.headDimension();
        // An odd multiple of 16 floats keeps the dimensions of a key out of one another's cache sets.
        int padded = VectorMath.paddedLength(capacity + PackedMatrix.PANEL);
        this.keyStride = padded % 32 == 0 ? padded + 16 : padded;
        this.valueStride = (headDimension + LANES - 1) / LANES * LANES;
        int layers = configuration.layers();
        int keyLength = configuration.keyValueSize() * keyStride;
        int valueLength = configuration.keyValueHeads() * capacity * valueStride;
        this.keys = half ? null : new float[layers][keyLength];
        this.values = half ? null : new float[layers][valueLength];
        this.halfKeys = half ? new short[layers][keyLength] : null;
        this.halfValues = half ? new short[layers][valueLength] : null;
    }

    /** Whether keys and values are bfloat16; they are then read by {@link #widenKeys} and {@link #widenValues}. */
    boolean half() {
        return halfKeys != null;
    }

    /** Number of rows. */
    int capacity() {
        return capacity;
    }

    /** Stores the key and value of one row in one layer; {@code source} holds all heads side by side. */
    void store(int layer, int row, float[] source, int keyOffset, int valueOffset, int heads) {
        int width = heads * headDimension;
        if (half()) {
            storeHalf(layer, row, source, keyOffset, valueOffset, width);
            return;
        }
        float[] layerKeys = keys[layer];
        for (int i = 0; i < width; i++) {
            layerKeys[i * keyStride + row] = source[keyOffset + i];
        }
        for (int head = 0; head < heads; head++) {
            System.arraycopy(source, valueOffset + head * headDimension, values[layer], valueOffset(head, row), headDimension);
        }
    }

    private void storeHalf(int layer, int row, float[] source, int keyOffset, int valueOffset, int width) {
        short[] layerKeys = halfKeys[layer];
        short[] layerValues = halfValues[layer];
        for (int i = 0; i < width; i++) {
            layerKeys[i * keyStride + row] = rounded(source[keyOffset + i]);
            layerValues[valueOffset(i / headDimension, row) + i % headDimension] = rounded(source[valueOffset + i]);
        }
    }

    /** The nearest bfloat16, of two equally near ones the even. */
    private static short rounded(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    /** Widens the keys of a head in {@code count} rows; dimensions are {@code stride} floats apart in the target. */
    void widenKeys(int layer, int head, int row, int count, float[] target, int stride) {
        short[] source = halfKeys[layer];
        for (int d = 0; d < headDimension; d++) {
            int from = (head * headDimension + d) * keyStride + row;
            for (int i = 0; i < count; i++) {
                target[d * stride + i] = Float.intBitsToFloat(source[from + i] << 16);
            }
        }
    }

    /** Widens the values of a head in {@code count} rows, {@link #valueStride} floats each. */
    void widenValues(int layer, int head, int row, int count, float[] target) {
        short[] source = halfValues[layer];
        int from = valueOffset(head, row);
        for (int i = 0; i < count * valueStride; i++) {
            target[i] = Float.intBitsToFloat(source[from + i] << 16);
        }
    }

    /** The keys of a layer. */
    float[] keys(int layer) {
        return keys[layer];
    }

    /** Where a head's first dimension begins; the next one is {@link #keyStride} on. */
    int keyOffset(int head) {
        return head * headDimension * keyStride;
    }

    /** Floats from one dimension of a key to the next. */
    int keyStride() {
        return keyStride;
    }

    /** The values of a layer. */
    float[] values(int layer) {
        return values[layer];
    }

    /** Where the value of a head in a row begins. */
    int valueOffset(int head, int row) {
        return (head * capacity + row) * valueStride;
    }

    /** Floats from one row's value to the next: the head's width in whole vectors. */
    int valueStride() {
        return valueStride;
    }
}
