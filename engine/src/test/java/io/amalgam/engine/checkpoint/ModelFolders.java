package io.amalgam.engine.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Writes small model folders for tests. */
public final class ModelFolders {

    private ModelFolders() {
    }

    /** A safetensors file of one bf16 tensor a name, of four elements. */
    public static void safetensors(Path file, String... names) throws IOException {
        safetensors(file, DType.BF16, names);
    }

    /** A safetensors file of one tensor a name, of four elements. */
    public static void safetensors(Path file, DType dtype, String... names) throws IOException {
        List<TensorHeader> tensors = Arrays.stream(names).sorted()
                .map(name -> new TensorHeader(name, dtype, new long[] {2, 2})).toList();
        byte[] header = SafetensorsWriter.header(tensors);
        Files.createDirectories(file.getParent());
        Files.write(file, Arrays.copyOf(header, header.length + names.length * 4 * dtype.bytes()));
    }

    /** A text file. */
    public static void text(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }
}
