package io.amalgam.evaluation.inference.jinja;

import static io.amalgam.evaluation.inference.jinja.PythonValues.UNDEFINED;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Jinja's filters and tests, as far as chat templates use them. */
final class Filters {
    private Filters() {
    }

    /** {@code value | name(arguments)}. */
    static Object apply(String name, Object value, List<Object> arguments, Map<String, Object> named) {
        return switch (name) {
            case "trim" -> PythonMethods.strip(PythonValues.text(value), arguments, true, true);
            case "upper" -> PythonValues.text(value).toUpperCase(Locale.ROOT);
            case "lower" -> PythonValues.text(value).toLowerCase(Locale.ROOT);
            case "capitalize" -> PythonMethods.capitalize(PythonValues.text(value));
            case "title" -> PythonMethods.title(PythonValues.text(value));
            case "length", "count" -> PythonValues.length(value);
            case "string", "safe", "escape", "e" -> PythonValues.text(value);
            case "list" -> new ArrayList<>(PythonValues.items(value));
            case "tojson" -> tojson(value, named.containsKey("indent") ? named.get("indent")
                    : arguments.isEmpty() ? null : arguments.getFirst());
            case "default", "d" -> value == UNDEFINED || arguments.size() > 1 && PythonValues.truth(arguments.get(1))
                    && !PythonValues.truth(value) ? arguments.isEmpty() ? "" : arguments.getFirst() : value;
            case "join" -> PythonMethods.join(arguments.isEmpty() ? "" : PythonValues.text(arguments.getFirst()),
                    named.containsKey("attribute") ? attributes(value, named.get("attribute")) : PythonValues.items(value));
            case "first" -> PythonValues.items(value).isEmpty() ? UNDEFINED : PythonValues.items(value).getFirst();
            case "last" -> PythonValues.items(value).isEmpty() ? UNDEFINED : PythonValues.items(value).getLast();
            case "reverse" -> reverse(value);
            case "unique" -> unique(PythonValues.items(value));
            case "replace" -> PythonMethods.replace(PythonValues.text(value), PythonMethods.string(arguments, 0),
                    PythonMethods.string(arguments, 1), arguments.size() > 2 ? PythonValues.integer(arguments.get(2)) : -1);
            case "int" -> integer(value, arguments);
            case "float" -> value instanceof String text ? Double.parseDouble(text) : PythonValues.number(value);
            case "abs" -> value instanceof Long number ? (Object) Math.abs(number) : (Object) Math.abs(PythonValues.number(value));
            case "items" -> value instanceof Map<?, ?> map ? PythonMethods.entries(map) : List.of();
            case "dictsort" -> dictsort(value);
            case "map" -> map(value, arguments, named);
            case "select", "reject" -> select(value, null, arguments, name.equals("select"));
            case "selectattr", "rejectattr" -> select(value, PythonMethods.string(arguments, 0),
                    arguments.subList(1, arguments.size()), name.equals("selectattr"));
            case "indent" -> indent(PythonValues.text(value), arguments, named);
            default -> throw new JinjaException("the filter '" + name + "' is not supported here");
        };
    }

    private static Object tojson(Object value, Object indent) {
        StringBuilder json = new StringBuilder();
        PythonValues.json(value, indent == null ? 0 : PythonValues.integer(indent), 0, json);
        return json.toString();
    }

    private static Object reverse(Object value) {
        if (value instanceof String text) {
            return new StringBuilder(text).reverse().toString();
        }
        List<Object> reversed = new ArrayList<>(PythonValues.items(value));
        Collections.reverse(reversed);
        return reversed;
    }

    private static List<Object> unique(List<?> items) {
        List<Object> unique = new ArrayList<>();
        for (Object item : items) {
            if (unique.stream().noneMatch(known -> PythonValues.equal(known, item))) {
                unique.add(item);
            }
        }
        return unique;
    }

    private static Object integer(Object value, List<Object> arguments) {
        if (value instanceof String text) {
            try {
                return Long.parseLong(text.strip());
            } catch (NumberFormatException e) {
                return arguments.isEmpty() ? (Object) 0L : arguments.getFirst();
            }
        }
        return value instanceof Long ? value : (Object) (long) PythonValues.number(value);
    }

