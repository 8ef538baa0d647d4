package io.amalgam.recipeservice.view;

import java.util.Locale;

/** Numbers of bytes as people read them. */
public final class ByteCount {

    private static final double THOUSAND = 1000;
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB"};

    private ByteCount() {
    }

    /** A number of bytes, in powers of 1000. */
    public static String text(long count) {
        int unit = 0;
        double value = count;
        while (value >= THOUSAND && unit < UNITS.length - 1) {
            value /= THOUSAND;
            unit++;
        }
        return unit == 0 ? count + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }
}
