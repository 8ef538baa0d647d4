package io.amalgam.engine.report;

import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The inputs of a whole merge, numbered. A model that takes part several times, as with two adapters, is as many inputs:
 * its first occurrence among the inputs of each tensor is one, its second another.
 */
final class ReportInputs {

    /** An input: the model, and its how-manieth occurrence among the inputs of one tensor. */
    private record Key(int model, int occurrence) {
    }

    private final Map<Key, Integer> numbers = new HashMap<>();
    private final List<Integer> models = new ArrayList<>();
    private final List<String> adapters = new ArrayList<>();
    private final List<PlannedModel> planned;

    ReportInputs(MergePlan plan) {
        planned = plan.models();
        plan.chunks().forEach(chunk -> chunk.tensors().forEach(this::add));
    }

    private void add(TensorPlan tensor) {
        int[] numbersOfTensor = numbers(tensor);
        for (int input = 0; input < numbersOfTensor.length; input++) {
            int number = numbersOfTensor[input];
            int adapter = adapter(tensor.inputs().get(input).source());
            if (adapter >= 0 && adapters.get(number) == null) {
                adapters.set(number, name(planned.get(adapter)));
            }
        }
    }

    /** For each input of a tensor, its number in the report. */
    int[] numbers(TensorPlan tensor) {
        int[] result = new int[tensor.inputs().size()];
        Map<Integer, Integer> occurrences = new HashMap<>();
        for (int input = 0; input < result.length; input++) {
            TensorInput each = tensor.inputs().get(input);
            int occurrence = occurrences.merge(each.model(), 1, Integer::sum);
            result[input] = numbers.computeIfAbsent(new Key(each.model(), occurrence), key -> {
                models.add(each.model());
                adapters.add(null);
                return models.size() - 1;
            });
        }
        return result;
    }

    /** How many there are. */
    int count() {
        return models.size();
    }

    /** Their names, as a recipe writes them. */
    List<String> names() {
        List<String> names = new ArrayList<>(models.size());
        for (int number = 0; number < models.size(); number++) {
            String adapter = adapters.get(number);
            names.add(name(planned.get(models.get(number))) + (adapter == null ? "" : "+" + adapter));
        }
        return names;
    }

    private static String name(PlannedModel model) {
        return model.revision() == null ? model.path() : model.path() + "@" + model.revision();
    }

    /** Index of the adapter that a source has in it, or -1. */
    private static int adapter(TensorSource source) {
        return switch (source) {
            case TensorSource.Stored stored -> -1;
            case TensorSource.Adapted adapted -> adapted.a().model();
            case TensorSource.Concatenated whole -> adapterOfFirst(whole.parts());
            case TensorSource.Remapped remapped -> adapter(remapped.rows().get(remapped.input()));
        };
    }

    private static int adapterOfFirst(List<TensorSource> parts) {
        for (TensorSource part : parts) {
            int adapter = adapter(part);
            if (adapter >= 0) {
                return adapter;
            }
        }
        return -1;
    }
}
