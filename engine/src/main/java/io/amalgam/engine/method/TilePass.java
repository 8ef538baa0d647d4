package io.amalgam.engine.method;

import io.amalgam.engine.kernel.Tile;

/** A pass that goes through a strip tile by tile. */
abstract class TilePass implements Pass {

    /** Looks at some elements; {@code from} is the first one's index within the strip. */
    protected abstract void tile(Strip strip, int from, int length);

    @Override
    public void strip(Strip strip) {
        for (int from = 0; from < strip.length(); from += Tile.LENGTH) {
            tile(strip, from, Math.min(Tile.LENGTH, strip.length() - from));
        }
    }
}
