package io.amalgam.evaluation.inference;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import java.net.URI;
import org.junit.jupiter.api.Test;

/** What is said of an endpoint, and what is not. */
class EndpointOptionsTest {

    @Test
    void theKeyOfAnEndpointIsInNoText() {
        EndpointOptions options = EndpointOptions.of(URI.create("https://models.example/v1"), "m", "secret-key");
        assertFalse(options.toString().contains("secret-key"));
        assertTrue(options.toString().contains("models.example"));
        AmalgamException refusal = assertThrows(AmalgamException.class,
                () -> EndpointOptions.of(URI.create("https://user:secret-word@models.example/v1"), "m", null));
        assertFalse(refusal.getMessage().contains("secret-word"));
    }
}
