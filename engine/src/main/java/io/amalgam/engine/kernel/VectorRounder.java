package io.amalgam.engine.kernel;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * {@link Rounding} of vectors to one type at one width, bit for bit, and bfloat16 as it lies in memory.
 *
 * <p>Each type and width has a class of its own, made by {@link VectorTemplates}. Were the methods shared, the compiler
 * would see vectors of several shapes in them, could not turn them into machine vectors, and would not inline the large
 * code that comes of it: kernels have been a hundred times slower for that.
 */
interface VectorRounder {

    /** As {@link Rounding#round}. */
    FloatVector round(FloatVector value);

    /** As {@link Rounding#cast}. */
    FloatVector cast(FloatVector value);

    /**
     * Loads bfloat16 elements and widens them.
     *
     * @param offset of the first byte
     */
    FloatVector bfloat16(MemorySegment source, long offset);
}
