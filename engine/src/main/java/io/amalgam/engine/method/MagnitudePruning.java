package io.amalgam.engine.method;

import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What della and della_linear have in common: changes are kept with a probability by the rank of their magnitude. */
final class MagnitudePruning {

    private MagnitudePruning() {
    }

    /** One number for each element, unless everything is kept or dropped. */
    static long draws(long elements, Map<String, Object> parameters, boolean base) {
        double density = density(parameters);
        return base || density >= 1 || density <= 0 ? 0 : elements;
    }

    /** Keep probabilities, density ± epsilon, must lie between 0 and 1. */
    static List<Problem> check(Map<String, Object> parameters) {
        double density = density(parameters);
        double epsilon = (double) parameters.getOrDefault("epsilon", 0.15);
        if (density >= 1 || density <= 0 || density + epsilon < 1 && density - epsilon > 0) {
            return List.of();
        }
        return List.of(Problem.error(
                ErrorCode.PARAMETER_INVALID,
                "Parameter epsilon is %s with density %s: density - epsilon and density + epsilon must lie between 0 and 1; use an epsilon below %s"
                        .formatted(epsilon, density, Math.min(density, 1 - density))));
    }

    /** A row of one element has no ranks. */
    static Optional<String> refusesShape(long[] shape, Map<String, Object> parameters) {
        double density = density(parameters);
        if (density >= 1 || density <= 0) {
            return Optional.empty();
        }
        if (shape.length == 0) {
            return Optional.of("magnitude ranks need at least one dimension, and it is a scalar");
        }
        long row = shape.length == 1 ? shape[0] : shape[1];
        return row == 1
                ? Optional.of("magnitude ranks need rows of at least two elements, and its rows have one")
                : Optional.empty();
    }

    private static double density(Map<String, Object> parameters) {
        return (double) parameters.getOrDefault("density", 1.0);
    }
}
