package io.amalgam.events.work;

import io.amalgam.events.Event;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventCodec.Unreadable;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.TraceContext;
import io.amalgam.events.work.WorkHandler.Outcome;
import io.amalgam.events.work.WorkHandler.Turn;
import io.amalgam.events.work.WorkHandler.Work;
import io.amalgam.events.work.WorkQueue.Held;
import io.amalgam.events.work.WorkQueue.Slot;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes records of work from a queue and has them done.
 *
 * <p>Each slot is a thread that holds at most one record. With two slots and one turn, one record is worked on while
 * the other slot makes the one before it safe, and then has the next one ready. Records that cannot be read are dead-lettered and the line goes on. While
 * something that handlers need is out, nothing more is taken. When the worker drains, slots stop taking; what is being
 * worked on may finish within the given patience, and everything else is published again for others.
 */
public final class WorkLoop implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(WorkLoop.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final long FIRST_PAUSE_MILLIS = 500;
    private static final long LONGEST_PAUSE_MILLIS = 30_000;
    /** A record is given back this long before its lock ends, so that it is never in two hands. */
    private static final Duration LOCK_MARGIN = Duration.ofSeconds(60);

    private final String name;
    private final WorkQueue queue;
    private final int slots;
    private final WorkHandler handler;
    private final EventPublisher publisher;
    private final Clock clock;
    private final Consumer<Event.DeadLetter> deadLetterListener;
    private final Semaphore turns = new Semaphore(1, true);
    private final CountDownLatch draining = new CountDownLatch(1);
    private final AtomicInteger held = new AtomicInteger();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopped;
    private volatile long drainEnd;
    private final AtomicInteger outages = new AtomicInteger();
    private volatile boolean unavailable;

    /**
     * Prepares a loop; {@link #start()} begins to take records.
     *
     * @param name of the worker, for dead letters and thread names
     * @param slots how many records are held at most
     * @param deadLetterListener told of every dead letter that was published
     */
    public WorkLoop(
            String name, WorkQueue queue, int slots, WorkHandler handler, EventPublisher publisher, Clock clock,
            Consumer<Event.DeadLetter> deadLetterListener) {
        this.name = name;
        this.queue = queue;
        this.slots = slots;
        this.handler = handler;
        this.publisher = publisher;
        this.clock = clock;
        this.deadLetterListener = deadLetterListener;
    }

    /** Begins to take records. */
    public void start() {
        for (int slot = 0; slot < slots; slot++) {
            Thread thread = Thread.ofPlatform().name("work-" + slot).daemon(true).start(this::run);
            threads.add(thread);
        }
    }

    /** Whether the loop holds back because something that its handler needs does not answer. */
    public boolean outage() {
        return unavailable || outages.get() > 0;
    }

    /** How many records are held now. */
    public int held() {
        return held.get();
    }

    /** Whether all slots are running: false once one has died, or the loop drains. */
    public boolean alive() {
        return draining.getCount() > 0 && threads.stream().allMatch(Thread::isAlive);
    }

    /**
     * Stops taking records and waits for the slots to end.
     *
     * @param patience how long the record that is being worked on may still take before it is given back; one whose
     *     handler knows that it takes longer is given back at once
     */
    public void drain(Duration patience) throws InterruptedException {
        drainEnd = System.nanoTime() + patience.toNanos();
        draining.countDown();
        for (Thread thread : threads) {
            thread.join(Duration.ofNanos(Math.max(1, drainEnd - System.nanoTime())));
        }
        stopped = true;
        for (Thread thread : threads) {
            thread.join(Duration.ofSeconds(15));
        }
    }

    /** Drains without patience. */
    @Override
    public void close() {
        try {
            drain(Duration.ZERO);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        Pause pause = new Pause();
        try {
            while (isOpen()) {
                try (Slot slot = queue.open()) {
                    takeUntilClosed(slot, pause);
                } catch (RuntimeException failure) {
                    // The queue itself failed: a new connection is the only remedy there is.
                    LOG.warn("the work queue failed and is opened again: {}", failure.toString());
                    pause.take();
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void takeUntilClosed(Slot slot, Pause pause) throws InterruptedException {
        while (isOpen()) {
            unavailable = !handler.available();
            if (unavailable) {
                pause.take();
                continue;
            }
            Optional<Held> next = slot.poll(POLL);
            if (next.isPresent()) {
                pause.reset();
                held.incrementAndGet();
                try {
                    work(slot, next.get());
                } finally {
                    held.decrementAndGet();
                }
            }
        }
    }

    private void work(Slot slot, Held record) throws InterruptedException {
        switch (EventCodec.decode(record.record())) {
            case Unreadable unreadable -> deadLetter(slot, record, EventCodec.EVENT_INVALID, unreadable.reason());
            case Received received -> work(slot, record, received);
        }
    }

    private void work(Slot slot, Held record, Received received) throws InterruptedException {
        Outcome outcome;
        try {
            outcome = handle(record, received);
            if (outcome == Outcome.OUTAGE) {
                outcome = waitOut(record, received);
            }
        } catch (RefusedWork refused) {
            deadLetter(slot, record, refused.code(), refused.getMessage());
            return;
        } catch (RuntimeException fault) {
            LOG.error("the handler failed on {}-{}@{}",
                    record.record().topic(), record.record().partition(), record.record().offset(), fault);
            deadLetter(slot, record, "INTERNAL", fault.toString());
            return;
        }
        if (outcome == Outcome.DONE) {
            slot.accept(record);
        } else {
            giveBack(slot, record);
        }
    }

    private Outcome handle(Held record, Received received) throws InterruptedException {
        OneTurn turn = new OneTurn(record);
        try {
            return handler.handle(new Work(received, record.deliveries()), turn);
        } finally {
            turn.pass();
        }
    }

    /** Tries again until the outage is over, the worker drains, or the record's lock is about to end. */
    private Outcome waitOut(Held record, Received received) throws InterruptedException {
        Pause pause = new Pause();
        outages.incrementAndGet();
        try {
            while (true) {
                pause.take();
                if (!isOpen() || record.remaining().compareTo(LOCK_MARGIN) < 0) {
                    return Outcome.GIVE_BACK;
                }
                Outcome outcome = handle(record, received);
                if (outcome != Outcome.OUTAGE) {
                    return outcome;
                }
            }
        } finally {
            outages.decrementAndGet();
        }
    }

    /** Publishes the record anew, since releasing it would count as the death of a worker. */
    private void giveBack(Slot slot, Held record) throws InterruptedException {
        if (publisher.republish(record.record(), this::givingUp)) {
            slot.accept(record);
        } else {
            slot.release(record);
        }
    }

    private void deadLetter(Slot slot, Held record, String code, String reason)
            throws InterruptedException {
        Event.DeadLetter letter =
                EventCodec.deadLetter(record.record(), code, reason, name, clock.instant());
        LOG.warn("{}-{}@{} goes to the dead letters: {}",
                letter.topic(), letter.partition(), letter.offset(), letter.reason());
        TraceContext trace = TraceContext.of(EventCodec.text(record.record().headers(), TraceContext.HEADER));
        if (publisher.publishPatiently(letter, trace, this::givingUp)) {
            deadLetterListener.accept(letter);
            slot.accept(record);
        } else {
            slot.release(record);
        }
    }

    private boolean isOpen() {
        return draining.getCount() > 0;
    }

    private boolean givingUp() {
        return stopped;
    }

    /** Pauses that double, and end at once when the worker drains. */
    private final class Pause {
        private long millis = FIRST_PAUSE_MILLIS;

        void take() throws InterruptedException {
            if (!draining.await(millis, TimeUnit.MILLISECONDS)) {
                millis = Math.min(LONGEST_PAUSE_MILLIS, millis * 2);
            }
        }

        void reset() {
            millis = FIRST_PAUSE_MILLIS;
        }
    }

    /** One record's turn. */
    private final class OneTurn implements Turn {
        private final Held record;
        private boolean taken;

        OneTurn(Held record) {
            this.record = record;
        }

        @Override
        public boolean take(Duration needed) throws InterruptedException {
            while (!taken && isOpen()) {
                taken = turns.tryAcquire(100, TimeUnit.MILLISECONDS);
            }
            return taken && isOpen() && record.remaining().compareTo(needed) > 0;
        }

        @Override
        public boolean stopped() {
            return stopped;
        }

        @Override
        public boolean stopped(Duration needed) {
            return stopped || !isOpen() && drainEnd - System.nanoTime() < needed.toNanos();
        }

        @Override
        public void pass() {
            if (taken) {
                taken = false;
                turns.release();
            }
        }
    }
}
