package io.amalgam.engine.source;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * How the Hugging Face Hub is reached, with the settings and the cache that its Python library has.
 *
 * @param endpoint address of the Hub or of a mirror, without a slash at its end
 * @param cache folder of the shared cache ({@code models--owner--name/…}), which is read and never written
 * @param token sent to the endpoint and to nobody else, or null
 * @param offline whether only the cache is used
 * @param attempts how often a request without any progress is tried
 * @param retryDelay before the second attempt; doubled for each one after it
 * @param stallTimeout after which an answer that stands still is given up and asked for again
 */
public record HubOptions(
        URI endpoint, Path cache, String token, boolean offline, int attempts, Duration retryDelay, Duration stallTimeout) {
    /** The Hub itself. */
    private static final String DEFAULT_ENDPOINT = "https://huggingface.co";

    /**
     * The settings of an environment: {@code HF_ENDPOINT}, {@code HF_HOME}, {@code HF_HUB_CACHE}, {@code HF_TOKEN} (else
     * the file {@code token} in {@code HF_HOME}), {@code HF_HUB_OFFLINE}.
     *
     * @param environment such as {@link System#getenv()}
     * @param home the user's folder
     * @throws AmalgamException with {@code ARGUMENT_INVALID} if the endpoint is not an http address
     */
    public static HubOptions fromEnvironment(Map<String, String> environment, Path home) {
        Path hubHome = environment.containsKey("HF_HOME")
                ? Path.of(environment.get("HF_HOME"))
                : home.resolve(".cache").resolve("huggingface");
        Path cache = environment.containsKey("HF_HUB_CACHE") ? Path.of(environment.get("HF_HUB_CACHE")) : hubHome.resolve("hub");
        String offline = environment.getOrDefault("HF_HUB_OFFLINE", "");
        return new HubOptions(
                endpoint(environment.getOrDefault("HF_ENDPOINT", DEFAULT_ENDPOINT)),
                cache,
                token(environment, hubHome),
                offline.equals("1") || offline.equalsIgnoreCase("true") || offline.equalsIgnoreCase("yes") || offline.equalsIgnoreCase("on"),
                5,
                Duration.ofMillis(500),
                Duration.ofSeconds(30));
    }

    private static URI endpoint(String address) {
        try {
            URI endpoint = new URI(address.replaceAll("/+$", ""));
            boolean web = "https".equals(endpoint.getScheme()) || "http".equals(endpoint.getScheme());
            if (web && endpoint.getHost() != null && endpoint.getUserInfo() == null) {
                return endpoint;
            }
        } catch (URISyntaxException e) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "HF_ENDPOINT is not an address: " + e.getReason() + ".", e);
        }
        throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "HF_ENDPOINT must be an http or https address without a user's name in it.");
    }

    private static String token(Map<String, String> environment, Path hubHome) {
        String token = environment.get("HF_TOKEN");
        if (token == null || token.isBlank()) {
            try {
                token = Files.readString(hubHome.resolve("token"));
            } catch (IOException e) {
                // There is none, or it is not for this user: public models need none.
                return null;
            }
        }
        String stripped = token.strip();
        return stripped.isEmpty() || stripped.chars().anyMatch(c -> c <= ' ' || c >= 0x7f) ? null : stripped;
    }

    /** The settings without the token, which never gets into a log. */
    @Override
    public String toString() {
        return "HubOptions[endpoint=" + endpoint + ", cache=" + cache + ", token=" + (token == null ? "none" : "set")
                + ", offline=" + offline + "]";
    }
}
