package io.amalgam.engine.execute;

import io.amalgam.engine.source.RangeReader;
import java.io.IOException;

/** Opens files of the models of a plan. */
public interface ModelOpener {

    /**
     * Opens a file for positional reads. The executor closes what it opened; it opens a file at most once for a chunk.
     *
     * @param model index in {@link io.amalgam.engine.plan.MergePlan#models()}
     * @param file name of a file of that model
     * @throws IOException if it cannot be opened
     */
    RangeReader open(int model, String file) throws IOException;
}
