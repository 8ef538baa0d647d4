package io.amalgam.engine.method;

import io.amalgam.engine.kernel.JumpPolynomial;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.MersenneTwister;
import java.util.HashMap;
import java.util.Map;

/**
 * The random stream of a merge, entered at any place: by going on from the place asked for last, or by a jump. Tensors of
 * one size ask for places at the same distances, so few polynomials are ever made.
 */
public final class RandomStream {
    /** Ways up to this are gone by generating, which is then quicker than a jump. */
    private static final long SHORT = 1 << 20;

    private final long seed;
    private final Map<Long, JumpPolynomial> polynomials = new HashMap<>();
    private MersenneTwister last;
    private long lastPlace;

    /** The stream of a seed of 32 bits. */
    public RandomStream(long seed) {
        this.seed = seed;
        last = MersenneTwister.seeded(seed);
    }

    /** A generator that has given {@code place} draws. */
    public synchronized MersenneTwister at(long place) {
        if (place < lastPlace) {
            last = MersenneTwister.seeded(seed);
            lastPlace = 0;
        }
        long way = place - lastPlace;
        if (way <= SHORT) {
            last.skip(Kernels.random(), way);
        } else {
            last.jump(polynomials.computeIfAbsent(way, JumpPolynomial::of), Kernels.random());
        }
        lastPlace = place;
        return last.copy();
    }
}
