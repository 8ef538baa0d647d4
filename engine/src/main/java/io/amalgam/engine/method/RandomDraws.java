package io.amalgam.engine.method;

import java.util.Map;

/** How much of the random stream the sparsifiers consume. */
final class RandomDraws {

    private RandomDraws() {
    }

    /** DARE draws one number for each element, unless everything is kept. */
    static long ofDensity(long elements, Map<String, Object> parameters, boolean base) {
        return base || (double) parameters.getOrDefault("density", 1.0) >= 1 ? 0 : elements;
    }
}
