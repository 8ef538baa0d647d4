package io.amalgam.engine.plan;

import io.amalgam.engine.Version;
import io.amalgam.engine.architecture.Architecture;
import io.amalgam.engine.architecture.Architectures;
import io.amalgam.engine.checkpoint.AdapterConfig;
import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.checkpoint.ModelConfig;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.method.MergeMethods;
import io.amalgam.engine.recipe.ModelPath;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.recipe.ParsedRecipe;
import io.amalgam.engine.recipe.Position;
import io.amalgam.engine.recipe.Recipe;
import io.amalgam.engine.recipe.TokenizerRecipe;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.tokenizer.TokenizerInput;
import io.amalgam.engine.tokenizer.TokenizerPlan;
import io.amalgam.engine.tokenizer.TokenizerPlanner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Checks a recipe before any weight is read: resolves every model to a fixed identity, reads configurations and
 * safetensors headers, plans the merge, and reports everything that is wrong at once.
 */
public final class Preflight {

    private static final int CONFIG_LIMIT = 16 << 20;
    private static final int FILE_LIMIT = 64 << 20;

    private final ParsedRecipe parsed;
    private final Recipe recipe;
    private final PlanOptions options;
    private final ModelSource source;
    private final ProblemCollector problems;
    private final List<PinnedModel> pinned = new ArrayList<>();
    private final Map<ModelPath, ModelSnapshot> snapshots = new LinkedHashMap<>();

    private Preflight(ParsedRecipe parsed, PlanOptions options, ModelSource source) {
        this.parsed = parsed;
        this.recipe = parsed.recipe();
        this.options = options;
        this.source = source;
        this.problems = new ProblemCollector(parsed.file());
    }

    /**
     * Checks a recipe against its models.
     *
     * @param source where models are looked for
     */
    public static PreflightResult check(ParsedRecipe parsed, PlanOptions options, ModelSource source) {
        return new Preflight(parsed, options, source).check();
    }

    private PreflightResult check() {
        if (recipe == null) {
            return refused();
        }
        checkMethod();
        ParameterNames.check(recipe, problems);
        recipe.references().forEach(this::pin);
        tokenizerOnly().ifPresent(this::pinTokenizer);
        // Faults of form leave too little to plan with, but for a type's name, which nothing else depends on.
        boolean malformed = parsed.problems().stream()
                .anyMatch(problem -> problem.severity() == Problem.Severity.ERROR
                        && problem.code() != ErrorCode.DTYPE_UNSUPPORTED);
        if (malformed || recipe.mergeMethod() == null) {
            return refused();
        }
        String digest = CanonicalRecipe.digest(recipe, options, pinned);
        long seed = CanonicalRecipe.seed(digest, options);
        TokenizerPlan tokenizer = tokenizerPlan();
        compareTokenizers();
        PinnedRecipe accepted = new PinnedRecipe(
                CanonicalRecipe.artifactKey(digest, seed),
                Version.NUMERICS,
                parsed.text(),
                parsed.file(),
                options,
                seed,
                pinned,
                tokenizer.vocabulary().orElse(null),
                artifactFiles(tokenizer));
        Optional<MergePlan> plan = Planner.plan(accepted, recipe, problems);
        if (plan.isEmpty() || hasErrors()) {
            return refused();
        }
        return new PreflightResult(allProblems(), Optional.of(accepted), CostEstimate.of(plan.get()));
    }

    private PreflightResult refused() {
        return new PreflightResult(allProblems(), Optional.empty(), MergeCost.NONE);
    }

    private boolean hasErrors() {
        return allProblems().stream().anyMatch(problem -> problem.severity() == Problem.Severity.ERROR);
    }

