package io.amalgam.cli;

import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/** A progress bar on a terminal's standard error, drawn a few times a second; elsewhere nothing. */
final class ProgressBar implements AutoCloseable {

    private static final int WIDTH = 30;
    private static final long REDRAW_NANOSECONDS = 100_000_000;

    private final long total;
    private final boolean visible;
    private final long start = System.nanoTime();
    private final AtomicLong done = new AtomicLong();
    private final AtomicLong nextDraw = new AtomicLong();

    private ProgressBar(long total, boolean visible) {
        this.total = total;
        this.visible = visible;
    }

    /**
     * A bar.
     *
     * @param total bytes in all
     * @param wanted whether it is to be seen, if this is a terminal
     */
    static ProgressBar of(long total, boolean wanted) {
        return new ProgressBar(total, wanted && Terminal.drawsOver());
    }

    /** So many more bytes are done. Any thread may say so. */
    void advance(long bytes) {
        long now = done.addAndGet(bytes);
        if (!visible) {
            return;
        }
        long elapsed = System.nanoTime() - start;
        long due = nextDraw.get();
        if (elapsed >= due && nextDraw.compareAndSet(due, elapsed + REDRAW_NANOSECONDS)) {
            draw(now, elapsed);
        }
    }

    private void draw(long now, long elapsed) {
        double share = total == 0 ? 1 : Math.min(1, (double) now / total);
        int filled = (int) (share * WIDTH);
        System.err.printf(
                Locale.ROOT,
                "\r%s%s %3.0f %% %s of %s, %s/s ",
                "█".repeat(filled),
                "░".repeat(WIDTH - filled),
                share * 100,
                Sizes.inWords(now),
                Sizes.inWords(total),
                Sizes.inWords((long) (now / Math.max(elapsed / 1e9, 1e-3))));
        System.err.flush();
    }

    /** Removes the bar. */
    @Override
    public void close() {
        if (visible) {
            System.err.print("\r\u001b[K");
            System.err.flush();
        }
    }
}
