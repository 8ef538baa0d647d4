package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Defines the classes of the vector implementation, once for each type of arithmetic and vector width, as hidden classes.
 * So type and width are constants of each class, loops compile to straight vector code, and several widths can live in
 * one process, as tests want.
 */
final class VectorTemplates {
    private static final Map<Constants, LaneRounder> ROUNDERS = new ConcurrentHashMap<>();

    private VectorTemplates() {
    }

    /**
     * The constants of one hidden class.
     *
     * @param type of the arithmetic
     * @param bits of a vector: 128, 256 or 512
     */
    record Constants(DType type, int bits) {

        /** The constants of the class that looks itself up. */
        static Constants of(MethodHandles.Lookup lookup) {
            try {
                return MethodHandles.classData(lookup, "_", Constants.class);
            } catch (IllegalAccessException e) {
                throw new IllegalStateException("templates are not used as they are", e);
            }
        }

        /** The same at half the width. */
        Constants ofHalfWidth() {
            return new Constants(type, bits / 2);
        }

        Rounding rounding() {
            return Rounding.of(type);
        }

        /** The vectors' rounding to the type. */
        LaneRounder rounder() {
            return rounder(type);
        }

        /** The vectors' rounding to another type. */
        LaneRounder rounder(DType to) {
            return ROUNDERS.computeIfAbsent(
                    new Constants(to, bits), own -> define(LaneRounding.class, LaneRounder.class, own));
        }

        VectorSpecies<Float> floats() {
            return VectorSpecies.of(float.class, VectorShape.forBitSize(bits));
        }

        VectorSpecies<Integer> ints() {
            return VectorSpecies.of(int.class, VectorShape.forBitSize(bits));
        }

        VectorSpecies<Double> doubles() {
            return VectorSpecies.of(double.class, VectorShape.forBitSize(bits));
        }

        /** As many lanes as doubles. */
        VectorSpecies<Float> halfFloats() {
            return VectorSpecies.of(float.class, VectorShape.forBitSize(bits / 2));
        }

        /** As many lanes as floats. */
        VectorSpecies<Short> halfShorts() {
            return VectorSpecies.of(short.class, VectorShape.forBitSize(bits / 2));
        }
    }

    /** The kernels of a type at a width. */
    static Kernels kernels(DType type, int bits) {
        if (type == DType.F64) {
            return Kernels.scalar(type);
        }
        Constants constants = new Constants(type, bits);
        return new Kernels(
                type,
                define(VectorCodec.class, CodecKernels.class, constants),
                define(VectorArithmetic.class, ArithmeticKernels.class, constants),
                define(bits == 512 ? VectorWideReductions.class : VectorReductions.class, ReductionKernels.class, constants),
                define(VectorSelection.class, SelectionKernels.class, constants),
                define(VectorVoting.class, VotingKernels.class, constants));
    }

    /** The loops of the random stream at a width. */
    static RandomKernels random(int bits) {
        return define(VectorRandom.class, RandomKernels.class, new Constants(DType.F32, bits));
    }

    /** The width that this machine prefers. */
    static int preferredBits() {
        return Math.max(128, FloatVector.SPECIES_PREFERRED.vectorBitSize());
    }

    private static <T> T define(Class<? extends T> template, Class<T> kind, Constants constants) {
        String resource = template.getSimpleName() + ".class";
        try (InputStream bytes = template.getResourceAsStream(resource)) {
            if (bytes == null) {
                throw new IllegalStateException("the class file " + resource + " is not to be found");
            }
            Class<?> hidden = MethodHandles.lookup()
                    .defineHiddenClassWithClassData(bytes.readAllBytes(), constants, true)
                    .lookupClass();
            return kind.cast(hidden.getDeclaredConstructor().newInstance());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the kernels of " + resource + " cannot be made", e);
        }
    }
}
