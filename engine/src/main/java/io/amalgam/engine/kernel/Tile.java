package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;

/**
 * A run of elements in the type that arithmetic is done in: {@code double} for F64, else {@code float} holding values
 * of the narrower type exactly.
 *
 * <p>Arrays are longer than the capacity by a vector of the widest kind, so that element-wise kernels need no tails:
 * what they do beyond the length is never looked at.
 */
public final class Tile {
    /** Elements that methods handle at a time when nothing else decides: 16 KiB of floats. */
    public static final int LENGTH = 4096;
    /** Elements of the widest vector. */
    static final int PADDING = 16;

    final float[] floats;
    final double[] doubles;
    private short[] halves;

    private Tile(float[] floats, double[] doubles) {
        this.floats = floats;
        this.doubles = doubles;
    }

    /** A tile of zeros for arithmetic in {@code type}. */
    public static Tile of(DType type, int capacity) {
        return type == DType.F64
                ? new Tile(null, new double[capacity + PADDING])
                : new Tile(new float[capacity + PADDING], null);
    }

    /** How many elements it can hold. */
    public int capacity() {
        return (doubles != null ? doubles.length : floats.length) - PADDING;
    }

    /**
     * Room for the tile's elements as 16-bit numbers, on their way from memory or to it: vectors go ten times as fast between
     * arrays as between an array and a memory segment. What it held is lost.
     */
    short[] halves() {
        if (halves == null) {
            halves = new short[floats.length];
        }
        return halves;
    }

    /** One element. */
    public double get(int index) {
        return doubles != null ? doubles[index] : floats[index];
    }

    /** Sets one element; the value must be one of the arithmetic's type. */
    public void set(int index, double value) {
        if (doubles != null) {
            doubles[index] = value;
        } else {
            floats[index] = (float) value;
        }
    }
}
