package io.amalgam.engine.plan;

import io.amalgam.engine.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The key of a chunk: a digest of everything that decides its shard's bytes and of nothing else, so that another merge
 * with the same key can take the shard. Models count by identity, not by name or place in the recipe; the seed counts
 * only where random numbers are drawn.
 */
final class ChunkKey {

    /** What is digested. */
    private record Content(
            int numerics, long seed, List<String> models, List<TensorPlan> tensors, Map<String, RowTable> tables) {
    }

    private ChunkKey() {
    }

    static String of(List<TensorPlan> tensors, PinnedRecipe pinned, Map<String, RowTable> tables) {
        TreeSet<String> identities = new TreeSet<>();
        Map<String, RowTable> used = new TreeMap<>();
        boolean random = false;
        for (TensorPlan tensor : tensors) {
            for (TensorInput input : tensor.inputs()) {
                random |= input.randomOffset() >= 0;
                collect(input.source(), pinned, tables, identities, used);
            }
        }
        List<String> models = new ArrayList<>(identities);
        List<TensorPlan> renumbered = new ArrayList<>(tensors.size());
        for (TensorPlan tensor : tensors) {
            List<TensorInput> inputs = new ArrayList<>(tensor.inputs().size());
            for (TensorInput input : tensor.inputs()) {
                // The name of the tensor in the model is for messages only: its bytes' place says which it is.
                inputs.add(new TensorInput(
                        0,
                        "",
                        renumbered(input.source(), pinned, models),
                        input.dtype(),
                        input.parameters(),
                        input.randomOffset()));
            }
            renumbered.add(new TensorPlan(
                    tensor.name(),
                    tensor.shape(),
                    tensor.dtype(),
                    tensor.method(),
                    tensor.arithmetic(),
                    inputs,
                    tensor.base(),
                    tensor.parameters()));
        }
        return PlanJson.digest(new Content(Version.NUMERICS, random ? pinned.seed() : 0, models, renumbered, used));
    }

    private static void collect(
            TensorSource source,
            PinnedRecipe pinned,
            Map<String, RowTable> tables,
            TreeSet<String> identities,
            Map<String, RowTable> used) {
        switch (source) {
            case TensorSource.Stored stored -> identities.add(identity(stored, pinned));
            case TensorSource.Concatenated whole ->
                whole.parts().forEach(part -> collect(part, pinned, tables, identities, used));
            case TensorSource.Adapted adapted -> {
                collect(adapted.weight(), pinned, tables, identities, used);
                collect(adapted.a(), pinned, tables, identities, used);
            }
            case TensorSource.Remapped remapped -> {
                used.put(remapped.table(), tables.get(remapped.table()));
                remapped.rows().forEach(rows -> collect(rows, pinned, tables, identities, used));
            }
        }
    }

    private static TensorSource renumbered(TensorSource source, PinnedRecipe pinned, List<String> models) {
        return switch (source) {
            case TensorSource.Stored stored -> renumbered(stored, pinned, models);
            case TensorSource.Concatenated whole ->
                new TensorSource.Concatenated(
                        whole.parts().stream()
                                .map(part -> renumbered(part, pinned, models))
                                .toList(),
                        whole.shape());
            case TensorSource.Adapted adapted ->
                new TensorSource.Adapted(
                        renumbered(adapted.weight(), pinned, models),
                        renumbered(adapted.a(), pinned, models),
                        renumbered(adapted.b(), pinned, models),
                        adapted.scale(),
                        adapted.transposed());
            case TensorSource.Remapped remapped ->
                new TensorSource.Remapped(
                        remapped.table(),
                        remapped.input(),
                        remapped.rows().stream()
                                .map(rows -> renumbered(rows, pinned, models))
                                .toList(),
                        remapped.shape());
        };
    }

    private static TensorSource.Stored renumbered(
            TensorSource.Stored stored, PinnedRecipe pinned, List<String> models) {
        return new TensorSource.Stored(
                models.indexOf(identity(stored, pinned)),
                stored.file(),
                stored.position(),
                stored.dtype(),
                stored.shape());
    }

    private static String identity(TensorSource.Stored stored, PinnedRecipe pinned) {
        return pinned.models().get(stored.model()).identity();
    }
}
