package io.amalgam.engine.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import io.amalgam.engine.source.InParallel;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.RangeReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which tensors a model has and where they lie: an index over the headers of all its safetensors files.
 *
 * <p>Three layouts are read: {@code model.safetensors}; shards with {@code model.safetensors.index.json}; and a LoRA
 * adapter's {@code adapter_model.safetensors}. Everything else is refused with the conversion to make. Only headers are
 * read here.
 */
public final class Checkpoint {
    /** The file of a model with one shard. */
    public static final String SINGLE_FILE = "model.safetensors";
    /** The index of a model with several. */
    public static final String INDEX_FILE = "model.safetensors.index.json";
    /** The weights of an adapter. */
    public static final String ADAPTER_FILE = "adapter_model.safetensors";

    private static final int INDEX_LIMIT = 100_000_000;
    /** Shards whose headers are read at a time. */
    private static final int HEADERS_AT_ONCE = 8;

    /** What kind of folder it is. */
    public enum Kind {
        /** A whole model. */
        MODEL,
        /** A LoRA adapter; its configuration is {@link AdapterConfig}. */
        ADAPTER
    }

    private final ModelSnapshot snapshot;
    private final Kind kind;
    private final Map<String, StoredTensor> tensors;
    private final List<SafetensorsHeader> headers;

    /** @param tensors no name twice; sorting them is quick where files hold them by name, as they mostly do */
    private Checkpoint(ModelSnapshot snapshot, Kind kind, List<StoredTensor> tensors, List<SafetensorsHeader> headers) {
        this.snapshot = snapshot;
        this.kind = kind;
        List<StoredTensor> byName = new ArrayList<>(tensors);
        byName.sort(Comparator.comparing(StoredTensor::name));
        Map<String, StoredTensor> sorted = LinkedHashMap.newLinkedHashMap(byName.size());
        byName.forEach(tensor -> sorted.put(tensor.name(), tensor));
        this.tensors = Collections.unmodifiableMap(sorted);
        this.headers = List.copyOf(headers);
    }

    /**
     * Reads the headers of a model's files.
     *
     * @throws AmalgamException with {@code MODEL_UNREADABLE} where there are no weights in a readable form,
     *     {@code CHECKPOINT_INVALID} where a file or the index breaks the format, or {@code DTYPE_UNSUPPORTED}
     */
    public static Checkpoint open(ModelSnapshot snapshot) throws IOException {
        Quantization.refuseConfigured(snapshot);
        Checkpoint checkpoint;
        if (snapshot.has(SINGLE_FILE)) {
            checkpoint = ofSingleFile(snapshot, Kind.MODEL, SINGLE_FILE);
        } else if (snapshot.has(INDEX_FILE)) {
            checkpoint = ofShards(snapshot);
        } else if (snapshot.has(ADAPTER_FILE) && snapshot.has(AdapterConfig.FILE)) {
            checkpoint = ofSingleFile(snapshot, Kind.ADAPTER, ADAPTER_FILE);
        } else {
            throw UnreadableWeights.refusal(snapshot);
        }
        Quantization.refuseStored(snapshot, checkpoint.tensors());
        return checkpoint;
    }

    private static Checkpoint ofSingleFile(ModelSnapshot snapshot, Kind kind, String file) throws IOException {
        SafetensorsHeader header = header(snapshot, file);
        return new Checkpoint(snapshot, kind, header.tensors(), List.of(header));
    }

