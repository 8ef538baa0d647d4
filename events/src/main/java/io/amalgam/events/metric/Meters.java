package io.amalgam.events.metric;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Timer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.Supplier;

/** Makes the meters of {@link Metric}s: name, unit, help and labels are those of the catalogue. */
public final class Meters {

    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofMinutes(15);

    private final MeterRegistry registry;

    /** Meters of a registry. */
    public Meters(MeterRegistry registry) {
        this.registry = registry;
    }

    /** The counter of these labels' values, made at the first call. */
    public Counter counter(Metric metric, String... values) {
        return Counter.builder(metric.id()).baseUnit(unit(metric)).description(metric.help())
                .tags(metric.tags(values)).register(registry);
    }

    /** Tells a number whenever it is asked for. */
    public void gauge(Metric metric, Supplier<Number> number, String... values) {
        Gauge.builder(metric.id(), number).baseUnit(unit(metric)).description(metric.help())
                .tags(metric.tags(values)).register(registry);
    }

    /** A gauge whose labels' values come and go. */
    public MultiGauge gauges(Metric metric) {
        return MultiGauge.builder(metric.id()).baseUnit(unit(metric)).description(metric.help()).register(registry);
    }

    /** The timer of these labels' values, made at the first call; a histogram's buckets go from 10 ms to 15 minutes. */
    public Timer timer(Metric metric, String... values) {
        Timer.Builder builder =
                Timer.builder(metric.id()).description(metric.help()).tags(metric.tags(values));
        if (metric.kind() == Metric.Kind.HISTOGRAM) {
            builder.publishPercentileHistogram().minimumExpectedValue(SHORTEST).maximumExpectedValue(LONGEST);
        }
        return builder.register(registry);
    }

    /**
     * The same object, with each call of its interface's methods timed.
     *
     * @param metric a timer with the labels {@code operation} (the method's name) and {@code outcome}
     * @param type the interface
     * @param measured what does the work
     * @param outcome what a failure is called; success is {@code ok}
     */
    public <T> T timed(Metric metric, Class<T> type, T measured, Function<Throwable, String> outcome) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            long begun = System.nanoTime();
            String became = "ok";
            try {
                return method.invoke(measured, arguments);
            } catch (InvocationTargetException failure) {
                became = outcome.apply(failure.getCause());
                throw failure.getCause();
            } finally {
                timer(metric, method.getName(), became).record(Duration.ofNanos(System.nanoTime() - begun));
            }
        }));
    }

    private static String unit(Metric metric) {
        return metric.unit().isEmpty() ? null : metric.unit();
    }
}
