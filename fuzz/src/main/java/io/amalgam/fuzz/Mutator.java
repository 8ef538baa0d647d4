package io.amalgam.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Changes inputs a little, by a seed: what a fuzzer does, without its knowledge of the code, so that the same inputs come
 * on every machine.
 */
final class Mutator {

    private static final byte[][] WORDS = {
        bytes("\"\""), bytes("null"), bytes("-1"), bytes("0"), bytes("1e999"), bytes("9223372036854775807"),
        bytes("18446744073709551616"), bytes("{}"), bytes("[]"), bytes("{{"), bytes("}}"), bytes("{%"), bytes("%}"),
        bytes("../"), bytes("\u0000"), bytes("&a"), bytes("*a"), bytes("<<:"), bytes("- "), bytes("\\u0000"),
        bytes("\\ud800"), {(byte) 0xff}, {(byte) 0xc0, (byte) 0x80}, bytes(" "), bytes("\n"), bytes("\t"), bytes(","),
        bytes(":"), bytes("\""), bytes("'"), bytes("!!"), bytes("[[[[[[[[")
    };
    private static final int LONGEST = 16 << 10;

    private final SplittableRandom random;

    Mutator(long seed) {
        random = new SplittableRandom(seed);
    }

    /** One of the inputs with some changes. */
    byte[] next(List<byte[]> inputs) {
        byte[] input = inputs.get(random.nextInt(inputs.size()));
        int changes = 1 + random.nextInt(4);
        for (int change = 0; change < changes; change++) {
            input = changed(input, inputs);
        }
        return input.length > LONGEST ? Arrays.copyOf(input, LONGEST) : input;
    }

    private byte[] changed(byte[] input, List<byte[]> inputs) {
        int at = random.nextInt(input.length + 1);
        int end = at + (input.length == at ? 0 : random.nextInt(Math.min(32, input.length - at) + 1));
        return switch (random.nextInt(7)) {
            case 0 -> {
                byte[] flipped = input.clone();
                if (at < flipped.length) {
                    flipped[at] ^= (byte) (1 << random.nextInt(8));
                }
                yield flipped;
            }
            case 1 -> spliced(input, at, end, new byte[0]);
            case 2 -> spliced(input, at, at, WORDS[random.nextInt(WORDS.length)]);
            case 3 -> spliced(input, at, end, WORDS[random.nextInt(WORDS.length)]);
            case 4 -> spliced(input, at, at, Arrays.copyOfRange(input, at, end));
            case 5 -> {
                byte[] other = inputs.get(random.nextInt(inputs.size()));
                int from = random.nextInt(other.length + 1);
                yield spliced(input, at, end, Arrays.copyOfRange(other, from, other.length));
            }
            default -> {
                byte[] set = input.clone();
                if (at < set.length) {
                    set[at] = (byte) random.nextInt(256);
                }
                yield set;
            }
        };
    }

    private static byte[] spliced(byte[] input, int from, int to, byte[] between) {
        byte[] result = new byte[input.length - (to - from) + between.length];
        System.arraycopy(input, 0, result, 0, from);
        System.arraycopy(between, 0, result, from, between.length);
        System.arraycopy(input, to, result, from + between.length, input.length - to);
        return result;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
