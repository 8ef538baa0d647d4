/** The work of the line: making one shard, assembling one artifact, and saying what came of it. */
package io.amalgam.mergeworker.chunk;
