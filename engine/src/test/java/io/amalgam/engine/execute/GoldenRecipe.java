package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.SafetensorsWriter;
import io.amalgam.engine.checkpoint.StoredTensor;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.method.MergeMethods;
import io.amalgam.engine.method.MethodParameter;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.ChunkSlice;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.Yaml;

/**
 * A plan made by hand, without the planner, of the golden recipes whose models lie side by side: enough to test methods
 * and executor on their own.
 */
final class GoldenRecipe {
    private static final Pattern LAYER = Pattern.compile("\\.layers\\.(\\d+)\\.");

    final ChunkSlice slice;
    final List<ModelSnapshot> snapshots = new ArrayList<>();

    private final Map<String, Object> recipe;
    private final MergeMethod method;
    private final List<Map<String, Object>> models = new ArrayList<>();
    private final int layers;

    private GoldenRecipe(Path golden, Map<String, Object> recipe, long seed) throws IOException {
        this.recipe = recipe;
        method = MergeMethods.find((String) recipe.get("merge_method")).orElseThrow();
        String base = (String) recipe.get("base_model");
        for (Object model : (List<?>) recipe.get("models")) {
            models.add(asMap(model));
        }
        if (base != null && models.stream().noneMatch(model -> model.get("model").equals(base))) {
            models.add(Map.of("model", base));
        }
        List<Checkpoint> checkpoints = new ArrayList<>();
        List<PlannedModel> planned = new ArrayList<>();
        LocalModelSource source = new LocalModelSource(golden, false);
        int baseIndex = -1;
        for (Map<String, Object> model : models) {
            String path = (String) model.get("model");
            if (path.equals(base)) {
                baseIndex = planned.size();
            }
            ModelSnapshot snapshot = source.resolve(path, null);
            snapshots.add(snapshot);
            checkpoints.add(Checkpoint.open(snapshot));
            planned.add(new PlannedModel(path, null, snapshot.identity()));
        }
        Map<String, StoredTensor> first = new TreeMap<>();
        for (String name : checkpoints.getFirst().names()) {
            first.put(name, checkpoints.getFirst().find(name).orElseThrow());
        }
        layers = (int) first.keySet().stream()
                .map(LAYER::matcher)
                .filter(Matcher::find)
                .map(matcher -> matcher.group(1))
                .distinct()
                .count();
        List<TensorPlan> tensors = new ArrayList<>();
        long drawn = 0;
        for (String name : first.keySet()) {
            List<TensorInput> inputs = new ArrayList<>();
            DType arithmetic = null;
            for (int model = 0; model < checkpoints.size(); model++) {
                StoredTensor stored = checkpoints.get(model).find(name).orElseThrow();
                DType cast = dtype("dtype", stored.dtype());
                arithmetic = arithmetic == null || arithmetic == cast ? cast : DType.F32;
                boolean isBase = model == baseIndex;
                Map<String, Object> parameters = parameters(model, isBase, name);
                long draws = method.draws(stored.elements(), parameters, isBase);
                inputs.add(new TensorInput(
                        model,
                        name,
                        new TensorSource.Stored(model, stored.file(), stored.position(), stored.dtype(), stored.shape()),
                        cast,
                        parameters,
                        draws > 0 ? drawn : -1));
                drawn += draws;
            }
            tensors.add(new TensorPlan(
                    name,
                    first.get(name).shape(),
                    dtype("out_dtype", method.outputType(arithmetic)),
                    method.name(),
                    arithmetic,
                    inputs,
                    baseIndex,
                    parameters(-1, false, name)));
        }
        tensors.sort((left, right) ->
                SafetensorsWriter.compareInFile(left.dtype(), left.name(), right.dtype(), right.name()));
        slice = new ChunkSlice(
                "key", "digest", planned, new ChunkPlan(0, 1, "model.safetensors", "chunk", seed, tensors), Map.of());
    }

    /** The recipe, if it is of the kind that can be planned here, else null. */
    static GoldenRecipe read(Path golden, String name, long seed) throws IOException {
        Map<String, Object> recipe =
                asMap(new Yaml().load(Files.readString(golden.resolve("recipes").resolve(name + ".yml"))));
        boolean plain = recipe.containsKey("models")
                && !recipe.containsKey("tokenizer")
                && !recipe.containsKey("tokenizer_source")
                && !recipe.toString().contains("mixtral")
                && !recipe.toString().contains("moe")
                && !recipe.toString().contains("+");
        return plain ? new GoldenRecipe(golden, recipe, seed) : null;
    }

    private DType dtype(String key, DType otherwise) {
        return recipe.containsKey(key) ? DType.ofTorchName((String) recipe.get(key)) : otherwise;
    }

    private Map<String, Object> parameters(int model, boolean base, String tensor) {
        Map<String, Object> values = new LinkedHashMap<>();
        Map<String, Object> shared = asMap(recipe.getOrDefault("parameters", Map.of()));
        Map<String, Object> own = model < 0 ? Map.of() : asMap(models.get(model).getOrDefault("parameters", Map.of()));
        for (MethodParameter parameter : method.parameters()) {
            boolean wanted = switch (parameter.scope()) {
                case SHARED -> model < 0;
                case PER_INPUT -> model >= 0;
                case PER_INPUT_NON_BASE -> model >= 0 && !base;
            };
            if (wanted) {
                Object value = evaluate(own.get(parameter.name()), tensor);
                value = value != null ? value : evaluate(shared.get(parameter.name()), tensor);
                value = value != null ? value : parameter.defaultValue();
                if (value != null) {
                    values.put(parameter.name(), typed(parameter.type(), value));
                }
            }
        }
        return values;
    }

    private static Object typed(MethodParameter.Type type, Object value) {
        return switch (type) {
            case FLOAT -> Double.valueOf(value.toString());
            case INTEGER -> Long.valueOf(value.toString());
            case BOOLEAN -> value;
        };
    }

    private Object evaluate(Object setting, String tensor) {
        if (!(setting instanceof List<?> list)) {
            return setting;
        }
        if (list.getFirst() instanceof Map<?, ?>) {
            for (Object condition : list) {
                Object filter = asMap(condition).get("filter");
                if (filter == null || filter.equals("*") || tensor.contains((String) filter)) {
                    return evaluate(asMap(condition).get("value"), tensor);
                }
            }
            return null;
        }
        Matcher layer = LAYER.matcher(tensor);
        double position = layer.find() ? Integer.parseInt(layer.group(1)) / (layers - 1.0) : 0;
        double place = position * (list.size() - 1);
        int low = (int) place;
        int high = Math.min(list.size() - 1, low + 1);
        double share = place - low;
        return (1 - share) * ((Number) list.get(low)).doubleValue() + share * ((Number) list.get(high)).doubleValue();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> asMap(Object value) {
        return value == null ? new HashMap<>() : (Map<String, Object>) value;
    }
}
