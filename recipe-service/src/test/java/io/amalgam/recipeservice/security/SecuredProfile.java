package io.amalgam.recipeservice.security;

import io.amalgam.broker.BrokerProcess;
import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/** The service as it is where others reach it: nobody without a token. */
public final class SecuredProfile implements QuarkusTestProfile {

    /** The port of {@link Issuer}: a property of the JVM, which all class loaders share. */
    static final String ISSUER_PORT = "test.issuer.port";

    @Override
    public Map<String, String> getConfigOverrides() {
        if (System.getProperty(ISSUER_PORT) == null) {
            System.setProperty(ISSUER_PORT, Integer.toString(BrokerProcess.freePort()));
        }
        return Map.of(
                // Known when the application is built: otherwise the tests' build makes keys of its own.
                "mp.jwt.verify.publickey.location", Issuer.keysAddress(),
                "amalgam.security.open", "false",
                "amalgam.quota.triggers", "3",
                "amalgam.models.buckets", "s3://public/models",
                // Tests send wrong tokens by the dozen.
                "amalgam.limits.failures-per-minute", "1000");
    }
}
