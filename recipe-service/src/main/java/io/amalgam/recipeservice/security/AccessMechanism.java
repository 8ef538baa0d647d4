package io.amalgam.recipeservice.security;

import io.quarkus.security.identity.IdentityProviderManager;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.identity.request.AuthenticationRequest;
import io.quarkus.vertx.http.runtime.security.ChallengeData;
import io.quarkus.vertx.http.runtime.security.HttpAuthenticationMechanism;
import io.quarkus.vertx.http.runtime.security.HttpSecurityUtils;
import io.smallrye.mutiny.Uni;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import java.util.Set;

/**
 * Reads keys, and lets requests without any token in where the operator has opened the service. Whatever looks like no
 * key of ours is left to the reader of JWTs, which is asked next.
 */
@ApplicationScoped
public class AccessMechanism implements HttpAuthenticationMechanism {

    /** The cookie in which a browser keeps its token after signing in. */
    static final String COOKIE = "amalgam_token";

    private static final String SCHEME = "Bearer ";
    private static final int UNAUTHORIZED = 401;

    private final AccessSettings settings;
    private final ApiKeyProvider keys;

    /** Takes how callers are told apart. */
    public AccessMechanism(AccessSettings settings, ApiKeyProvider keys) {
        this.settings = settings;
        this.keys = keys;
    }

    @Override
    public int getPriority() {
        return HttpAuthenticationMechanism.DEFAULT_PRIORITY + 1;
    }

    @Override
    public Uni<SecurityIdentity> authenticate(RoutingContext context, IdentityProviderManager manager) {
        Optional<String> token = token(context);
        if (token.isEmpty()) {
            // A header of another scheme is no reason to treat its sender as the operator.
            return settings.open() && !context.request().headers().contains(HttpHeaders.AUTHORIZATION)
                    ? Uni.createFrom().item(ApiKeyProvider.identity(
                            "anonymous", settings.openTenant(), Set.of(Roles.ADMINISTER)))
                    : Uni.createFrom().nullItem();
        }
        if (!token.get().startsWith(ApiKey.PREFIX) && !keys.isAdministrators(token.get())) {
            return Uni.createFrom().nullItem();
        }
        return manager.authenticate(
                HttpSecurityUtils.setRoutingContextAttribute(new ApiKeyRequest(token.get()), context));
    }

    @Override
    public Uni<ChallengeData> getChallenge(RoutingContext context) {
        return Uni.createFrom().item(new ChallengeData(UNAUTHORIZED, "WWW-Authenticate", "Bearer"));
    }

    @Override
    public Set<Class<? extends AuthenticationRequest>> getCredentialTypes() {
        return Set.of(ApiKeyRequest.class);
    }

    /** Returns the token in a request: its header's, or else the cookie's. */
    static Optional<String> token(RoutingContext context) {
        String header = context.request().getHeader(HttpHeaders.AUTHORIZATION);
        if (header != null) {
            return header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                    ? Optional.of(header.substring(SCHEME.length()).strip()) : Optional.empty();
        }
        Cookie cookie = context.request().getCookie(COOKIE);
        return cookie == null || cookie.getValue().isBlank() ? Optional.empty() : Optional.of(cookie.getValue());
    }
}
