package io.amalgam.engine.plan;

import io.amalgam.engine.Version;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.method.MergeMethods;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.recipe.Recipe;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** The output's {@code README.md}: a model card that the Hub reads, with the recipe in it. */
final class ModelCard {

    private static final Pattern HUB_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*");

    private ModelCard() {
    }

    static byte[] write(Recipe recipe, PinnedRecipe pinned) {
        List<ModelReference> references = List.copyOf(recipe.references().keySet());
        MergeMethod method = MergeMethods.find(recipe.mergeMethod()).orElseThrow();
        StringBuilder card = new StringBuilder("---\n");
        List<String> hubNames = new ArrayList<>();
        for (ModelReference reference : references) {
            if (onHub(reference, pinned)) {
                hubNames.add(reference.model().path());
            }
        }
        if (!hubNames.isEmpty()) {
            card.append("base_model:\n");
            hubNames.forEach(name -> card.append("- ").append(name).append('\n'));
        }
        List<PinnedModel> licensed = pinned.models().stream().filter(model -> model.license() != null).toList();
        Optional<String> strictest = Licenses.strictest(licensed.stream().map(PinnedModel::license).toList());
        boolean all = licensed.size() == pinned.models().size();
        strictest.ifPresent(license -> card.append("license: ").append(all ? license : "other").append('\n'));
        card.append("library_name: transformers\ntags:\n- mergekit\n- merge\n- amalgam\n---\n");
        card.append("# Merged model\n\nMade with Amalgam ")
                .append(Version.AMALGAM)
                .append(", whose results are those of MergeKit ")
                .append(Version.MERGEKIT)
                .append(".\n\n## Merge Details\n### Merge Method\n\n`")
                .append(method.name())
                .append("`: ")
                .append(method.summary())
                .append(" (")
                .append(method.paper())
                .append(')');
        if (recipe.baseModel() != null) {
            card.append("\n\nBase model: ").append(name(recipe.baseModel(), pinned));
        }
        card.append("\n\n### Models Merged\n\n");
        for (ModelReference reference : references) {
            if (!reference.equals(recipe.baseModel())) {
                card.append("* ").append(name(reference, pinned)).append('\n');
            }
        }
        strictest.ifPresent(license -> licences(card, pinned.models(), license, all));
        card.append("\n### Configuration\n\n");
        String fence = pinned.recipe().contains("```") ? "~~~~" : "```";
        card.append(fence).append("yaml\n").append(pinned.recipe().strip()).append('\n').append(fence).append('\n');
        return card.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** What the parents' cards say, and which of it binds most. */
    private static void licences(StringBuilder card, List<PinnedModel> models, String strictest, boolean all) {
        card.append("\n### Licences\n\n");
        for (PinnedModel model : models) {
            card.append("* `").append(model.path()).append("`: ")
                    .append(model.license() == null ? "its card names none" : "`" + model.license() + "`").append('\n');
        }
        PinnedModel holder = models.stream().filter(model -> strictest.equals(model.license())).findFirst().orElseThrow();
        card.append("\nThe strictest ").append(all ? "is" : "that is named is").append(" `").append(strictest).append("` (")
                .append(Licenses.rank(strictest).kind()).append("), of `").append(holder.path()).append('`')
                .append(all ? ", and this model is under it" : "; as not all of them name one, this card names `other`")
                .append(". The order is Amalgam's and no legal advice: all of them apply.\n");
    }

    private static String name(ModelReference reference, PinnedRecipe pinned) {
        return onHub(reference, pinned)
                ? "[" + reference + "](https://huggingface.co/" + reference.model().path() + ")"
                : "`" + reference + "`";
    }

    private static boolean onHub(ModelReference reference, PinnedRecipe pinned) {
        return HUB_NAME.matcher(reference.model().path()).matches()
                && pinned.models().stream()
                        .anyMatch(model -> model.path().equals(reference.model().path())
                                && model.identity().startsWith("hf:"));
    }
}
