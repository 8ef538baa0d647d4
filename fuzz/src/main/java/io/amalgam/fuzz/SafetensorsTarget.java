package io.amalgam.fuzz;

import io.amalgam.engine.checkpoint.SafetensorsHeader;
import io.amalgam.engine.checkpoint.StoredTensor;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Whole safetensors files: whatever is accepted can be read without a further check. */
public final class SafetensorsTarget implements FuzzTarget {

    private static final SafetensorsTarget INSTANCE = new SafetensorsTarget();

    /** For Jazzer, once: what is slow the first time is not an input's fault. */
    public static void fuzzerInitialize() {
        INSTANCE.seeds().forEach(INSTANCE::run);
    }

    /** For Jazzer. */
    public static void fuzzerTestOneInput(byte[] input) {
        INSTANCE.run(input);
    }

    @Override
    public String name() {
        return "safetensors";
    }

    @Override
    public void run(byte[] input) {
        SafetensorsHeader header;
        try {
            header = SafetensorsHeader.parse(MemorySnapshot.reader(input), "model.safetensors");
        } catch (AmalgamException refusal) {
            Refusals.check(refusal, ErrorCode.CHECKPOINT_INVALID, ErrorCode.DTYPE_UNSUPPORTED);
            return;
        } catch (IOException failure) {
            throw new AssertionError("it read what is not there", failure);
        }
        long position = header.dataStart();
        Set<String> names = new HashSet<>();
        for (StoredTensor tensor : header.tensors()) {
            Refusals.promise(names.add(tensor.name()), "no name twice");
            Refusals.promise(tensor.position() == position, "no gap and no overlap");
            long elements = 1;
            for (long dimension : tensor.shape()) {
                elements = Math.multiplyExact(elements, dimension);
            }
            Refusals.promise(tensor.bytes() == elements * tensor.dtype().bytes(), "bytes are shape times type");
            position += tensor.bytes();
        }
        Refusals.promise(position == input.length, "the data end where the file ends");
    }

    @Override
    public List<byte[]> seeds() {
        return List.of(
                file("{}", 0),
                file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}", 24),
                file("{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[0,2]},"
                        + "\"b.weight\":{\"dtype\":\"I64\",\"shape\":[1,0,7],\"data_offsets\":[2,2]},"
                        + "\"c\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[2,7]}}   ", 7),
                file("{\"\\u00e9\\ud83d\\ude00\":{\"shape\":[1],\"data_offsets\":[0,2],\"dtype\":\"F16\"}}", 2),
                file("{\"q\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4));
    }

    /** A file of a header and so many zeros. */
    static byte[] file(String header, int data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Long.BYTES + json.length + data).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length).put(json).array();
    }
}
