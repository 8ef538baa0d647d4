/** Where models come from, each at a fixed identity: local folders and the Hugging Face Hub, read by ranges of bytes. */
package io.amalgam.engine.source;
