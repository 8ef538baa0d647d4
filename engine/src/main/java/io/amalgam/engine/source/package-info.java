/**
 * Where models come from, each at a fixed identity and read by ranges of bytes: local folders and the Hugging Face Hub.
 * Models in buckets and finished artifacts are read by the package of stores.
 */
package io.amalgam.engine.source;
