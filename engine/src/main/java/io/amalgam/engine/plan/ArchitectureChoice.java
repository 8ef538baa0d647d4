package io.amalgam.engine.plan;

import io.amalgam.engine.architecture.Architecture;
import io.amalgam.engine.architecture.ArchitectureInference;
import io.amalgam.engine.architecture.ArchitectureModule;
import io.amalgam.engine.architecture.Architectures;
import io.amalgam.engine.architecture.TensorTemplate;
import io.amalgam.engine.checkpoint.StoredTensor;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.recipe.Position;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Decides which architecture a merge has (mergekit.md §3.1), and says what it leaves out. */
final class ArchitectureChoice {

    private ArchitectureChoice() {
    }

    /**
     * The common architecture of all models.
     *
     * @param allowDifferent whether the first model's is used for models of others too
     * @return empty if there is none; the problems say why
     */
    static Optional<Architecture> of(RecipeModels models, boolean allowDifferent, ProblemCollector problems) {
        List<Architecture> known = new ArrayList<>();
        List<String> unknown = new ArrayList<>();
        boolean usable = true;
        for (ModelView view : models.all()) {
            List<String> names = view.config().architectures();
            if (names.size() != 1) {
                usable = false;
                problems.error(
                        ErrorCode.MODEL_UNREADABLE,
                        models.position(view.reference()),
                        "config.json of model " + view.reference() + " lists " + names.size() + " architectures, expected one",
                        "correct it, or write {model: {path: …}, override_architecture: NAME} in the recipe");
                continue;
            }
            Architectures.find(names.getFirst(), view.config().modelType().orElse(null))
                    .ifPresentOrElse(known::add, () -> unknown.add(names.getFirst()));
        }
        if (!usable || models.all().isEmpty()) {
            return Optional.empty();
        }
        ModelView first = models.donor();
        for (ModelView view : models.all()) {
            if (!sameLayout(first, view) && !allowDifferent) {
                usable = false;
                problems.error(
                        ErrorCode.ARCHITECTURE_MISMATCH,
                        models.position(view.reference()),
                        "Model " + view.reference() + " is a " + view.config().architectures().getFirst() + ", but model "
                                + first.reference() + " is a " + first.config().architectures().getFirst(),
                        "merge models of one architecture, or add --allow-crimes to use the first model's layout for all");
            }
        }
        if (!usable) {
            return Optional.empty();
        }
        if (unknown.isEmpty()) {
            return Optional.of(known.getFirst());
        }
        Architecture inferred = ArchitectureInference.infer(
                first.config().architectures().getFirst(),
                first.config(),
                models.all().stream().map(ModelView::tensors).toList());
        problems.note(
                ErrorCode.ARCHITECTURE_MISMATCH,
                Position.NONE,
                "The architecture " + unknown.getFirst() + " is not in the table; its layout was read off the checkpoints"
                        + " (" + inferred.modules().size() + (inferred.modules().size() == 1 ? " module)" : " modules)"),
                "");
        return Optional.of(inferred);
    }

    private static boolean sameLayout(ModelView left, ModelView right) {
        String leftName = left.config().architectures().getFirst();
        String rightName = right.config().architectures().getFirst();
        Optional<Architecture> leftKnown = Architectures.find(leftName, left.config().modelType().orElse(null));
        Optional<Architecture> rightKnown = Architectures.find(rightName, right.config().modelType().orElse(null));
        if (leftKnown.isPresent() && rightKnown.isPresent()) {
            return leftKnown.get().modelType().equals(rightKnown.get().modelType())
                    && leftKnown.get().modules().equals(rightKnown.get().modules());
        }
        return leftName.equals(rightName);
    }

