package io.amalgam.engine.plan;

import io.amalgam.engine.architecture.ArchitectureModule;
import io.amalgam.engine.recipe.Position;
import io.amalgam.engine.recipe.Setting;
import java.util.List;
import java.util.Map;

/**
 * A recipe in its normal form (mergekit.md §3.2): every module is a list of slices, and every slice names its models and
 * which of their layers.
 *
 * @param modules that are written, in the order of the architecture
 * @param stacked whether layers were chosen by the recipe, so that their number may have changed
 */
record MergeLayout(List<Module> modules, boolean stacked) {

    /**
     * One module.
     *
     * @param definition its tensors
     * @param slices runs of output layers
     * @param parameters of the module
     */
    record Module(ArchitectureModule definition, List<Slice> slices, Map<String, Setting> parameters) {

        /** Number of layers that the output has. */
        int layers() {
            return slices.stream().mapToInt(Slice::layers).sum();
        }
    }

    /**
     * A run of output layers.
     *
     * @param inputs in the recipe's order, an implicit base last
     * @param base index of the base model in {@code inputs}, or -1 where the method has none or treats it as an input
     * @param listedBase index of the base model in {@code inputs} whatever the method makes of it, or -1: rows of tokens
     *     that a model lacks come from it
     * @param parameters of the slice
     * @param position where it stands
     */
    record Slice(List<Input> inputs, int base, int listedBase, Map<String, Setting> parameters, Position position) {

        /** Number of layers. */
        int layers() {
            return inputs.getFirst().layers();
        }

        /** The slice with only its first {@code count} inputs. */
        Slice limitedTo(int count) {
            return count >= inputs.size()
                    ? this
                    : new Slice(
                            inputs.subList(0, count),
                            base < count ? base : -1,
                            listedBase < count ? listedBase : -1,
                            parameters,
                            position);
        }
    }

    /**
     * One model of a slice.
     *
     * @param model the model
     * @param first index of its first layer
     * @param layers number of layers
     * @param parameters of this input
     * @param position where it stands
     */
    record Input(ModelView model, int first, int layers, Map<String, Setting> parameters, Position position) {
    }
}
