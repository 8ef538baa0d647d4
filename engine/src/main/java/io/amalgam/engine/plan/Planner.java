package io.amalgam.engine.plan;

import io.amalgam.engine.Version;
import io.amalgam.engine.architecture.Architecture;
import io.amalgam.engine.checkpoint.SafetensorsWriter;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.method.MergeMethods;
import io.amalgam.engine.recipe.Recipe;
import io.amalgam.engine.recipe.RecipeParser;
import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Turns a pinned recipe into a plan: a pure function that reads and writes nothing.
 *
 * <p>Order decides two things (mergekit.md §6.2). Tensors are executed by ascending name of their inputs, which fixes how
 * much of the random stream precedes each, and which tensors share an output shard. Within a shard they lie in the
 * order of the safetensors library.
 */
public final class Planner {

    private Planner() {
    }

    /**
     * Plans a merge.
     *
     * @throws AmalgamException with all errors that a preflight would have reported, or {@code NUMERICS_MISMATCH} if it
     *     was pinned for another version of the arithmetic
     */
    public static MergePlan plan(PinnedRecipe pinned) {
        if (pinned.numerics() != Version.NUMERICS) {
            throw new AmalgamException(
                    ErrorCode.NUMERICS_MISMATCH,
                    "The recipe was pinned for arithmetic " + pinned.numerics() + ", and this is arithmetic "
                            + Version.NUMERICS + "; submit it again.");
        }
        ProblemCollector problems = new ProblemCollector(pinned.file());
        Recipe recipe = RecipeParser.parse(pinned.recipe(), pinned.file()).orThrow();
        Optional<MergePlan> plan = plan(pinned, recipe, problems);
        if (plan.isEmpty()) {
            throw new AmalgamException(problems.problems());
        }
        return plan.get();
    }

    /**
     * Plans a merge, and gathers problems on the way.
     *
     * @return empty if there is an error among them
     */
    static Optional<MergePlan> plan(PinnedRecipe pinned, Recipe recipe, ProblemCollector problems) {
        Optional<MergeMethod> method = MergeMethods.find(recipe.mergeMethod());
        RecipeModels models = new RecipeModels(recipe, pinned.models(), problems);
        Optional<Architecture> architecture =
                ArchitectureChoice.of(models, pinned.options().allowDifferentArchitectures(), problems);
        if (method.isEmpty() || architecture.isEmpty()) {
            return Optional.empty();
        }
        Architecture covering = pinned.options().keepUnlisted()
                ? ArchitectureChoice.extended(architecture.get(), models)
                : architecture.get();
        MergeLayout layout = new LayoutBuilder(recipe, method.get(), covering, models, problems).build();
        VocabularyRows vocabulary = new VocabularyRows(pinned.vocabulary());
        List<TensorPlanner.Planned> tensors =
                new TensorPlanner(recipe, method.get(), pinned.options(), models, vocabulary, problems).plan(layout);
        if (problems.hasErrors()) {
            return Optional.empty();
        }
        ArchitectureChoice.reportUncovered(covering, models, problems);
        RecipeWarnings.add(recipe, method.get(), tensors, pinned.models(), problems);
        List<TensorPlan> ordered = withRandomOffsets(tensors);
        List<PlannedModel> plannedModels =
                pinned.models().stream().map(PinnedModel::planned).toList();
        List<ChunkPlan> chunks = chunks(shards(ordered, pinned.options().maxShardBytes()), pinned, vocabulary);
        Map<String, byte[]> files = new TreeMap<>(pinned.files());
        files.put("config.json", OutputConfig.write(recipe, architecture.get(), layout, models, pinned.vocabulary()));
        if (pinned.options().writeModelCard()) {
            files.put("README.md", ModelCard.write(recipe, pinned));
            files.put("mergekit_config.yml", pinned.recipe().getBytes(StandardCharsets.UTF_8));
        }
        return Optional.of(new MergePlan(
                pinned.artifactKey(),
                digest(pinned.artifactKey(), plannedModels, chunks, files),
                plannedModels,
                chunks,
                vocabulary.tables(),
                files));
    }

