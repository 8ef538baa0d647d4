package io.amalgam.engine.plan;

import io.amalgam.engine.tensor.TensorSource;
import io.amalgam.engine.tokenizer.PinnedVocabulary;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Lays vocabulary tensors out by the output vocabulary (mergekit.md §4.4). Tensors with the same inputs share a table,
 * since who has a token decides what the others take.
 */
final class VocabularyRows {

    private final PinnedVocabulary vocabulary;
    private final Map<List<Integer>, String> names = new HashMap<>();
    private final Map<String, RowTable> tables = new TreeMap<>();

    /** @param vocabulary the output vocabulary, or null where vocabularies are left alone */
    VocabularyRows(PinnedVocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    /** Whether there is an output vocabulary. */
    boolean present() {
        return vocabulary != null;
    }

    /** The tables that were made, by name. */
    Map<String, RowTable> tables() {
        return tables;
    }

    /**
     * Lays tensors out.
     *
     * @param sources one an input
     * @param models of the inputs
     * @param base index of the base model among the inputs, or -1
     */
    List<TensorSource> remap(List<TensorSource> sources, List<ModelView> models, int base) {
        List<Integer> key = new ArrayList<>();
        models.forEach(model -> key.add(vocabulary.models().indexOf(model.model())));
        key.add(base);
        String name = names.computeIfAbsent(key, each -> {
            String table = "vocabulary-" + names.size();
            tables.put(table, table(each.subList(0, each.size() - 1), base));
            return table;
        });
        List<TensorSource> remapped = new ArrayList<>(sources.size());
        for (int input = 0; input < sources.size(); input++) {
            long[] shape = sources.get(input).shape().clone();
            shape[0] = vocabulary.paddedRows();
            remapped.add(new TensorSource.Remapped(name, input, sources, shape));
        }
        return remapped;
    }

    private RowTable table(List<Integer> columns, int base) {
        int tokens = vocabulary.tokens();
        int[][] ownRow = new int[columns.size()][];
        for (int input = 0; input < ownRow.length; input++) {
            ownRow[input] = vocabulary.ownRow()[columns.get(input)];
        }
        int[] fill = new int[tokens];
        for (int token = 0; token < tokens; token++) {
            fill[token] = usualFill(ownRow, token, base);
        }
        long[] fillRow = new long[tokens];
        boolean[] force = new boolean[tokens];
        vocabulary.configured().forEach((token, row) -> {
            force[token] = row.force();
            if (row.column() == PinnedVocabulary.ConfiguredRow.ZERO) {
                fill[token] = RowTable.ZERO;
            } else if (row.column() != PinnedVocabulary.ConfiguredRow.USUAL) {
                fill[token] = RowTable.INPUT_ROW;
                fillRow[token] = (long) columns.indexOf(row.column()) << Integer.SIZE | row.row();
            }
        });
        return new RowTable(tokens, vocabulary.paddedRows(), ownRow, fill, fillRow, force);
    }

    /** What an input takes that lacks the token: of the only one that has it, of the base model, or the mean of all. */
    private static int usualFill(int[][] ownRow, int token, int base) {
        int owners = 0;
        int owner = -1;
        for (int input = 0; input < ownRow.length; input++) {
            if (ownRow[input][token] >= 0) {
                owners++;
                owner = input;
            }
        }
        if (owners == 0) {
            return RowTable.ZERO;
        }
        if (owners == 1) {
            return owner;
        }
        return base >= 0 && ownRow[base][token] >= 0 ? base : RowTable.AVERAGE;
    }
}
