package io.amalgam.engine.plan;

import io.amalgam.engine.architecture.TensorTemplate;
import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.recipe.Position;
import io.amalgam.engine.recipe.Recipe;
import io.amalgam.engine.recipe.Setting;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Plans every output tensor of a layout: finds its inputs, brings them to a common type and shape, and resolves the
 * parameters (mergekit.md §3.3 to §3.5). Random offsets are not set yet, since they follow from the order of all tensors.
 */
final class TensorPlanner {

    private static final String PASSTHROUGH = "passthrough";

    /**
     * A tensor and its place in the order of execution.
     *
     * @param label the greatest of the names under which inputs were found
     * @param tensor without random offsets
     */
    record Planned(String label, TensorPlan tensor) {
    }

    /** One output tensor and where it stands. */
    private record Request(
            TensorTemplate output,
            List<TensorTemplate> names,
            MergeLayout.Module module,
            MergeLayout.Slice slice,
            double t) {
    }

    /** An input that was found. */
    private record Input(int index, TensorTemplate template, ModelView.Found found) {
    }

    private final Recipe recipe;
    private final MergeMethod method;
    private final PlanOptions options;
    private final boolean tiesEmbeddings;
    private final VocabularyRows vocabulary;
    private final ProblemCollector problems;
    private final ParameterResolver parameters;
    private final List<Planned> planned = new ArrayList<>();

    TensorPlanner(
            Recipe recipe,
            MergeMethod method,
            PlanOptions options,
            RecipeModels models,
            VocabularyRows vocabulary,
            ProblemCollector problems) {
        this.recipe = recipe;
        this.tiesEmbeddings = models.donor() != null
                && models.donor().config().at("tie_word_embeddings").asBoolean();
        this.method = method;
        this.options = options;
        this.vocabulary = vocabulary;
        this.problems = problems;
        this.parameters = new ParameterResolver(method, problems);
    }

    /** All output tensors, in the order of the architecture. */
    List<Planned> plan(MergeLayout layout) {
        for (MergeLayout.Module module : layout.modules()) {
            MergeLayout.Slice first = module.slices().getFirst();
            MergeLayout.Slice last = module.slices().getLast();
            module.definition().before().forEach(template -> outsideLayers(template, module, first));
            int output = 0;
            for (MergeLayout.Slice slice : module.slices()) {
                for (int layer = 0; layer < slice.layers(); layer++) {
                    // A slice of one layer stands at the end of its gradient.
                    double t = slice.layers() == 1 ? 1.0 : (double) layer / (slice.layers() - 1);
                    for (TensorTemplate template : module.definition().each()) {
                        List<TensorTemplate> names = new ArrayList<>(slice.inputs().size());
                        for (MergeLayout.Input input : slice.inputs()) {
                            names.add(template.ofLayer(input.first() + layer));
                        }
                        tensor(new Request(template.ofLayer(output), names, module, slice, t));
                    }
                    output++;
                }
            }
            // As in MergeKit, tensors after the layers have at most as many inputs as the first slice has.
            MergeLayout.Slice limited = last.limitedTo(first.inputs().size());
            module.definition().after().forEach(template -> outsideLayers(template, module, limited));
        }
        return planned;
    }

    private void outsideLayers(TensorTemplate template, MergeLayout.Module module, MergeLayout.Slice slice) {
        List<TensorTemplate> names = new ArrayList<>(slice.inputs().size());
        slice.inputs().forEach(input -> names.add(template));
        tensor(new Request(template, names, module, slice, 0.0));
    }

    private void tensor(Request request) {
        List<MergeLayout.Input> inputs = request.slice().inputs();
        if (request.output().optional()) {
            if (options.keepTied() && tiesEmbeddings && !request.output().tied().isEmpty()) {
                return;
            }
            boolean none = true;
            for (int i = 0; i < inputs.size() && none; i++) {
                none = !inputs.get(i).model().has(request.names().get(i));
            }
            if (none) {
                return;
            }
        }
        List<Input> found = new ArrayList<>(inputs.size());
        boolean complete = true;
        for (int i = 0; i < inputs.size(); i++) {
            TensorTemplate name = request.names().get(i);
            Optional<ModelView.Found> tensor = find(inputs.get(i), name);
            if (tensor.isPresent()) {
                found.add(new Input(i, name, tensor.get()));
                reportSubstitute(inputs.get(i), name, tensor.get());
            } else {
                complete = false;
                if (!request.output().optional()) {
                    missing(inputs.get(i), name);
                }
            }
        }
        if (complete) {
            merge(request, found, method.name());
        } else if (request.output().optional()) {
            incomplete(request, found);
        }
    }

