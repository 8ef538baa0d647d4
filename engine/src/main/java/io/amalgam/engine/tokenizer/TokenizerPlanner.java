package io.amalgam.engine.tokenizer;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.recipe.TokenizerRecipe;
import io.amalgam.engine.tokenizer.PinnedVocabulary.ConfiguredRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Decides the output vocabulary of a merge (mergekit.md §4): its tokens, which row of each model is which token's, and
 * the tokenizer's files.
 *
 * <p>Where MergeKit takes an arbitrary model because it iterates over a set, this takes the base model, else the first
 * one in the recipe.
 */
public final class TokenizerPlanner {
    private final List<TokenizerInput> inputs;
    /** The first so many of {@link #inputs} are merged: these are the columns of the vocabulary. */
    private final int columns;
    private final int donor;
    private final List<Problem> problems = new ArrayList<>();

    /** Tokenizers by column of {@link #inputs}; null for a model that has none. */
    private final List<TokenizerFile> tokenizers = new ArrayList<>();

    private TokenizerPlanner(List<TokenizerInput> inputs, int base) {
        this.inputs = List.copyOf(inputs);
        this.columns = (int) inputs.stream().filter(TokenizerInput::merged).count();
        this.donor = base >= 0 ? base : 0;
    }

    /**
     * Plans tokenizer and vocabulary.
     *
     * @param inputs the models that the recipe merges, each once, in the recipe's order; behind them, if there is one, the
     *     model that gives its tokenizer only
     * @param base index of the base model in {@code inputs}, or -1
     * @param recipe the recipe's {@code tokenizer} or {@code tokenizer_source}, or null
     * @param chatTemplate the recipe's {@code chat_template}, or null
     * @param keepPadding whether the output keeps rows that the donor has beyond its tokenizer
     * @throws AmalgamException with {@code TOKENIZER_INVALID} where a tokenizer that is needed is missing or damaged, or
     *     the recipe asks for what is not there
     */
    public static TokenizerPlan plan(
            List<TokenizerInput> inputs, int base, TokenizerRecipe recipe, String chatTemplate, boolean keepPadding) throws IOException {
        if (inputs.isEmpty() || !inputs.getFirst().merged()) {
            throw new IllegalArgumentException("A merge has at least one model.");
        }
        return new TokenizerPlanner(inputs, base).plan(recipe, chatTemplate, keepPadding);
    }

    private TokenizerPlan plan(TokenizerRecipe recipe, String chatTemplate, boolean keepPadding) throws IOException {
        Optional<String> template = ChatTemplates.resolve(chatTemplate, inputs, problems);
        if (recipe == null) {
            TokenizerFiles files = new TokenizerFiles(inputs.get(donor), problems);
            return new TokenizerPlan(Optional.empty(), files.copied(template), problems);
        }
        readTokenizers();
        int source = recipe.source() == TokenizerRecipe.Source.MODEL ? input(recipe.model(), "tokenizer.source", inputs.size()) : donor;
        OutputVocabulary output = new OutputVocabulary(requireTokenizer(source));
        switch (recipe.source()) {
            case BASE -> output.strip(inputs.get(source).configuredRows(), inputs.get(source).reference().toString());
            case UNION -> addAll(output);
            case MODEL -> { }
        }
        for (String token : recipe.tokens().keySet()) {
            if (!output.has(token)) {
                output.append(AddedToken.plain(0, token));
            }
        }
        PinnedVocabulary vocabulary = vocabulary(recipe, output, keepPadding ? source : -1);
        TokenizerFiles files = new TokenizerFiles(inputs.get(source), problems);
        return new TokenizerPlan(Optional.of(vocabulary), files.written(output, template), problems);
    }

    private void readTokenizers() throws IOException {
        for (TokenizerInput input : inputs) {
            if (input.snapshot().has(TokenizerFile.NAME)) {
                tokenizers.add(TokenizerFile.parse(
                        input.snapshot().readSmall(TokenizerFile.NAME, TokenizerFile.LIMIT), TokenizerFile.NAME + " of " + input.reference()));
            } else {
                tokenizers.add(null);
                problems.add(Problem.warning(ErrorCode.TOKENIZER_INVALID, "Model " + input.reference() + " has no " + TokenizerFile.NAME
                        + "; its vocabulary is taken to be that of " + inputs.get(donor).reference() + "."));
            }
        }
    }

    private TokenizerFile requireTokenizer(int column) {
        TokenizerFile tokenizer = tokenizers.get(column);
        if (tokenizer == null) {
            throw new AmalgamException(ErrorCode.TOKENIZER_INVALID, "Model " + inputs.get(column).reference() + " has no "
                    + TokenizerFile.NAME + ", and the output's tokenizer is to come from it; load its tokenizer with"
                    + " transformers' AutoTokenizer and save it with save_pretrained.");
        }
        return tokenizer;
    }

    private int column(ModelReference model, String key) {
        return input(model, key, columns);
    }

    private int input(ModelReference model, String key, int end) {
        for (int i = 0; i < end; i++) {
            if (inputs.get(i).reference().equals(model)) {
                int index = inputs.get(i).index();
                // A model with and without an adapter has one vocabulary: its first column stands for both.
                return IntStream.rangeClosed(0, i).filter(column -> inputs.get(column).index() == index).findFirst().getAsInt();
            }
        }
        throw new AmalgamException(ErrorCode.TOKENIZER_INVALID, key + " names the model " + model
                + ", which the recipe does not merge; name one of its models as it is written there.");
    }

