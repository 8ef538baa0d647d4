package io.amalgam.storage.s3;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How S3, or whatever speaks its protocol, is reached. Credentials are not among it: they come from the SDK's chain
 * (environment, profile files, web identity, container and instance metadata).
 *
 * @param endpoint address of the service; empty for Amazon's own, or what {@code AWS_ENDPOINT_URL} says
 * @param region empty for what the SDK's chain says, or {@code us-east-1}, which other services ignore
 * @param pathStyle whether buckets are named in the path ({@code host/bucket/key}) rather than in the host's name
 */
public record S3Settings(Optional<URI> endpoint, Optional<String> region, boolean pathStyle) {
    private static final Set<String> KEYS = Set.of("endpoint", "region", "addressing");

    /**
     * Settings by name: {@code endpoint}, {@code region}, {@code addressing} ({@code path} or {@code virtual}; by default
     * path where an endpoint is given, virtual at Amazon's).
     *
     * @param settings what is set, without the common prefix {@code amalgam.s3.}
     * @param environment in which {@code AWS_ENDPOINT_URL_S3} and {@code AWS_ENDPOINT_URL} name an endpoint too
     * @throws AmalgamException with {@code ARGUMENT_INVALID} if a name or value is unknown
     */
    public static S3Settings of(Map<String, String> settings, Map<String, String> environment) {
        for (String key : settings.keySet()) {
            if (!KEYS.contains(key)) {
                throw invalid(key, "is unknown; known are endpoint, region and addressing");
            }
        }
        String address = settings.getOrDefault("endpoint",
                environment.getOrDefault("AWS_ENDPOINT_URL_S3", environment.getOrDefault("AWS_ENDPOINT_URL", "")));
        Optional<URI> endpoint = address.isBlank() ? Optional.empty() : Optional.of(endpoint(address));
        String addressing = settings.getOrDefault("addressing", endpoint.isPresent() ? "path" : "virtual");
        boolean pathStyle = switch (addressing.toLowerCase(Locale.ROOT)) {
            case "path" -> true;
            case "virtual" -> false;
            default -> throw invalid("addressing", "is '" + addressing + "', expected path or virtual");
        };
        return new S3Settings(endpoint, Optional.ofNullable(settings.get("region")).filter(text -> !text.isBlank()), pathStyle);
    }

    private static URI endpoint(String address) {
        try {
            URI uri = new URI(address);
            boolean web = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
            if (web && uri.getHost() != null && uri.getUserInfo() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "amalgam.s3.endpoint is not an address: " + e.getReason() + ".", e);
        }
        throw invalid("endpoint", "must be an http or https address without a user's name in it");
    }

    private static AmalgamException invalid(String key, String what) {
        return new AmalgamException(ErrorCode.ARGUMENT_INVALID, "Setting amalgam.s3." + key + " " + what + ".");
    }
}
