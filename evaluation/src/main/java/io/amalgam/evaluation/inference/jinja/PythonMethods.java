package io.amalgam.evaluation.inference.jinja;

import io.amalgam.evaluation.data.PythonText;
import io.amalgam.evaluation.inference.jinja.PythonValues.Function;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Methods of strings, lists and mappings; those that would change a list or mapping are not there. */
final class PythonMethods {
    private PythonMethods() {
    }

    /** The bound method of that name, or null. */
    static Function find(Object object, String name) {
        return switch (object) {
            case String text -> ofText(text, name);
            case Map<?, ?> map -> ofMap(map, name);
            case List<?> list -> ofList(list, name);
            case null, default -> null;
        };
    }

    private static Function ofText(String text, String name) {
        return switch (name) {
            case "strip" -> (arguments, named) -> strip(text, arguments, true, true);
            case "lstrip" -> (arguments, named) -> strip(text, arguments, true, false);
            case "rstrip" -> (arguments, named) -> strip(text, arguments, false, true);
            case "upper" -> (arguments, named) -> text.toUpperCase(Locale.ROOT);
            case "lower" -> (arguments, named) -> text.toLowerCase(Locale.ROOT);
            case "capitalize" -> (arguments, named) -> capitalize(text);
            case "title" -> (arguments, named) -> title(text);
            case "startswith" -> (arguments, named) -> alternatives(arguments).stream().anyMatch(text::startsWith);
            case "endswith" -> (arguments, named) -> alternatives(arguments).stream().anyMatch(text::endsWith);
            case "find" -> (arguments, named) -> index(text, text.indexOf(string(arguments, 0)));
            case "rfind" -> (arguments, named) -> index(text, text.lastIndexOf(string(arguments, 0)));
            case "count" -> (arguments, named) -> count(text, string(arguments, 0));
            case "replace" -> (arguments, named) -> replace(text, string(arguments, 0), string(arguments, 1),
                    arguments.size() > 2 ? PythonValues.integer(arguments.get(2)) : -1);
            case "split" -> (arguments, named) -> split(text, arguments, named, false);
            case "rsplit" -> (arguments, named) -> split(text, arguments, named, true);
            case "splitlines" -> (arguments, named) -> {
                Budget.list(count(text, "\n"));
                return text.isEmpty() ? List.of() : List.of(text.split("\n"));
            };
            case "join" -> (arguments, named) -> join(text, PythonValues.items(arguments.getFirst()));
            case "isdigit" -> (arguments, named) -> !text.isEmpty() && text.chars().allMatch(Character::isDigit);
            case "isspace" -> (arguments, named) ->
                    !text.isEmpty() && text.chars().allMatch(c -> PythonText.isSpace(c));
            case "removeprefix" -> (arguments, named) -> text.startsWith(string(arguments, 0))
                    ? text.substring(string(arguments, 0).length()) : text;
            case "removesuffix" -> (arguments, named) -> text.endsWith(string(arguments, 0))
                    ? text.substring(0, text.length() - string(arguments, 0).length()) : text;
            default -> null;
        };
    }

    private static Function ofMap(Map<?, ?> map, String name) {
        return switch (name) {
            case "get" -> (arguments, named) -> map.containsKey(PythonValues.key(arguments.getFirst())) ? map.get(arguments.getFirst())
                    : arguments.size() > 1 ? arguments.get(1) : null;
            case "keys" -> (arguments, named) -> new ArrayList<>(map.keySet());
            case "values" -> (arguments, named) -> new ArrayList<>(map.values());
            case "items" -> (arguments, named) -> entries(map);
            default -> null;
        };
    }

    private static Function ofList(List<?> list, String name) {
        return switch (name) {
            case "count" -> (arguments, named) ->
                    list.stream().filter(item -> PythonValues.equal(item, arguments.getFirst())).count();
            case "index" -> (arguments, named) -> {
                for (int i = 0; i < list.size(); i++) {
                    if (PythonValues.equal(list.get(i), arguments.getFirst())) {
                        return (long) i;
                    }
                }
                throw new JinjaException(PythonValues.repr(arguments.getFirst()) + " is not in the list");
            };
            default -> null;
        };
    }

    /** Keys with their values. */
    static List<Object> entries(Map<?, ?> map) {
        List<Object> entries = new ArrayList<>();
        map.forEach((key, value) -> {
            List<Object> pair = new ArrayList<>();
            pair.add(key);
            pair.add(value);
            entries.add(pair);
        });
        return entries;
    }

