package io.amalgam.recipeservice.security;

import io.quarkus.security.identity.SecurityIdentity;
import jakarta.enterprise.context.RequestScoped;
import org.eclipse.microprofile.jwt.JsonWebToken;

/** Who sent the request at hand. */
@RequestScoped
public class Callers {

    /** The attribute of an identity that names its tenant. */
    static final String TENANT = "io.amalgam.tenant";

    private final SecurityIdentity identity;
    private final AccessSettings settings;

    /** Takes the identity that authentication found. */
    public Callers(SecurityIdentity identity, AccessSettings settings) {
        this.identity = identity;
        this.settings = settings;
    }

    /**
     * Returns the caller.
     *
     * @throws io.amalgam.engine.error.AmalgamException with {@code FORBIDDEN} if its token names no tenant
     */
    public Caller current() {
        return of(identity, settings.tenantClaim());
    }

    /** Whether the caller has a role, or one that includes it: for pages, which offer no button that is then refused. */
    public boolean may(String role) {
        return identity.hasRole(role);
    }

    /** Returns the caller that an identity stands for. */
    static Caller of(SecurityIdentity identity, String tenantClaim) {
        String tenant = identity.getAttribute(TENANT);
        if (tenant == null && identity.getPrincipal() instanceof JsonWebToken token) {
            Object claim = token.getClaim(tenantClaim);
            tenant = claim == null ? null : claim.toString();
        }
        return new Caller(identity.getPrincipal().getName(), tenant, identity.hasRole(Roles.ADMINISTER));
    }
}
