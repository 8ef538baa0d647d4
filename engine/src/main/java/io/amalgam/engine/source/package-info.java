/**
 * Where models come from, each at a fixed identity: local folders, the Hugging Face Hub and
 * object stores such as S3, read by ranges of bytes.
 */
package io.amalgam.engine.source;
