package io.amalgam.engine.method;

import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.MersenneTwister;
import java.util.HashMap;
import java.util.Map;

/**
 * The generator at the beginning of each strip of one input. Strips are asked for nearly in order, by several threads; in
 * each pass once.
 */
final class StripGenerators {
    private final MersenneTwister start;
    private final int stripLength;
    /** Generators of strips that were passed over and will be asked for. */
    private final Map<Integer, MersenneTwister> passed = new HashMap<>();

    private MersenneTwister next;
    private int nextStrip;

    StripGenerators(MersenneTwister start, int stripLength) {
        this.start = start;
        this.stripLength = stripLength;
        next = start.copy();
    }

    /** The generator at a strip's first draw; the caller may advance it. */
    synchronized MersenneTwister at(int strip) {
        MersenneTwister waiting = passed.remove(strip);
        if (waiting != null) {
            return waiting;
        }
        if (strip < nextStrip) {
            next = start.copy();
            nextStrip = 0;
        }
        for (; nextStrip < strip; nextStrip++) {
            passed.put(nextStrip, next.copy());
            next.skip(Kernels.random(), stripLength);
        }
        MersenneTwister own = next.copy();
        next.skip(Kernels.random(), stripLength);
        nextStrip++;
        return own;
    }
}
