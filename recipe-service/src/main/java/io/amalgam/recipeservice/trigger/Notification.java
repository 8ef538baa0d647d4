package io.amalgam.recipeservice.trigger;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.net.URI;
import java.util.Base64;
import java.util.List;

/**
 * Who is told what a trigger did: an address, the topic {@code notifications}, or both.
 *
 * @param url of HTTP or HTTPS that messages are posted to, or null
 * @param secret that messages are signed with: {@code whsec_} and 24 to 64 bytes in Base64; never told again
 * @param kafka whether messages go to the topic {@code notifications}
 * @param on what is told: {@code completed}, {@code improved}, {@code failed}; all if absent or empty
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Notification(
        String url, String secret, boolean kafka,
        List<String> on) {

    /** What can be told. */
    static final List<String> KINDS = List.of("completed", "improved", "failed");
    private static final String PREFIX = "whsec_";
    private static final int SHORTEST = 24;
    private static final int LONGEST = 64;

    /** Checks everything. */
    public Notification {
        on = on == null || on.isEmpty() ? KINDS : List.copyOf(on);
        if (!KINDS.containsAll(on)) {
            throw invalid("notification.on is " + on + "; expected some of " + KINDS);
        }
        if (url == null && !kafka) {
            throw invalid("the notification has neither \"url\" nor \"kafka\": true; expected at least one");
        }
        if (url != null) {
            address(url);
        }
        if (secret != null) {
            key(secret);
        }
    }

    /** The same without its secret: what is told of it. */
    Notification withoutSecret() {
        return new Notification(url, null, kafka, on);
    }

    /** The bytes that messages are signed with, or null if they are not. */
    byte[] key() {
        return secret == null ? null : key(secret);
    }

    private static byte[] key(String secret) {
        try {
            byte[] bytes = secret.startsWith(PREFIX) ? Base64.getDecoder().decode(secret.substring(PREFIX.length())) : new byte[0];
            if (bytes.length >= SHORTEST && bytes.length <= LONGEST) {
                return bytes;
            }
        } catch (IllegalArgumentException malformed) {
            // Told below: the message must not repeat the secret.
        }
        throw invalid("notification.secret is not of the form whsec_ and " + SHORTEST + " to " + LONGEST
                + " bytes in Base64");
    }

    private static void address(String url) {
        URI uri;
        try {
            uri = URI.create(url);
        } catch (IllegalArgumentException malformed) {
            throw invalid("notification.url is \"" + url + "\"; expected an address such as https://example.org/hook");
        }
        if (uri.getHost() == null || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
            throw invalid("notification.url is \"" + url + "\"; expected an address such as https://example.org/hook");
        }
    }

    private static AmalgamException invalid(String sentence) {
        return new AmalgamException(ErrorCode.ARGUMENT_INVALID, sentence);
    }
}
