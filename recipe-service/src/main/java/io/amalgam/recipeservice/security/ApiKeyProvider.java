package io.amalgam.recipeservice.security;

import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.identity.AuthenticationRequestContext;
import io.quarkus.security.identity.IdentityProvider;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.runtime.QuarkusPrincipal;
import io.quarkus.security.runtime.QuarkusSecurityIdentity;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.security.MessageDigest;
import java.util.Set;

/** Says whose a key is: one of the database's, or the administrator's in the operator's file. */
@ApplicationScoped
public class ApiKeyProvider implements IdentityProvider<ApiKeyRequest> {

    private final ApiKeys keys;
    private final AccessSettings settings;

    /** Takes what is asked. */
    public ApiKeyProvider(ApiKeys keys, AccessSettings settings) {
        this.keys = keys;
        this.settings = settings;
    }

    @Override
    public Class<ApiKeyRequest> getRequestType() {
        return ApiKeyRequest.class;
    }

    @Override
    public Uni<SecurityIdentity> authenticate(ApiKeyRequest request, AuthenticationRequestContext context) {
        if (isAdministrators(request.token())) {
            return Uni.createFrom().item(identity("administrator", settings.openTenant(), Set.of(Roles.ADMINISTER)));
        }
        return context.runBlocking(() -> keys.authenticate(request.token())
                .map(key -> identity("key:" + key.name(), key.tenant(), Set.copyOf(key.roles())))
                .orElseThrow(() -> new AuthenticationFailedException("the key is unknown, expired or revoked")));
    }

    /** Whether a text is the key in the operator's file. */
    boolean isAdministrators(String token) {
        byte[] expected = settings.administratorDigest();
        return expected != null && MessageDigest.isEqual(expected, ApiKey.digest(token));
    }

    /** An identity with its roles and all that they include. */
    static SecurityIdentity identity(String name, String tenant, Set<String> roles) {
        return QuarkusSecurityIdentity.builder()
                .setPrincipal(new QuarkusPrincipal(name))
                .addRoles(Roles.withIncluded(roles))
                .addAttribute(Callers.TENANT, tenant)
                .build();
    }
}
