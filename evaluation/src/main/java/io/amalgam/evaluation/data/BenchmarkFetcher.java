package io.amalgam.evaluation.data;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.HubDatasets;
import io.amalgam.evaluation.data.BenchmarkInventory.Benchmark;
import io.amalgam.evaluation.data.BenchmarkInventory.DataFile;
import io.amalgam.evaluation.data.BenchmarkVerifier.Finding;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Brings the leaderboard's data into a folder: rows from the Hub's data sets, prompt texts from a copy of
 * lm-evaluation-harness, Punkt's parameters from NLTK's data.
 *
 * <p>A file that is there and differs from what is fetched is replaced only where that was asked for. The commits that rows were taken from are kept in {@code sources.json} in the folder; what is fetched later comes
 * from the same commits unless another revision is asked for. The digests of what was fetched are kept beside it
 * ({@link FetchedDigests}).
 */
public final class BenchmarkFetcher {
    /** Where the commits are kept. */
    public static final String SOURCES = "sources.json";

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final int MAXIMUM_BYTES = 512 << 20;

    private final Path folder;
    private final HubDatasets datasets;
    private final boolean force;

    /**
     * A fetcher.
     *
     * @param folder where data are put; made where it does not exist
     * @param datasets where rows come from
     * @param force whether files that are there and differ from what is fetched are replaced; else they are refused
     */
    public BenchmarkFetcher(Path folder, HubDatasets datasets, boolean force) {
        this.folder = Objects.requireNonNull(folder, "folder");
        this.datasets = Objects.requireNonNull(datasets, "datasets");
        this.force = force;
    }

    /**
     * Fetches a benchmark's rows; files that are complete already are left alone.
     *
     * @param revision a branch, tag or commit, or null for the commit fetched from before, else the main branch
     * @return the names of the files that were written
     * @throws AmalgamException with {@code BENCHMARK_DATA} if the data set is gated, or not as expected, with
     *     {@code OUTPUT_NOT_EMPTY} if a file would be replaced, and {@code SOURCE_UNAVAILABLE} if the Hub does not answer
     */
    public List<String> fetch(Benchmark benchmark, String revision) throws IOException {
        Map<String, Finding> found = new HashMap<>();
        for (Finding finding : new BenchmarkVerifier(new BenchmarkFolder(folder)).verify()) {
            found.put(finding.path(), finding);
        }
        List<DataFile> wanted = new ArrayList<>();
        for (DataFile file : benchmark.files()) {
            Finding finding = found.get(file.path());
            if (finding == null || !finding.complete()) {
                wanted.add(file);
            }
        }
        if (wanted.isEmpty()) {
            return List.of();
        }
        Map<String, String> sources = sources(folder);
        String known = sources.get(benchmark.dataset());
        String asked = revision != null ? revision : known != null ? known : "main";
        HubDatasets.Snapshot snapshot = resolve(benchmark, asked);
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (DataFile file : wanted) {
            files.put(file.path(), content(file, snapshot));
        }
        List<String> written = put(files);
        FetchedDigests digests = FetchedDigests.of(new BenchmarkFolder(folder));
        files.forEach(digests::put);
        writeWhole(folder.resolve(FetchedDigests.FILE), digests.toJson());
        sources.put(benchmark.dataset(), snapshot.commit());
        writeWhole(folder.resolve(SOURCES), (JSON.writeValueAsString(sources) + "\n").getBytes(StandardCharsets.UTF_8));
        return written;
    }

    /** Takes prompt texts from a copy of lm-evaluation-harness; returns the names of the files. */
    public List<String> takePrompts(Path harness) throws IOException {
        return put(bytes(PromptFiles.ofHarness(harness)));
    }

    /** Takes Punkt's parameters from NLTK's data; returns the names of the files. */
    public List<String> takePunkt(Path nltkData) throws IOException {
        return put(bytes(PromptFiles.ofNltk(nltkData)));
    }

