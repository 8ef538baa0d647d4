package io.amalgam.events.metric;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** The process's memory and its limit, which the JVM's own metrics leave out: they know the heap, not all that counts. */
public final class ProcessMemory {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String RESIDENT = "VmRSS:";

    private ProcessMemory() {
    }

    /** Registers both gauges. */
    public static void register(Meters meters) {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        // Inside a container this is the container's limit.
        meters.gauge(Metric.MEMORY_LIMIT, system::getTotalMemorySize);
        meters.gauge(Metric.RESIDENT_MEMORY, ProcessMemory::resident);
    }

    private static Number resident() {
        try {
            for (String line : Files.readAllLines(STATUS)) {
                if (line.startsWith(RESIDENT)) {
                    return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException notLinux) {
            // Told as absent.
        }
        return Double.NaN;
    }
}
