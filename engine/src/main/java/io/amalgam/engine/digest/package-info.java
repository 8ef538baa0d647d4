/** Digests, for whoever names or checks content by them. */
package io.amalgam.engine.digest;
