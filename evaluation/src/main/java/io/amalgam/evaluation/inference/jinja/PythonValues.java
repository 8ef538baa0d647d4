package io.amalgam.evaluation.inference.jinja;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Python's behaviour on the values of a template: {@code null} (None), Boolean, Long, Double, String, List, Map,
 * {@link #UNDEFINED}, {@link Namespace} and {@link Function}.
 */
final class PythonValues {

    /** What a name or key that is not there gives: prints as nothing, is false, has nothing in it. */
    static final Object UNDEFINED = new Object() {
        @Override
        public String toString() {
            return "";
        }
    };

    /** A value whose attributes a template may set; as it may contain itself, it equals nothing but itself. */
    record Namespace(Map<String, Object> attributes) {
        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** Something that can be called. */
    @FunctionalInterface
    interface Function {
        Object call(List<Object> arguments, Map<String, Object> named);
    }

    private PythonValues() {
    }

    /** {@code bool(value)}. */
    static boolean truth(Object value) {
        return switch (value) {
            case null -> false;
            case Boolean flag -> flag;
            case Long number -> number != 0;
            case Double number -> number != 0;
            case String text -> !text.isEmpty();
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            default -> value != UNDEFINED;
        };
    }

    /** The value as a key: as in Python, lists and mappings are none. */
    static Object key(Object value) {
        if (value instanceof List || value instanceof Map) {
            throw new JinjaException("a list or mapping cannot be a key");
        }
        return value;
    }

    /** {@code left == right}. */
    static boolean equal(Object left, Object right) {
        return equal(left, right, 0);
    }

    private static boolean equal(Object left, Object right, int depth) {
        Budget.depth(depth);
        Budget.spend(1);
        Object a = left instanceof Boolean flag ? (Object) (flag ? 1L : 0L) : left;
        Object b = right instanceof Boolean flag ? (Object) (flag ? 1L : 0L) : right;
        if (a instanceof Number x && b instanceof Number y) {
            return x instanceof Long && y instanceof Long ? x.longValue() == y.longValue() : x.doubleValue() == y.doubleValue();
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            if (x.size() != y.size()) {
                return false;
            }
            for (int i = 0; i < x.size(); i++) {
                if (!equal(x.get(i), y.get(i), depth + 1)) {
                    return false;
                }
            }
            return true;
        }
        if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
            return x.size() == y.size() && x.entrySet().stream().allMatch(entry ->
                    y.containsKey(entry.getKey()) && equal(entry.getValue(), y.get(entry.getKey()), depth + 1));
        }
        Budget.spendOn(a);
        return Objects.equals(a, b);
    }

    /** Order of numbers or of strings; by code points, as Python has it. */
    static int compare(Object left, Object right) {
        if (left instanceof String a && right instanceof String b) {
            Budget.spend((long) a.length() + b.length());
            int[] x = a.codePoints().toArray();
            int[] y = b.codePoints().toArray();
            return java.util.Arrays.compare(x, y);
        }
        return Double.compare(number(left), number(right));
    }

    /** The value as a number. */
    static double number(Object value) {
        return switch (value) {
            case Long number -> number;
            case Double number -> number;
            case Boolean flag -> flag ? 1 : 0;
            case null, default -> throw new JinjaException("a number is needed where the value is " + repr(value));
        };
    }

    /** The value as a whole number. */
    static int integer(Object value) {
        if (value instanceof Long number && number == (int) (long) number) {
            return number.intValue();
        }
        if (value instanceof Boolean flag) {
            return flag ? 1 : 0;
        }
        throw new JinjaException("a whole number is needed where the value is " + repr(value));
    }

    /** {@code key in container}. */
    static boolean contains(Object container, Object key) {
        return switch (container) {
            case String text when key instanceof String part -> {
                // Searching compares, at worst, the whole part at every place.
                Budget.spend(Math.ceilDiv((long) text.length() * Math.min(part.length(), 256), 16));
                yield text.contains(part);
            }
            case List<?> list -> list.stream().anyMatch(item -> equal(item, key));
            case Map<?, ?> map -> map.containsKey(key(key));
            case null, default -> {
                if (container == UNDEFINED) {
                    yield false;
                }
                throw new JinjaException("'in' needs a string, list or mapping, not " + repr(container));
            }
        };
    }

    /** What a loop over the value goes through. */
    static List<?> items(Object value) {
        return switch (value) {
            case List<?> list -> list;
            case Map<?, ?> map -> {
                Budget.list(map.size());
                yield new ArrayList<>(map.keySet());
            }
            case String text -> {
                Budget.list(text.length());
                yield text.codePoints().mapToObj(Character::toString).toList();
            }
            case null, default -> {
                if (value == UNDEFINED) {
                    yield List.of();
                }
                throw new JinjaException(repr(value) + " cannot be gone through");
            }
        };
    }

    /** {@code len(value)}. */
    static long length(Object value) {
        return switch (value) {
            case String text -> text.codePointCount(0, text.length());
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case null, default -> {
                if (value == UNDEFINED) {
                    yield 0;
                }
                throw new JinjaException(repr(value) + " has no length");
            }
        };
    }

    /** {@code value[from:to:step]}; null parts are left out. */
    static Object slice(Object value, Object from, Object to, Object step) {
        boolean text = value instanceof String;
        List<?> items = items(value);
        int by = step == null ? 1 : integer(step);
        if (by == 0) {
            throw new JinjaException("the step of a slice is 0");
        }
        int size = items.size();
        int start = bound(from, by > 0 ? 0 : size - 1, size, by);
        int end = bound(to, by > 0 ? size : -1, size, by);
        List<Object> result = new ArrayList<>();
        for (int i = start; by > 0 ? i < end : i > end; i += by) {
            result.add(items.get(i));
        }
        if (!text) {
            return result;
        }
        StringBuilder joined = new StringBuilder();
        result.forEach(joined::append);
        return joined.toString();
    }

    private static int bound(Object given, int missing, int size, int step) {
        if (given == null) {
            return missing;
        }
        int index = integer(given);
        int absolute = index < 0 ? index + size : index;
        return step > 0 ? Math.clamp(absolute, 0, size) : Math.clamp(absolute, -1, size - 1);
    }

    /** {@code str(value)}. */
    static String text(Object value) {
        return value instanceof String text ? text : value == UNDEFINED ? "" : repr(value);
    }

    /** {@code repr(value)}. */
    static String repr(Object value) {
        StringBuilder target = new StringBuilder();
        repr(value, 0, target);
        return target.toString();
    }

    private static void repr(Object value, int depth, StringBuilder target) {
        Budget.depth(depth);
        int before = target.length();
        switch (value) {
            case null -> target.append("None");
            case Boolean flag -> target.append(flag ? "True" : "False");
            case Double number -> target.append(decimal(number));
            case String text -> target.append(quoted(text));
            case List<?> list -> {
                target.append('[');
                for (Iterator<?> items = list.iterator(); items.hasNext(); ) {
                    repr(items.next(), depth + 1, target);
                    target.append(items.hasNext() ? ", " : "");
                }
                target.append(']');
            }
            case Map<?, ?> map -> {
                target.append('{');
                for (Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator(); entries.hasNext(); ) {
                    Map.Entry<?, ?> entry = entries.next();
                    repr(entry.getKey(), depth + 1, target);
                    target.append(": ");
                    repr(entry.getValue(), depth + 1, target);
                    target.append(entries.hasNext() ? ", " : "");
                }
                target.append('}');
            }
            case Namespace namespace -> {
                target.append("<Namespace ");
                repr(namespace.attributes(), depth + 1, target);
                target.append('>');
            }
            default -> target.append(
                    value == UNDEFINED ? "Undefined" : value instanceof Long ? value.toString() : "<function>");
        }
        grown(before, target);
    }

    /** Pays for what has been appended. */
    private static void grown(int before, StringBuilder target) {
        if (target.length() > Budget.TEXT_LIMIT) {
            Budget.text(target.length());
        }
        Budget.spend(1 + (long) target.length() - before);
    }

    private static String decimal(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return Double.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }
        double size = Math.abs(value);
        if (size != 0 && (size < 1e-4 || size >= 1e16)) {
            return Double.toString(value).replace(".0E", "e").replace("E", "e").replace("e-", "e-0");
        }
        String plain = new BigDecimal(Double.toString(value)).toPlainString();
        return plain.contains(".") ? plain : plain + ".0";
    }

    private static String quoted(String text) {
        Budget.text(text.length());
        char quote = text.contains("'") && !text.contains("\"") ? '"' : '\'';
        StringBuilder quoted = new StringBuilder().append(quote);
        for (char c : text.toCharArray()) {
            switch (c) {
                case '\n' -> quoted.append("\\n");
                case '\t' -> quoted.append("\\t");
                case '\r' -> quoted.append("\\r");
                case '\\' -> quoted.append("\\\\");
                default -> {
                    if (c == quote) {
                        quoted.append('\\');
                    }
                    quoted.append(c);
                }
            }
        }
        return quoted.append(quote).toString();
    }

    /** {@code json.dumps(value, ensure_ascii=False, indent=indent)}, as transformers' {@code tojson} has it. */
    static void json(Object value, int indent, int level, StringBuilder target) {
        Budget.depth(level);
        int before = target.length();
        jsonForm(value, indent, level, target);
        grown(before, target);
    }

    private static void jsonForm(Object value, int indent, int level, StringBuilder target) {
        switch (value) {
            case null -> target.append("null");
            case Boolean flag -> target.append(flag ? "true" : "false");
            case Long number -> target.append(number);
            case Double number -> target.append(decimal(number));
            case String text -> jsonString(text, target);
            case List<?> list -> {
                target.append('[');
                for (int i = 0; i < list.size(); i++) {
                    separate(i, indent, level + 1, target);
                    json(list.get(i), indent, level + 1, target);
                }
                close(list.isEmpty(), indent, level, target);
                target.append(']');
            }
            case Map<?, ?> map -> {
                target.append('{');
                int i = 0;
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    separate(i++, indent, level + 1, target);
                    jsonString(text(entry.getKey()), target);
                    target.append(": ");
                    json(entry.getValue(), indent, level + 1, target);
                }
                close(map.isEmpty(), indent, level, target);
                target.append('}');
            }
            default -> throw new JinjaException(repr(value) + " has no JSON form");
        }
    }

    private static void separate(int index, int indent, int level, StringBuilder target) {
        if (indent > 0) {
            target.append(index == 0 ? "\n" : ",\n").repeat(" ", margin(indent, level));
        } else if (index > 0) {
            target.append(", ");
        }
    }

    private static int margin(int indent, int level) {
        Budget.text((long) indent * level);
        return indent * level;
    }

    private static void close(boolean empty, int indent, int level, StringBuilder target) {
        if (indent > 0 && !empty) {
            target.append("\n").repeat(" ", margin(indent, level));
        }
    }

    private static void jsonString(String text, StringBuilder target) {
        Budget.text(text.length());
        target.append('"');
        for (char c : text.toCharArray()) {
            switch (c) {
                case '"' -> target.append("\\\"");
                case '\\' -> target.append("\\\\");
                case '\n' -> target.append("\\n");
                case '\r' -> target.append("\\r");
                case '\t' -> target.append("\\t");
                case '\b' -> target.append("\\b");
                case '\f' -> target.append("\\f");
                default -> {
                    if (c < 0x20) {
                        target.append(String.format("\\u%04x", (int) c));
                    } else {
                        target.append(c);
                    }
                }
            }
        }
        target.append('"');
    }
}
