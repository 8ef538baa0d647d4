package io.amalgam.engine.checkpoint;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSnapshot.ModelFile;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/** Says what a folder without readable weights has instead, and which conversion makes it readable. */
final class UnreadableWeights {
    private static final List<String> PICKLED = List.of(".bin", ".pth", ".pt", ".ckpt");

    private UnreadableWeights() {
    }

    /** The refusal for a folder that has neither weights nor index under the names that are read. */
    static AmalgamException refusal(ModelSnapshot snapshot) {
        String model = "Model " + snapshot.reference();
        Optional<String> adapter = first(snapshot, Checkpoint.ADAPTER_FILE::equals);
        Optional<String> safetensors = first(snapshot, name -> name.endsWith(".safetensors"));
        Optional<String> gguf = first(snapshot, name -> name.endsWith(".gguf"));
        Optional<String> pickled = first(snapshot, name -> PICKLED.stream().anyMatch(name::endsWith)
                && !name.equals("training_args.bin"));
        String message;
        if (adapter.isPresent()) {
            message = model + " has " + Checkpoint.ADAPTER_FILE + " without " + AdapterConfig.FILE
                    + "; an adapter's scale is in its configuration, so copy that file beside it.";
        } else if (safetensors.isPresent()) {
            message = model + " has " + safetensors.get() + " but neither " + Checkpoint.SINGLE_FILE + " nor "
                    + Checkpoint.INDEX_FILE + "; load it with transformers and save it with save_pretrained.";
        } else if (pickled.isPresent()) {
            message = model + " has pickled weights only (" + pickled.get() + "), which can run code when they are read"
                    + " and are never opened here; convert them: python -c \"from transformers import AutoModelForCausalLM as M;"
                    + " M.from_pretrained('IN', dtype='auto').save_pretrained('OUT')\".";
        } else if (gguf.isPresent()) {
            message = model + " has GGUF weights only (" + gguf.get() + "); merge the safetensors model it was made from,"
                    + " or load it with transformers (gguf_file=…) and save it with save_pretrained.";
        } else {
            message = model + " has no weights: there is neither " + Checkpoint.SINGLE_FILE + " nor "
                    + Checkpoint.INDEX_FILE + " in it.";
        }
        return new AmalgamException(ErrorCode.MODEL_UNREADABLE, message);
    }

    private static Optional<String> first(ModelSnapshot snapshot, Predicate<String> lowerCaseName) {
        return snapshot.files().stream()
                .map(ModelFile::name)
                .filter(name -> lowerCaseName.test(name.toLowerCase(Locale.ROOT)))
                .findFirst();
    }
}
