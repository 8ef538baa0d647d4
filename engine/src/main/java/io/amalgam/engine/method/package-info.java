/**
 * The merge methods: one class a method, each stating its name, formula, paper, parameters and rules
 * ({@link io.amalgam.engine.method.MergeMethod}), all of them listed in
 * {@link io.amalgam.engine.method.MergeMethods}. To add a method, write its class and add it to that list.
 */
package io.amalgam.engine.method;
