package io.amalgam.engine.recipe;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads MergeKit's recipe language (mergekit.md §1) and reports everything that is wrong with its form at once, with
 * lines and columns. Whether models exist, methods are known and parameters fit is for the preflight to say.
 */
public final class RecipeParser {

    private static final Set<String> TOP_KEYS = Ordered.keys(
            "merge_method", "models", "slices", "modules", "base_model", "dtype", "out_dtype", "parameters",
            "tokenizer_source", "tokenizer", "chat_template", "name");
    private static final Set<String> MODEL_KEYS = Ordered.keys("model", "parameters");
    private static final Set<String> SOURCE_KEYS = Ordered.keys("model", "layer_range", "parameters");
    private static final Set<String> SLICE_KEYS =
            Ordered.keys("sources", "base_model", "parameters", "residual_weight");
    private static final Set<String> MODULE_KEYS = Ordered.keys("slices", "models", "parameters");
    private static final Set<DType> RECIPE_DTYPES = EnumSet.of(DType.BF16, DType.F16, DType.F32, DType.F64);
    private static final Map<String, String> DTYPE_ABBREVIATIONS = Map.of(
            "bf16", "bfloat16", "fp16", "float16", "f16", "float16", "half", "float16", "fp32", "float32", "f32",
            "float32", "float", "float32", "fp64", "float64", "f64", "float64", "double", "float64");

    /** Starts of documents: {@code ---} at the start of a line is one even inside a block scalar. */
    private static final Pattern DOCUMENT_START = Pattern.compile("(?m)^---(?=\\s|$)");

    private final String file;
    private final RecipeForm form;
    private final ReferenceParser references;
    private final TokenizerParser tokenizers;

    private RecipeParser(String file) {
        this.file = file;
        form = new RecipeForm(file);
        references = new ReferenceParser(form);
        tokenizers = new TokenizerParser(form, references);
    }

    /**
     * Reads a recipe.
     *
     * @param text YAML (or JSON, which is YAML)
     * @param fileName for messages
     */
    public static ParsedRecipe parse(String text, String fileName) {
        List<ParsedRecipe> documents = parseAll(text, fileName);
        if (documents.size() == 1) {
            return documents.getFirst();
        }
        return new ParsedRecipe(
                null,
                List.of(Problem.error(
                        ErrorCode.RECIPE_INVALID,
                        fileName + " holds " + documents.size() + " recipes; one is expected here. Several in one file"
                                + " are merged by the command line (amalgam merge FILE OUT -I DIR).")),
                text,
                fileName);
    }

    /**
     * Reads all recipes of a file; an empty document between two {@code ---} is none. A file without any gives one
     * result that says so.
     */
    public static List<ParsedRecipe> parseAll(String text, String fileName) {
        List<ParsedRecipe> recipes = new ArrayList<>();
        for (Section section : sections(text)) {
            new RecipeParser(fileName).document(section, recipes);
        }
        if (recipes.isEmpty()) {
            recipes.add(new ParsedRecipe(
                    null,
                    List.of(Problem.error(
                            ErrorCode.RECIPE_NOT_YAML,
                            fileName + " is empty; a recipe is a YAML mapping with merge_method and models.")),
                    text,
                    fileName));
        }
        return recipes;
    }

    /**
     * A document of a file.
     *
     * @param text the document alone
     * @param firstLine line of the file that the document's first line is, from 0
     */
    private record Section(String text, int firstLine) {
    }

    private static List<Section> sections(String text) {
        List<Section> sections = new ArrayList<>();
        Matcher matcher = DOCUMENT_START.matcher(text);
        int start = 0;
        int line = 0;
        while (matcher.find()) {
            String before = text.substring(start, matcher.start());
            // What stands before the first marker is a document of its own unless it is only directives or comments.
            if (!before.lines().allMatch(each -> each.isBlank() || each.startsWith("%") || each.startsWith("#"))) {
                sections.add(new Section(before, line));
                line += (int) before.chars().filter(character -> character == '\n').count();
                start = matcher.start();
            }
        }
        sections.add(new Section(text.substring(start), line));
        return sections;
    }

