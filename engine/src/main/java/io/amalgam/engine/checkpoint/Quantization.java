package io.amalgam.engine.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.util.Collection;
import java.util.Locale;

/**
 * Refuses quantised weights: arithmetic on packed integers would give a model that loads and speaks nonsense.
 *
 * <p>They are recognised by {@code quantization_config} in {@code config.json}, and where that is missing by what the
 * formats leave in a checkpoint: 8-bit floats, and the tensors that hold packed weights or their scales.
 */
final class Quantization {

    private Quantization() {
    }

    /** Refuses a model whose configuration says that it is quantised. */
    static void refuseConfigured(ModelSnapshot snapshot) throws IOException {
        if (!snapshot.has(ModelConfig.FILE)) {
            return;
        }
        JsonNode quantization = ModelConfig.read(snapshot).json().path("quantization_config");
        if (!quantization.isObject() || quantization.isEmpty()) {
            return;
        }
        String method = quantization.path("quant_method").asText("").toLowerCase(Locale.ROOT);
        if (method.isEmpty()) {
            method = quantization.path("load_in_4bit").asBoolean() || quantization.path("load_in_8bit").asBoolean()
                    ? "bitsandbytes"
                    : "unnamed";
        }
        throw refusal(snapshot, switch (method) {
            case "gptq" -> "GPTQ";
            case "awq" -> "AWQ";
            case "fp8", "fbgemm_fp8" -> "FP8";
            case "bitsandbytes", "bitsandbytes_4bit", "bitsandbytes_8bit" -> "bitsandbytes";
            default -> method;
        }, "quantization_config in config.json");
    }

    /** Refuses a model whose tensors are those of a quantised one. */
    static void refuseStored(ModelSnapshot snapshot, Collection<StoredTensor> tensors) {
        for (StoredTensor tensor : tensors) {
            String name = tensor.name();
            if (tensor.dtype() == DType.F8_E4M3 || tensor.dtype() == DType.F8_E5M2) {
                throw refusal(snapshot, "FP8", "tensor " + name + " of type " + tensor.dtype().safetensorsName());
            }
            if (!tensor.dtype().floating() && name.endsWith(".qweight")) {
                throw refusal(snapshot, "GPTQ or AWQ", "tensor " + name);
            }
            if (name.contains(".weight.quant_state.") || name.endsWith(".weight.absmax") || name.endsWith(".SCB")) {
                throw refusal(snapshot, "bitsandbytes", "tensor " + name);
            }
            if (!tensor.dtype().floating() && name.endsWith(".weight_packed")) {
                throw refusal(snapshot, "compressed-tensors", "tensor " + name);
            }
        }
    }

    private static AmalgamException refusal(ModelSnapshot snapshot, String method, String evidence) {
        String remedy = switch (method) {
            case "FP8" -> "convert it to bfloat16 first (the model's authors publish a cast script, or load it with"
                    + " transformers and FineGrainedFP8Config(dequantize=True) and save it)";
            case "bitsandbytes" -> "merge the model it was made from, or load it with transformers, call dequantize() and save it";
            default -> "merge the model it was made from, or dequantise it to bfloat16 first";
        };
        return new AmalgamException(ErrorCode.MODEL_UNREADABLE, "Model " + snapshot.reference() + " is quantised with "
                + method + " (" + evidence + "), and quantised weights cannot be merged; " + remedy + ".");
    }
}
