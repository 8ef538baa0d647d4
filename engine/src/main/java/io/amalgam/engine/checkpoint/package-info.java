/**
 * Model folders as they lie on a disk: safetensors files, shard indexes, configurations. Everything that comes from
 * outside is checked here once, so that the rest of the engine reads ranges that are certainly there.
 */
package io.amalgam.engine.checkpoint;
