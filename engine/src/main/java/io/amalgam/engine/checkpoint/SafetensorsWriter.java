package io.amalgam.engine.checkpoint;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.IndentedJson;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Headers of safetensors files, byte for byte as the safetensors library writes them for
 * {@code save_file(tensors, metadata={"format": "pt"})}: tensors by type and then by name, compact JSON, spaces up to a
 * multiple of eight bytes, so that the data of every type are aligned.
 */
public final class SafetensorsWriter {
    private static final int ALIGNMENT = 8;

    /** The library's order of types: from the widest to the narrowest, and among equals as its enumeration has them. */
    private static final Map<DType, Integer> TYPE_RANK = Map.ofEntries(
            Map.entry(DType.U64, 0),
            Map.entry(DType.I64, 1),
            Map.entry(DType.F64, 2),
            Map.entry(DType.F32, 3),
            Map.entry(DType.U32, 4),
            Map.entry(DType.I32, 5),
            Map.entry(DType.BF16, 6),
            Map.entry(DType.F16, 7),
            Map.entry(DType.U16, 8),
            Map.entry(DType.I16, 9),
            Map.entry(DType.F8_E4M3, 10),
            Map.entry(DType.F8_E5M2, 11),
            Map.entry(DType.I8, 12),
            Map.entry(DType.U8, 13),
            Map.entry(DType.BOOL, 14));

    private static final Comparator<String> BY_UTF8 = (left, right) -> Arrays.compareUnsigned(
            left.getBytes(StandardCharsets.UTF_8), right.getBytes(StandardCharsets.UTF_8));

    private SafetensorsWriter() {
    }

    /** The order in which tensors lie in a file. */
    public static int compareInFile(DType leftType, String leftName, DType rightType, String rightName) {
        int byType = Integer.compare(TYPE_RANK.get(leftType), TYPE_RANK.get(rightType));
        return byType != 0 ? byType : BY_UTF8.compare(leftName, rightName);
    }

    /**
     * The bytes before the data: length, JSON, padding.
     *
     * @param tensors in the order of {@link #compareInFile}, no name twice
     * @throws AmalgamException with {@code CHECKPOINT_INVALID} if the header would be longer than readers accept
     */
    public static byte[] header(List<TensorHeader> tensors) {
        StringBuilder json = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
        long offset = 0;
        TensorHeader previous = null;
        for (TensorHeader tensor : tensors) {
            if (previous != null && compareInFile(previous.dtype(), previous.name(), tensor.dtype(), tensor.name()) >= 0) {
                throw new IllegalArgumentException("Tensor " + tensor.name() + " must not follow " + previous.name() + " in a safetensors file.");
            }
            previous = tensor;
            long end = Math.addExact(offset, tensor.bytes());
            json.append(',');
            IndentedJson.appendString(json, tensor.name());
            json.append(":{\"dtype\":\"").append(tensor.dtype().safetensorsName()).append("\",\"shape\":[");
            for (int i = 0; i < tensor.shape().length; i++) {
                json.append(i == 0 ? "" : ",").append(tensor.shape()[i]);
            }
            json.append("],\"data_offsets\":[").append(offset).append(',').append(end).append("]}");
            offset = end;
        }
        byte[] text = json.append('}').toString().getBytes(StandardCharsets.UTF_8);
        int padded = (text.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (padded > SafetensorsHeader.HEADER_LIMIT) {
            throw new AmalgamException(ErrorCode.CHECKPOINT_INVALID, "The header of a shard with " + tensors.size()
                    + " tensors would have " + padded + " bytes, more than readers accept; use a smaller shard size.");
        }
        byte[] header = new byte[Long.BYTES + padded];
        MemorySegment.ofArray(header).set(
                ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0, padded);
        System.arraycopy(text, 0, header, Long.BYTES, text.length);
        Arrays.fill(header, Long.BYTES + text.length, header.length, (byte) ' ');
        return header;
    }
}
