package io.amalgam.evaluation.data;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.evaluation.data.BenchmarkInventory.Benchmark;
import io.amalgam.evaluation.data.BenchmarkInventory.DataFile;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Checks a folder of benchmark data against what the benchmarks are known to be. */
public final class BenchmarkVerifier {

    /** How a file is. */
    public enum State {
        /** It is what the benchmark is. */
        COMPLETE("complete"),
        /** It has the right number of rows; what should be in them is not known here. */
        COUNTED("row count right, content not known here"),
        /** It is what the Hub's data set has, which are other rows than are known here. */
        FETCHED("as fetched; other rows than are known here"),
        /** It is a sample of the benchmark. */
        SAMPLE("a sample"),
        /** It has other rows than the benchmark. */
        DIFFERENT("differs from the benchmark"),
        /** It cannot be read. */
        DAMAGED("damaged"),
        /** It is not there. */
        MISSING("missing");

        private final String label;

        State(String label) {
            this.label = label;
        }

        /** Returns the words for people. */
        public String label() {
            return label;
        }
    }

    /**
     * What was found of a file.
     *
     * @param benchmark the benchmark it belongs to
     * @param path its place in the folder
     * @param state how it is
     * @param rows the number of its rows, 0 where they could not be read
     * @param expectedRows the number of rows of the benchmark, 0 for files that are no tables
     * @param digest the SHA-256 of its bytes, or null where it is missing
     * @param remark what is wrong and how to mend it, or null
     */
    public record Finding(
            String benchmark, String path, State state, int rows, int expectedRows, String digest, String remark) {
        /** Whether the benchmark can be scored whole with it. */
        public boolean complete() {
            return state == State.COMPLETE || state == State.COUNTED || state == State.FETCHED;
        }
    }

    private static final String PROMPTS_REMEDY = "`amalgam benchmarks fetch --harness DIR --nltk-data DIR` takes it from"
            + " a copy of lm-evaluation-harness or of NLTK's data";

    private final BenchmarkFolder folder;
    private final FetchedDigests fetched;

    /** A verifier of a folder. */
    public BenchmarkVerifier(BenchmarkFolder folder) {
        this.folder = folder;
        this.fetched = FetchedDigests.of(folder);
    }

    /** Checks every file of every benchmark. */
    public List<Finding> verify() {
        List<Finding> findings = new ArrayList<>();
        for (Benchmark benchmark : BenchmarkInventory.benchmarks()) {
            for (DataFile file : benchmark.files()) {
                findings.add(verify(benchmark, file));
            }
            for (String prompts : benchmark.prompts()) {
                boolean there = folder.has(prompts);
                findings.add(new Finding(
                        benchmark.name(), prompts, there ? State.COMPLETE : State.MISSING, 0, 0,
                        there ? folder.digest(prompts) : null, there ? null : PROMPTS_REMEDY));
            }
        }
        return findings;
    }

    private Finding verify(Benchmark benchmark, DataFile file) {
        String sample = file.path().replace(".jsonl", ".sample.jsonl");
        if (!folder.has(file.path()) && !folder.has(sample)) {
            return new Finding(
                    benchmark.name(), file.path(), State.MISSING, 0, file.rows(), null,
                    "`amalgam benchmarks fetch` brings it from the Hub's data set " + benchmark.dataset()
                            + (benchmark.gated()
                                    ? ", whose terms must be accepted there first (HF_TOKEN); or put the authors' "
                                            + EncryptedArchive.NAME + " into the folder " + benchmark.name() + " as it is"
                                    : ""));
        }
        String path = folder.has(file.path()) ? file.path() : sample;
        byte[] content = folder.read(path);
        String digest = Digests.sha256(content);
        List<ObjectNode> rows;
        try {
            rows = path.endsWith(".csv")
                    ? CsvReader.read(new String(content, StandardCharsets.UTF_8))
                    : folder.readLines(path);
        } catch (AmalgamException | IllegalArgumentException e) {
            return new Finding(
                    benchmark.name(), path, State.DAMAGED, 0, file.rows(), digest, e.getMessage());
        }
        State state = state(path, file, rows);
        if (state == State.DIFFERENT && fetched.find(path).filter(digest::equals).isPresent()) {
            state = State.FETCHED;
        } else if (state == State.COUNTED && fetched.find(path).filter(each -> !each.equals(digest)).isPresent()) {
            state = State.DIFFERENT;
        }
        return new Finding(
                benchmark.name(), path, state, rows.size(), file.rows(), digest, remark(benchmark, state));
    }

    private static State state(String path, DataFile file, List<ObjectNode> rows) {
        if (rows.size() != file.rows()) {
            return path.equals(file.path()) ? State.DIFFERENT : State.SAMPLE;
        }
        if (file.content() == null) {
            return State.COUNTED;
        }
        return BenchmarkInventory.contentDigest(rows, file.fields()).equals(file.content())
                ? State.COMPLETE
                : State.DIFFERENT;
    }

    private static String remark(Benchmark benchmark, State state) {
        return switch (state) {
            case COMPLETE, COUNTED, FETCHED -> null;
            case SAMPLE -> "`amalgam benchmarks fetch` brings all rows from the Hub's data set " + benchmark.dataset();
            case DIFFERENT -> "it is refused; `amalgam benchmarks fetch --force` replaces it by the Hub's data set "
                    + benchmark.dataset();
            case DAMAGED, MISSING -> throw new IllegalStateException("such a file has no rows to judge");
        };
    }
}
