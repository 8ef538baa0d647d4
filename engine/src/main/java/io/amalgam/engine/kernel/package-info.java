/**
 * Arithmetic on tiles: short runs of elements that stay in the processor's cache.
 *
 * <p>{@link io.amalgam.engine.kernel.Kernels} is the one facade. Behind it are a scalar implementation, which is the
 * specification, and one on the Vector API, which equals it bit for bit at every length and vector width; its classes
 * are templates that {@link io.amalgam.engine.kernel.VectorTemplates} defines once for each rounding and width, so that
 * both are constants to the compiler. 64-bit arithmetic is scalar in both.
 */
package io.amalgam.engine.kernel;
