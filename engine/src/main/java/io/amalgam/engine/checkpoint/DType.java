package io.amalgam.engine.checkpoint;

import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The element types of safetensors files, with the names that safetensors and torch give them. */
public enum DType {
    /** IEEE 754 binary64. */
    F64("F64", "float64", 8, true),
    /** IEEE 754 binary32. */
    F32("F32", "float32", 4, true),
    /** IEEE 754 binary16. */
    F16("F16", "float16", 2, true),
    /** The upper half of binary32. */
    BF16("BF16", "bfloat16", 2, true),
    /** Signed 64-bit integer. */
    I64("I64", "int64", 8, false),
    /** Signed 32-bit integer. */
    I32("I32", "int32", 4, false),
    /** Signed 16-bit integer. */
    I16("I16", "int16", 2, false),
    /** Signed 8-bit integer. */
    I8("I8", "int8", 1, false),
    /** Unsigned 64-bit integer. */
    U64("U64", "uint64", 8, false),
    /** Unsigned 32-bit integer. */
    U32("U32", "uint32", 4, false),
    /** Unsigned 16-bit integer. */
    U16("U16", "uint16", 2, false),
    /** Unsigned 8-bit integer. */
    U8("U8", "uint8", 1, false),
    /** One byte, zero or one. */
    BOOL("BOOL", "bool", 1, false),
    /** 8-bit float, 4 exponent bits; recognised so that it can be refused by name. */
    F8_E4M3("F8_E4M3", "float8_e4m3fn", 1, false),
    /** 8-bit float, 5 exponent bits; recognised so that it can be refused by name. */
    F8_E5M2("F8_E5M2", "float8_e5m2", 1, false);

    private static final Map<String, DType> BY_SAFETENSORS_NAME =
            Stream.of(values()).collect(Collectors.toUnmodifiableMap(DType::safetensorsName, Function.identity()));
    private static final Map<String, DType> BY_TORCH_NAME =
            Stream.of(values()).collect(Collectors.toUnmodifiableMap(DType::torchName, Function.identity()));

    private final String safetensorsName;
    private final String torchName;
    private final int bytes;
    private final boolean floating;

    DType(String safetensorsName, String torchName, int bytes, boolean floating) {
        this.safetensorsName = safetensorsName;
        this.torchName = torchName;
        this.bytes = bytes;
        this.floating = floating;
    }

    /** The type of a safetensors name such as {@code BF16}, or null. */
    public static DType ofSafetensorsName(String name) {
        return BY_SAFETENSORS_NAME.get(name);
    }

    /** The type of a torch name such as {@code bfloat16} or {@code torch.bfloat16}, or null. */
    public static DType ofTorchName(String name) {
        String plain = name.toLowerCase(Locale.ROOT);
        return BY_TORCH_NAME.get(plain.startsWith("torch.") ? plain.substring("torch.".length()) : plain);
    }

    /** The name in a safetensors header. */
    public String safetensorsName() {
        return safetensorsName;
    }

    /** The name in torch and in {@code config.json}. */
    public String torchName() {
        return torchName;
    }

    /** Bytes an element. */
    public int bytes() {
        return bytes;
    }

    /** Whether merge arithmetic is defined on it. */
    public boolean floating() {
        return floating;
    }
}
