package io.amalgam.engine.plan;

import io.amalgam.engine.Version;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The key of a chunk: a digest of everything that decides its shard's bytes and of nothing else, so that another merge
 * with the same key can take the shard. Models count by identity, not by name or place in the recipe; the seed counts
 * only where random numbers are drawn; names of tensors in the models are for messages only, since their bytes' place
 * says which they are.
 */
final class ChunkKey {

    /** The version of what is digested, and how. */
    private static final String FORM = "amalgam-chunk-2";

    private static final byte STORED = 1;
    private static final byte CONCATENATED = 2;
    private static final byte ADAPTED = 3;
    private static final byte REMAPPED = 4;

    private final PinnedRecipe pinned;
    private final Map<String, RowTable> tables;
    private final TreeSet<String> identities = new TreeSet<>();
    private final Map<String, RowTable> used = new TreeMap<>();
    private final ContentDigest digest = new ContentDigest();
    /** By model of the recipe, the place of its identity among those that the chunk reads. */
    private int[] places;

    private ChunkKey(PinnedRecipe pinned, Map<String, RowTable> tables) {
        this.pinned = pinned;
        this.tables = tables;
    }

    static String of(List<TensorPlan> tensors, PinnedRecipe pinned, Map<String, RowTable> tables) {
        return new ChunkKey(pinned, tables).of(tensors);
    }

    private String of(List<TensorPlan> tensors) {
        boolean random = false;
        for (TensorPlan tensor : tensors) {
            for (TensorInput input : tensor.inputs()) {
                random |= input.randomOffset() >= 0;
                collect(input.source());
            }
        }
        digest.add(FORM);
        digest.add(Version.NUMERICS);
        digest.add(random ? pinned.seed() : 0);
        addIdentities();
        digest.add(tensors.size());
        tensors.forEach(this::add);
        digest.add(used.size());
        used.forEach(this::add);
        return digest.hexadecimal();
    }

    private void collect(TensorSource source) {
        switch (source) {
            case TensorSource.Stored stored -> identities.add(identity(stored.model()));
            case TensorSource.Concatenated whole -> whole.parts().forEach(this::collect);
            case TensorSource.Adapted adapted -> {
                collect(adapted.weight());
                collect(adapted.a());
            }
            case TensorSource.Remapped remapped -> {
                used.put(remapped.table(), tables.get(remapped.table()));
                remapped.rows().forEach(this::collect);
            }
        }
    }

    private String identity(int model) {
        return pinned.models().get(model).identity();
    }

    private void addIdentities() {
        List<String> sorted = List.copyOf(identities);
        places = new int[pinned.models().size()];
        for (int model = 0; model < places.length; model++) {
            places[model] = sorted.indexOf(identity(model));
        }
        digest.add(sorted.size());
        sorted.forEach(digest::add);
    }

    private void add(TensorPlan tensor) {
        digest.add(tensor.name());
        digest.add(tensor.shape());
        digest.add(tensor.dtype().safetensorsName());
        digest.add(tensor.method());
        digest.add(tensor.arithmetic().safetensorsName());
        digest.add(tensor.base());
        digest.add(tensor.parameters());
        digest.add(tensor.inputs().size());
        for (TensorInput input : tensor.inputs()) {
            add(input.source());
            digest.add(input.dtype().safetensorsName());
            digest.add(input.parameters());
            digest.add(input.randomOffset());
        }
    }

    private void add(TensorSource source) {
        switch (source) {
            case TensorSource.Stored stored -> {
                digest.add(STORED);
                digest.add(places[stored.model()]);
                digest.add(stored.file());
                digest.add(stored.position());
                digest.add(stored.dtype().safetensorsName());
                digest.add(stored.shape());
            }
            case TensorSource.Concatenated whole -> {
                digest.add(CONCATENATED);
                digest.add(whole.shape());
                digest.add(whole.parts().size());
                whole.parts().forEach(this::add);
            }
            case TensorSource.Adapted adapted -> {
                digest.add(ADAPTED);
                digest.add(adapted.scale());
                digest.add((byte) (adapted.transposed() ? 1 : 0));
                add(adapted.weight());
                add(adapted.a());
                add(adapted.b());
            }
            case TensorSource.Remapped remapped -> {
                digest.add(REMAPPED);
                digest.add(remapped.table());
                digest.add(remapped.input());
                digest.add(remapped.shape());
                digest.add(remapped.rows().size());
                remapped.rows().forEach(this::add);
            }
        }
    }

    private void add(String name, RowTable table) {
        digest.add(name);
        digest.add(table.tokens());
        digest.add(table.paddedRows());
        digest.add(table.ownRow().length);
        for (int[] own : table.ownRow()) {
            digest.add(own);
        }
        digest.add(table.fill());
        digest.add(table.fillRow());
        digest.add(table.force());
    }
}
