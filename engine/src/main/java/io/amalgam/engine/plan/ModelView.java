package io.amalgam.engine.plan;

import io.amalgam.engine.architecture.TensorTemplate;
import io.amalgam.engine.checkpoint.AdapterConfig;
import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.ModelConfig;
import io.amalgam.engine.checkpoint.StoredTensor;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.tensor.TensorSource;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/** A model as a recipe refers to it, its adapter included: what tensors it gives, and where they come from. */
final class ModelView {

    private static final String PEFT_PREFIX = "base_model.model.";
    private static final String CONVERTED = "";
    private static final List<String> EXPERT_COUNT_KEYS =
            List.of("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts");

    /**
     * A tensor of a model.
     *
     * @param name under which it was found; empty if it was converted from a checkpoint's older form, as experts that
     *     are fused are: MergeKit executes such tensors before all others
     * @param source where its elements lie
     * @param dtype of its elements, before any cast
     */
    record Found(String name, TensorSource source, DType dtype) {
    }

    private final ModelReference reference;
    private final int model;
    private final int adapter;
    private final ModelConfig config;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final Map<String, StoredTensor> adapterTensors = new LinkedHashMap<>();
    private final AdapterConfig adapterConfig;

    /**
     * @param reference as the recipe has it
     * @param model index of the model
     * @param adapter index of its adapter, or -1
     * @param pinned all models, by index
     */
    ModelView(ModelReference reference, int model, int adapter, List<PinnedModel> pinned) {
        this.reference = reference;
        this.model = model;
        this.adapter = adapter;
        this.config = ModelConfig.parse(
                reference.toString(), pinned.get(model).config().getBytes(StandardCharsets.UTF_8));
        if (reference.overrideArchitecture() != null) {
            config.json().putArray("architectures").add(reference.overrideArchitecture());
        }
        pinned.get(model).tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
        if (adapter < 0) {
            adapterConfig = null;
        } else {
            adapterConfig = AdapterConfig.parse(
                    reference.lora().toString(), pinned.get(adapter).config().getBytes(StandardCharsets.UTF_8));
            pinned.get(adapter).tensors().forEach(tensor -> adapterTensors.put(tensor.name(), tensor));
            checkAdapter();
        }
    }

    /** As the recipe has it. */
    ModelReference reference() {
        return reference;
    }

    /** Index of the model. */
    int model() {
        return model;
    }

    /** The model's {@code config.json}. */
    ModelConfig config() {
        return config;
    }

    /** All tensors of the model. */
    Collection<StoredTensor> tensors() {
        return tensors.values();
    }

    /** Whether the checkpoint has a tensor of exactly that name. */
    boolean hasName(String name) {
        return tensors.containsKey(name);
    }

    /** Whether the model has the tensor under its name or an alias, or the parts to make it of. */
    boolean has(TensorTemplate template) {
        return tensors.containsKey(template.name())
                || template.aliases().stream().anyMatch(tensors::containsKey)
                || !template.experts().isEmpty()
                        && tensors.containsKey(template.experts().getFirst().replace(TensorTemplate.EXPERT, "0"));
    }

    /**
     * Finds a tensor: under its name, an alias, the name of one that it is tied to, or as experts to be fused.
     *
     * @throws AmalgamException with {@code TENSOR_MISSING} or {@code SHAPE_MISMATCH} if experts are incomplete
     */
    Optional<Found> find(TensorTemplate template) {
        for (List<String> names : List.of(List.of(template.name()), template.aliases(), template.tied())) {
            for (String name : names) {
                StoredTensor tensor = tensors.get(name);
                if (tensor != null) {
                    return Optional.of(new Found(name, source(tensor), tensor.dtype()));
                }
            }
        }
        return template.experts().isEmpty() ? Optional.empty() : fused(template);
    }

    private Optional<Found> fused(TensorTemplate template) {
        String whole = template.experts().getFirst();
        if (!whole.contains(TensorTemplate.EXPERT)) {
            return Optional.ofNullable(tensors.get(whole)).map(tensor -> new Found(CONVERTED, source(tensor), tensor.dtype()));
        }
        List<TensorSource> parts = new ArrayList<>();
        DType dtype = null;
        long[] first = null;
        int experts = 0;
        while (tensors.containsKey(expertName(template, 0, experts))) {
            for (int part = 0; part < template.experts().size(); part++) {
                String name = expertName(template, part, experts);
                StoredTensor tensor = tensors.get(name);
                if (tensor == null) {
                    throw new AmalgamException(
                            ErrorCode.TENSOR_MISSING,
                            "Model " + reference + " has " + expertName(template, 0, experts) + " but not " + name
                                    + ", so its experts cannot be put together");
                }
                if (first == null) {
                    first = tensor.shape();
                    dtype = tensor.dtype();
                }
                if (!Arrays.equals(first, tensor.shape()) || tensor.dtype() != dtype) {
                    throw new AmalgamException(
                            ErrorCode.SHAPE_MISMATCH,
                            "Tensor " + name + " of model " + reference + " is " + tensor.dtype() + Arrays.toString(tensor.shape())
                                    + " where the first expert's is " + dtype + Arrays.toString(first));
                }
                parts.add(source(tensor));
            }
            experts++;
        }
        if (experts == 0) {
            return Optional.empty();
        }
        OptionalInt expected = configuredExperts();
        if (expected.isPresent() && expected.getAsInt() != experts) {
            throw new AmalgamException(
                    ErrorCode.TENSOR_MISSING,
                    "Model " + reference + " has " + experts + " experts for " + template.name() + " where its config.json says "
                            + expected.getAsInt());
        }
        long[] shape = new long[first.length + 1];
        shape[0] = experts;
        System.arraycopy(first, 0, shape, 1, first.length);
        shape[1] *= template.experts().size();
        return Optional.of(new Found(CONVERTED, new TensorSource.Concatenated(parts, shape), dtype));
    }

