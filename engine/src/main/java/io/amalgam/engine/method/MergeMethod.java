package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.error.Problem;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A merge method: what it is, what it takes, and how it makes one output tensor from its inputs.
 *
 * <p>Implementations have no state; an instance serves any number of merges at once. Their arithmetic is that of
 * MergeKit 0.1.5 to the bit, as {@code docs/methods.md} and the class comments state it.
 */
public interface MergeMethod {

    /** How often a method reads its inputs. */
    enum Passes {
        /** Once: every output element depends on the input elements at its own place. */
        ONE("one pass"),
        /** Statistics of the whole tensor (or row) first, then the output. */
        STATISTICS_FIRST("statistics, then output"),
        /** Several rounds until they converge. */
        ITERATIVE("iterative");

        private final String words;

        Passes(String words) {
            this.words = words;
        }

        /** The passes in words. */
        public String inWords() {
            return words;
        }
    }

    /** The name that recipes use. */
    String name();

    /** One sentence: what the method does. */
    String summary();

    /** The formula, in plain text; x are inputs, b is the base model, w are weights. */
    String formula();

    /** The paper or place that defines the method: author, year, title or address. */
    String paper();

    /** How many inputs, and whether a base model. */
    InputRule inputs();

    /** How often the inputs are read. */
    Passes passes();

    /** The parameters, in the order of the documentation. */
    List<MethodParameter> parameters();

    /**
     * The type of the result when no {@code out_dtype} is given.
     *
     * @param arithmetic the common type of the inputs
     */
    default DType outputType(DType arithmetic) {
        return arithmetic;
    }

    /**
     * How many 32-bit numbers of the random stream one input of one tensor consumes.
     *
     * @param elements of the tensor
     * @param parameters resolved parameters of this input
     * @param base whether this input is the base model
     */
    default long draws(long elements, Map<String, Object> parameters, boolean base) {
        return 0;
    }

    /**
     * What is wrong with resolved parameters of one input, beyond their types.
     *
     * @param shared resolved shared parameters
     * @param parameters resolved parameters of one input
     * @return errors and warnings without a place; the caller knows it
     */
    default List<Problem> check(Map<String, Object> shared, Map<String, Object> parameters) {
        return List.of();
    }

    /**
     * Why a tensor of this shape cannot be merged with these parameters, or empty.
     *
     * @param shape of the tensor
     * @param parameters resolved parameters of one input
     */
    default Optional<String> refusesShape(long[] shape, Map<String, Object> parameters) {
        return Optional.empty();
    }

    /**
     * Begins one output tensor of floating arithmetic.
     *
     * @param task the tensor; its inputs are as {@link #inputs} demands, or fewer where {@link InputRule#incomplete} lets
     *     the remaining ones be merged
     */
    TensorMerge begin(TensorTask task);

    /** The parameter of this name, if the method has it. */
    default Optional<MethodParameter> parameter(String name) {
        return parameters().stream().filter(parameter -> parameter.name().equals(name)).findFirst();
    }
}
