/**
 * MergeKit's recipe language: YAML 1.1 with positions, the typed recipe, model references, and the evaluation of
 * parameters.
 */
package io.amalgam.engine.recipe;