    private Optional<ModelView.Found> find(MergeLayout.Input input, TensorTemplate name) {
        try {
            return input.model().find(name);
        } catch (AmalgamException e) {
            problems.repeatedError(
                    List.of("experts", e.code(), input.model().reference()), e.code(), input.position(), e.getMessage(), "");
            return Optional.empty();
        }
    }

    private void missing(MergeLayout.Input input, TensorTemplate name) {
        problems.repeatedError(
                List.of("tensor", input.model().reference()),
                ErrorCode.TENSOR_MISSING,
                input.position(),
                "Tensor " + name.name() + " is required but not present in model " + input.model().reference(),
                "the checkpoint is incomplete, or of another layout than its architecture says; download it again, or"
                        + " check architectures in its config.json");
    }

    private void reportSubstitute(MergeLayout.Input input, TensorTemplate name, ModelView.Found found) {
        if (name.tied().contains(found.name()) && name.optional()) {
            problems.note(
                    ErrorCode.TENSOR_MISSING,
                    Position.NONE,
                    "Model " + input.model().reference() + " ties " + name.name() + " to " + found.name()
                            + ", other models do not: the output has both tensors, as with MergeKit, and"
                            + " tie_word_embeddings stays as it is",
                    "with --keep-tied, the copy is left out where the output's config.json ties the two");
        }
    }

    /** Some models have an optional tensor and others lack it. */
    private void incomplete(Request request, List<Input> found) {
        MergeLayout.Slice slice = request.slice();
        boolean lone = found.size() == 1;
        boolean baseFound = slice.base() < 0 || found.stream().anyMatch(input -> input.index() == slice.base());
        boolean loneBase = lone && slice.base() >= 0 && baseFound;
        switch (method.inputs().incomplete()) {
            case MERGE_REMAINING -> {
                if (baseFound) {
                    merge(request, found, method.name());
                    return;
                }
            }
            case PASS_LONE_INPUT -> {
                if (lone) {
                    merge(request, found, PASSTHROUGH);
                    return;
                }
            }
            case PASS_LONE_BASE -> {
                if (loneBase) {
                    merge(request, found, PASSTHROUGH);
                    return;
                }
            }
            case PASS_LONE_BASE_OR_LEAVE_OUT -> {
                if (loneBase) {
                    merge(request, found, PASSTHROUGH);
                    return;
                }
                if (found.size() < method.inputs().minimum()) {
                    problems.warning(
                            ErrorCode.TENSOR_MISSING,
                            request.slice().position(),
                            "Tensor " + request.output().name() + " is in " + found.size() + " models only, too few for "
                                    + method.name() + ": it is left out, as with MergeKit",
                            "");
                    return;
                }
                if (baseFound) {
                    merge(request, found, method.name());
                    return;
                }
            }
        }
        problems.repeatedError(
                List.of("incomplete", request.slice()),
                ErrorCode.TENSOR_MISSING,
                request.slice().position(),
                "Tensor " + request.output().name() + " is not in all models, and " + method.name()
                        + " cannot merge those that have it" + (baseFound ? "" : " because the base model lacks it"),
                "use models with the same tensors");
    }