    /** Warns of tensors that a checkpoint has and the table does not list: they are not in the output. */
    static void reportUncovered(Architecture architecture, RecipeModels models, ProblemCollector problems) {
        for (ModelView view : models.all()) {
            Set<String> covered = covered(architecture, view);
            List<String> left = view.tensors().stream()
                    .map(StoredTensor::name)
                    .filter(name -> !covered.contains(name))
                    .toList();
            if (!left.isEmpty()) {
                problems.warning(
                        ErrorCode.TENSOR_MISSING,
                        Position.NONE,
                        "Model " + view.reference() + " has " + left.size() + (left.size() == 1 ? " tensor" : " tensors")
                                + " that MergeKit's list for " + architecture.name() + " lacks, such as " + left.getFirst()
                                + ": not in the output, as with MergeKit",
                        "--keep-unlisted merges them too");
            }
        }
    }

    /**
     * The architecture with what the checkpoints have beyond the table: a name with a layer's prefix is a tensor of every
     * layer, any other one a tensor before the layers; models may lack them.
     */
    static Architecture extended(Architecture architecture, RecipeModels models) {
        List<Set<String>> each = new ArrayList<>();
        architecture.modules().forEach(module -> each.add(new LinkedHashSet<>()));
        Set<String> loose = new LinkedHashSet<>();
        for (ModelView view : models.all()) {
            Set<String> covered = covered(architecture, view);
            for (StoredTensor tensor : view.tensors()) {
                if (!covered.contains(tensor.name())) {
                    addTemplate(architecture, tensor.name(), each, loose);
                }
            }
        }
        List<ArchitectureModule> modules = new ArrayList<>();
        for (int index = 0; index < each.size(); index++) {
            ArchitectureModule module = architecture.modules().get(index);
            modules.add(new ArchitectureModule(
                    module.name(),
                    module.layerKeys(),
                    module.fixedLayers(),
                    with(module.before(), index == 0 ? loose : Set.of()),
                    with(module.each(), each.get(index)),
                    module.after()));
        }
        return new Architecture(
                architecture.name(),
                architecture.modelType(),
                modules,
                architecture.files(),
                architecture.vocabularyKeys(),
                architecture.inferred());
    }

    private static void addTemplate(
            Architecture architecture, String name, List<Set<String>> each, Set<String> loose) {
        for (int index = 0; index < each.size(); index++) {
            for (TensorTemplate known : architecture.modules().get(index).each()) {
                int place = known.name().indexOf(TensorTemplate.LAYER);
                int end = name.indexOf('.', Math.max(place, 0));
                if (place >= 0
                        && end > place
                        && name.startsWith(known.name().substring(0, place))
                        && name.substring(place, end).chars().allMatch(Character::isDigit)) {
                    each.get(index).add(name.substring(0, place) + TensorTemplate.LAYER + name.substring(end));
                    return;
                }
            }
        }
        loose.add(name);
    }

    private static List<TensorTemplate> with(List<TensorTemplate> known, Set<String> names) {
        List<TensorTemplate> all = new ArrayList<>(known);
        names.forEach(name ->
                all.add(new TensorTemplate(name, false, true, List.of(), List.of(), null, List.of())));
        return all;
    }

    private static Set<String> covered(Architecture architecture, ModelView view) {
        Set<String> covered = new HashSet<>();
        for (ArchitectureModule module : architecture.modules()) {
            module.before().forEach(template -> cover(template, view, covered));
            module.after().forEach(template -> cover(template, view, covered));
            int layers = (int) module.layers(view.config()).orElse(0);
            for (int layer = 0; layer < layers; layer++) {
                for (TensorTemplate template : module.each()) {
                    cover(template.ofLayer(layer), view, covered);
                }
            }
        }
        return covered;
    }

    private static void cover(TensorTemplate template, ModelView view, Set<String> covered) {
        covered.add(template.name());
        covered.addAll(template.aliases());
        covered.addAll(template.tied());
        for (String expert : template.experts()) {
            if (!expert.contains(TensorTemplate.EXPERT)) {
                covered.add(expert);
                continue;
            }
            for (int index = 0; view.hasName(expert.replace(TensorTemplate.EXPERT, Integer.toString(index))); index++) {
                covered.add(expert.replace(TensorTemplate.EXPERT, Integer.toString(index)));
            }
        }
    }
}
