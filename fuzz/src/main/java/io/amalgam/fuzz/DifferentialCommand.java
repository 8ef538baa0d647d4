package io.amalgam.fuzz;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.checkpoint.SafetensorsHeader;
import io.amalgam.engine.checkpoint.StoredTensor;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.BufferedReader;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Reads the same changed safetensors files with our reader and with the reference implementation in Rust, and compares:
 * what we accept, the reference accepts, with the same tensors; what only the reference accepts, we refuse by one of the
 * rules that {@link #STRICTER} names.
 */
@Command(name = "safetensors-differential",
        description = "Compare the safetensors reader with the reference implementation (PyPI: safetensors).")
public final class DifferentialCommand implements Callable<Integer> {

    /** Where we are stricter than the reference, on purpose, by the words of our refusals. */
    private static final Map<String, String> STRICTER = Map.of(
            "does not begin with '{'", "a header that does not begin with '{', as the format says it does",
            "unknown field", "a tensor's description with fields that the format does not have",
            "Duplicate field", "a name that occurs twice",
            "that is not a whole number from 0 to 2^63-1", "numbers that no file can have",
            "__metadata__", "metadata that are not strings");
    /** Types of the format with their bytes; the last are not supported here. */
    private static final List<String> TYPES = List.of(
            "F32:4", "F16:2", "BF16:2", "F64:8", "I64:8", "I32:4", "I16:2", "I8:1", "U8:1", "BOOL:1", "U16:2", "F8_E4M3:1");
    private static final List<String> NAMES = List.of("a", "b.weight", "\u00e9", "\\u0061", "\\ud83d\\ude00", "x y");
    private static final int SHOWN = 10;
    private static final int BATCH = 500;

    @Option(names = "--cases", defaultValue = "60000", description = "How many files (default: 60000).")
    private int cases;

    @Option(names = "--seed", defaultValue = "1", description = "Of the changes (default: 1).")
    private long seed;

    @Option(names = "--python", defaultValue = "python3",
            description = "A Python with the package safetensors (default: python3).")
    private String python;

    /** What one of the readers says. */
    private record Answer(String refusal, List<String> tensors) {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path script = Files.createTempFile("safetensors-reference", ".py");
        try {
            try (InputStream source = DifferentialCommand.class.getResourceAsStream("/python/safetensors_reference.py")) {
                Files.write(script, source.readAllBytes());
            }
            Process reference = start(script);
            if (reference == null) {
                System.out.println("skipped: " + python + " cannot import safetensors; pip install safetensors, or name a Python"
                        + " that has it with --python");
                return 0;
            }
            return compare(reference);
        } finally {
            Files.delete(script);
        }
    }

    private Process start(Path script) throws IOException, InterruptedException {
        try {
            Process probe = new ProcessBuilder(python, "-c", "import safetensors").redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            if (probe.waitFor() != 0) {
                return null;
            }
        } catch (IOException missing) {
            return null;
        }
        return new ProcessBuilder(python, script.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private int compare(Process reference) throws IOException, InterruptedException {
        ObjectMapper mapper = new ObjectMapper();
        SplittableRandom random = new SplittableRandom(seed);
        Mutator mutator = new Mutator(seed);
        Map<String, Integer> counts = new TreeMap<>();
        int differences = 0;
        try (DataOutputStream files = new DataOutputStream(reference.getOutputStream());
                BufferedReader answers = new BufferedReader(
                        new InputStreamReader(reference.getInputStream(), StandardCharsets.UTF_8))) {
            for (int done = 0; done < cases; done += BATCH) {
                List<byte[]> batch = new ArrayList<>();
                for (int index = 0; index < Math.min(BATCH, cases - done); index++) {
                    batch.add(file(mutator, random));
                }
                send(files, batch);
                for (byte[] file : batch) {
                    String line = answers.readLine();
                    if (line == null) {
                        throw new IOException("the reference implementation ended");
                    }
                    String verdict = verdict(ours(file), theirs(mapper.readTree(line)));
                    counts.merge(verdict, 1, Integer::sum);
                    if (verdict.startsWith("DIFFERENT") && differences++ < SHOWN) {
                        System.out.println(verdict + ": " + HexFormat.of().formatHex(file));
                    }
                }
            }
        }
        reference.waitFor();
        counts.forEach((verdict, count) -> System.out.printf("%8d  %s%n", count, verdict));
        System.out.println(cases + " files, " + differences + " differences");
        return differences == 0 ? 0 : 1;
    }

    private static void send(DataOutputStream files, List<byte[]> batch) throws IOException {
        OutputStream out = files;
        for (byte[] file : batch) {
            files.writeInt(file.length);
            out.write(file);
        }
        files.flush();
    }

    /** A file that is right, or wrong in one or two places: in its numbers, its text, its length or anywhere. */
    private static byte[] file(Mutator mutator, SplittableRandom random) {
        if (random.nextInt(10) == 0) {
            return mutator.next(new SafetensorsTarget().seeds());
        }
        StringBuilder text = new StringBuilder("{");
        int tensors = random.nextInt(4);
        long position = 0;
        for (int index = 0; index < tensors; index++) {
            String type = TYPES.get(random.nextInt(TYPES.size()));
            long size = Long.parseLong(type.substring(type.indexOf(':') + 1));
            List<Long> shape = new ArrayList<>();
            for (int rank = random.nextInt(4); rank > 0; rank--) {
                shape.add((long) random.nextInt(4));
                size *= shape.getLast();
            }
            long end = position + size + (random.nextInt(40) == 0 ? random.nextInt(-2, 3) : 0);
            text.append(text.length() > 1 ? "," : "").append("\"").append(NAMES.get(random.nextInt(NAMES.size())))
                    .append(random.nextInt(30) == 0 ? "" : Integer.toString(index)).append("\":{\"dtype\":\"")
                    .append(type, 0, type.indexOf(':')).append("\",\"shape\":").append(shape).append(",\"data_offsets\":[")
                    .append(position).append(',').append(end).append("]}");
            position = end + (random.nextInt(40) == 0 ? random.nextInt(-2, 3) : 0);
        }
        if (random.nextInt(4) == 0) {
            text.append(text.length() > 1 ? "," : "").append("\"__metadata__\":{\"format\":\"pt\"}");
        }
        text.append('}').append(" ".repeat(random.nextInt(3)));
        byte[] header = text.toString().getBytes(StandardCharsets.UTF_8);
        if (random.nextInt(2) == 0) {
            header = mutator.next(List.of(header));
        }
        int data = Math.clamp(position + (random.nextInt(40) == 0 ? random.nextInt(-2, 3) : 0), 0, 4096);
        ByteBuffer file = ByteBuffer.allocate(Long.BYTES + header.length + data).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length + (random.nextInt(40) == 0 ? random.nextInt(-2, 3) : 0)).put(header);
        for (int index = 0; index < data; index++) {
            file.put((byte) (index + 1));
        }
        return file.array();
    }

    private static Answer ours(byte[] file) throws IOException {
        SafetensorsHeader header;
        try {
            header = SafetensorsHeader.parse(MemorySnapshot.reader(file), "f");
        } catch (AmalgamException refusal) {
            return new Answer((refusal.code() == ErrorCode.DTYPE_UNSUPPORTED ? "type that is not supported: " : "")
                    + refusal.getMessage(), List.of());
        }
        List<String> tensors = new ArrayList<>();
        for (StoredTensor tensor : header.tensors()) {
            byte[] data = Arrays.copyOfRange(
                    file, (int) tensor.position(), (int) (tensor.position() + tensor.bytes()));
            tensors.add(tensor.name() + " " + tensor.dtype().safetensorsName() + " " + Arrays.toString(tensor.shape()) + " "
                    + Sha256.of(data));
        }
        tensors.sort(null);
        return new Answer(null, tensors);
    }

    private static Answer theirs(JsonNode answer) {
        if (answer.has("error")) {
            return new Answer(answer.path("error").asText(), List.of());
        }
        List<String> tensors = new ArrayList<>();
        for (JsonNode tensor : answer.path("tensors")) {
            List<Long> shape = new ArrayList<>();
            tensor.path(2).forEach(dimension -> shape.add(dimension.asLong()));
            tensors.add(tensor.path(0).asText() + " " + tensor.path(1).asText() + " " + shape + " " + tensor.path(3).asText());
        }
        tensors.sort(null);
        return new Answer(null, tensors);
    }

    private static String verdict(Answer ours, Answer theirs) {
        if (ours.refusal() == null && theirs.refusal() == null) {
            return ours.tensors().equals(theirs.tensors()) ? "accepted by both, the same tensors"
                    : "DIFFERENT tensors " + ours.tensors() + " and " + theirs.tensors();
        }
        if (ours.refusal() != null && theirs.refusal() != null) {
            return "refused by both";
        }
        if (ours.refusal() == null) {
            return "DIFFERENT: only the reference refuses (" + theirs.refusal() + ")";
        }
        if (ours.refusal().startsWith("type that is not supported")) {
            return "refused by us only: a type that is not supported here";
        }
        Optional<String> rule = STRICTER.keySet().stream().filter(ours.refusal()::contains).sorted().findFirst();
        return rule.map(words -> "refused by us only, on purpose: " + STRICTER.get(words))
                .orElse("DIFFERENT: only we refuse (" + ours.refusal() + ")");
    }
}