    private static Checkpoint ofShards(ModelSnapshot snapshot) throws IOException {
        String label = INDEX_FILE + " of " + snapshot.reference();
        ObjectNode index = StrictJson.object(
                snapshot.readSmall(INDEX_FILE, INDEX_LIMIT), label, ErrorCode.CHECKPOINT_INVALID);
        if (!(index.get("weight_map") instanceof ObjectNode weightMap)) {
            throw new AmalgamException(ErrorCode.CHECKPOINT_INVALID, label + " has no weight_map object.");
        }
        Map<String, List<String>> namesByShard = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : weightMap.properties()) {
            if (!entry.getValue().isTextual()) {
                throw new AmalgamException(ErrorCode.CHECKPOINT_INVALID,
                        label + " maps tensor '" + entry.getKey() + "' to something that is not a file name.");
            }
            namesByShard.computeIfAbsent(entry.getValue().textValue(), file -> new ArrayList<>()).add(entry.getKey());
        }
        if (namesByShard.isEmpty()) {
            throw new AmalgamException(ErrorCode.CHECKPOINT_INVALID, label + " has an empty weight_map.");
        }
        for (String file : namesByShard.keySet()) {
            checkShardName(snapshot, label, file);
        }
        List<StoredTensor> tensors = new ArrayList<>(weightMap.size());
        List<SafetensorsHeader> headers =
                InParallel.map(List.copyOf(namesByShard.keySet()), HEADERS_AT_ONCE, file -> header(snapshot, file));
        for (SafetensorsHeader header : headers) {
            Map<String, StoredTensor> stored = HashMap.newHashMap(header.tensors().size());
            for (StoredTensor tensor : header.tensors()) {
                stored.put(tensor.name(), tensor);
            }
            for (String name : namesByShard.get(header.file())) {
                StoredTensor tensor = stored.get(name);
                if (tensor == null) {
                    throw new AmalgamException(ErrorCode.CHECKPOINT_INVALID, label + " says that tensor '" + name
                            + "' is in " + header.file() + ", but it is not; download the model again.");
                }
                tensors.add(tensor);
            }
        }
        return new Checkpoint(snapshot, Kind.MODEL, tensors, headers);
    }

    /** An index names files beside itself and nothing else. */
    private static void checkShardName(ModelSnapshot snapshot, String label, String file) {
        boolean plain = !file.isEmpty() && !file.equals(".") && !file.equals("..")
                && file.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < 0x20 || c == 0x7f);
        if (!plain) {
            throw new AmalgamException(ErrorCode.CHECKPOINT_INVALID, label + " names the file '" + printable(file)
                    + "'; only files in the model's own folder are read.");
        }
        if (!file.endsWith(".safetensors")) {
            throw new AmalgamException(ErrorCode.CHECKPOINT_INVALID, label + " names the file '" + file
                    + "', which is not a .safetensors file.");
        }
        if (!snapshot.has(file)) {
            throw new AmalgamException(ErrorCode.CHECKPOINT_INVALID, label + " names the shard " + file
                    + ", which is not there; download the model again.");
        }
    }

    private static String printable(String file) {
        StringBuilder text = new StringBuilder();
        file.codePoints().limit(200).forEach(c -> {
            if (Character.isISOControl(c)) {
                text.append(String.format("\\u%04x", c));
            } else {
                text.appendCodePoint(c);
            }
        });
        return text.toString();
    }

    private static SafetensorsHeader header(ModelSnapshot snapshot, String file) throws IOException {
        try (RangeReader reader = snapshot.open(file)) {
            return SafetensorsHeader.parse(reader, file);
        } catch (AmalgamException e) {
            throw new AmalgamException(e.code(), "Model " + snapshot.reference() + ": " + e.getMessage(), e);
        }
    }

    /** The model it belongs to. */
    public ModelSnapshot snapshot() {
        return snapshot;
    }

    /** What kind of folder it is. */
    public Kind kind() {
        return kind;
    }

    /** The tensor of that name, if the model has it. */
    public Optional<StoredTensor> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    /** All tensors by name, in the order of their names. */
    public Map<String, StoredTensor> tensorsByName() {
        return tensors;
    }

    /** All tensors, in the order of their names. */
    public Collection<StoredTensor> tensors() {
        return tensors.values();
    }

    /** All names, in order. */
    public Collection<String> names() {
        return tensors.keySet();
    }

    /** The headers of its files, in the order of their names. */
    public List<SafetensorsHeader> headers() {
        return headers;
    }

    /** Digest of each file's header, by file name, in order: what pins the layout that a plan relies on. */
    public Map<String, String> headerDigests() {
        Map<String, String> digests = new LinkedHashMap<>();
        for (SafetensorsHeader header : headers) {
            digests.put(header.file(), header.sha256());
        }
        return digests;
    }
}
