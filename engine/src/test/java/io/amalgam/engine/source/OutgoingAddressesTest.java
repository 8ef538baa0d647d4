package io.amalgam.engine.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses that others name, and how they try to make this process call its own network. No name is looked up. */
class OutgoingAddressesTest {

    private final OutgoingAddresses none = new OutgoingAddresses(Set.of());

    @ParameterizedTest
    @ValueSource(strings = {
        "https://127.0.0.1/", "https://127.8.9.10/", "https://0.0.0.0/", "https://10.1.2.3/", "https://172.16.0.1/",
        "https://172.31.255.255/", "https://192.168.1.1/", "https://100.64.0.1/", "https://169.254.169.254/latest/meta-data",
        "https://192.0.0.192/", "https://198.18.0.1/", "https://224.0.0.1/", "https://255.255.255.255/", "https://[::1]/",
        "https://[::]/", "https://[fe80::1]/", "https://[fd00:ec2::254]/", "https://[fc00::1]/", "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:169.254.169.254]/", "https://[::ffff:a9fe:a9fe]/", "https://[::127.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b:1::1]/", "https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::]/",
        "https://[2001:0:4136:e378::]/", "https://[ff02::1]/", "https://[100::1]/", "https://localhost/",
    })
    void addressesOfThisNetworkAndOfMetadataAreRefused(String address) {
        AmalgamException refusal = assertThrows(AmalgamException.class,
                () -> none.check("The redirect", OutgoingAddresses.parse("The redirect", address)));
        assertEquals(ErrorCode.ADDRESS_REFUSED, refusal.code());
        assertTrue(refusal.getMessage().startsWith("The redirect "), refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "https://0x7f.1/",
        "https://127.0.0.01/", "https://1.2.3.4.5/", "https://127.0.0.1./", "https://[fe80::1%25eth0]/", "https://[::1/",
        "https://user@example.org/", "https://user:word@example.org/", "https://example.org@127.0.0.1/",
        "https://example.org\\@127.0.0.1/", "https://example.org:0/", "https://example.org:99999/", "https:///path",
        "https:example.org", "//example.org/", "file:///etc/passwd", "ftp://example.org/", "gopher://example.org/",
        "jar:https://example.org/!/x", "javascript:alert(1)", "https://exam ple.org/", "https://example.org/\r\nHost: other",
        "https://\u0435xample.org/", "https://example\u3002org/", "https://\u2460\u2461\u2466.0.0.1/", "https://-a.org/", "https://a_b/",
        "https://example..org/", "",
    })
    void addressesThatCanBeReadInTwoWaysAreRefused(String address) {
        AmalgamException refusal =
                assertThrows(AmalgamException.class, () -> OutgoingAddresses.parse("The endpoint", address), address);
        assertEquals(ErrorCode.ADDRESS_REFUSED, refusal.code());
    }

    @Test
    void whatTheOperatorConfiguredMayBeAnywhere() {
        OutgoingAddresses some = new OutgoingAddresses(List.of("127.0.0.1", "Models.Internal"));
        some.check("The endpoint", URI.create("http://127.0.0.1:9000/x"));
        some.check("The endpoint", URI.create("http://models.internal/x"));
        assertThrows(AmalgamException.class, () -> some.check("The endpoint", URI.create("http://127.0.0.2:9000/x")));
        assertThrows(AmalgamException.class, () -> some.check("The endpoint", URI.create("https://127.0.0.1.evil/")));
    }

    @Test
    void publicAddressesNeedHttps() throws Exception {
        none.check("The redirect", URI.create("https://1.1.1.1/x"));
        none.check("The redirect", URI.create("https://[2606:4700:4700::1111]:8443/x"));
        AmalgamException refusal =
                assertThrows(AmalgamException.class, () -> none.check("The redirect", URI.create("http://1.1.1.1/x")));
        assertTrue(refusal.getMessage().contains("expected is https"));
        assertFalse(refusal.getMessage().contains("/x"), "addresses may carry signatures");
        assertTrue(OutgoingAddresses.isPublic(InetAddress.getByName("8.8.8.8")));
        assertTrue(OutgoingAddresses.isPublic(InetAddress.getByName("2002:0808:0808::")));
    }
}
