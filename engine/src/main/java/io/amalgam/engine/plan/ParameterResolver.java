package io.amalgam.engine.plan;

import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.method.MethodParameter;
import io.amalgam.engine.recipe.Coercion;
import io.amalgam.engine.recipe.Position;
import io.amalgam.engine.recipe.Setting;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Finds the value of a method's parameters for one tensor (mergekit.md §1.3): the first level that has one wins, from
 * the input over slice and module to the recipe, then the default.
 */
final class ParameterResolver {

    private final MergeMethod method;
    private final ProblemCollector problems;

    ParameterResolver(MergeMethod method, ProblemCollector problems) {
        this.method = method;
        this.problems = problems;
    }

    /**
     * Resolves the shared parameters of an output tensor.
     *
     * @param levels parameters of slice, module and recipe, in this order
     * @param tensor name of the output tensor, which filters are compared with
     * @param t position in the slice, from 0 to 1
     * @param place where the slice stands, for a parameter that is missing
     */
    Map<String, Object> shared(List<Map<String, Setting>> levels, String tensor, double t, Position place) {
        Map<String, Object> resolved = new TreeMap<>();
        for (MethodParameter parameter : method.parameters()) {
            if (parameter.scope() == MethodParameter.Scope.SHARED) {
                resolve(parameter, levels, tensor, t, place, "", resolved);
            }
        }
        return resolved;
    }

    /**
     * Resolves the parameters of one input.
     *
     * @param levels parameters of the input, slice, module and recipe, in this order
     * @param model the input's model, for messages
     * @param base whether it is the base model
     * @param tensor name of the input tensor, which filters are compared with
     */
    Map<String, Object> perInput(
            List<Map<String, Setting>> levels, String model, boolean base, String tensor, double t, Position place) {
        Map<String, Object> resolved = new TreeMap<>();
        for (MethodParameter parameter : method.parameters()) {
            if (parameter.scope() == MethodParameter.Scope.PER_INPUT
                    || parameter.scope() == MethodParameter.Scope.PER_INPUT_NON_BASE && !base) {
                resolve(parameter, levels, tensor, t, place, " for model " + model, resolved);
            }
        }
        return resolved;
    }

    private void resolve(
            MethodParameter parameter,
            List<Map<String, Setting>> levels,
            String tensor,
            double t,
            Position place,
            String owner,
            Map<String, Object> resolved) {
        for (Map<String, Setting> level : levels) {
            Setting setting = level.get(parameter.name());
            if (setting != null) {
                Optional<Object> value = evaluate(parameter, setting, tensor, t);
                if (value.isPresent()) {
                    resolved.put(parameter.name(), value.get());
                    return;
                }
            }
        }
        if (parameter.defaultValue() != null) {
            resolved.put(parameter.name(), parameter.defaultValue());
        } else if (parameter.required()) {
            problems.repeatedError(
                    List.of("missing", parameter.name(), owner, place),
                    ErrorCode.PARAMETER_MISSING,
                    place,
                    "Parameter " + parameter.name() + " of " + method.name() + " has no value" + owner + " at tensor "
                            + tensor,
                    "add parameters: {" + parameter.name() + ": "
                            + (parameter.type() == MethodParameter.Type.BOOLEAN ? "true" : "0.5") + "}"
                            + (owner.isEmpty() ? " to the recipe" : " to the model, or to the recipe for all models"));
        }
    }

    /**
     * The value of a setting for a tensor; empty if none of its filters matches or its gradient has no points. A wrong
     * value is reported, and the parameter's default (or zero) stands in for it so that other faults are found too.
     */
    private Optional<Object> evaluate(MethodParameter parameter, Setting setting, String tensor, double t) {
        for (Setting.Entry entry : setting.entries()) {
            if (!entry.matches(tensor)) {
                continue;
            }
            if (entry.values().isEmpty()) {
                return Optional.empty();
            }
            List<Object> values = new ArrayList<>(entry.values().size());
            for (Object value : entry.values()) {
                Optional<Object> converted = Coercion.convert(value, parameter.type());
                if (converted.isEmpty()) {
                    return Optional.of(refused(parameter, entry, value));
                }
                values.add(converted.get());
            }
            if (!entry.gradient()) {
                return Optional.of(values.getFirst());
            }
            if (parameter.type() == MethodParameter.Type.BOOLEAN) {
                return Optional.of(values.get((int) (t * (values.size() - 1))));
            }
            double value = interpolate(values, t);
            return Optional.of(Coercion.convert(value, parameter.type())
                    .orElseGet(() -> refused(parameter, entry, value)));
        }
        return Optional.empty();
    }

    /** {@code (1-f)·v[i] + f·v[j]} with {@code t·(n-1) = i + f}. */
    private static double interpolate(List<Object> values, double t) {
        double scaled = t * (values.size() - 1);
        int lower = (int) scaled;
        int upper = Math.min(values.size() - 1, lower + 1);
        double fraction = scaled - lower;
        return (1 - fraction) * ((Number) values.get(lower)).doubleValue()
                + fraction * ((Number) values.get(upper)).doubleValue();
    }

    private Object refused(MethodParameter parameter, Setting.Entry entry, Object value) {
        problems.repeatedError(
                List.of("invalid", parameter.name(), entry.position()),
                ErrorCode.PARAMETER_INVALID,
                entry.position(),
                "Parameter " + parameter.name() + " of " + method.name() + " is " + value + ", expected "
                        + Coercion.expected(parameter.type()),
                "correct the value");
        return parameter.whenAbsent().orElse(switch (parameter.type()) {
            case FLOAT -> 0.0;
            case INTEGER -> 0L;
            case BOOLEAN -> false;
        });
    }
}
