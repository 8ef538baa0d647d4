/**
 * Work queues: records that any free worker takes, holds while it works, and accepts when the work is done.
 *
 * <p>At-least-once, and correctness never rests on an acknowledgement: whatever a handler does may be done twice, so it
 * has to give the same result twice.
 */
package io.amalgam.events.work;