    private static String expertName(TensorTemplate template, int part, int expert) {
        return template.experts().get(part).replace(TensorTemplate.EXPERT, Integer.toString(expert));
    }

    private OptionalInt configuredExperts() {
        return EXPERT_COUNT_KEYS.stream()
                .map(config::integer)
                .filter(count -> count.isPresent())
                .mapToInt(count -> (int) count.getAsLong())
                .findFirst();
    }

    private TensorSource source(StoredTensor tensor) {
        TensorSource.Stored stored = stored(model, tensor);
        if (adapter < 0) {
            return stored;
        }
        StoredTensor replacement = adapterTensors.get(PEFT_PREFIX + tensor.name());
        if (replacement != null) {
            return stored(adapter, replacement);
        }
        Optional<Pair> pair = pair(tensor.name());
        if (pair.isEmpty()) {
            return stored;
        }
        String module = module(tensor.name());
        return new TensorSource.Adapted(
                stored,
                stored(adapter, pair.get().a()),
                stored(adapter, pair.get().b()),
                adapterConfig.scale(module),
                adapterConfig.fanInFanOut() || pair.get().embedding());
    }

    private static TensorSource.Stored stored(int index, StoredTensor tensor) {
        return new TensorSource.Stored(index, tensor.file(), tensor.position(), tensor.dtype(), tensor.shape());
    }

    /** The two matrices of an adapter for one weight. */
    private record Pair(StoredTensor a, StoredTensor b, boolean embedding) {
    }

    private Optional<Pair> pair(String tensor) {
        String prefix = PEFT_PREFIX + module(tensor);
        StoredTensor a = adapterTensors.get(prefix + ".lora_A.weight");
        StoredTensor b = adapterTensors.get(prefix + ".lora_B.weight");
        if (a != null && b != null) {
            return Optional.of(new Pair(a, b, false));
        }
        a = adapterTensors.get(prefix + ".lora_embedding_A");
        b = adapterTensors.get(prefix + ".lora_embedding_B");
        return a != null && b != null ? Optional.of(new Pair(a, b, true)) : Optional.empty();
    }

    private static String module(String tensor) {
        return tensor.endsWith(".weight") ? tensor.substring(0, tensor.length() - ".weight".length()) : tensor;
    }

    /** Every tensor of an adapter must change a tensor of the model, and fit it. */
    private void checkAdapter() {
        Set<String> unmatched = new TreeSet<>(adapterTensors.keySet());
        for (StoredTensor tensor : tensors.values()) {
            StoredTensor replacement = adapterTensors.get(PEFT_PREFIX + tensor.name());
            if (replacement != null) {
                unmatched.remove(replacement.name());
                requireShape(replacement, tensor.shape(), "as " + tensor.name());
            }
            pair(tensor.name()).ifPresent(pair -> {
                unmatched.remove(pair.a().name());
                unmatched.remove(pair.b().name());
                checkPair(tensor, pair);
            });
        }
        if (!unmatched.isEmpty()) {
            throw new AmalgamException(
                    ErrorCode.ADAPTER_INVALID,
                    "Adapter " + reference.lora() + " has the tensor " + unmatched.iterator().next()
                            + (unmatched.size() > 1 ? " (and " + (unmatched.size() - 1) + " others)" : "")
                            + ", which matches no tensor of model " + reference.model()
                            + "; was it made for another model?");
        }
    }

    private void checkPair(StoredTensor weight, Pair pair) {
        if (weight.shape().length != 2 || pair.a().shape().length != 2) {
            throw new AmalgamException(
                    ErrorCode.ADAPTER_INVALID,
                    "Adapter " + reference.lora() + " changes " + weight.name() + " of shape "
                            + Arrays.toString(weight.shape()) + "; only matrices can be changed");
        }
        boolean transposed = adapterConfig.fanInFanOut() || pair.embedding();
        long rank = pair.a().shape()[0];
        long in = weight.shape()[transposed ? 0 : 1];
        long out = weight.shape()[transposed ? 1 : 0];
        requireShape(pair.a(), new long[] {rank, in}, "for " + weight.name());
        requireShape(pair.b(), new long[] {out, rank}, "for " + weight.name());
    }

    private void requireShape(StoredTensor tensor, long[] expected, String purpose) {
        if (!Arrays.equals(tensor.shape(), expected)) {
            throw new AmalgamException(
                    ErrorCode.ADAPTER_INVALID,
                    "Adapter " + reference.lora() + " has " + tensor.name() + " of shape " + Arrays.toString(tensor.shape())
                            + ", expected " + Arrays.toString(expected) + " " + purpose + " of model " + reference.model());
        }
    }
}
