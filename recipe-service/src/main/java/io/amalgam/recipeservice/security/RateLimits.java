package io.amalgam.recipeservice.security;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToIntFunction;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * How many requests a tenant may send a minute, and how many wrong tokens may come from an address: token buckets that
 * fill evenly and hold a minute's worth. Each replica counts for itself.
 */
@ApplicationScoped
public class RateLimits {

    private static final int MOST_BUCKETS = 10_000;
    private static final double MINUTE_SECONDS = 60;
    private static final Duration QUOTAS_ARE_FRESH = Duration.ofSeconds(10);

    private final InstantSource clock;
    private final int failuresPerMinute;
    private final ToIntFunction<String> limitOfTenant;
    private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
            return size() > MOST_BUCKETS;
        }
    };
    private final Map<String, Known> limits = new ConcurrentHashMap<>();

    /** Takes the limits of the settings and those of the database. */
    @Inject
    public RateLimits(
            Quotas quotas,
            @ConfigProperty(name = "amalgam.limits.requests-per-minute", defaultValue = "6000") int requestsPerMinute,
            @ConfigProperty(name = "amalgam.limits.failures-per-minute", defaultValue = "60") int failuresPerMinute) {
        this(InstantSource.system(), failuresPerMinute, tenant -> {
            Integer own = quotas.requestsPerMinute(tenant);
            return own == null ? requestsPerMinute : own;
        });
    }

    /** Takes a clock, too. */
    RateLimits(InstantSource clock, int failuresPerMinute, ToIntFunction<String> limitOfTenant) {
        this.clock = clock;
        this.failuresPerMinute = failuresPerMinute;
        this.limitOfTenant = limitOfTenant;
    }

    private record Known(int limit, long untilMillisecond) {
    }

    private static final class Bucket {
        private double permits;
        private long atMillisecond;

        Bucket(double permits, long atMillisecond) {
            this.permits = permits;
            this.atMillisecond = atMillisecond;
        }
    }

    /**
     * Counts a tenant's request.
     *
     * @return 0 if it may pass, else after how many seconds the next one may
     */
    int request(String tenant) {
        return take("tenant:" + tenant, limit(tenant), 1);
    }

    /** Counts a wrong token from an address. */
    void failure(String address) {
        take("address:" + address, failuresPerMinute, 1);
    }

    /**
     * Whether an address may try another token.
     *
     * @return 0 if it may, else after how many seconds it may
     */
    int blocked(String address) {
        return take("address:" + address, failuresPerMinute, 0);
    }

    /** A tenant's limit has changed. */
    void forget(String tenant) {
        limits.remove(tenant);
        synchronized (buckets) {
            buckets.remove("tenant:" + tenant);
        }
    }

    private int limit(String tenant) {
        long now = clock.millis();
        Known known = limits.get(tenant);
        if (known == null || known.untilMillisecond() <= now) {
            if (limits.size() > MOST_BUCKETS) {
                limits.clear();
            }
            known = new Known(limitOfTenant.applyAsInt(tenant), now + QUOTAS_ARE_FRESH.toMillis());
            limits.put(tenant, known);
        }
        return known.limit();
    }

    private int take(String name, int perMinute, int permits) {
        long now = clock.millis();
        synchronized (buckets) {
            Bucket bucket = buckets.computeIfAbsent(name, key -> new Bucket(perMinute, now));
            double elapsedSeconds = Math.max(0, now - bucket.atMillisecond) / 1000.0;
            bucket.permits = Math.min(perMinute, bucket.permits + elapsedSeconds * perMinute / MINUTE_SECONDS);
            bucket.atMillisecond = now;
            if (bucket.permits >= 1) {
                bucket.permits -= permits;
                return 0;
            }
            return (int) Math.max(1, Math.ceil((1 - bucket.permits) * MINUTE_SECONDS / perMinute));
        }
    }
}
