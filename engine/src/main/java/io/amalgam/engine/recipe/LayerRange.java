package io.amalgam.engine.recipe;

/**
 * Layers of a model, the end exclusive.
 *
 * @param first index of the first layer
 * @param end index after the last layer
 * @param position where the range stands
 */
public record LayerRange(int first, int end, Position position) {

    /** Number of layers. */
    public int length() {
        return end - first;
    }
}
