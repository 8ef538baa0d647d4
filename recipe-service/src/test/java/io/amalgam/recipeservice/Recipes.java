package io.amalgam.recipeservice;

/** Recipes on the sample models. */
public final class Recipes {

    private Recipes() {
    }

    /** A linear merge of two specialists; another weight makes another artifact. */
    public static String linear(double weight) {
        return """
                merge_method: linear
                models:
                  - model: navigation-expert
                    parameters: {weight: %s}
                  - model: ordering-expert
                    parameters: {weight: 1.0}
                dtype: bfloat16
                """.formatted(weight);
    }
}
