package io.amalgam.engine;

/** The versions that outputs depend on or name. */
public final class Version {

    /** Amalgam's own version, as in the parent {@code pom.xml}. */
    public static final String AMALGAM = "0.1.0";

    /**
     * The version of the arithmetic. It changes whenever any recipe could give other bytes than before; it is part of
     * artifact keys and receipts, and workers of different versions never share a merge.
     */
    public static final int NUMERICS = 1;

    /** The MergeKit version whose results ours are. */
    public static final String MERGEKIT = "0.1.5";

    private Version() {
    }
}
