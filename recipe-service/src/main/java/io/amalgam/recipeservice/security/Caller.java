package io.amalgam.recipeservice.security;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.util.regex.Pattern;

/**
 * On whose behalf something is done.
 *
 * @param name of the person, key or trigger, for events and the audit
 * @param tenant whose merges, artifacts and models they are
 * @param administrator whether all tenants' things are seen
 */
public record Caller(String name, String tenant, boolean administrator) {

    private static final Pattern TENANT = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

    /** The line itself, where it decides something that concerns no tenant in particular. */
    public static final Caller LINE = new Caller("amalgam", "default", true);

    /** Checks the tenant's name, which is part of paths. */
    public Caller {
        checkTenant(tenant);
    }

    /** A caller that sees only its tenant's things: what triggers and schedules act as. */
    public static Caller of(String name, String tenant) {
        return new Caller(name, tenant, false);
    }

    /**
     * Returns the tenant to which queries are narrowed, or null if they are not.
     */
    public String scope() {
        return administrator ? null : tenant;
    }

    /**
     * Checks the name of a tenant.
     *
     * @throws AmalgamException with {@code FORBIDDEN} unless it is one: nobody acts for a tenant that cannot be
     */
    static void checkTenant(String tenant) {
        if (tenant == null || !TENANT.matcher(tenant).matches()) {
            throw new AmalgamException(ErrorCode.FORBIDDEN, "the token or key names "
                    + (tenant == null ? "no tenant" : "a tenant that cannot be")
                    + "; a tenant's name has 1 to 63 small letters, digits and '-', and begins with no '-'");
        }
    }

    /** Whether a tenant may be called so. */
    static boolean isTenant(String tenant) {
        return tenant != null && TENANT.matcher(tenant).matches();
    }
}