    private void merge(Request request, List<Input> found, String methodName) {
        List<MergeLayout.Input> layoutInputs = request.slice().inputs();
        DType arithmetic = null;
        for (Input input : found) {
            DType loaded = loadType(request, input);
            arithmetic = arithmetic == null ? loaded : promote(arithmetic, loaded);
            if (arithmetic == null) {
                problems.repeatedError(
                        List.of("types", request.slice()),
                        ErrorCode.DTYPE_UNSUPPORTED,
                        layoutInputs.get(input.index()).position(),
                        "Tensor " + input.template().name() + " of model "
                                + layoutInputs.get(input.index()).model().reference() + " is of type "
                                + loaded.torchName() + ", which does not go together with that of the other models",
                        "use models whose tensors have the same type");
                return;
            }
        }
        boolean remapped = vocabulary.present() && request.output().vocabulary();
        List<TensorSource> sources = remapped
                ? vocabulary.remap(sources(found), found.stream()
                        .map(input -> layoutInputs.get(input.index()).model())
                        .toList(), baseAmong(found, request.slice().listedBase()))
                : alignedSources(request, found);
        if (sources == null) {
            return;
        }
        boolean copied = methodName.equals(PASSTHROUGH) && !method.name().equals(PASSTHROUGH) || !arithmetic.floating();
        int base = copied ? -1 : baseAmong(found, request.slice().base());
        List<TensorInput> inputs = new ArrayList<>(found.size());
        for (int i = 0; i < found.size(); i++) {
            Input input = found.get(i);
            MergeLayout.Input from = layoutInputs.get(input.index());
            inputs.add(new TensorInput(
                    from.model().model(),
                    input.template().name(),
                    sources.get(i),
                    remapped ? arithmetic : loadType(request, input),
                    copied ? Map.of() : inputParameters(request, from, input, i == base),
                    -1));
        }
        Map<String, Object> shared = copied
                ? Map.of()
                : parameters.shared(
                        List.of(request.slice().parameters(), request.module().parameters(), recipe.parameters()),
                        request.output().name(),
                        request.t(),
                        request.slice().position().line() > 0
                                ? request.slice().position()
                                : recipe.position("merge_method"));
        long[] shape = sources.getFirst().shape();
        if (!copied) {
            check(request, found, inputs, base, shared, shape);
        }
        TensorPlan plan = new TensorPlan(
                request.output().name(),
                shape,
                outputType(request, arithmetic, copied),
                copied ? PASSTHROUGH : methodName,
                arithmetic,
                inputs,
                base,
                shared);
        planned.add(new Planned(label(found), plan));
    }

    /** Values that are of the right type and yet wrong for the method or for a tensor of this shape. */
    private void check(
            Request request,
            List<Input> found,
            List<TensorInput> inputs,
            int base,
            Map<String, Object> shared,
            long[] shape) {
        for (int i = 0; i < inputs.size(); i++) {
            if (i == base) {
                continue;
            }
            MergeLayout.Input from = request.slice().inputs().get(found.get(i).index());
            for (Problem problem : method.check(shared, inputs.get(i).parameters())) {
                String message = problem.message() + " (model " + from.model().reference() + ")";
                if (problem.severity() == Problem.Severity.ERROR) {
                    problems.repeatedError(
                            List.of("check", from.position(), problem.code()), problem.code(), from.position(), message, "");
                } else {
                    problems.warning(problem.code(), from.position(), message, "");
                }
            }
            method.refusesShape(shape, inputs.get(i).parameters()).ifPresent(reason -> problems.repeatedError(
                    List.of("shape", from.position(), reason),
                    ErrorCode.SHAPE_MISMATCH,
                    from.position(),
                    "The merge method " + method.name() + " cannot merge tensor " + request.output().name() + " of shape "
                            + Arrays.toString(shape) + ": " + reason,
                    "set the density of this tensor to 1 with a filter, or use another method"));
        }
    }

    private Map<String, Object> inputParameters(
            Request request, MergeLayout.Input from, Input input, boolean base) {
        List<Map<String, Setting>> levels = List.of(
                from.parameters(), request.slice().parameters(), request.module().parameters(), recipe.parameters());
        return parameters.perInput(
                levels,
                from.model().reference().toString(),
                base,
                input.template().name(),
                request.t(),
                from.position());
    }

    private static int baseAmong(List<Input> found, int base) {
        for (int i = 0; i < found.size(); i++) {
            if (found.get(i).index() == base) {
                return i;
            }
        }
        return -1;
    }

    private static List<TensorSource> sources(List<Input> found) {
        return found.stream().map(input -> input.found().source()).toList();
    }

