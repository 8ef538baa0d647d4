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

    /**
     * Draws a strip's numbers, untempered.
     *
     * @param buffer for the generator's state, and behind it {@code length} draws
     */
    void draw(int strip, int[] buffer, int length) {
        MersenneTwister own;
        synchronized (this) {
            own = passed.remove(strip);
            if (own == null) {
                if (strip < nextStrip) {
                    next = start.copy();
                    nextStrip = 0;
                }
                for (; nextStrip < strip; nextStrip++) {
                    passed.put(nextStrip, next.copy());
                    next.skip(Kernels.random(), stripLength);
                }
                // What is drawn here is where the next strip goes on; nothing is generated twice.
                next.generate(Kernels.random(), buffer, length);
                nextStrip++;
                return;
            }
        }
        own.generate(Kernels.random(), buffer, length);
    }
}
