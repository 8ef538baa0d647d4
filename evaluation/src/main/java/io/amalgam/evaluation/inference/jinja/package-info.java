/**
 * The part of Jinja 2 that chat templates are written in, as transformers sets it up: {@code trim_blocks} and {@code
 * lstrip_blocks}, loop controls, immutable values, no access to anything but the values given.
 *
 * <p>Chat templates come with models, from strangers. They are interpreted here, value by value, within limits on steps,
 * depth and output; there is no reflection and nothing of Java to be reached.
 */
package io.amalgam.evaluation.inference.jinja;
