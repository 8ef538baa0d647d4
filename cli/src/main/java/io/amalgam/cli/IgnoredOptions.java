package io.amalgam.cli;

import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** Arguments of {@code mergekit-yaml} that have no effect here: accepted, so that scripts run unchanged, and noted. */
final class IgnoredOptions {

    private static final String NO_ACCELERATOR = "everything runs on the processor, in bounded memory";
    private static final Map<String, String> REASONS = new LinkedHashMap<>();

    static {
        REASONS.put("--transformers-cache", "models are read from where the recipe names them");
        REASONS.put("--lora-merge-cache", "adapters are merged while they are read, and nothing is stored");
        REASONS.put("--lora-merge-dtype", "adapters are merged in the type of their model, as PEFT does");
        REASONS.put("--cuda", NO_ACCELERATOR);
        REASONS.put("--device", NO_ACCELERATOR);
        REASONS.put("--low-cpu-memory", NO_ACCELERATOR);
        REASONS.put("--read-to-gpu", NO_ACCELERATOR);
        REASONS.put("--multi-gpu", NO_ACCELERATOR);
        REASONS.put("--gpu-rich", NO_ACCELERATOR);
        REASONS.put("--clone-tensors", "tensors that share memory are always written apart");
        REASONS.put("--trust-remote-code", "no code of a model is ever run");
        REASONS.put("--lazy-unpickle", "only safetensors are read, always lazily");
        REASONS.put("--no-safe-serialization", "output is always safetensors");
        REASONS.put("--async-write", "writing always overlaps with computing");
        REASONS.put("--write-threads", "writing always overlaps with computing");
        REASONS.put("--lazy", "a recipe whose artifact is there already is never made again");
        REASONS.put("--no-lazy", "a recipe whose artifact is there already is only made again with --overwrite");
        REASONS.put("-v", "warnings and notes are always printed; --quiet leaves them out");
        REASONS.put("--verbose", "warnings and notes are always printed; --quiet leaves them out");
    }

    @Option(names = "--transformers-cache", hidden = true)
    private String transformersCache;

    @Option(names = "--lora-merge-cache", hidden = true)
    private String loraMergeCache;

    @Option(names = "--lora-merge-dtype", hidden = true)
    private String loraMergeDtype;

    @Option(names = "--cuda", negatable = true, hidden = true)
    private boolean cuda;

    @Option(names = "--device", hidden = true)
    private String device;

    @Option(names = "--low-cpu-memory", negatable = true, hidden = true)
    private boolean lowCpuMemory;

    @Option(names = "--read-to-gpu", negatable = true, hidden = true)
    private boolean readToGpu;

    @Option(names = "--multi-gpu", negatable = true, hidden = true)
    private boolean multiGpu;

    @Option(names = "--gpu-rich", negatable = true, hidden = true)
    private boolean gpuRich;

    @Option(names = "--clone-tensors", negatable = true, hidden = true)
    private boolean cloneTensors;

    @Option(names = "--trust-remote-code", negatable = true, hidden = true)
    private boolean trustRemoteCode;

    @Option(names = "--lazy-unpickle", negatable = true, hidden = true)
    private boolean lazyUnpickle;

    @Option(names = "--safe-serialization", negatable = true, defaultValue = "true", fallbackValue = "true", hidden = true)
    private boolean safeSerialization;

    @Option(names = "--async-write", negatable = true, hidden = true)
    private boolean asyncWrite;

    @Option(names = "--write-threads", hidden = true)
    private Integer writeThreads;

    @Option(names = "--lazy", negatable = true, hidden = true)
    private boolean lazy;

    @Option(names = {"-v", "--verbose"}, hidden = true)
    private boolean[] verbose;

    /** A note for each of them that was given. */
    static List<Problem> notes(ParseResult parsed) {
        List<Problem> notes = new ArrayList<>();
        for (String argument : parsed.originalArgs()) {
            int equals = argument.indexOf('=');
            String name = equals < 0 ? argument : argument.substring(0, equals);
            String reason = REASONS.get(name);
            if (reason != null) {
                notes.add(new Problem(
                        ErrorCode.ARGUMENT_INVALID,
                        Problem.Severity.NOTE,
                        name + " has no effect here: " + reason + ".",
                        null,
                        0,
                        0));
            }
        }
        return notes;
    }
}
