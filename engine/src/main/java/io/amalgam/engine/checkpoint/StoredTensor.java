package io.amalgam.engine.checkpoint;

/**
 * A tensor as it lies in a safetensors file.
 *
 * @param name its name
 * @param file name of the file in its model
 * @param dtype its stored type
 * @param shape its shape; empty for a scalar
 * @param position of its first byte in the file (not in the file's data section)
 * @param bytes its length
 */
public record StoredTensor(String name, String file, DType dtype, long[] shape, long position, long bytes) {

    /** Number of elements. */
    public long elements() {
        return bytes / dtype.bytes();
    }
}
