package io.amalgam.recipeservice.security;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.quarkus.runtime.Startup;
import jakarta.annotation.PostConstruct;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * How callers are told apart. The service does not start with settings that would let in whom nobody meant to: open to
 * everybody on an address that others can reach, or tokens of no named issuer.
 */
@Startup
@ApplicationScoped
public class AccessSettings {

    private static final Logger LOG = Logger.getLogger(AccessSettings.class);
    private static final int SHORTEST_ADMINISTRATOR_KEY = 32;

    private final boolean open;
    private final String host;
    private final String openTenant;
    private final String tenantClaim;
    private final Optional<String> keys;
    private final Optional<String> issuer;
    private final Optional<String> audiences;
    private final Optional<Path> administratorKeyFile;
    private byte[] administratorDigest;

    /** Takes the settings. */
    public AccessSettings(
            @ConfigProperty(name = "amalgam.security.open", defaultValue = "false") boolean open,
            @ConfigProperty(name = "quarkus.http.host", defaultValue = "0.0.0.0") String host,
            @ConfigProperty(name = "amalgam.tenant", defaultValue = "default") String openTenant,
            @ConfigProperty(name = "amalgam.security.tenant-claim", defaultValue = "tenant") String tenantClaim,
            @ConfigProperty(name = "mp.jwt.verify.publickey.location") Optional<String> keys,
            @ConfigProperty(name = "mp.jwt.verify.issuer") Optional<String> issuer,
            @ConfigProperty(name = "mp.jwt.verify.audiences") Optional<String> audiences,
            @ConfigProperty(name = "amalgam.security.administrator-key-file") Optional<Path> administratorKeyFile) {
        this.open = open;
        this.host = host;
        this.openTenant = openTenant;
        this.tenantClaim = tenantClaim;
        this.keys = keys;
        this.issuer = issuer;
        this.audiences = audiences;
        this.administratorKeyFile = administratorKeyFile;
    }

    /**
     * Checks the settings and reads the administrator's key.
     *
     * @throws AmalgamException with {@code ARGUMENT_INVALID} if the service must not start with them
     */
    @PostConstruct
    void check() {
        if (open && !isLoopback(host)) {
            throw refused("amalgam.security.open is true and the service listens on " + host
                    + ", which others can reach; set quarkus.http.host to 127.0.0.1, or amalgam.security.open to false");
        }
        if (keys.isPresent() && (issuer.isEmpty() || audiences.isEmpty())) {
            throw refused("mp.jwt.verify.publickey.location is set, but mp.jwt.verify.issuer and"
                    + " mp.jwt.verify.audiences are not both; without them a token that was made for another service"
                    + " would do here");
        }
        administratorDigest = administratorKeyFile.map(AccessSettings::digestOf).orElse(null);
        if (open) {
            LOG.warnf("open to everybody on %s: no token is asked for (amalgam.security.open)", host);
        } else if (keys.isEmpty() && administratorKeyFile.isEmpty()) {
            LOG.warn("neither mp.jwt.verify.publickey.location nor amalgam.security.administrator-key-file is set:"
                    + " only API keys that were made before are accepted");
        }
    }

    /** Whether requests without a token are accepted, as the operator's. */
    boolean open() {
        return open;
    }

    /** Returns the tenant of requests without a token. */
    String openTenant() {
        return openTenant;
    }

    /** Returns the claim of tokens that names the tenant. */
    String tenantClaim() {
        return tenantClaim;
    }

    /** Returns the SHA-256 of the key that the operator has put into a file, or null. */
    byte[] administratorDigest() {
        return administratorDigest;
    }

    private static byte[] digestOf(Path file) {
        String key;
        try {
            key = Files.readString(file).strip();
        } catch (IOException failure) {
            throw refused("amalgam.security.administrator-key-file names " + file + ", which cannot be read ("
                    + failure.getClass().getSimpleName() + ")");
        }
        if (key.length() < SHORTEST_ADMINISTRATOR_KEY) {
            throw refused("the administrator's key in " + file + " has " + key.length() + " characters; at least "
                    + SHORTEST_ADMINISTRATOR_KEY + " random ones are expected: openssl rand -hex 32");
        }
        return ApiKey.digest(key);
    }

    private static boolean isLoopback(String host) {
        try {
            for (InetAddress address : InetAddress.getAllByName(host)) {
                if (!address.isLoopbackAddress()) {
                    return false;
                }
            }
            return true;
        } catch (UnknownHostException unknown) {
            return false;
        }
    }

    private static AmalgamException refused(String sentence) {
        return new AmalgamException(ErrorCode.ARGUMENT_INVALID, sentence);
    }
}
