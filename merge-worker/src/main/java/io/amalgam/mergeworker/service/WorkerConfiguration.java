package io.amalgam.mergeworker.service;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Settings of a merge-worker. In the environment {@code AMALGAM_MODELS_ROOT} and so on. */
@ConfigMapping(prefix = "amalgam")
public interface WorkerConfiguration {

    /** Where models are. */
    Models models();

    /** Where artifacts go. */
    Store store();

    /** The Hugging Face Hub: {@code enabled}, {@code endpoint}, {@code cache}, {@code token}, {@code offline}. */
    Map<String, String> hub();

    /** S3: {@code endpoint}, {@code region}, {@code addressing}. */
    Map<String, String> s3();

    /** How this worker works. */
    Worker worker();

    /** How topics are made. */
    Topics topics();

    /** Where models are. */
    interface Models {
        /** The folder that recipes' models are relative to; the same on every machine of the line. */
        Path root();
    }

    /** Where artifacts go. */
    interface Store {
        /** The artifact store, shared by all machines of the line: a folder, or {@code s3://bucket/prefix}. */
        String root();

        /** File of the key that artifacts are signed with; unless given, they are not. */
        Optional<Path> signingKey();
    }

    /** How this worker works. */
    interface Worker {
        /** Its name in results and logs; unless given, made of host and process. */
        Optional<String> name();

        /** Threads of a chunk's computation; 0 for all processors. */
        @WithDefault("0")
        int threads();

        /** Records that are held at once: one is worked on, the others are made ready or made safe. */
        @WithDefault("2")
        int slots();

        /** How long a chunk may still take when the worker is told to stop, before it is given back. */
        @WithDefault("20s")
        Duration drain();
    }

    /** How topics are made. */
    interface Topics {
        /** Whether the worker makes missing topics and group settings; else it only checks them. */
        @WithDefault("true")
        boolean create();

        /** Replicas of a topic that is made; -1 for the cluster's default. */
        @WithDefault("-1")
        int replication();
    }
}
