package io.amalgam.engine.store;

/** Vouches for artifacts. Its output lies beside the files that it vouches for; the manifest does not list it. */
public interface ArtifactSigner {
    /** Name of the signature in an artifact, as OpenSSF Model Signing has it. */
    String FILE = "model.sig";

    /**
     * Signs an artifact.
     *
     * @param manifest which has the digests of all files but its own
     * @param bytes of the manifest itself
     * @return the content of {@value #FILE}
     */
    byte[] sign(Manifest manifest, byte[] bytes);
}
