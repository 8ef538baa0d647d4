package io.amalgam.events;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * A W3C trace context: which request a record belongs to.
 *
 * @param traceparent the header's value, such as {@code 00-<32 hex digits>-<16 hex digits>-01}
 */
public record TraceContext(String traceparent) {

    /** Name of the header, in HTTP and in Kafka. */
    public static final String HEADER = "traceparent";

    /** What the trace id is called in every service's log: one search finds all of a merge. */
    public static final String LOG_KEY = "traceId";

    private static final Pattern FORMAT =
            Pattern.compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");
    private static final int TRACE_ID = 3;
    private static final int SPAN_ID = 36;
    private static final int FLAGS = 53;

    /** Checks the format. */
    public TraceContext {
        if (!valid(traceparent)) {
            throw new IllegalArgumentException("not a W3C traceparent: " + traceparent);
        }
    }

    /** The context of a header's value, or a new one where there is none or a malformed one, as W3C asks. */
    public static TraceContext of(String traceparent) {
        return valid(traceparent) ? new TraceContext(traceparent) : start();
    }

    /** A new trace. */
    public static TraceContext start() {
        return new TraceContext("00-" + hex(nonZero()) + hex(nonZero()) + "-" + hex(nonZero()) + "-01");
    }

    /** The same trace with a new parent: what a record carries that is made because of this one. */
    public TraceContext next() {
        return new TraceContext(
                traceparent.substring(0, SPAN_ID) + hex(nonZero()) + traceparent.substring(FLAGS - 1));
    }

    /** The 32 hex digits that all records of a request share. */
    public String traceId() {
        return traceparent.substring(TRACE_ID, SPAN_ID - 1);
    }

    /** The 32 hex digits of a header's value, or null where there is none or a malformed one. */
    static String traceId(String traceparent) {
        return valid(traceparent) ? new TraceContext(traceparent).traceId() : null;
    }

    private static boolean valid(String traceparent) {
        return traceparent != null && FORMAT.matcher(traceparent).matches();
    }

    private static long nonZero() {
        return ThreadLocalRandom.current().nextLong() | 1L;
    }

    private static String hex(long value) {
        return HexFormat.of().toHexDigits(value);
    }
}
