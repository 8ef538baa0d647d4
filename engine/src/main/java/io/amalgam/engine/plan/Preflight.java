package io.amalgam.engine.plan;

import io.amalgam.engine.recipe.ParsedRecipe;
import io.amalgam.engine.source.ModelSource;

/**
 * Checks a recipe before any weight is read: resolves every model to a fixed identity, reads configurations and
 * safetensors headers, and reports everything that is wrong at once.
 */
public final class Preflight {

    private Preflight() {
    }

    /** Checks a recipe against its models. */
    public static PreflightResult check(ParsedRecipe parsed, PlanOptions options, ModelSource source) {
        throw new UnsupportedOperationException("written in the next landing");
    }
}