    /** Digest of a plan: its chunks' keys stand for their tensors and tables. */
    private static String digest(
            String artifactKey, List<PlannedModel> models, List<ChunkPlan> chunks, Map<String, byte[]> files) {
        ContentDigest digest = new ContentDigest();
        digest.add(artifactKey);
        digest.add(PlanJson.digest(models));
        digest.add(chunks.size());
        for (ChunkPlan chunk : chunks) {
            digest.add(chunk.file());
            digest.add(chunk.key());
            digest.add(chunk.seed());
        }
        digest.add(PlanJson.digest(files));
        return digest.hexadecimal();
    }

    /** Tensors in the order of execution, each input with its place in the random stream. */
    private static List<TensorPlan> withRandomOffsets(List<TensorPlanner.Planned> tensors) {
        List<TensorPlanner.Planned> ordered = new ArrayList<>(tensors);
        ordered.sort(Comparator.comparing(TensorPlanner.Planned::label));
        List<TensorPlan> plans = new ArrayList<>(ordered.size());
        long offset = 0;
        for (TensorPlanner.Planned each : ordered) {
            TensorPlan tensor = each.tensor();
            MergeMethod method = MergeMethods.find(tensor.method()).orElseThrow();
            List<TensorInput> inputs = new ArrayList<>(tensor.inputs().size());
            for (int i = 0; i < tensor.inputs().size(); i++) {
                TensorInput input = tensor.inputs().get(i);
                long draws = method.draws(tensor.elements(), input.parameters(), i == tensor.base());
                inputs.add(draws == 0 ? input : withOffset(input, offset));
                offset += draws;
            }
            plans.add(new TensorPlan(
                    tensor.name(),
                    tensor.shape(),
                    tensor.dtype(),
                    tensor.method(),
                    tensor.arithmetic(),
                    inputs,
                    tensor.base(),
                    tensor.parameters()));
        }
        return plans;
    }

    private static TensorInput withOffset(TensorInput input, long offset) {
        return new TensorInput(
                input.model(), input.tensor(), input.source(), input.dtype(), input.parameters(), offset);
    }

    /** As MergeKit's writer: a shard ends before the tensor that would make it too large. */
    private static List<List<TensorPlan>> shards(List<TensorPlan> tensors, long maxBytes) {
        List<List<TensorPlan>> shards = new ArrayList<>();
        List<TensorPlan> current = new ArrayList<>();
        long bytes = 0;
        for (TensorPlan tensor : tensors) {
            if (maxBytes > 0 && !current.isEmpty() && bytes + tensor.bytes() > maxBytes) {
                shards.add(current);
                current = new ArrayList<>();
                bytes = 0;
            }
            current.add(tensor);
            bytes += tensor.bytes();
        }
        if (!current.isEmpty()) {
            shards.add(current);
        }
        return shards;
    }

    private static List<ChunkPlan> chunks(
            List<List<TensorPlan>> shards, PinnedRecipe pinned, VocabularyRows vocabulary) {
        List<ChunkPlan> chunks = new ArrayList<>(shards.size());
        for (int index = 0; index < shards.size(); index++) {
            List<TensorPlan> tensors = new ArrayList<>(shards.get(index));
            tensors.sort((left, right) ->
                    SafetensorsWriter.compareInFile(left.dtype(), left.name(), right.dtype(), right.name()));
            String file = shards.size() == 1
                    ? "model.safetensors"
                    : String.format("model-%05d-of-%05d.safetensors", index + 1, shards.size());
            chunks.add(new ChunkPlan(
                    index,
                    shards.size(),
                    file,
                    ChunkKey.of(tensors, pinned, vocabulary.tables()),
                    pinned.seed(),
                    tensors));
        }
        return chunks;
    }
}
