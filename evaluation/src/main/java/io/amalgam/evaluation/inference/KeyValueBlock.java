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

    /** Room for {@code capacity} rows of a model. */
    KeyValueBlock(DecoderConfiguration configuration, int capacity) {
        this.capacity = capacity;
        this.headDimension = configuration.headDimension();
        // An odd multiple of 16 floats keeps the dimensions of a key out of one another's cache sets.
        int padded = VectorMath.paddedLength(capacity + 2 * LANES);
        this.keyStride = padded % 32 == 0 ? padded + 16 : padded;
        this.valueStride = (headDimension + LANES - 1) / LANES * LANES;
        int layers = configuration.layers();
        this.keys = new float[layers][configuration.keyValueSize() * keyStride];
        this.values = new float[layers][configuration.keyValueHeads() * capacity * valueStride];
    }

    /** Number of rows. */
    int capacity() {
        return capacity;
    }

    /** Stores the key and value of one row in one layer; {@code source} holds all heads side by side. */
    void store(int layer, int row, float[] source, int keyOffset, int valueOffset, int heads) {
        float[] layerKeys = keys[layer];
        int width = heads * headDimension;
        for (int i = 0; i < width; i++) {
            layerKeys[i * keyStride + row] = source[keyOffset + i];
        }
        for (int head = 0; head < heads; head++) {
            System.arraycopy(source, valueOffset + head * headDimension, values[layer], valueOffset(head, row), headDimension);
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
