package io.amalgam.engine.recipe;

import java.math.BigInteger;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Types of plain scalars by the rules of YAML 1.1 as PyYAML applies them, since recipes were written for it. Its
 * oddities are part of the language: {@code 1e-4} has no dot and is a string, {@code 1.0e4} has no sign in its exponent
 * and is a string, {@code 010} is eight, {@code 1:30} is ninety, {@code on} is true.
 */
final class Yaml11 {

    private static final Pattern INTEGER = Pattern.compile("[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)"
            + "|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+");
    private static final Pattern FLOAT = Pattern.compile("[-+]?(?:[0-9][0-9_]*)\\.[0-9_]*(?:[eE][-+][0-9]+)?"
            + "|\\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*"
            + "|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)");
    private static final Set<String> TRUE = Set.of("yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON");
    private static final Set<String> FALSE = Set.of("no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF");
    private static final Set<String> NULL = Set.of("", "~", "null", "Null", "NULL");

    private Yaml11() {
    }

    /** The value of a plain scalar: Boolean, Long, Double, String, or null. */
    static Object resolve(String text) {
        if (NULL.contains(text)) {
            return null;
        }
        if (TRUE.contains(text)) {
            return true;
        }
        if (FALSE.contains(text)) {
            return false;
        }
        if (INTEGER.matcher(text).matches()) {
            return integer(text);
        }
        if (FLOAT.matcher(text).matches()) {
            return floating(text);
        }
        return text;
    }

    private static Object integer(String written) {
        String text = written.replace("_", "");
        boolean negative = text.startsWith("-");
        if (negative || text.startsWith("+")) {
            text = text.substring(1);
        }
        BigInteger value;
        if (text.equals("0")) {
            value = BigInteger.ZERO;
        } else if (text.startsWith("0b")) {
            value = digits(text.substring(2), 2);
        } else if (text.startsWith("0x")) {
            value = digits(text.substring(2), 16);
        } else if (text.startsWith("0")) {
            value = digits(text, 8);
        } else if (text.indexOf(':') >= 0) {
            value = BigInteger.ZERO;
            for (String part : text.split(":")) {
                value = value.multiply(BigInteger.valueOf(60)).add(new BigInteger(part));
            }
        } else {
            value = new BigInteger(text);
        }
        if (negative) {
            value = value.negate();
        }
        // A number beyond 64 bits is of no use as a count, but may still be meant as a real number.
        return value.bitLength() < 64 ? (Object) value.longValue() : (Object) value.doubleValue();
    }

    private static BigInteger digits(String digits, int radix) {
        return digits.isEmpty() ? BigInteger.ZERO : new BigInteger(digits, radix);
    }

    private static Double floating(String written) {
        String text = written.replace("_", "").toLowerCase(Locale.ROOT);
        double sign = text.startsWith("-") ? -1 : 1;
        if (text.startsWith("-") || text.startsWith("+")) {
            text = text.substring(1);
        }
        if (text.equals(".inf")) {
            return sign * Double.POSITIVE_INFINITY;
        }
        if (text.equals(".nan")) {
            return Double.NaN;
        }
        if (text.indexOf(':') >= 0) {
            double value = 0;
            for (String part : text.split(":")) {
                value = value * 60 + Double.parseDouble(part);
            }
            return sign * value;
        }
        return sign * Double.parseDouble(text);
    }
}