    /** What parsing found and what was found here; unknown keys are errors if that was asked for. */
    private List<Problem> allProblems() {
        List<Problem> all = new ArrayList<>();
        parsed.problems().forEach(all::add);
        all.addAll(problems.problems());
        all.replaceAll(problem -> options.strict()
                        && problem.code() == ErrorCode.RECIPE_UNKNOWN_KEY
                        && problem.severity() == Problem.Severity.WARNING
                ? new Problem(
                        problem.code(),
                        Problem.Severity.ERROR,
                        problem.message(),
                        problem.file(),
                        problem.line(),
                        problem.column())
                : problem);
        all.sort(ProblemCollector.ORDER);
        return all;
    }

    private void checkMethod() {
        String name = recipe.mergeMethod();
        if (name != null && MergeMethods.find(name).isEmpty()) {
            problems.error(
                    ErrorCode.METHOD_UNKNOWN,
                    recipe.position("merge_method"),
                    "merge_method \"" + name + "\" is not known",
                    "did you mean \"" + MergeMethods.nearest(name) + "\"? (amalgam methods lists all)");
        }
    }

    private void pin(ModelReference reference, Position position) {
        pin(reference.model(), false, position);
        if (reference.lora() != null) {
            pin(reference.lora(), true, position);
        }
    }

    private void pin(ModelPath path, boolean adapter, Position position) {
        if (pinned.stream().anyMatch(model ->
                model.adapter() == adapter && path.equals(new ModelPath(model.path(), model.revision())))) {
            return;
        }
        try {
            ModelSnapshot snapshot = snapshots.get(path);
            if (snapshot == null) {
                snapshot = source.resolve(path.path(), path.revision());
                snapshots.put(path, snapshot);
            }
            String config = adapter ? AdapterConfig.FILE : ModelConfig.FILE;
            if (adapter) {
                AdapterConfig.read(snapshot);
            } else {
                ModelConfig.read(snapshot);
            }
            Checkpoint checkpoint = Checkpoint.open(snapshot);
            requireKind(checkpoint, path, adapter);
            pinned.add(new PinnedModel(
                    path.path(),
                    path.revision(),
                    snapshot.identity(),
                    adapter,
                    new String(snapshot.readSmall(config, CONFIG_LIMIT), StandardCharsets.UTF_8),
                    List.copyOf(checkpoint.tensors())));
        } catch (AmalgamException e) {
            problems.failure(e, position);
        } catch (IOException e) {
            problems.error(
                    ErrorCode.SOURCE_UNAVAILABLE, position, "Model " + path + " cannot be read: " + e.getMessage(), "");
        }
    }

    /** The model that gives its tokenizer and nothing else, if the recipe names one that it does not merge. */
    private Optional<ModelReference> tokenizerOnly() {
        return Optional.ofNullable(recipe.tokenizer())
                .map(TokenizerRecipe::model)
                .filter(reference -> !recipe.references().containsKey(reference));
    }

    /** Fixes the identity of a model whose weights are not read, so that it is part of the artifact's key. */
    private void pinTokenizer(ModelReference reference) {
        ModelPath path = reference.model();
        if (RecipeModels.index(pinned, path, false) >= 0) {
            return;
        }
        try {
            ModelSnapshot snapshot = source.resolve(path.path(), path.revision());
            snapshots.put(path, snapshot);
            pinned.add(new PinnedModel(path.path(), path.revision(), snapshot.identity(), false, "{}", List.of()));
        } catch (AmalgamException e) {
            problems.failure(e, recipe.tokenizer().position());
        } catch (IOException e) {
            problems.error(
                    ErrorCode.SOURCE_UNAVAILABLE,
                    recipe.tokenizer().position(),
                    "Model " + path + " cannot be read: " + e.getMessage(),
                    "");
        }
    }

    private static void requireKind(Checkpoint checkpoint, ModelPath path, boolean adapter) {
        if (adapter != (checkpoint.kind() == Checkpoint.Kind.ADAPTER)) {
            throw new AmalgamException(
                    adapter ? ErrorCode.ADAPTER_INVALID : ErrorCode.MODEL_UNREADABLE,
                    adapter
                            ? path + " is a whole model, and stands where a LoRA adapter is expected (MODEL+ADAPTER)."
                            : path + " is a LoRA adapter; write MODEL+" + path + " with the model that it was made for.");
        }
    }

