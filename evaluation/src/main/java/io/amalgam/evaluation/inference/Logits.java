package io.amalgam.evaluation.inference;

/** Choosing from logits. */
final class Logits {
    private Logits() {
    }

    /** Index of the greatest of {@code length} logits; of equals the first. */
    static int greatest(float[] logits, int offset, int length) {
        float greatest = VectorMath.max(logits, offset, length);
        for (int i = 0; i < length; i++) {
            if (logits[offset + i] == greatest) {
                return i;
            }
        }
        return 0;
    }
}
