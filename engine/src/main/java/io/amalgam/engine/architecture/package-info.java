/** Which tensors models of an architecture have: a table that a person can extend, and reading it off a checkpoint. */
package io.amalgam.engine.architecture;
