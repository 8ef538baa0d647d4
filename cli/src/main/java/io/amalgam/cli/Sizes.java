package io.amalgam.cli;

import java.util.Locale;

/** Sizes as people write and read them. */
final class Sizes {

    private Sizes() {
    }

    /**
     * Reads a size as MergeKit does: a whole number of bytes, or with the suffix k, m or b of 10³, 10⁶ or 10⁹.
     *
     * @throws IllegalArgumentException if it is something else
     */
    static long parse(String text) {
        String number = text.strip().toLowerCase(Locale.ROOT);
        long factor = 1;
        if (!number.isEmpty()) {
            factor = switch (number.charAt(number.length() - 1)) {
                case 'k' -> 1_000L;
                case 'm' -> 1_000_000L;
                case 'b', 'g' -> 1_000_000_000L;
                default -> 1;
            };
        }
        if (factor != 1) {
            number = number.substring(0, number.length() - 1);
        }
        try {
            return Math.multiplyExact(Long.parseLong(number), factor);
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is not a size; write a whole number of bytes, or 500M, 5B (5000000000 bytes)", e);
        }
    }

    /** A number of bytes in words. */
    static String inWords(long bytes) {
        String[] units = {"kB", "MB", "GB", "TB", "PB"};
        if (bytes < 1_000) {
            return bytes + " bytes";
        }
        double value = bytes;
        int unit = -1;
        while (value >= 999.95 && unit < units.length - 1) {
            value /= 1_000;
            unit++;
        }
        return String.format(Locale.ROOT, value < 10 ? "%.2f %s" : "%.1f %s", value, units[unit]);
    }
}