    /** First letter upper case, the rest lower. */
    static String capitalize(String text) {
        return text.isEmpty() ? text
                : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1).toLowerCase(Locale.ROOT);
    }

    /** Every word capitalised. */
    static String title(String text) {
        StringBuilder title = new StringBuilder();
        boolean inWord = false;
        for (char c : text.toCharArray()) {
            title.append(inWord ? Character.toLowerCase(c) : Character.toUpperCase(c));
            inWord = Character.isLetter(c);
        }
        return title.toString();
    }

    /** {@code separator.join(items)}. */
    static String join(String separator, List<?> items) {
        StringBuilder joined = new StringBuilder();
        for (int i = 0; i < items.size(); i++) {
            String item = PythonValues.text(items.get(i));
            Budget.text((long) joined.length() + separator.length() + item.length());
            joined.append(i == 0 ? "" : separator).append(item);
        }
        return joined.toString();
    }

    /** Strips whitespace, or the characters that the first argument lists. */
    static String strip(String text, List<Object> arguments, boolean left, boolean right) {
        String characters = arguments.isEmpty() || arguments.getFirst() == null ? null : string(arguments, 0);
        int from = 0;
        int to = text.length();
        while (left && from < to && strips(text.charAt(from), characters)) {
            from++;
        }
        while (right && to > from && strips(text.charAt(to - 1), characters)) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean strips(char c, String characters) {
        return characters == null ? PythonText.isSpace(c) : characters.indexOf(c) >= 0;
    }

    /** Replaces occurrences, at most {@code limit} of them where that is not negative. */
    static String replace(String text, String old, String replacement, int limit) {
        Budget.text(text.length() + Math.max(0L, replacement.length() - old.length())
                * (old.isEmpty() ? text.length() + 1L : count(text, old)));
        if (limit < 0) {
            return text.replace(old, replacement);
        }
        StringBuilder result = new StringBuilder();
        int from = 0;
        for (int i = 0; i < limit; i++) {
            int at = text.indexOf(old, from);
            if (at < 0 || old.isEmpty()) {
                break;
            }
            result.append(text, from, at).append(replacement);
            from = at + old.length();
        }
        return result.append(text.substring(from)).toString();
    }

    private static List<Object> split(String text, List<Object> arguments, Map<String, Object> named, boolean fromRight) {
        Object most = arguments.size() > 1 ? arguments.get(1) : named.get("maxsplit");
        int limit = most == null ? Integer.MAX_VALUE : PythonValues.integer(most);
        limit = limit < 0 ? Integer.MAX_VALUE : limit;
        List<Object> parts = new ArrayList<>();
        if (arguments.isEmpty() || arguments.getFirst() == null) {
            int from = wordFrom(text, 0);
            while (from < text.length()) {
                int end = from;
                while (end < text.length() && !PythonText.isSpace(text.charAt(end))) {
                    end++;
                }
                if (parts.size() == limit) {
                    end = text.length();
                }
                parts.add(text.substring(from, end));
                Budget.list(parts.size() % 1024 == 0 ? 1024 : 0);
                from = wordFrom(text, end);
            }
            return parts;
        }
        String separator = string(arguments, 0);
        Budget.list(Math.min(limit, count(text, separator)));
        if (separator.isEmpty()) {
            throw new JinjaException("the separator of split is empty");
        }
        if (!fromRight) {
            int from = 0;
            for (int at = text.indexOf(separator); at >= 0 && parts.size() < limit; at = text.indexOf(separator, from)) {
                parts.add(text.substring(from, at));
                from = at + separator.length();
            }
            parts.add(text.substring(from));
            return parts;
        }
        int to = text.length();
        for (int at = text.lastIndexOf(separator); at >= 0 && parts.size() < limit;
                at = text.lastIndexOf(separator, to - separator.length())) {
            parts.add(text.substring(at + separator.length(), to));
            to = at;
            if (to < separator.length()) {
                break;
            }
        }
        parts.add(text.substring(0, to));
        Collections.reverse(parts);
        return parts;
    }

    /** Where the next word begins, or the text's length. */
    private static int wordFrom(String text, int position) {
        int from = position;
        while (from < text.length() && PythonText.isSpace(text.charAt(from))) {
            from++;
        }
        return from;
    }

    private static long count(String text, String part) {
        long count = 0;
        for (int at = text.indexOf(part); at >= 0 && !part.isEmpty(); at = text.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    private static long index(String text, int at) {
        return at < 0 ? -1 : text.codePointCount(0, at);
    }

    private static List<String> alternatives(List<Object> arguments) {
        if (arguments.getFirst() instanceof List<?> several) {
            return several.stream().map(PythonValues::text).toList();
        }
        return List.of(string(arguments, 0));
    }

    /** The string at an index of the arguments. */
    static String string(List<Object> arguments, int index) {
        if (index < arguments.size() && arguments.get(index) instanceof String text) {
            return text;
        }
        throw new JinjaException("argument " + (index + 1) + " must be a string");
    }
}
