package io.amalgam.engine.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Things that are read at once come in their order, and never more of them than allowed. */
class InParallelTest {

    private static final List<Integer> ITEMS = IntStream.range(0, 40).boxed().toList();

    @Test
    void resultsAreInTheOrderOfItems() throws IOException {
        assertEquals(ITEMS.stream().map(item -> item * item).toList(), InParallel.map(ITEMS, 5, item -> item * item));
        assertEquals(List.of(), InParallel.map(List.<Integer>of(), 5, item -> item));
        assertEquals(List.of(9), InParallel.map(List.of(3), 5, item -> item * item));
    }

    @Test
    void asManyRunAtOnceAsAllowedAndNoMore() throws IOException {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch together = new CountDownLatch(4);
        InParallel.map(ITEMS, 4, item -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            together.countDown();
            try {
                // Nobody goes on before four are here: were fewer allowed, this would never end.
                together.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            return running.decrementAndGet();
        });
        assertEquals(4, most.get());
    }

    @Test
    void ofSeveralFailuresThatOfTheFirstItemIsTold() {
        IOException failure = assertThrows(
                IOException.class,
                () -> InParallel.map(ITEMS, 8, item -> {
                    if (item % 2 == 1) {
                        throw new IOException("item " + item);
                    }
                    return item;
                }));
        assertEquals("item 1", failure.getMessage());
        assertThrows(IllegalArgumentException.class, () -> InParallel.map(ITEMS, 3, item -> {
            throw new IllegalArgumentException("item " + item);
        }));
    }
}