    private void document(Section section, List<ParsedRecipe> recipes) {
        List<YamlValue> values;
        try {
            values = YamlReader.read("\n".repeat(section.firstLine()) + section.text(), file);
        } catch (AmalgamException e) {
            recipes.add(new ParsedRecipe(null, e.problems(), section.text(), file));
            return;
        }
        if (values.isEmpty()) {
            return;
        }
        Recipe recipe = null;
        if (values.getFirst() instanceof YamlValue.Mapping mapping) {
            recipe = recipe(mapping);
        } else {
            form.error(
                    ErrorCode.RECIPE_NOT_YAML,
                    values.getFirst().position(),
                    "A recipe is a YAML mapping with merge_method and models; this is " + values.getFirst().kind() + ".");
        }
        form.problems().sort(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column));
        recipes.add(new ParsedRecipe(recipe, form.problems(), section.text(), file));
    }

    private Recipe recipe(YamlValue.Mapping top) {
        form.unknownKeys(top, TOP_KEYS, "a recipe");
        String method = form.string(top, "merge_method");
        if (method == null && !top.entries().containsKey("merge_method")) {
            form.error(ErrorCode.RECIPE_INVALID, top.position(), "The key merge_method is missing; name a merge method"
                    + " (amalgam methods lists them).");
        } else if (top.get("merge_method") == null && top.entries().containsKey("merge_method")) {
            form.error(ErrorCode.RECIPE_INVALID, top.keyPositions().get("merge_method"), "merge_method has no value; name a"
                    + " merge method (amalgam methods lists them).");
        }
        List<InputModel> models = inputs(top.get("models"), "models", false);
        List<OutputSlice> slices = slices(top.get("slices"));
        Map<String, RecipeModule> modules = modules(top.get("modules"));
        exactlyOneOf(top);
        if (top.get("tokenizer") != null && top.get("tokenizer_source") != null) {
            form.error(
                    ErrorCode.RECIPE_INVALID,
                    top.keyPositions().get("tokenizer"),
                    "Both tokenizer_source (line " + top.keyPositions().get("tokenizer_source").line()
                            + ") and tokenizer are given; they say the same thing, so remove one of them.");
        }
        TokenizerRecipe tokenizer = top.get("tokenizer") != null
                ? tokenizers.description(top.get("tokenizer"))
                : tokenizers.source(top.get("tokenizer_source"));
        return new Recipe(
                form.string(top, "name"),
                method,
                models,
                slices,
                modules,
                top.get("base_model") == null ? null : references.parse(top.get("base_model")),
                dtype(top, "dtype"),
                dtype(top, "out_dtype"),
                parameters(top),
                tokenizer,
                form.string(top, "chat_template"),
                top.keyPositions());
    }

    private void exactlyOneOf(YamlValue.Mapping top) {
        List<String> given = new ArrayList<>();
        for (String key : List.of("models", "slices", "modules")) {
            YamlValue value = top.get(key);
            boolean empty = value == null
                    || value instanceof YamlValue.Items items && items.values().isEmpty()
                    || value instanceof YamlValue.Mapping mapping && mapping.entries().isEmpty();
            if (!empty) {
                given.add(key);
            }
        }
        if (given.size() != 1) {
            Position position = given.isEmpty() ? top.position() : top.keyPositions().get(given.get(1));
            form.error(
                    ErrorCode.RECIPE_INVALID,
                    position,
                    "Exactly one of models, slices and modules must be given and not be empty; "
                            + (given.isEmpty()
                                    ? "there is none. Add models: with a list of the models to merge."
                                    : "there are " + String.join(" and ", given) + ". Remove all but one."));
        }
    }

    private List<InputModel> inputs(YamlValue value, String key, boolean layered) {
        List<InputModel> inputs = new ArrayList<>();
        for (YamlValue item : form.items(value, key)) {
            if (!(item instanceof YamlValue.Mapping mapping)) {
                form.error(
                        ErrorCode.RECIPE_INVALID,
                        item.position(),
                        "An entry of " + key + " must be a mapping such as {model: NAME}, not " + RecipeForm.described(item) + ".");
                continue;
            }
            form.unknownKeys(mapping, layered ? SOURCE_KEYS : MODEL_KEYS, "an entry of " + key);
            Map<String, Setting> parameters = parameters(mapping);
            LayerRange range = layered ? layerRange(mapping) : null;
            if (mapping.get("model") == null) {
                form.error(ErrorCode.RECIPE_INVALID, mapping.position(), "This entry of " + key + " has no model; add model:.");
                continue;
            }
            ModelReference model = references.parse(mapping.get("model"));
            if (model != null && (range != null || !layered)) {
                inputs.add(new InputModel(model, range, parameters, mapping.position()));
            }
        }
        return inputs;
    }

    private LayerRange layerRange(YamlValue.Mapping source) {
        YamlValue value = source.get("layer_range");
        if (value == null) {
            form.error(
                    ErrorCode.RECIPE_INVALID,
                    source.position(),
                    "This source has no layer_range; add layer_range: [FIRST, END], the end exclusive.");
            return null;
        }
        if (value instanceof YamlValue.Items items && items.values().size() == 2) {
            Long first = RecipeForm.integer(items.values().get(0));
            Long end = RecipeForm.integer(items.values().get(1));
            if (first != null && end != null) {
                if (first < 0 || end <= first || end > Integer.MAX_VALUE) {
                    form.error(
                            ErrorCode.RECIPE_INVALID,
                            value.position(),
                            "layer_range [" + first + ", " + end + "] holds no layers; the first must be at least 0 and"
                                    + " the end, which is exclusive, greater than the first.");
                    return null;
                }
                return new LayerRange(first.intValue(), end.intValue(), value.position());
            }
        }
        form.error(
                ErrorCode.RECIPE_INVALID,
                value.position(),
                "layer_range must be two whole numbers [FIRST, END], the end exclusive, not " + RecipeForm.described(value) + ".");
        return null;
    }

    private List<OutputSlice> slices(YamlValue value) {
        List<OutputSlice> slices = new ArrayList<>();
        for (YamlValue item : form.items(value, "slices")) {
            if (!(item instanceof YamlValue.Mapping mapping)) {
                form.error(
                        ErrorCode.RECIPE_INVALID,
                        item.position(),
                        "An entry of slices must be a mapping with sources, not " + RecipeForm.described(item) + ".");
                continue;
            }
            form.unknownKeys(mapping, SLICE_KEYS, "a slice");
            List<InputModel> sources = inputs(mapping.get("sources"), "sources", true);
            if (mapping.get("sources") == null) {
                form.error(ErrorCode.RECIPE_INVALID, mapping.position(), "This slice has no sources; add sources: with a list"
                        + " of {model, layer_range}.");
            }
            slices.add(new OutputSlice(
                    sources,
                    mapping.get("base_model") == null ? null : references.parse(mapping.get("base_model")),
                    parameters(mapping),
                    mapping.position()));
        }
        return slices;
    }

    private Map<String, RecipeModule> modules(YamlValue value) {
        Map<String, RecipeModule> modules = new LinkedHashMap<>();
        if (value == null) {
            return modules;
        }
        if (!(value instanceof YamlValue.Mapping mapping)) {
            form.error(ErrorCode.RECIPE_INVALID, value.position(), "modules must be a mapping from a module's name to its"
                    + " models or slices, not " + RecipeForm.described(value) + ".");
            return modules;
        }
        mapping.entries().forEach((name, each) -> {
            Position position = mapping.keyPositions().get(name);
            if (!(each instanceof YamlValue.Mapping module)) {
                form.error(ErrorCode.RECIPE_INVALID, position, "The module \"" + name + "\" must be a mapping with models or"
                        + " slices, not " + RecipeForm.described(each) + ".");
                return;
            }
            form.unknownKeys(module, MODULE_KEYS, "a module");
            List<InputModel> models = inputs(module.get("models"), "models", false);
            List<OutputSlice> slices = slices(module.get("slices"));
            if ((module.get("models") == null) == (module.get("slices") == null)) {
                form.error(ErrorCode.RECIPE_INVALID, position, "The module \"" + name + "\" must have exactly one of models and"
                        + " slices.");
            }
            modules.put(name, new RecipeModule(models, slices, parameters(module), position));
        });
        return modules;
    }

    private Map<String, Setting> parameters(YamlValue.Mapping owner) {
        Map<String, Setting> parameters = new LinkedHashMap<>();
        YamlValue value = owner.get("parameters");
        if (value == null) {
            return parameters;
        }
        if (!(value instanceof YamlValue.Mapping mapping)) {
            form.error(ErrorCode.RECIPE_INVALID, value.position(), "parameters must be a mapping from names to values, not "
                    + RecipeForm.described(value) + ".");
            return parameters;
        }
        mapping.entries().forEach((name, each) -> {
            Setting setting = setting(name, each);
            if (setting != null) {
                parameters.put(name, setting);
            }
        });
        return parameters;
    }

    private Setting setting(String name, YamlValue value) {
        if (value instanceof YamlValue.Items items
                && items.values().stream().anyMatch(YamlValue.Mapping.class::isInstance)) {
            List<Setting.Entry> entries = new ArrayList<>();
            for (YamlValue item : items.values()) {
                Setting.Entry entry = conditional(name, item);
                if (entry == null) {
                    return null;
                }
                entries.add(entry);
            }
            return new Setting(entries, value.position());
        }
        Setting.Entry entry = value instanceof YamlValue.Mapping ? conditional(name, value) : entry(name, null, value);
        return entry == null ? null : new Setting(List.of(entry), value.position());
    }

    private Setting.Entry conditional(String name, YamlValue value) {
        if (!(value instanceof YamlValue.Mapping mapping)) {
            form.error(
                    ErrorCode.PARAMETER_INVALID,
                    value.position(),
                    "The list of " + name + " mixes plain values with {value, filter} entries; write every entry as"
                            + " {value: …} or none.");
            return null;
        }
        form.unknownKeys(mapping, Ordered.keys("value", "filter"), "a conditional value");
        if (mapping.get("value") == null) {
            form.error(ErrorCode.PARAMETER_INVALID, mapping.position(), "This entry of " + name + " has no value; add value:.");
            return null;
        }
        String filter = mapping.get("filter") == null ? null : form.text(mapping.get("filter"), "filter");
        return entry(name, filter, mapping.get("value"));
    }

    private Setting.Entry entry(String name, String filter, YamlValue value) {
        List<Object> values = new ArrayList<>();
        boolean gradient = value instanceof YamlValue.Items;
        for (YamlValue item : value instanceof YamlValue.Items items ? items.values() : List.of(value)) {
            if (!(item instanceof YamlValue.Scalar scalar) || scalar.value() == null) {
                form.error(
                        ErrorCode.PARAMETER_INVALID,
                        item.position(),
                        "The parameter " + name + " must be a number, a boolean, a word, a list of these, or a list of"
                                + " {value, filter}, not " + RecipeForm.described(item) + ".");
                return null;
            }
            values.add(scalar.value());
        }
        return new Setting.Entry(filter, values, gradient, value.position());
    }

    private DType dtype(YamlValue.Mapping top, String key) {
        String name = form.string(top, key);
        if (name == null) {
            return null;
        }
        String plain = name.startsWith("torch.") ? name.substring("torch.".length()) : name;
        DType dtype = DType.ofTorchName(plain);
        if (dtype != null && RECIPE_DTYPES.contains(dtype) && dtype.torchName().equals(plain)) {
            return dtype;
        }
        List<String> known = RECIPE_DTYPES.stream().map(DType::torchName).toList();
        String meant = DTYPE_ABBREVIATIONS.get(plain.toLowerCase(Locale.ROOT));
        String suggestion = meant == null ? Spelling.suggestion(plain, known) : "; did you mean \"" + meant + "\"?";
        form.error(
                ErrorCode.DTYPE_UNSUPPORTED,
                top.get(key).position(),
                key + " \"" + name + "\" is not known" + (suggestion.isEmpty() ? ";" : suggestion) + " Use one of "
                        + String.join(", ", known) + ".");
        return null;
    }
}
