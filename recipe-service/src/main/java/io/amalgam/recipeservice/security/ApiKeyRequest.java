package io.amalgam.recipeservice.security;

import io.quarkus.security.identity.request.BaseAuthenticationRequest;

/** The question whose key this is. */
final class ApiKeyRequest extends BaseAuthenticationRequest {

    private final String token;

    ApiKeyRequest(String token) {
        this.token = token;
    }

    String token() {
        return token;
    }
}
