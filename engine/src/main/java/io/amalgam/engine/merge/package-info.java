/** A whole merge in one process: what the command line does, and what the service spreads over workers. */
package io.amalgam.engine.merge;
