package io.amalgam.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.FileRangeReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A header is read exactly as the safetensors library reads it, or refused. */
class SafetensorsHeaderTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final String F32_2 = "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]";

    private static byte[] file(long headerLength, byte[] header, int dataLength) {
        ByteBuffer buffer = ByteBuffer.allocate(Long.BYTES + header.length + dataLength).order(ByteOrder.LITTLE_ENDIAN);
        return buffer.putLong(headerLength).put(header).array();
    }

    private static byte[] file(String header, int dataLength) {
        byte[] bytes = header.getBytes(StandardCharsets.UTF_8);
        return file(bytes.length, bytes, dataLength);
    }

    private static SafetensorsHeader parse(byte[] file) throws IOException {
        return SafetensorsHeader.parse(new BytesReader(file), "model.safetensors");
    }

    static Stream<Path> goldenFiles() throws IOException {
        try (Stream<Path> files = Files.walk(GOLDEN)) {
            return files.filter(path -> path.toString().endsWith(".safetensors")).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("goldenFiles")
    void headersOfThePythonLibraryAreReadAndWrittenAgainToTheByte(Path path) throws IOException {
        SafetensorsHeader header;
        try (FileRangeReader reader = FileRangeReader.open(path)) {
            header = SafetensorsHeader.parse(reader, path.getFileName().toString());
        }
        byte[] expected = Arrays.copyOf(Files.readAllBytes(path), (int) header.dataStart());
        byte[] written = SafetensorsWriter.header(header.tensors().stream()
                .map(tensor -> new TensorHeader(tensor.name(), tensor.dtype(), tensor.shape()))
                .toList());
        assertEquals(Map.of("format", "pt"), header.metadata());
        assertArrayEquals(expected, written);
    }

    @Test
    void tensorsLieByTypeAndThenByName() throws IOException {
        List<TensorHeader> tensors = Stream.of(
                        new TensorHeader("z", DType.F32, new long[] {1}),
                        new TensorHeader("a", DType.BF16, new long[] {3}),
                        new TensorHeader("b", DType.F16, new long[] {1}),
                        new TensorHeader("c", DType.I64, new long[] {}),
                        new TensorHeader("d", DType.BOOL, new long[] {5}),
                        new TensorHeader("é \"quoted\"\n", DType.F32, new long[] {0, 7}))
                .sorted((x, y) -> SafetensorsWriter.compareInFile(x.dtype(), x.name(), y.dtype(), y.name()))
                .toList();
        byte[] header = SafetensorsWriter.header(tensors);
        SafetensorsHeader read = parse(Arrays.copyOf(header, header.length + 8 + 4 + 6 + 2 + 5));
        assertEquals(List.of("c", "z", "é \"quoted\"\n", "a", "b", "d"), read.tensors().stream().map(StoredTensor::name).toList());
        assertEquals(0, header.length % 8);
        assertEquals(header.length + 12, read.tensors().get(3).position());
    }

    @Test
    void tensorsOutOfOrderInTheJsonAreReadInTheOrderOfTheirOffsets() throws IOException {
        SafetensorsHeader header = parse(file(
                "{\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[8,11]},\"a\":{" + F32_2 + "}}   ", 11));
        assertEquals(List.of("a", "b"), header.tensors().stream().map(StoredTensor::name).toList());
    }

    @Test
    void anEmptyFileOfNoTensorsIsValid() throws IOException {
        assertEquals(List.of(), parse(file("{}", 0)).tensors());
    }

    static Stream<Arguments> attacks() {
        String tooManyDimensions = "[" + "1,".repeat(64) + "1]";
        return Stream.of(
                attack("an empty file", new byte[0]),
                attack("fewer bytes than the length field", new byte[7]),
                attack("a length beyond the cap", file(100_000_001L, new byte[16], 0)),
                attack("a negative length", file(-1L, new byte[16], 0)),
                attack("the largest unsigned length", file(Long.MIN_VALUE, new byte[16], 0)),
                attack("a header cut short", file(64, "{}".getBytes(StandardCharsets.UTF_8), 0)),
                attack("a header of no bytes", file(0, new byte[0], 8)),
                attack("a header that is not JSON", file("{\"a\"", 0)),
                attack("a header that is a list", file("[]", 0)),
                attack("a header that begins with a space", file(" {}", 0)),
                attack("a second document", file("{}{}", 0)),
                attack("a comment", file("{/* */}", 0)),
                attack("a trailing comma", file("{\"a\":{" + F32_2 + "},}", 8)),
                attack("bytes that are not UTF-8", file(4, new byte[] {'{', '"', (byte) 0xff, '}'}, 0)),
                attack("an overlong encoding", file(5, new byte[] {'{', '"', (byte) 0xc0, (byte) 0xaf, '}'}, 0)),
                attack("an unpaired surrogate in a name", file("{\"\\ud800\":{" + F32_2 + "}}", 8)),
                attack("a name twice", file("{\"a\":{" + F32_2 + "},\"a\":{" + F32_2 + "}}", 8)),
                attack("a name twice, once escaped", file("{\"a\":{" + F32_2 + "},\"\\u0061\":{" + F32_2 + "}}", 8)),
                attack("a field twice", file("{\"a\":{\"dtype\":\"F32\"," + F32_2 + "}}", 8)),
                attack("metadata twice", file("{\"__metadata__\":{},\"__metadata__\":{}}", 0)),
                attack("metadata that is not an object", file("{\"__metadata__\":\"pt\"}", 0)),
                attack("metadata with a number", file("{\"__metadata__\":{\"a\":1}}", 0)),
                attack("an unpaired surrogate in metadata", file("{\"__metadata__\":{\"a\":\"\\udc00\"}}", 0)),
                attack("metadata with an object", file("{\"__metadata__\":{\"a\":{}}}", 0)),
                attack("a tensor that is a number", file("{\"a\":1}", 0)),
                attack("a tensor without a type", file("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8)),
                attack("a tensor without a shape", file("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8)),
                attack("a tensor without offsets", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8)),
                attack("one offset", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8)),
                attack("three offsets", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}", 8)),
                attack("an unknown field", file("{\"a\":{" + F32_2 + ",\"x\":0}}", 8)),
                attack("a type that is a number", file("{\"a\":{\"dtype\":1,\"shape\":[2],\"data_offsets\":[0,8]}}", 8)),
                attack("a shape that is a number", file("{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", 8)),
                attack("a negative dimension", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8)),
                attack("two negative dimensions", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1,-2],\"data_offsets\":[0,8]}}", 8)),
                attack("a minus zero", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[-0],\"data_offsets\":[0,0]}}", 0)),
                attack("a fractional dimension", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", 8)),
                attack("a dimension beyond 64 bits", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551618],\"data_offsets\":[0,8]}}", 8)),
                attack("a shape whose product overflows to its length",
                        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,2],\"data_offsets\":[0,0]}}", 0)),
                attack("too many dimensions", file("{\"a\":{\"dtype\":\"F32\",\"shape\":" + tooManyDimensions + ",\"data_offsets\":[0,4]}}", 4)),
                attack("a length that is not shape × type", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8)),
                attack("an end before its begin", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8)),
                attack("an end behind the file", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", 8)),
                attack("a gap before the first tensor", file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12)),
                attack("a gap between tensors", file("{\"a\":{" + F32_2 + "},\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[9,10]}}", 10)),
                attack("tensors that overlap", file("{\"a\":{" + F32_2 + "},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12)),
                attack("two tensors at one place", file("{\"a\":{" + F32_2 + "},\"b\":{" + F32_2 + "}}", 8)),
                attack("bytes behind the last tensor", file("{\"a\":{" + F32_2 + "}}", 9)),
                attack("deep nesting", file("{\"a\":" + "[".repeat(100_000) + "}", 0)),
                attack("a type of a later format", file("{\"a\":{\"dtype\":\"F4\",\"shape\":[16],\"data_offsets\":[0,8]}}", 8), ErrorCode.DTYPE_UNSUPPORTED));
    }

    private static Arguments attack(String name, byte[] file) {
        return attack(name, file, ErrorCode.CHECKPOINT_INVALID);
    }

    private static Arguments attack(String name, byte[] file, ErrorCode code) {
        return Arguments.of(name, file, code);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("attacks")
    void isRefused(String name, byte[] file, ErrorCode code) {
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> parse(file));
        assertEquals(code, refusal.code());
        assertTrue(refusal.getMessage().contains("model.safetensors"), refusal.getMessage());
        assertTrue(refusal.getMessage().length() < 500, refusal.getMessage());
    }

    @Test
    void anAnnouncedHeaderIsNotAllocatedBeforeItIsKnownToBeThere() {
        // The reader claims a terabyte: only the check against the cap stands between it and an allocation.
        byte[] start = file(100_000_001L, new byte[64 << 10], 0);
        assertThrows(AmalgamException.class, () -> SafetensorsHeader.parse(new BytesReader(start, 1L << 40), "model.safetensors"));
    }

    @Test
    void aHeaderOfAnyLengthIsReadWhole() throws IOException {
        for (int tensors : new int[] {1, 700, 800, 900, 5000}) {
            List<TensorHeader> headers = IntStream.range(0, tensors)
                    .mapToObj(i -> new TensorHeader(String.format("tensor-%06d", i), DType.U8, new long[] {1})).toList();
            byte[] header = SafetensorsWriter.header(headers);
            assertEquals(tensors, parse(Arrays.copyOf(header, header.length + tensors)).tensors().size());
        }
    }
}
