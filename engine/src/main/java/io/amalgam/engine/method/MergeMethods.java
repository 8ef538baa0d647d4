package io.amalgam.engine.method;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All merge methods, by name. */
public final class MergeMethods {
    private static final Map<String, MergeMethod> BY_NAME = new LinkedHashMap<>();

    static {
        List.of(
                        new Linear(),
                        new Slerp(),
                        new NuSlerp(),
                        new MultiSlerp(),
                        new Karcher(),
                        new TaskArithmetic(),
                        new Ties(),
                        new DareTies(),
                        new DareLinear(),
                        new Della(),
                        new DellaLinear(),
                        new Breadcrumbs(),
                        new BreadcrumbsTies(),
                        new ModelStock(),
                        new Sce(),
                        new Ram(),
                        new RamPlusTl(),
                        new ArceeFusion(),
                        new NearSwap(),
                        new Passthrough())
                .forEach(method -> BY_NAME.put(method.name(), method));
    }

    private MergeMethods() {
    }

    /** The method of this name. */
    public static Optional<MergeMethod> find(String name) {
        return Optional.ofNullable(BY_NAME.get(name));
    }

    /** All methods, in the order of the documentation. */
    public static List<MergeMethod> all() {
        return List.copyOf(BY_NAME.values());
    }

    /** The name that is nearest to {@code name}, for messages. */
    public static String nearest(String name) {
        String plain = name.toLowerCase(java.util.Locale.ROOT).replace('-', '_');
        return BY_NAME.keySet().stream()
                .min(Comparator.comparingInt(candidate -> distance(plain, candidate)))
                .orElseThrow();
    }

    /** Levenshtein distance. */
    private static int distance(String left, String right) {
        int[] previous = new int[right.length() + 1];
        int[] current = new int[right.length() + 1];
        for (int j = 0; j <= right.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= left.length(); i++) {
            current[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                int substitution = previous[j - 1] + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(substitution, 1 + Math.min(previous[j], current[j - 1]));
            }
            int[] swap = previous;
            previous = current;
            current = swap;
        }
        return previous[right.length()];
    }
}