    private void compareTokenizers() {
        try {
            ParentTokenizers.warn(snapshots, recipe.chatTemplate() != null, problems);
        } catch (IOException e) {
            problems.error(
                    ErrorCode.SOURCE_UNAVAILABLE, Position.NONE, "A tokenizer cannot be read: " + e.getMessage(), "");
        }
    }

    /** The tokenizer's files, and those that the architecture has beside its weights, such as an image processor's. */
    private Map<String, byte[]> artifactFiles(TokenizerPlan tokenizer) {
        Map<String, byte[]> files = new TreeMap<>(tokenizer.files());
        ModelReference donor = recipe.references().keySet().iterator().next();
        int index = RecipeModels.index(pinned, donor.model(), false);
        if (index < 0) {
            return files;
        }
        ModelConfig config = ModelConfig.parse(
                donor.toString(), pinned.get(index).config().getBytes(StandardCharsets.UTF_8));
        ModelSnapshot snapshot = snapshots.get(donor.model());
        try {
            for (String architecture : config.architectures()) {
                Optional<Architecture> known =
                        Architectures.find(architecture, config.modelType().orElse(null));
                for (String name : known.map(Architecture::files).orElse(List.of())) {
                    if (snapshot.has(name) && !files.containsKey(name)) {
                        files.put(name, snapshot.readSmall(name, FILE_LIMIT));
                    }
                }
            }
        } catch (IOException e) {
            problems.error(
                    ErrorCode.SOURCE_UNAVAILABLE,
                    Position.NONE,
                    "A file of model " + donor + " cannot be read: " + e.getMessage(),
                    "");
        }
        return files;
    }

    /** Vocabulary and tokenizer files, which come from the base model or the first one unless the recipe says otherwise. */
    private TokenizerPlan tokenizerPlan() {
        Position position = recipe.tokenizer() == null ? Position.NONE : recipe.tokenizer().position();
        if (!options.copyTokenizer() && recipe.tokenizer() == null && recipe.chatTemplate() == null) {
            return TokenizerPlan.NONE;
        }
        List<TokenizerInput> inputs = new ArrayList<>();
        for (ModelReference reference : recipe.references().keySet()) {
            int index = RecipeModels.index(pinned, reference.model(), false);
            if (index < 0) {
                return TokenizerPlan.NONE; // Reported when it was to be pinned.
            }
            ModelConfig config = ModelConfig.parse(reference.toString(), pinned.get(index).config().getBytes(StandardCharsets.UTF_8));
            inputs.add(new TokenizerInput(reference, index, snapshots.get(reference.model()), config, true));
        }
        if (inputs.isEmpty()) {
            return TokenizerPlan.NONE;
        }
        if (tokenizerOnly().isPresent() && !snapshots.containsKey(tokenizerOnly().get().model())) {
            return TokenizerPlan.NONE;
        }
        tokenizerOnly().ifPresent(reference -> inputs.add(new TokenizerInput(
                reference,
                RecipeModels.index(pinned, reference.model(), false),
                snapshots.get(reference.model()),
                ModelConfig.parse(reference.toString(), "{}".getBytes(StandardCharsets.UTF_8)),
                false)));
        try {
            TokenizerPlan plan = TokenizerPlanner.plan(
                    inputs, recipe.baseModel() == null ? -1 : 0, recipe.tokenizer(), recipe.chatTemplate(), options.keepPadding());
            plan.problems().forEach(problem -> problems.found(problem, Position.NONE));
            return plan;
        } catch (AmalgamException e) {
            problems.failure(e, e.code() == ErrorCode.RECIPE_INVALID ? recipe.position("chat_template") : position);
        } catch (IOException e) {
            problems.error(ErrorCode.SOURCE_UNAVAILABLE, position, "A tokenizer cannot be read: " + e.getMessage(), "");
        }
        return TokenizerPlan.NONE;
    }
}