    private static Map<String, byte[]> bytes(Map<String, String> texts) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        texts.forEach((name, text) -> files.put(name, text.getBytes(StandardCharsets.UTF_8)));
        return files;
    }

    /** Writes files, each whole; none of them if one would replace another. Returns the names of those that were written. */
    private List<String> put(Map<String, byte[]> files) throws IOException {
        List<String> open = new ArrayList<>();
        List<String> different = new ArrayList<>();
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Path target = folder.resolve(file.getKey());
            if (!Files.exists(target)) {
                open.add(file.getKey());
            } else if (!Arrays.equals(Files.readAllBytes(target), file.getValue())) {
                open.add(file.getKey());
                different.add(file.getKey());
            }
        }
        if (!different.isEmpty() && !force) {
            throw new AmalgamException(
                    ErrorCode.OUTPUT_NOT_EMPTY,
                    String.join(", ", different) + " in " + folder + " differ" + (different.size() == 1 ? "s" : "")
                            + " from what was fetched; --force replaces what is there, --data names another folder.");
        }
        for (String name : open) {
            writeWhole(folder.resolve(name), files.get(name));
        }
        return open;
    }

    private HubDatasets.Snapshot resolve(Benchmark benchmark, String revision) throws IOException {
        try {
            return datasets.resolve(benchmark.dataset(), revision);
        } catch (AmalgamException e) {
            throw e.code() == ErrorCode.MODEL_NOT_FOUND ? refused(benchmark.gated(), e) : e;
        }
    }

    private static AmalgamException refused(boolean gated, AmalgamException e) {
        return new AmalgamException(
                ErrorCode.BENCHMARK_DATA,
                e.getMessage() + (gated ? " It is gated: its authors ask who reads it." : ""), e);
    }

    private byte[] content(DataFile file, HubDatasets.Snapshot snapshot) throws IOException {
        List<String> names = namesOf(file, snapshot);
        if (names.isEmpty()) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA,
                    "The data set " + snapshot.name() + " at commit " + snapshot.commit() + " has no file for "
                            + file.path() + "; it may have been laid out anew. Pin an older commit with --revision.");
        }
        StringBuilder lines = new StringBuilder();
        for (String name : names) {
            byte[] content = read(snapshot, name);
            if (file.path().endsWith(".csv") && name.endsWith(".csv")) {
                return content;
            }
            for (ObjectNode row : DatasetRows.read(name, content)) {
                boolean kept = file.only().entrySet().stream()
                        .allMatch(only -> only.getValue().equals(row.path(only.getKey()).asText()));
                if (kept) {
                    lines.append(row).append('\n');
                }
            }
        }
        return lines.toString().getBytes(StandardCharsets.UTF_8);
    }

    private byte[] read(HubDatasets.Snapshot snapshot, String name) throws IOException {
        try {
            return datasets.read(snapshot, name, MAXIMUM_BYTES);
        } catch (AmalgamException e) {
            throw e.code() == ErrorCode.MODEL_NOT_FOUND ? refused(true, e) : e;
        }
    }

    /**
     * The data set's files that make up one of ours: the one that is named; else those in a folder named as the
     * configuration whose names begin with the split; else, where there is no configuration, those that begin with the
     * split, or the only one there is.
     */
    private static List<String> namesOf(DataFile file, HubDatasets.Snapshot snapshot) {
        List<String> readable = snapshot.files().stream().filter(DatasetRows::isReadable).toList();
        if (file.hubFile() != null) {
            return readable.stream().filter(file.hubFile()::equals).toList();
        }
        List<String> ofConfiguration = file.config() == null
                ? readable
                : readable.stream()
                        .filter(name -> List.of(name.split("[/.]")).contains(file.config()))
                        .toList();
        List<String> ofSplit = ofConfiguration.stream()
                .filter(name -> name.substring(name.lastIndexOf('/') + 1).startsWith(file.split())
                        || List.of(name.split("/")).contains(file.split()))
                .toList();
        if (!ofSplit.isEmpty()) {
            return ofSplit;
        }
        return ofConfiguration.size() == 1 ? ofConfiguration : List.of();
    }

    /** Returns the commits that a folder's rows were taken from, by data set; empty where that is not known. */
    public static Map<String, String> sources(Path folder) {
        Map<String, String> commits = new TreeMap<>();
        BenchmarkFolder data = new BenchmarkFolder(folder);
        if (data.has(SOURCES)) {
            data.readJson(SOURCES).properties().forEach(source -> commits.put(source.getKey(), source.getValue().asText()));
        }
        return commits;
    }

    /** Writes a file whole or not at all. */
    private static void writeWhole(Path file, byte[] content) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Path part = file.resolveSibling(file.getFileName() + ".part");
        Files.write(part, content);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
