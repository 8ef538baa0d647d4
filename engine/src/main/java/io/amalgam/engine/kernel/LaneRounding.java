package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** {@link LaneRounder}; a template of {@link VectorTemplates}. */
final class LaneRounding implements LaneRounder {
    /** Above it a binary32 rounds to a binary16 infinity. */
    private static final int F16_OVERFLOW = 0x47800000;
    private static final int INFINITY = 0x7F800000;
    /** The smallest normal binary16. */
    private static final float F16_LEAST_NORMAL = 0x1p-14f;
    /** Of its size, binary32 numbers are as far apart as subnormal binary16 numbers. */
    private static final float F16_SUBNORMAL_GRID = 0.5f;

    private static final VectorTemplates.Constants CONSTANTS = VectorTemplates.Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Integer> INTS = CONSTANTS.ints();
    private static final VectorSpecies<Short> SHORTS = CONSTANTS.halfShorts();
    private static final DType TYPE = CONSTANTS.type();

    @Override
    public FloatVector bfloat16(short[] source, int index) {
        return ShortVector.fromArray(SHORTS, source, index)
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)
                .reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
    }

    @Override
    public FloatVector round(FloatVector value) {
        if (TYPE == DType.F32) {
            return value;
        }
        return TYPE == DType.BF16 ? roundToBFloat16(value) : roundToFloat16(value);
    }

    @Override
    public FloatVector cast(FloatVector value) {
        return round(value).blend(Float.NaN, value.test(VectorOperators.IS_NAN));
    }

    private static FloatVector roundToBFloat16(FloatVector value) {
        IntVector bits = value.reinterpretAsInts();
        IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
        return bits.add(odd).add(0x7FFF).and(0xFFFF0000).reinterpretAsFloats();
    }

    private static FloatVector roundToFloat16(FloatVector value) {
        IntVector bits = value.reinterpretAsInts();
        IntVector sign = bits.and(0x80000000);
        IntVector size = bits.and(0x7FFFFFFF);
        IntVector odd = size.lanewise(VectorOperators.LSHR, 13).and(1);
        IntVector normal = size.add(odd).add(0xFFF).and(0xFFFFE000);
        VectorMask<Integer> overflow = normal.compare(VectorOperators.GE, F16_OVERFLOW)
                .and(size.compare(VectorOperators.LE, INFINITY));
        normal = normal.blend(INFINITY, overflow);
        FloatVector magnitude = size.reinterpretAsFloats();
        FloatVector subnormal = magnitude.add(F16_SUBNORMAL_GRID).sub(F16_SUBNORMAL_GRID);
        VectorMask<Float> small = magnitude.compare(VectorOperators.LT, F16_LEAST_NORMAL);
        FloatVector rounded = normal.reinterpretAsFloats().blend(subnormal, small);
        return rounded.reinterpretAsInts().or(sign).reinterpretAsFloats();
    }
}
