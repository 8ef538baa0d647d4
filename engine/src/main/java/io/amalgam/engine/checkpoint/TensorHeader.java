package io.amalgam.engine.checkpoint;

/**
 * A tensor that is to be written.
 *
 * @param name its name
 * @param dtype its type
 * @param shape its shape
 */
public record TensorHeader(String name, DType dtype, long[] shape) {

    /** Its length in bytes. */
    public long bytes() {
        long product = dtype.bytes();
        for (long dimension : shape) {
            product = Math.multiplyExact(product, dimension);
        }
        return product;
    }
}