    /** Union: first every model's regular tokens that have a row, then their added tokens; the donor's come first. */
    private void addAll(OutputVocabulary output) {
        List<Integer> order = new ArrayList<>();
        order.add(donor);
        for (int i = 0; i < columns; i++) {
            if (i != donor) {
                order.add(i);
            }
        }
        for (int column : order) {
            TokenizerFile tokenizer = tokenizers.get(column);
            if (tokenizer != null) {
                addRegular(output, tokenizer, inputs.get(column).configuredRows());
            }
        }
        Map<String, AddedToken> first = new LinkedHashMap<>();
        for (int column : order) {
            TokenizerFile tokenizer = tokenizers.get(column);
            if (tokenizer == null) {
                continue;
            }
            for (AddedToken token : tokenizer.addedTokens()) {
                AddedToken earlier = token.id() < inputs.get(column).configuredRows() ? first.putIfAbsent(token.content(), token) : null;
                if (earlier != null && !earlier.sameSettings(token)) {
                    problems.add(Problem.warning(ErrorCode.TOKENIZER_INVALID, "The added token '" + token.content() + "' of "
                            + inputs.get(column).reference() + " has other settings than the one before it, which are kept."));
                }
            }
        }
        for (AddedToken token : first.values()) {
            if (!output.has(token.content())) {
                output.append(token);
            }
        }
    }

    private static void addRegular(OutputVocabulary output, TokenizerFile tokenizer, long configuredRows) {
        Map<String, AddedToken> added = new HashMap<>();
        for (AddedToken token : tokenizer.addedTokens()) {
            added.put(token.content(), token);
        }
        List<Map.Entry<String, Integer>> missing = new ArrayList<>();
        for (Map.Entry<String, Integer> token : tokenizer.vocabulary().entrySet()) {
            if (token.getValue() < configuredRows && !added.containsKey(token.getKey()) && !output.has(token.getKey())) {
                missing.add(token);
            }
        }
        missing.sort(Map.Entry.comparingByValue());
        for (Map.Entry<String, Integer> token : missing) {
            output.append(AddedToken.plain(0, token.getKey()));
        }
    }

    private PinnedVocabulary vocabulary(TokenizerRecipe recipe, OutputVocabulary output, int paddingOf) {
        int size = output.size();
        int[][] ownRow = new int[columns][];
        for (int column = 0; column < columns; column++) {
            ownRow[column] = ownRows(column, output, size);
        }
        long padded = size;
        if (paddingOf >= 0 && inputs.get(paddingOf).configuredRows() != Long.MAX_VALUE) {
            padded = Math.max(padded, inputs.get(paddingOf).configuredRows());
        }
        if (recipe.padToMultipleOf() > 0) {
            padded = (padded + recipe.padToMultipleOf() - 1) / recipe.padToMultipleOf() * recipe.padToMultipleOf();
        }
        Map<Integer, ConfiguredRow> configured = new HashMap<>();
        recipe.tokens().forEach((token, settings) -> configured.put(output.row(token), configuredRow(token, settings)));
        List<Integer> models = inputs.stream().limit(columns).map(TokenizerInput::index).toList();
        return new PinnedVocabulary(size, Math.toIntExact(padded), models, ownRow, configured);
    }

    private int[] ownRows(int column, OutputVocabulary output, int size) {
        int[] rows = new int[size];
        Arrays.fill(rows, -1);
        TokenizerFile tokenizer = tokenizers.get(column) != null ? tokenizers.get(column) : requireTokenizer(donor);
        Map<String, Integer> own = tokenizer.allTokens();
        long configuredRows = inputs.get(column).configuredRows();
        output.rows().forEach((token, row) -> {
            Integer ownRow = own.get(token);
            if (ownRow != null && ownRow < configuredRows) {
                rows[row] = ownRow;
            }
        });
        return rows;
    }

    private ConfiguredRow configuredRow(String token, TokenizerRecipe.Token settings) {
        return switch (settings.fill()) {
            case null -> new ConfiguredRow(ConfiguredRow.USUAL, 0, settings.force());
            case TokenizerRecipe.Fill.Zero zero -> new ConfiguredRow(ConfiguredRow.ZERO, 0, settings.force());
            case TokenizerRecipe.Fill.SameToken same -> row(token, same.model(), token, settings.force());
            case TokenizerRecipe.Fill.OtherToken other -> other.tokenId() == null
                    ? row(token, other.model(), other.token(), settings.force())
                    : row(token, other.model(), other.tokenId(), settings.force());
        };
    }

    private ConfiguredRow row(String token, ModelReference model, String wanted, boolean force) {
        int column = column(model, "tokenizer.tokens." + token);
        TokenizerFile tokenizer = tokenizers.get(column) != null ? tokenizers.get(column) : requireTokenizer(donor);
        Integer row = tokenizer.allTokens().get(wanted);
        if (row == null) {
            throw new AmalgamException(ErrorCode.TOKENIZER_INVALID, "tokenizer.tokens." + token + " takes the row of '" + wanted
                    + "' from " + model + ", whose tokenizer has no such token.");
        }
        return row(token, model, row, force);
    }

    private ConfiguredRow row(String token, ModelReference model, int row, boolean force) {
        int column = column(model, "tokenizer.tokens." + token);
        long rows = inputs.get(column).configuredRows();
        if (row < 0 || row >= rows) {
            throw new AmalgamException(ErrorCode.TOKENIZER_INVALID, "tokenizer.tokens." + token + " takes row " + row + " of " + model
                    + ", which has rows 0 to " + (rows - 1) + ".");
        }
        return new ConfiguredRow(column, row, force);
    }
}
