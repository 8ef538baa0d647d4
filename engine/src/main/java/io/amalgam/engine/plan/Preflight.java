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
import io.amalgam.engine.source.InParallel;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.tokenizer.TokenizerInput;
import io.amalgam.engine.tokenizer.TokenizerPlan;
import io.amalgam.engine.tokenizer.TokenizerPlanner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Checks a recipe before any weight is read: resolves every model to a fixed identity, reads configurations and
 * safetensors headers, plans the merge, and reports everything that is wrong at once.
 */
public final class Preflight {

    private static final int CONFIG_LIMIT = 16 << 20;
    private static final int FILE_LIMIT = 64 << 20;
    /** Models that are looked at at a time. */
    private static final int MODELS_AT_ONCE = 4;

    /** What planning may find missing only because a fault of form had it left out. */
    private static final Set<ErrorCode> MAY_FOLLOW_FROM_FORM =
            EnumSet.of(ErrorCode.METHOD_INPUTS, ErrorCode.PARAMETER_MISSING);

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
        pinAll();
        tokenizerOnly().ifPresent(this::pinTokenizer);
        if (recipe.mergeMethod() == null || recipe.references().isEmpty()) {
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
        ProblemCollector ofPlanning = new ProblemCollector(parsed.file(), hasErrors());
        Optional<MergePlan> plan = Planner.plan(accepted, recipe, ofPlanning);
        boolean malformed = hasErrorOfForm();
        problems.addAll(ofPlanning, code -> !malformed || !MAY_FOLLOW_FROM_FORM.contains(code));
        if (plan.isEmpty() || hasErrors()) {
            return refused();
        }
        return new PreflightResult(allProblems(), Optional.of(accepted), plan, CostEstimate.of(plan.get()));
    }

    private PreflightResult refused() {
        return new PreflightResult(allProblems(), Optional.empty(), Optional.empty(), MergeCost.NONE);
    }

    /** Whether something of the recipe was left out because it could not be understood. */
    private boolean hasErrorOfForm() {
        return parsed.problems().stream()
                .anyMatch(problem -> problem.severity() == Problem.Severity.ERROR
                        && problem.code() != ErrorCode.DTYPE_UNSUPPORTED);
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

    /**
     * A model or adapter to be fixed.
     *
     * @param path as the recipe writes it
     * @param position where the recipe first names it
     */
    private record Wanted(ModelPath path, boolean adapter, Position position) {
    }

    /** What was found of it: a snapshot and a pinned model, or why not. */
    private record Found(Wanted wanted, ModelSnapshot snapshot, PinnedModel model, Exception failure) {
    }

    /** Fixes the identities of all models and reads their headers, several models at a time. */
    private void pinAll() {
        Map<Map.Entry<ModelPath, Boolean>, Wanted> wanted = new LinkedHashMap<>();
        recipe.references().forEach((reference, position) -> {
            want(reference.model(), false, position, wanted);
            if (reference.lora() != null) {
                want(reference.lora(), true, position, wanted);
            }
        });
        try {
            InParallel.map(List.copyOf(wanted.values()), MODELS_AT_ONCE, this::find).forEach(this::pin);
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.CANCELLED, "The preflight was interrupted.", e);
        }
    }

    private static void want(
            ModelPath path, boolean adapter, Position position, Map<Map.Entry<ModelPath, Boolean>, Wanted> wanted) {
        wanted.putIfAbsent(Map.entry(path, adapter), new Wanted(path, adapter, position));
    }

    /** Runs on several threads. */
    private Found find(Wanted wanted) {
        ModelPath path = wanted.path();
        ModelSnapshot snapshot = null;
        try {
            snapshot = source.resolve(path.path(), path.revision());
            String config = wanted.adapter() ? AdapterConfig.FILE : ModelConfig.FILE;
            if (!snapshot.has(config)) {
                String other = wanted.adapter() ? ModelConfig.FILE : AdapterConfig.FILE;
                requireKind(path, wanted.adapter(), snapshot.has(other) != wanted.adapter());
            }
            if (wanted.adapter()) {
                AdapterConfig.read(snapshot);
            } else {
                ModelConfig.read(snapshot);
            }
            Checkpoint checkpoint = Checkpoint.open(snapshot);
            requireKind(path, wanted.adapter(), checkpoint.kind() == Checkpoint.Kind.ADAPTER);
            PinnedModel model = new PinnedModel(
                    path.path(),
                    path.revision(),
                    snapshot.identity(),
                    wanted.adapter(),
                    new String(snapshot.readSmall(config, CONFIG_LIMIT), StandardCharsets.UTF_8),
                    List.copyOf(checkpoint.tensors()),
                    Licenses.of(snapshot));
            return new Found(wanted, snapshot, model, null);
        } catch (AmalgamException | IOException e) {
            return new Found(wanted, snapshot, null, e);
        }
    }

    private void pin(Found found) {
        if (found.snapshot() != null) {
            snapshots.putIfAbsent(found.wanted().path(), found.snapshot());
        }
        switch (found.failure()) {
            case null -> pinned.add(found.model());
            case AmalgamException refused -> problems.failure(refused, found.wanted().position());
            default -> problems.error(
                    ErrorCode.SOURCE_UNAVAILABLE,
                    found.wanted().position(),
                    "Model " + found.wanted().path() + " cannot be read: " + found.failure().getMessage(),
                    "");
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
            pinned.add(new PinnedModel(path.path(), path.revision(), snapshot.identity(), false, "{}", List.of(),
                    Licenses.of(snapshot)));
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

    private static void requireKind(ModelPath path, boolean adapter, boolean isAdapter) {
        if (adapter != isAdapter) {
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