    private static List<Object> dictsort(Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            throw new JinjaException("dictsort needs a mapping");
        }
        List<Object> entries = PythonMethods.entries(map);
        entries.sort((a, b) -> PythonValues.compare(
                PythonValues.text(((List<?>) a).getFirst()).toLowerCase(Locale.ROOT),
                PythonValues.text(((List<?>) b).getFirst()).toLowerCase(Locale.ROOT)));
        return entries;
    }

    private static List<Object> attributes(Object value, Object attribute) {
        List<Object> values = new ArrayList<>();
        for (Object item : PythonValues.items(value)) {
            values.add(attribute(item, PythonValues.text(attribute)));
        }
        return values;
    }

    private static Object attribute(Object item, String name) {
        Object value = item;
        for (String part : name.split("\\.")) {
            value = value instanceof Map<?, ?> map && map.containsKey(part) ? map.get(part) : UNDEFINED;
        }
        return value;
    }

    private static List<Object> map(Object value, List<Object> arguments, Map<String, Object> named) {
        if (named.containsKey("attribute")) {
            return attributes(value, named.get("attribute"));
        }
        List<Object> mapped = new ArrayList<>();
        for (Object item : PythonValues.items(value)) {
            mapped.add(apply(PythonMethods.string(arguments, 0), item, arguments.subList(1, arguments.size()), named));
        }
        return mapped;
    }

    private static List<Object> select(Object value, String attribute, List<Object> test, boolean wanted) {
        List<Object> selected = new ArrayList<>();
        for (Object item : PythonValues.items(value)) {
            Object subject = attribute == null ? item : attribute(item, attribute);
            boolean holds = test.isEmpty() ? PythonValues.truth(subject)
                    : test(PythonMethods.string(test, 0), subject, test.subList(1, test.size()));
            if (holds == wanted) {
                selected.add(item);
            }
        }
        return selected;
    }

    private static String blanks(int count) {
        Budget.text(Math.max(0, count));
        return " ".repeat(Math.max(0, count));
    }

    private static String indent(String text, List<Object> arguments, Map<String, Object> named) {
        Object width = named.getOrDefault("width", arguments.isEmpty() ? (Object) 4L : arguments.getFirst());
        String margin = width instanceof String given ? given : blanks(PythonValues.integer(width));
        boolean first = PythonValues.truth(named.getOrDefault("first", arguments.size() > 1 ? arguments.get(1) : false));
        StringBuilder indented = new StringBuilder();
        String[] lines = text.split("\n", -1);
        Budget.text(text.length() + (long) margin.length() * lines.length);
        for (int i = 0; i < lines.length; i++) {
            indented.append(i == 0 ? "" : "\n").append((i > 0 || first) && !(lines[i].isEmpty() && i > 0) ? margin : "")
                    .append(lines[i]);
        }
        return indented.toString();
    }

    /** {@code value is name(arguments)}. */
    static boolean test(String name, Object value, List<Object> arguments) {
        return switch (name) {
            case "defined" -> value != UNDEFINED;
            case "undefined" -> value == UNDEFINED;
            case "none" -> value == null;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "boolean" -> value instanceof Boolean;
            case "string" -> value instanceof String;
            case "number" -> value instanceof Number || value instanceof Boolean;
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "mapping" -> value instanceof Map;
            case "iterable", "sequence" -> value instanceof String || value instanceof List || value instanceof Map;
            case "callable" -> value instanceof PythonValues.Function;
            case "odd" -> PythonValues.integer(value) % 2 != 0;
            case "even" -> PythonValues.integer(value) % 2 == 0;
            case "divisibleby" -> PythonValues.integer(value) % PythonValues.integer(arguments.getFirst()) == 0;
            case "eq", "equalto", "sameas" -> PythonValues.equal(value, arguments.getFirst());
            case "ne" -> !PythonValues.equal(value, arguments.getFirst());
            case "lt", "lessthan" -> PythonValues.compare(value, arguments.getFirst()) < 0;
            case "le" -> PythonValues.compare(value, arguments.getFirst()) <= 0;
            case "gt", "greaterthan" -> PythonValues.compare(value, arguments.getFirst()) > 0;
            case "ge" -> PythonValues.compare(value, arguments.getFirst()) >= 0;
            case "in" -> PythonValues.contains(arguments.getFirst(), value);
            case "upper" -> value instanceof String text && text.equals(text.toUpperCase(Locale.ROOT));
            case "lower" -> value instanceof String text && text.equals(text.toLowerCase(Locale.ROOT));
            default -> throw new JinjaException("the test '" + name + "' is not supported here");
        };
    }
}
