package io.amalgam.engine.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import io.amalgam.engine.source.RangeReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of one safetensors file, checked so that every tensor it names can be read without a further check.
 *
 * <p>The rules are those of the safetensors library: at most 100 MB of header, seen before anything is allocated; a JSON
 * object that starts with <code>{</code>; no name twice; offsets that follow one another without gap or overlap; lengths
 * that are shape × type; data that end exactly where the file ends. On top of them: at most {@value #TENSOR_LIMIT}
 * tensors of at most {@value #RANK_LIMIT} dimensions, so that a header cannot become a hundred times its size in memory.
 *
 * @param file name of the file
 * @param tensors in the order in which they lie in the file
 * @param metadata of {@code __metadata__}, in its order
 * @param dataStart position of the first byte behind the header
 * @param sha256 of the file's bytes up to {@code dataStart}, hexadecimal
 */
public record SafetensorsHeader(
        String file, List<StoredTensor> tensors, Map<String, String> metadata, long dataStart, String sha256) {

    /** The most bytes that a header may have, as in the safetensors library. */
    public static final int HEADER_LIMIT = 100_000_000;
    /** The most tensors in a file. */
    public static final int TENSOR_LIMIT = 1 << 20;
    /** The most dimensions of a tensor, as in torch. */
    public static final int RANK_LIMIT = 64;

    private static final int LENGTH_BYTES = 8;
    /** Most headers are shorter: a remote file's then takes one request. */
    private static final int FIRST_READ = 64 << 10;
    private static final ValueLayout.OfLong LITTLE_ENDIAN_LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Keeps collections as they are now. */
    public SafetensorsHeader {
        tensors = List.copyOf(tensors);
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /**
     * Reads and checks a header.
     *
     * @param reader of the file
     * @param file its name, for messages and {@link StoredTensor#file()}
     * @throws AmalgamException with {@code CHECKPOINT_INVALID}, or {@code DTYPE_UNSUPPORTED} for a type this version
     *     does not know
     */
    public static SafetensorsHeader parse(RangeReader reader, String file) throws IOException {
        long length = reader.length();
        if (length < LENGTH_BYTES) {
            throw invalid(file, "has " + length + " bytes, fewer than the 8 of a header's length; it is truncated or not a safetensors file");
        }
        byte[] start = new byte[(int) Math.min(FIRST_READ, length)];
        reader.read(0, MemorySegment.ofArray(start));
        long headerLength = MemorySegment.ofArray(start).get(LITTLE_ENDIAN_LONG, 0);
        if (headerLength < 0 || headerLength > HEADER_LIMIT) {
            throw invalid(file, "announces a header of " + Long.toUnsignedString(headerLength) + " bytes; at most "
                    + HEADER_LIMIT + " are allowed");
        }
        if (headerLength > length - LENGTH_BYTES) {
            throw invalid(file, "announces a header of " + headerLength + " bytes but has only "
                    + (length - LENGTH_BYTES) + " behind the length; it is truncated");
        }
        byte[] header = Arrays.copyOfRange(start, LENGTH_BYTES, LENGTH_BYTES + (int) headerLength);
        if (headerLength > start.length - LENGTH_BYTES) {
            reader.read(start.length, MemorySegment.ofArray(header).asSlice(start.length - LENGTH_BYTES));
        }
        if (header.length == 0 || header[0] != '{') {
            throw invalid(file, "has a header that does not begin with '{'; it is not a safetensors file");
        }
        MessageDigest digest = Sha256.newDigest();
        digest.update(start, 0, LENGTH_BYTES);
        String sha256 = HexFormat.of().formatHex(digest.digest(header));
        Parser parser = new Parser(file, LENGTH_BYTES + headerLength, length);
        try {
            parser.parse(StrictJson.text(header, "The header of " + file, ErrorCode.CHECKPOINT_INVALID));
        } catch (JsonProcessingException e) {
            throw StrictJson.refusal(e, "The header of " + file, ErrorCode.CHECKPOINT_INVALID);
        }
        return new SafetensorsHeader(file, parser.checkedTensors(), parser.metadata, LENGTH_BYTES + headerLength, sha256);
    }

    private static AmalgamException invalid(String file, String what) {
        return new AmalgamException(ErrorCode.CHECKPOINT_INVALID, "Safetensors file " + file + " " + what + ".");
    }

    /** One pass over the header's JSON, then one over the tensors in the order of their offsets. */
    private static final class Parser {
        private final String file;
        private final long dataStart;
        private final long fileLength;
        private final List<StoredTensor> tensors = new ArrayList<>();
        private final Map<String, String> metadata = new LinkedHashMap<>();
        private final long[] dimensions = new long[RANK_LIMIT];

        Parser(String file, long dataStart, long fileLength) {
            this.file = file;
            this.dataStart = dataStart;
            this.fileLength = fileLength;
        }

        void parse(String text) throws IOException {
            try (JsonParser json = StrictJson.parser(text)) {
                json.nextToken();
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    String name = json.currentName();
                    json.nextToken();
                    if (name.equals("__metadata__")) {
                        parseMetadata(json);
                    } else {
                        parseTensor(json, name);
                    }
                }
                // Trailing spaces are the format's own padding; anything else is not.
                if (json.nextToken() != null) {
                    throw invalid(file, "has something behind the JSON object of its header");
                }
            }
        }

        private void parseMetadata(JsonParser json) throws IOException {
            if (json.currentToken() != JsonToken.START_OBJECT) {
                throw invalid(file, "has a __metadata__ that is not an object of strings");
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String key = json.currentName();
                if (json.nextToken() != JsonToken.VALUE_STRING) {
                    throw invalid(file, "has a __metadata__ entry '" + key + "' that is not a string");
                }
                String value = json.getText();
                if (hasUnpairedSurrogate(key) || hasUnpairedSurrogate(value)) {
                    throw invalid(file, "has a __metadata__ entry that is not valid Unicode");
                }
                metadata.put(key, value);
            }
        }

        private void parseTensor(JsonParser json, String name) throws IOException {
            if (hasUnpairedSurrogate(name)) {
                throw invalid(file, "has a tensor name that is not valid Unicode");
            }
            if (tensors.size() == TENSOR_LIMIT) {
                throw invalid(file, "names more than " + TENSOR_LIMIT + " tensors");
            }
            if (json.currentToken() != JsonToken.START_OBJECT) {
                throw invalid(file, "describes tensor '" + name + "' by something that is not an object");
            }
            DType dtype = null;
            long[] shape = null;
            long[] offsets = null;
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                json.nextToken();
                switch (field) {
                    case "dtype" -> dtype = parseType(json, name);
                    case "shape" -> shape = parseNumbers(json, name, field, RANK_LIMIT);
                    case "data_offsets" -> offsets = parseNumbers(json, name, field, 2);
                    default -> throw invalid(file, "describes tensor '" + name + "' with an unknown field '" + field + "'");
                }
            }
            if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
                throw invalid(file, "describes tensor '" + name + "' without "
                        + (dtype == null ? "dtype" : shape == null ? "shape" : "two data_offsets"));
            }
            tensors.add(checkedTensor(name, dtype, shape, offsets[0], offsets[1]));
        }

        private DType parseType(JsonParser json, String name) throws IOException {
            if (json.currentToken() != JsonToken.VALUE_STRING) {
                throw invalid(file, "gives tensor '" + name + "' a dtype that is not a string");
            }
            DType dtype = DType.ofSafetensorsName(json.getText());
            if (dtype == null) {
                throw new AmalgamException(ErrorCode.DTYPE_UNSUPPORTED, "Tensor '" + name + "' of " + file
                        + " has the type " + json.getText() + ", which is not supported; convert the model to bfloat16, float16 or float32.");
            }
            return dtype;
        }

        private long[] parseNumbers(JsonParser json, String name, String field, int limit) throws IOException {
            if (json.currentToken() != JsonToken.START_ARRAY) {
                throw invalid(file, "gives tensor '" + name + "' a " + field + " that is not a list");
            }
            int count = 0;
            while (json.nextToken() != JsonToken.END_ARRAY) {
                if (json.currentToken() != JsonToken.VALUE_NUMBER_INT || json.getText().charAt(0) == '-'
                        || json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
                    throw invalid(file, "gives tensor '" + name + "' a " + field + " with an entry that is not a whole number from 0 to 2^63-1");
                }
                if (count == limit) {
                    throw invalid(file, "gives tensor '" + name + "' a " + field + " of more than " + limit + " entries");
                }
                dimensions[count++] = json.getLongValue();
            }
            return Arrays.copyOf(dimensions, count);
        }

        private StoredTensor checkedTensor(String name, DType dtype, long[] shape, long begin, long end) {
            long expected;
            try {
                long product = dtype.bytes();
                for (long dimension : shape) {
                    product = Math.multiplyExact(product, dimension);
                }
                expected = product;
            } catch (ArithmeticException e) {
                throw invalid(file, "gives tensor '" + name + "' the shape " + Arrays.toString(shape) + ", whose size overflows");
            }
            long available = fileLength - dataStart;
            if (begin > end || end > available) {
                throw invalid(file, "places tensor '" + name + "' at " + begin + "…" + end + ", outside its " + available
                        + " bytes of data; it is truncated or damaged");
            }
            if (end - begin != expected) {
                throw invalid(file, "gives tensor '" + name + "' " + (end - begin) + " bytes, but its shape "
                        + Arrays.toString(shape) + " of " + dtype.safetensorsName() + " takes " + expected);
            }
            return new StoredTensor(name, file, dtype, shape, dataStart + begin, end - begin);
        }

        List<StoredTensor> checkedTensors() {
            tensors.sort(Comparator.comparingLong(StoredTensor::position).thenComparingLong(StoredTensor::bytes));
            long expected = dataStart;
            for (StoredTensor tensor : tensors) {
                if (tensor.position() != expected) {
                    throw invalid(file, (tensor.position() > expected ? "leaves a gap before" : "overlaps another tensor with")
                            + " tensor '" + tensor.name() + "': it begins at " + (tensor.position() - dataStart)
                            + ", expected " + (expected - dataStart));
                }
                expected += tensor.bytes();
            }
            if (expected != fileLength) {
                throw invalid(file, "has " + (fileLength - expected) + " bytes behind the last tensor");
            }
            return tensors;
        }

        private static boolean hasUnpairedSurrogate(String name) {
            for (int i = 0; i < name.length(); i++) {
                char c = name.charAt(i);
                if (Character.isHighSurrogate(c) && i + 1 < name.length() && Character.isLowSurrogate(name.charAt(i + 1))) {
                    i++;
                } else if (Character.isSurrogate(c)) {
                    return true;
                }
            }
            return false;
        }
    }
}
