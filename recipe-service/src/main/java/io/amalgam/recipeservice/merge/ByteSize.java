package io.amalgam.recipeservice.merge;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as MergeKit writes them: a number and, unless it counts bytes, K, M, G or T (powers of 1000), B optional. */
public final class ByteSize {

    private static final Pattern FORMAT = Pattern.compile("([0-9]{1,18}(?:\\.[0-9]{1,6})?)\\s*([KMGT]?)B?");
    private static final long THOUSAND = 1000;

    private ByteSize() {
    }

    /**
     * Reads a size.
     *
     * @throws AmalgamException with {@code ARGUMENT_INVALID} if it is none
     */
    public static long parse(String text) {
        Matcher matcher = FORMAT.matcher(text.strip().toUpperCase(Locale.ROOT));
        if (matcher.matches()) {
            long unit = switch (matcher.group(2)) {
                case "K" -> THOUSAND;
                case "M" -> THOUSAND * THOUSAND;
                case "G" -> THOUSAND * THOUSAND * THOUSAND;
                case "T" -> THOUSAND * THOUSAND * THOUSAND * THOUSAND;
                default -> 1;
            };
            BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit));
            if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0) {
                return bytes.longValue();
            }
        }
        throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                "\"" + text + "\" is no size; expected a number with K, M, G or T behind it, such as 500MB");
    }
}
