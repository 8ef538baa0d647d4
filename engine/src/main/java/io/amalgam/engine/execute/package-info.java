/** The execution of a chunk: ranges of bytes in, kernels, one shard out. */
package io.amalgam.engine.execute;
