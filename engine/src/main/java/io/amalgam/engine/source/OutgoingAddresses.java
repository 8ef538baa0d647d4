package io.amalgam.engine.source;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Which addresses this process calls on behalf of somebody else: redirects, endpoints and notifications that a recipe, a
 * tenant or another server names.
 *
 * <p>A host that the operator has configured may be anywhere and speak http. Any other must be a public one that speaks
 * https: no address of this machine, this network or a cloud's metadata, however it is written. That a name may mean
 * another address when it is looked up again (DNS rebinding) gains nothing: a server inside the network has no
 * certificate for the other's name, and https with an unchecked certificate does not exist here. Every redirect is to be
 * checked again; HTTP clients that use this follow none by themselves.
 */
public final class OutgoingAddresses {

    /** The variable that names hosts which may be called wherever they are. */
    public static final String VARIABLE = "AMALGAM_ALLOWED_HOSTS";

    private static final int HIGHEST_PORT = 65_535;
    private static final int LONGEST = 2_048;
    /** Names as DNS has them; international ones in their ASCII form, so that no look-alike passes for another. */
    private static final Pattern NAME = Pattern.compile(
            "(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?");
    /** Four decimal numbers; the forms with fewer, octal or hexadecimal numbers are read differently by different programs. */
    private static final Pattern IPV4 = Pattern.compile("(?:0|[1-9][0-9]{0,2})(?:\\.(?:0|[1-9][0-9]{0,2})){3}");
    private static final Pattern IPV6 = Pattern.compile("\\[[0-9a-f:.]{2,45}]");

    private final Set<String> configured;

    /**
     * Addresses of which some are configured.
     *
     * @param configured hosts, without ports, that the operator has named: in settings, not in anybody's input
     */
    public OutgoingAddresses(Collection<String> configured) {
        this.configured = new TreeSet<>();
        configured.forEach(host -> this.configured.add(host.toLowerCase(Locale.ROOT)));
    }

    /**
     * Addresses of which those hosts are configured that a setting names, and those in {@value #VARIABLE}, which are
     * separated by commas.
     *
     * @param environment such as {@link System#getenv()}
     * @param setting the address that the operator has set
     */
    public static OutgoingAddresses configured(Map<String, String> environment, URI setting) {
        List<String> hosts = new ArrayList<>();
        hosts.add(setting.getHost());
        for (String host : environment.getOrDefault(VARIABLE, "").split(",")) {
            if (!host.isBlank()) {
                hosts.add(host.strip());
            }
        }
        return new OutgoingAddresses(hosts);
    }

    /**
     * Reads an address.
     *
     * @param what names it in messages
     * @throws AmalgamException with {@code ADDRESS_REFUSED} unless it is http or https, with a plain host, and without a
     *     user's name
     */
    public static URI parse(String what, String text) {
        if (text == null || text.length() > LONGEST || text.chars().anyMatch(c -> c <= ' ' || c >= 0x7f || c == '\\')) {
            throw refused(what, "is empty, too long, or has blanks, backslashes or characters beyond ASCII");
        }
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException malformed) {
            throw refused(what, "is not an address");
        }
        return checkForm(what, uri);
    }

    private static URI checkForm(String what, URI uri) {
        boolean web = "https".equalsIgnoreCase(uri.getScheme()) || "http".equalsIgnoreCase(uri.getScheme());
        if (!web) {
            throw refused(what, "begins with " + uri.getScheme() + ", expected is https");
        }
        if (uri.getRawUserInfo() != null || uri.getRawAuthority() == null || uri.getRawAuthority().indexOf('@') >= 0) {
            throw refused(what, "has a user's name in it, or no host");
        }
        String host = uri.getHost() == null ? "" : uri.getHost().toLowerCase(Locale.ROOT);
        if (!NAME.matcher(host).matches() && !IPV4.matcher(host).matches() && !IPV6.matcher(host).matches()) {
            throw refused(what, "has no host that can be read in one way only");
        }
        if (uri.getPort() > HIGHEST_PORT || uri.getPort() == 0) {
            throw refused(what, "has the port " + uri.getPort());
        }
        return uri;
    }

    /**
     * Checks that an address may be called now.
     *
     * @param what names it in messages, which do not repeat the address: it may carry a signature
     * @throws AmalgamException with {@code ADDRESS_REFUSED}
     */
    public void check(String what, URI uri) {
        checkForm(what, uri);
        String host = uri.getHost().toLowerCase(Locale.ROOT);
        if (configured.contains(host)) {
            return;
        }
        if (!"https".equalsIgnoreCase(uri.getScheme())) {
            throw refused(what, "leads to " + host + " by http, expected is https");
        }
        InetAddress[] addresses;
        try {
            addresses = InetAddress.getAllByName(host);
        } catch (UnknownHostException unknown) {
            throw refused(what, "leads to " + host + ", which is not known here");
        }
        for (InetAddress address : addresses) {
            if (!isPublic(address)) {
                throw refused(what, "leads to " + host + ", an address inside this network, which is not called; an operator"
                        + " can allow it by configuring it");
            }
        }
    }

    /** Whether an address is one of the public internet: by the special-purpose registries of RFC 6890. */
    public static boolean isPublic(InetAddress address) {
        if (address.isLoopbackAddress() || address.isLinkLocalAddress() || address.isSiteLocalAddress()
                || address.isAnyLocalAddress() || address.isMulticastAddress()) {
            return false;
        }
        byte[] bytes = address.getAddress();
        if (address instanceof Inet4Address) {
            return isPublicIpv4(bytes, 0);
        }
        int first = (bytes[0] & 0xff) << 8 | bytes[1] & 0xff;
        int second = (bytes[2] & 0xff) << 8 | bytes[3] & 0xff;
        if (first == 0x2002) {
            // 6to4 carries an IPv4 address.
            return isPublicIpv4(bytes, 2);
        }
        if (first == 0x64 && second == 0xff9b) {
            // So does the prefix of translators (RFC 6052), and its local-use neighbour (RFC 8215) is never public.
            return isZero(bytes, 4, 12) && isPublicIpv4(bytes, 12);
        }
        boolean uniqueLocal = (bytes[0] & 0xfe) == 0xfc;
        boolean embedded = isZero(bytes, 0, 10);
        boolean protocols = first == 0x2001 && second < 0x200;
        boolean documentation = first == 0x2001 && second == 0x0db8 || first == 0x3fff;
        boolean discarded = first == 0x100;
        return !uniqueLocal && !embedded && !protocols && !documentation && !discarded && (bytes[0] & 0xe0) == 0x20;
    }

    private static boolean isPublicIpv4(byte[] bytes, int offset) {
        int a = bytes[offset] & 0xff;
        int b = bytes[offset + 1] & 0xff;
        int c = bytes[offset + 2] & 0xff;
        return !(a == 0 || a == 10 || a == 127 || a >= 224
                || a == 100 && (b & 0xc0) == 64
                || a == 169 && b == 254
                || a == 172 && (b & 0xf0) == 16
                || a == 192 && b == 168
                || a == 192 && b == 0 && (c == 0 || c == 2)
                || a == 192 && b == 88 && c == 99
                || a == 198 && (b & 0xfe) == 18
                || a == 198 && b == 51 && c == 100
                || a == 203 && b == 0 && c == 113);
    }

    private static boolean isZero(byte[] bytes, int from, int to) {
        return Arrays.mismatch(bytes, from, to, new byte[to - from], 0, to - from) < 0;
    }

    private static AmalgamException refused(String what, String why) {
        return new AmalgamException(ErrorCode.ADDRESS_REFUSED, what + " " + why + ".");
    }
}
