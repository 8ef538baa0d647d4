package io.amalgam.recipeservice.security;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The roles of callers, for {@code @RolesAllowed}. Each one includes those before it. */
public final class Roles {

    /** May see what belongs to its tenant. */
    public static final String READ = "read";
    /** May order and cancel merges of its tenant, too. */
    public static final String SUBMIT = "submit";
    /** May do everything, for every tenant: keys, quotas, audit. */
    public static final String ADMINISTER = "administer";

    private static final List<String> ASCENDING = List.of(READ, SUBMIT, ADMINISTER);

    private Roles() {
    }

    /** Whether there is a role of this name. */
    static boolean isKnown(String role) {
        return ASCENDING.contains(role);
    }

    /** Returns the names of all roles, the least first. */
    static List<String> all() {
        return ASCENDING;
    }

    /** Returns the known ones of these roles and all that they include; names of other systems' roles are dropped. */
    static Set<String> withIncluded(Set<String> roles) {
        Set<String> all = new TreeSet<>();
        for (String role : roles) {
            all.addAll(ASCENDING.subList(0, ASCENDING.indexOf(role) + 1));
        }
        return all;
    }
}
