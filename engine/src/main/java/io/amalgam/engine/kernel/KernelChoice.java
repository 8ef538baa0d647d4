package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;

/** Which implementation this process computes with. */
record KernelChoice(boolean vector, int bits) {

    static KernelChoice chosen() {
        return new KernelChoice(false, 0);
    }

    RandomKernels random() {
        return new ScalarRandom();
    }

    Kernels kernels(DType type) {
        return Kernels.scalar(type);
    }
}
