package io.amalgam.events.work;

import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Where records of work come from. {@link ShareGroupQueue} is the one for brokers from 4.2 on. */
public interface WorkQueue {

    /** Opens a place for one record at a time. */
    Slot open();

    /** A place for one record at a time. Used by one thread. */
    interface Slot extends AutoCloseable {

        /** Waits at most this long for a record. The one before must have been accepted or released. */
        Optional<Held> poll(Duration timeout);

        /** Says that the record's work is done. If this is lost, the record is delivered again. */
        void accept(Held held);

        /** Gives the record to whoever asks next; counts as a delivery. */
        void release(Held held);

        /** Gives back what is held, and leaves. */
        @Override
        void close();
    }

    /**
     * A record that a slot holds.
     *
     * @param record the record
     * @param deliveries how often it has been delivered, this time included
     * @param until when another worker may get it, in {@link System#nanoTime()}'s terms
     */
    record Held(ConsumerRecord<String, byte[]> record, int deliveries, long until) {

        /** How long it is still ours. */
        public Duration remaining() {
            return Duration.ofNanos(until - System.nanoTime());
        }
    }
}