    /** The inputs if their shapes agree, cut to their common rows if that was asked for; else null. */
    private List<TensorSource> alignedSources(Request request, List<Input> found) {
        List<TensorSource> sources = sources(found);
        long[] first = sources.getFirst().shape();
        long rows = first.length == 0 ? 0 : first[0];
        boolean same = true;
        boolean onlyRowsDiffer = first.length > 0;
        for (TensorSource source : sources) {
            long[] shape = source.shape();
            same &= Arrays.equals(first, shape);
            onlyRowsDiffer &= shape.length == first.length
                    && first.length > 0
                    && Arrays.equals(first, 1, first.length, shape, 1, shape.length);
            if (shape.length > 0) {
                rows = Math.min(rows, shape[0]);
            }
        }
        if (same) {
            return sources;
        }
        boolean vocabularyRows = request.output().vocabulary() && onlyRowsDiffer;
        if (vocabularyRows && options.truncateEmbeddings()) {
            long common = rows;
            problems.note(
                    ErrorCode.SHAPE_MISMATCH,
                    Position.NONE,
                    "Tensor " + request.output().name() + " is cut to the " + common + " rows that all models have",
                    "");
            return sources.stream().map(source -> firstRows(source, common)).toList();
        }
        StringBuilder shapes = new StringBuilder();
        for (int i = 0; i < found.size(); i++) {
            shapes.append(i == 0 ? "" : ", ")
                    .append(Arrays.toString(sources.get(i).shape()))
                    .append(" in ")
                    .append(request.slice().inputs().get(found.get(i).index()).model().reference());
        }
        problems.repeatedError(
                List.of("shapes", request.slice(), request.output().vocabulary()),
                ErrorCode.SHAPE_MISMATCH,
                request.slice().inputs().getFirst().position(),
                "Tensor " + request.output().name() + " has different shapes: " + shapes,
                vocabularyRows
                        ? "bring the vocabularies together with tokenizer: {source: base} (or union), or cut to the common"
                                + " rows with --unsafe-truncate-embeddings"
                        : "only models of the same sizes can be merged");
        return null;
    }

    /** The first rows of a tensor. What has a vocabulary lies in one piece, or is an adapted weight that does. */
    private static TensorSource firstRows(TensorSource source, long rows) {
        return switch (source) {
            case TensorSource.Stored stored -> {
                long[] shape = stored.shape().clone();
                shape[0] = rows;
                yield new TensorSource.Stored(stored.model(), stored.file(), stored.position(), stored.dtype(), shape);
            }
            case TensorSource.Adapted adapted ->
                new TensorSource.Adapted(
                        firstRows(adapted.weight(), rows),
                        adapted.a(),
                        adapted.b(),
                        adapted.scale(),
                        adapted.transposed());
            case TensorSource.Concatenated concatenated -> concatenated;
            case TensorSource.Remapped remapped -> remapped;
        };
    }

    private DType loadType(Request request, Input input) {
        DType stored = input.found().dtype();
        if (request.output().storedAs() != null) {
            return request.output().storedAs();
        }
        // MergeKit would turn counters and indices into floating point; here they stay what they are.
        return recipe.dtype() == null || !stored.floating() ? stored : recipe.dtype();
    }

    private DType outputType(Request request, DType arithmetic, boolean copied) {
        if (request.output().storedAs() != null) {
            return request.output().storedAs();
        }
        if (!arithmetic.floating()) {
            return arithmetic;
        }
        if (recipe.outDtype() != null) {
            return recipe.outDtype();
        }
        return copied ? arithmetic : method.outputType(arithmetic);
    }

    /** The type that two types have in common, as torch promotes them; null where integers meet anything else. */
    private static DType promote(DType left, DType right) {
        if (left == right) {
            return left;
        }
        if (!left.floating() || !right.floating()) {
            return null;
        }
        if (left == DType.F64 || right == DType.F64) {
            return DType.F64;
        }
        return DType.F32;
    }

    private static String label(List<Input> found) {
        String label = "";
        for (Input input : found) {
            if (input.found().name().compareTo(label) > 0) {
                label = input.found().name();
            }
        }
        return label;
    }
}
