package io.amalgam.engine.execute;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.method.Strip;
import io.amalgam.engine.method.TensorMerge;
import io.amalgam.engine.tensor.TensorPlan;
import java.lang.foreign.MemorySegment;

/** A tensor without arithmetic, of integers: copied if it is the same in all inputs, refused otherwise. */
final class IdenticalCopy implements TensorMerge {
    private final TensorPlan plan;

    IdenticalCopy(TensorPlan plan) {
        this.plan = plan;
    }

    @Override
    public void output(Strip strip) {
        MemorySegment first = strip.stored(0);
        for (int input = 1; input < plan.inputs().size(); input++) {
            long difference = first.mismatch(strip.stored(input));
            if (difference >= 0) {
                throw new AmalgamException(
                        ErrorCode.TENSOR_DIFFERS,
                        ("Tensor %s holds %s, on which no arithmetic is defined, and differs between models at element %d;"
                                        + " give it equal values in all models, or set dtype to merge it as floating point.")
                                .formatted(
                                        plan.name(),
                                        plan.arithmetic().torchName(),
                                        strip.first() + difference / plan.arithmetic().bytes()));
            }
        }
        if (!strip.emitStored(0)) {
            throw new IllegalStateException("integer tensor " + plan.name() + " is planned with a cast");
        }
    }
}
