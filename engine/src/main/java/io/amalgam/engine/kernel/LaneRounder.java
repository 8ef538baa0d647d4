package io.amalgam.engine.kernel;

import jdk.incubator.vector.FloatVector;

/**
 * {@link Rounding} of vectors to one type at one width, bit for bit, and of bfloat16 to binary32.
 *
 * <p>Each type and width has a class of its own, made by {@link VectorTemplates}. Were the methods shared, the compiler
 * would see vectors of several shapes in them, could not turn them into machine vectors, and would not inline the large
 * code that comes of it: kernels have been a hundred times slower for that.
 */
interface LaneRounder {

    /** As {@link Rounding#round}. */
    FloatVector round(FloatVector value);

    /** As {@link Rounding#cast}. */
    FloatVector cast(FloatVector value);

    /**
     * Loads bfloat16 elements and widens them.
     *
     * @param index of the first
     */
    FloatVector bfloat16(short[] source, int index);
}
