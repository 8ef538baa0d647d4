package io.amalgam.performance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** MergeKit in a virtual environment of its own. */
final class PeerInstallation {
    /** The versions whose numbers the documentation states. */
    private static final List<String> PACKAGES =
            List.of("mergekit==0.1.5", "torch==2.15.0", "transformers==5.23.0", "numpy==2.4.6", "safetensors==0.8.0");

    private final Path environment;

    private PeerInstallation(Path environment) {
        this.environment = environment;
    }

    /** The installation in a folder, made if it is not there. */
    static PeerInstallation in(Path folder) throws IOException, InterruptedException {
        PeerInstallation peer = new PeerInstallation(folder.resolve("mergekit"));
        if (!Files.isExecutable(peer.program())) {
            System.err.println("Installing " + String.join(" ", PACKAGES) + " in " + peer.environment + " …");
            MeasuredProcess.step(folder, "venv", List.of("python3", "-m", "venv", peer.environment.toString()));
            List<String> install = new ArrayList<>(List.of(peer.environment.resolve("bin/pip").toString(), "install", "-q"));
            install.addAll(PACKAGES);
            MeasuredProcess.step(folder, "pip", install);
        }
        return peer;
    }

    /** The command that merges. */
    Path program() {
        return environment.resolve("bin/mergekit-yaml");
    }

    /** The environment's Python. */
    Path python() {
        return environment.resolve("bin/python");
    }
}
