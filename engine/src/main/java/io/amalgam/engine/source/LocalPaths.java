package io.amalgam.engine.source;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.regex.Pattern;

/**
 * Turns a path that somebody wrote into one that is certainly under a root.
 *
 * <p>Three checks, each for what the others cannot see: the text (no absolute path, no {@code ..}, no control or
 * invisible character, nothing that Unicode normalisation would turn into a separator or a dot), the resolved path, and
 * the real path after all symbolic links.
 */
public final class LocalPaths {

    /** What Windows takes for a device in every folder, whatever stands behind the dot. */
    private static final Pattern DEVICE = Pattern.compile(
            "(?:CON|PRN|AUX|NUL|CONIN\\$|CONOUT\\$|(?:COM|LPT)[0-9\u00b9\u00b2\u00b3])(?:\\..*)?", Pattern.CASE_INSENSITIVE);

    private LocalPaths() {
    }

    /**
     * Checks a relative path's text.
     *
     * @param what names the thing in messages, such as {@code Model}
     * @throws AmalgamException with {@code MODEL_REFERENCE_INVALID}
     */
    public static void checkRelative(String what, String path) {
        checkText(what, path);
        if (path.startsWith("/") || path.startsWith("\\") || path.startsWith("~") || path.matches("^[A-Za-z]:.*")) {
            throw invalid(what, path, "is an absolute path; paths here are relative to the models' root");
        }
        if (path.indexOf('\\') >= 0) {
            throw invalid(what, path, "contains a backslash; folders are separated by '/'");
        }
        for (String part : path.split("/", -1)) {
            if (part.equals("..")) {
                throw invalid(what, path, "contains '..', which could leave the models' root");
            }
            if (!part.equals(".") && (part.endsWith(".") || part.endsWith(" ")) || DEVICE.matcher(part).matches()) {
                throw invalid(what, path, "contains '" + part + "', which is another name, or a device, on some systems");
            }
        }
        String normalized = Normalizer.normalize(path, Normalizer.Form.NFKC);
        if (count(normalized, '/') != count(path, '/') || count(normalized, '\\') > 0 || count(normalized, '.') != count(path, '.')
                || path.codePoints().anyMatch(LocalPaths::looksLikeSeparator)) {
            throw invalid(what, path, "contains a character that only looks like a separator or a dot");
        }
    }

    /** Refuses an empty path and characters that no honest path has. */
    static void checkText(String what, String path) {
        if (path.isBlank()) {
            throw invalid(what, path, "is empty");
        }
        path.codePoints().forEach(c -> {
            int type = Character.getType(c);
            if (type == Character.CONTROL || type == Character.FORMAT || type == Character.SURROGATE
                    || type == Character.LINE_SEPARATOR || type == Character.PARAGRAPH_SEPARATOR) {
                throw invalid(what, path, String.format("contains the invisible character U+%04X", c));
            }
        });
    }

    /**
     * Resolves a relative path under a root and follows its symbolic links.
     *
     * @param root that must hold it
     * @return its real path, or null if there is nothing
     * @throws AmalgamException with {@code MODEL_REFERENCE_INVALID} if it leads out of the root
     */
    public static Path resolveUnder(Path root, String what, String path) throws IOException {
        checkRelative(what, path);
        Path resolved;
        try {
            resolved = root.resolve(path).normalize();
        } catch (InvalidPathException e) {
            throw invalid(what, path, "is not a path");
        }
        if (!Files.exists(resolved)) {
            return null;
        }
        Path real = resolved.toRealPath();
        if (!real.startsWith(root.toRealPath())) {
            throw invalid(what, path, "leads out of the models' root through a symbolic link");
        }
        return real;
    }

    /** Division and fraction slashes, set minus and their like, which no normalisation maps to the real ones. */
    private static boolean looksLikeSeparator(int c) {
        return c == 0x2044 || c == 0x2215 || c == 0x2216 || c == 0x29F5 || c == 0x29F8 || c == 0x29F9 || c == 0xFE68 || c == 0xFF3C;
    }

    private static long count(String text, char c) {
        return text.chars().filter(each -> each == c).count();
    }

    private static AmalgamException invalid(String what, String path, String why) {
        StringBuilder shown = new StringBuilder();
        path.codePoints().limit(200).forEach(c -> {
            int type = Character.getType(c);
            if (type == Character.CONTROL || type == Character.FORMAT || type == Character.SURROGATE) {
                shown.append(String.format("\\u%04x", c));
            } else {
                shown.appendCodePoint(c);
            }
        });
        return new AmalgamException(ErrorCode.MODEL_REFERENCE_INVALID, what + " path '" + shown + "' " + why + ".");
    }
}
