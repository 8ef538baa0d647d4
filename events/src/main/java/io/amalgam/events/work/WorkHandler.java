package io.amalgam.events.work;

import io.amalgam.events.EventCodec.Received;
import java.time.Duration;

/** Does the work of one record. Called by several slots at once. */
public interface WorkHandler {

    /** What becomes of a record. */
    enum Outcome {
        /** Its work is done, or its failure has been published: accepted. */
        DONE,
        /** It could not be done now and may be done by another: published again, then accepted. */
        GIVE_BACK,
        /** Something that is needed does not answer: the record is kept, nothing more is taken, and tried again. */
        OUTAGE
    }

    /**
     * A record of work.
     *
     * @param received the event
     * @param deliveries how often it has been delivered, this time included; more than one means that a worker died or
     *     hung with it, or stopped when the record had been fetched but not been looked at
     */
    record Work(Received received, int deliveries) {
    }

    /**
     * When the heavy part may begin: one record is worked on while the next is made ready and the one before it is made
     * safe.
     */
    interface Turn {

        /**
         * Waits until no other record is worked on, then holds the place until it is passed on or the handler returns.
         *
         * @param needed how long the work may take
         * @return false if the worker drains, or if the record would not stay ours for {@code needed}: then the
         *     handler returns {@link Outcome#GIVE_BACK}
         */
        boolean take(Duration needed) throws InterruptedException;

        /**
         * Lets another record have its turn: what is left of this one's work waits for disks and for the broker, and leaves
         * the processors alone. Does nothing where the place is not held.
         */
        void pass();

        /** Whether work should stop where it is, since the worker drains and its patience is at an end. */
        boolean stopped();

        /**
         * Whether work that takes this much longer should stop where it is: the worker drains and will not wait for it.
         * What cannot be done in time is then given to another worker at once, not when the patience is at an end.
         *
         * @param needed an estimate; {@link Duration#ZERO} if there is none
         */
        boolean stopped(Duration needed);
    }

    /**
     * Does the work. A {@link RefusedWork} sends the record to the dead letters with its reason; anything else that is
     * thrown is a fault of ours and does so too.
     *
     * @param work the record
     * @param turn to be taken before the heavy part; what comes before overlaps with another record's work
     */
    Outcome handle(Work work, Turn turn) throws InterruptedException;

    /** Whether work can be done now. Asked before each record is taken, so it answers at once unless something is out. */
    boolean available();
}
