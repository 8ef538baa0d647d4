package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which implementation this process computes with: the system property {@code amalgam.kernels} ({@code vector},
 * {@code scalar}, or absent for the best there is) and {@code amalgam.kernels.bits} (128, 256, 512, or absent for what the
 * processor prefers). What is asked for and not to be had is an error; only without a wish is there a quieter choice, and
 * that is logged with its remedy.
 *
 * @param vector whether the Vector API is used
 * @param bits of a vector, or 0
 */
public record KernelChoice(boolean vector, int bits) {
    /** The system property that names the implementation. */
    public static final String PROPERTY = "amalgam.kernels";
    /** The system property that names the width of vectors. */
    public static final String BITS_PROPERTY = "amalgam.kernels.bits";

    private static final Logger LOG = LoggerFactory.getLogger(KernelChoice.class);
    private static final String MODULE = "jdk.incubator.vector";
    private static final String REMEDY = "start Java with --add-modules " + MODULE;

    private static final class Holder {
        static final KernelChoice CHOSEN =
                choose(System.getProperty(PROPERTY), System.getProperty(BITS_PROPERTY), moduleIsThere());
    }

    /**
     * The choice of this process.
     *
     * @throws AmalgamException with {@code ARGUMENT_INVALID} if a property asks for what is not to be had
     */
    public static KernelChoice chosen() {
        return Holder.CHOSEN;
    }

    /** Whether no property asks for a certain choice. */
    static boolean free() {
        return System.getProperty(PROPERTY) == null && System.getProperty(BITS_PROPERTY) == null;
    }

    private static boolean moduleIsThere() {
        return ModuleLayer.boot().findModule(MODULE).isPresent();
    }

    static KernelChoice choose(String implementation, String width, boolean moduleIsThere) {
        if (implementation != null && !implementation.equals("vector") && !implementation.equals("scalar")) {
            throw refusal("%s is %s; it can be vector or scalar.".formatted(PROPERTY, implementation));
        }
        if ("scalar".equals(implementation)) {
            return new KernelChoice(false, 0);
        }
        if (!moduleIsThere) {
            if (implementation != null || width != null) {
                throw refusal("Vector kernels were asked for, but the module %s is not there; %s.".formatted(MODULE, REMEDY));
            }
            LOG.warn("Kernels are scalar and several times slower, because the module {} is not there: {}.", MODULE, REMEDY);
            return new KernelChoice(false, 0);
        }
        int preferred = VectorTemplates.preferredBits();
        if (width == null) {
            return new KernelChoice(true, preferred);
        }
        if (!width.equals("128") && !width.equals("256") && !width.equals("512")) {
            throw refusal("%s is %s; it can be 128, 256 or 512.".formatted(BITS_PROPERTY, width));
        }
        int bits = Integer.parseInt(width);
        if (bits > preferred) {
            throw refusal("%s is %d, but this processor's vectors have %d bits.".formatted(BITS_PROPERTY, bits, preferred));
        }
        return new KernelChoice(true, bits);
    }

    private static AmalgamException refusal(String message) {
        return new AmalgamException(ErrorCode.ARGUMENT_INVALID, message);
    }

    Kernels kernels(DType type) {
        return vector ? VectorTemplates.kernels(type, bits) : Kernels.scalar(type);
    }

    RandomKernels random() {
        return vector ? VectorTemplates.random(bits) : new ScalarRandom();
    }

    /** In words, for logs and reports: {@code vector, 256 bits}. */
    public String inWords() {
        return vector ? "vector, " + bits + " bits" : "scalar";
    }
}
