package io.amalgam.engine.source;

import io.amalgam.engine.Version;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The conversation with the Hub: requests with a token for the Hub alone, redirects that are looked at before they are
 * followed, answers that are held to what was asked, and patience with those that fail.
 */
final class HubClient {
    private static final int REDIRECT_LIMIT = 5;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);
    /** How often a Hub is tried that may not be there at all: a recipe's author waits for the answer. */
    private static final int FIRST_CONNECTIONS = 2;
    private static final Duration LONGEST_CHANGE = Duration.ofMinutes(10);
    private static final int COPY_BUFFER = 256 << 10;

    private static final ScheduledExecutorService WATCH = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("hub-stall-watch").factory());

    private final HubOptions options;
    private final OutgoingAddresses addresses;
    private final HttpClient http;

    HubClient(HubOptions options) {
        this.options = options;
        this.addresses = OutgoingAddresses.configured(System.getenv(), options.endpoint());
        this.http = HttpClient.newBuilder()
                .connectTimeout(CONNECT_TIMEOUT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    /** A failure that another attempt may not meet, with the wait that the server asked for. */
    private static final class Retriable extends IOException {
        private static final long serialVersionUID = 1L;
        private final long waitSeconds;

        Retriable(String message, long waitSeconds) {
            super(message);
            this.waitSeconds = waitSeconds;
        }
    }

    /** An answer, and where it came from after redirects. */
    private record Answer(HttpResponse<InputStream> response, URI from) {
    }

    /** What is done with an answer. */
    private interface Use<T> {
        T apply(Answer answer) throws IOException;
    }

    /**
     * Reads a whole document.
     *
     * @param limit the most bytes it may have
     * @param what names it in messages
     */
    byte[] document(URI uri, int limit, String what) throws IOException {
        return patiently(what, FIRST_CONNECTIONS, () -> 0, () -> exchange(uri, null, what, answer -> {
            try (InputStream in = new WatchedStream(answer.response().body())) {
                byte[] content = in.readNBytes(limit + 1);
                if (content.length > limit) {
                    throw unavailable(what + " has more than " + limit + " bytes", null);
                }
                return content;
            }
        }));
    }

    /** The length of a file, as the Hub knows it without sending it. */
    long length(URI uri, String what) throws IOException {
        return patiently(what, FIRST_CONNECTIONS, () -> 0, () -> {
            try {
                HttpRequest request = request(uri).method("HEAD", HttpRequest.BodyPublishers.noBody()).build();
                HttpResponse<Void> response = http.send(request, HttpResponse.BodyHandlers.discarding());
                checkStatus(response, uri, what, response.statusCode() / 100 == 3);
                return response.headers().firstValueAsLong("X-Linked-Size")
                        .orElseGet(() -> response.headers().firstValueAsLong("Content-Length").orElse(-1));
            } catch (InterruptedException e) {
                throw interrupted();
            }
        });
    }

    /**
     * Fills a segment with a range of a file. What arrived before a failure is kept: the next attempt asks for the rest.
     *
     * @param location where the file is; its address after redirects is remembered in it
     * @param fileLength which every answer must agree with
     */
    void range(Location location, long position, MemorySegment destination, long fileLength, String what) throws IOException {
        AtomicLong done = new AtomicLong();
        patiently(what, options.attempts(), done::get, () -> {
            long from = position + done.get();
            long to = position + destination.byteSize() - 1;
            URI remembered = location.direct;
            try {
                return exchange(remembered != null ? remembered : location.uri, "bytes=" + from + "-" + to, what, answer -> {
                    checkRange(answer.response(), from, fileLength, what);
                    location.direct = answer.from().equals(location.uri) ? null : answer.from();
                    copy(answer.response().body(), destination, done);
                    return null;
                });
            } catch (IOException | AmalgamException e) {
                location.direct = null;
                if (remembered != null && e instanceof AmalgamException) {
                    // A signed address expires with an error of its own; the Hub gives a new one.
                    throw new Retriable("its storage address expired", 0);
                }
                throw e;
            }
        });
    }

    /** An address on the Hub, and the one that it last redirected to. */
    static final class Location {
        private final URI uri;
        private volatile URI direct;

        Location(URI uri) {
            this.uri = uri;
        }
    }

    private static void checkRange(HttpResponse<?> response, long from, long fileLength, String what) throws IOException {
        Optional<String> range = response.headers().firstValue("Content-Range");
        boolean whole = response.statusCode() == 200 && from == 0
                && response.headers().firstValueAsLong("Content-Length").orElse(-1) == fileLength;
        boolean part = response.statusCode() == 206 && range.isPresent()
                && range.get().startsWith("bytes " + from + "-") && range.get().endsWith("/" + fileLength);
        if (!whole && !part) {
            throw new Retriable("it answered with status " + response.statusCode() + " and the range '" + range.orElse("none")
                    + "', asked was from " + from + " of " + fileLength, 0);
        }
    }

    private void copy(InputStream body, MemorySegment destination, AtomicLong done) throws IOException {
        byte[] buffer = new byte[(int) Math.min(COPY_BUFFER, Math.max(1, destination.byteSize()))];
        try (InputStream in = new WatchedStream(body)) {
            while (done.get() < destination.byteSize()) {
                int wanted = (int) Math.min(buffer.length, destination.byteSize() - done.get());
                int count = in.read(buffer, 0, wanted);
                if (count < 0) {
                    throw new EOFException("the answer ended early");
                }
                MemorySegment.copy(MemorySegment.ofArray(buffer), 0, destination, done.get(), count);
                done.addAndGet(count);
            }
        }
    }

    /** A stream that is closed when it brings nothing for too long, so that whoever reads it wakes up with an error. */
    private final class WatchedStream extends FilterInputStream {
        private final AtomicLong bytes = new AtomicLong();
        private final ScheduledFuture<?> watch;
        private long bytesAtLastLook = -1;

        WatchedStream(InputStream body) {
            super(body);
            long period = options.stallTimeout().toMillis();
            watch = WATCH.scheduleAtFixedRate(this::look, period, period, TimeUnit.MILLISECONDS);
        }

        private void look() {
            long now = bytes.get();
            if (now == bytesAtLastLook) {
                try {
                    in.close();
                } catch (IOException e) {
                    // Its reader finds out by itself.
                    return;
                }
            }
            bytesAtLastLook = now;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = super.read(buffer, offset, length);
            bytes.addAndGet(Math.max(0, count));
            return count;
        }

        @Override
        public void close() throws IOException {
            watch.cancel(false);
            super.close();
        }
    }

    private <T> T exchange(URI start, String range, String what, Use<T> use) throws IOException {
        URI uri = start;
        for (int hop = 0; hop <= REDIRECT_LIMIT; hop++) {
            HttpRequest.Builder builder = request(uri).GET();
            if (range != null) {
                builder.header("Range", range);
            }
            HttpResponse<InputStream> response;
            try {
                response = http.send(builder.build(), HttpResponse.BodyHandlers.ofInputStream());
            } catch (InterruptedException e) {
                throw interrupted();
            }
            if (response.statusCode() / 100 != 3) {
                try {
                    checkStatus(response, uri, what, false);
                    return use.apply(new Answer(response, uri));
                } finally {
                    response.body().close();
                }
            }
            response.body().close();
            uri = redirected(uri, response, what);
        }
        throw unavailable(what + " is redirected more than " + REDIRECT_LIMIT + " times", null);
    }

    private HttpRequest.Builder request(URI uri) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(uri)
                .timeout(options.stallTimeout())
                .header("User-Agent", "amalgam/" + Version.AMALGAM);
        if (options.token() != null && sameServer(uri, options.endpoint())) {
            builder.header("Authorization", "Bearer " + options.token());
        }
        return builder;
    }

    private static boolean sameServer(URI left, URI right) {
        return left.getScheme().equalsIgnoreCase(right.getScheme()) && left.getHost().equalsIgnoreCase(right.getHost()) && port(left) == port(right);
    }

    private static int port(URI uri) {
        return uri.getPort() >= 0 ? uri.getPort() : uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
    }

    private URI redirected(URI from, HttpResponse<?> response, String what) throws IOException {
        return allowed(from, response.headers().firstValue("Location")
                .orElseThrow(() -> unavailable(what + " is redirected to nowhere", null)), what);
    }

    /**
     * An address that a server sent, if it may be gone to: never from https to http, and never into this network from
     * outside it.
     *
     * @param from where it was sent from
     */
    URI allowed(URI from, String location, String what) throws IOException {
        URI target;
        try {
            target = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw unavailable(what + " is redirected to something that is not an address", e);
        }
        if ("https".equalsIgnoreCase(options.endpoint().getScheme()) && !"https".equalsIgnoreCase(target.getScheme())) {
            throw new AmalgamException(ErrorCode.ADDRESS_REFUSED,
                    what + " is redirected from https to " + target.getScheme() + ", which is not followed.");
        }
        addresses.check(what + ", redirected,", target);
        return target;
    }

    /** A request that changes something, and what is said of it in messages. */
    record Change(String method, URI uri, Map<String, String> headers, HttpRequest.BodyPublisher body, String what) {
    }

    /**
     * Makes a change, patiently; it must bear being repeated. Redirects are not followed.
     *
     * @param accepted statuses beside 2xx that are answers too
     */
    HttpResponse<byte[]> change(Change change, Set<Integer> accepted) throws IOException {
        return patiently(change.what(), FIRST_CONNECTIONS, () -> 0, () -> {
            HttpRequest.Builder request = request(change.uri()).method(change.method(), change.body());
            change.headers().forEach(request::header);
            try {
                // The time limit of a request covers what it sends, which may be a large part.
                HttpResponse<byte[]> response = http.send(
                        request.timeout(LONGEST_CHANGE).build(), HttpResponse.BodyHandlers.ofByteArray());
                checkStatus(response, change.uri(), change.what(), accepted.contains(response.statusCode()));
                return response;
            } catch (InterruptedException e) {
                throw interrupted();
            }
        });
    }

    private void checkStatus(HttpResponse<?> response, URI uri, String what, boolean redirectAllowed) throws IOException {
        int status = response.statusCode();
        if (status / 100 == 2 || redirectAllowed) {
            return;
        }
        if (status == 429 || status == 408 || status >= 500) {
            long wait = response.headers().firstValue("Retry-After").filter(value -> value.matches("\\d{1,6}")).map(Long::parseLong).orElse(0L);
            throw new Retriable("it answered with status " + status, wait);
        }
        boolean hub = sameServer(uri, options.endpoint());
        throw switch (status) {
            case 401, 403 -> new AmalgamException(ErrorCode.MODEL_NOT_FOUND, what + " does not exist on " + options.endpoint()
                    + ", or may not be read" + (hub && options.token() == null
                            ? " without a token; accept its terms there if it has any and set HF_TOKEN."
                            : " with this HF_TOKEN; accept its terms there if it has any."));
            case 404 -> new AmalgamException(ErrorCode.MODEL_NOT_FOUND, what + " does not exist on " + options.endpoint() + ".");
            default -> unavailable(what + " was answered with status " + status, null);
        };
    }

    /** One attempt. */
    private interface Attempt<T> {
        T run() throws IOException;
    }

    /** How many bytes have arrived, over all attempts. */
    private interface Progress {
        long bytes();
    }

    /** Tries again, later and later, as long as attempts bring something or are few. */
    private <T> T patiently(String what, int connections, Progress progress, Attempt<T> attempt) throws IOException {
        int failures = 0;
        while (true) {
            long before = progress.bytes();
            try {
                return attempt.run();
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                failures = progress.bytes() > before ? 1 : failures + 1;
                if (failures >= (isUnreached(e) ? Math.min(connections, options.attempts()) : options.attempts())) {
                    throw unavailable(what + " cannot be read from " + options.endpoint() + " ("
                            + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage()) + ")", e);
                }
                pause(failures, e instanceof Retriable retriable ? retriable.waitSeconds : 0);
            }
        }
    }

    /** Whether there was not even a connection. */
    static boolean isUnreached(Throwable failure) {
        return failure instanceof ConnectException || failure instanceof HttpConnectTimeoutException;
    }

    private void pause(int failures, long askedSeconds) throws IOException {
        long own = options.retryDelay().toMillis() << Math.min(failures - 1, 6);
        long millis = Math.min(LONGEST_WAIT.toMillis(), Math.max(own, TimeUnit.SECONDS.toMillis(askedSeconds)));
        try {
            // Workers that were refused together do not come back together.
            Thread.sleep(millis + ThreadLocalRandom.current().nextLong(millis / 4 + 1));
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private static IOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("Reading from the Hub was interrupted.");
    }

    private static AmalgamException unavailable(String message, Exception cause) {
        return new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE, message + ".", cause);
    }
}
