package io.amalgam.mergeworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.mergeworker.chunk.EngineShardMaker;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A merge on a store that fails, is full and answers late, while the clocks of coordinator and worker jump. */
@Timeout(180)
class TroubleTest extends PartsOfTheLine {

    private static final long SEED = 20_261_123;

    @Test
    void aStoreThatFailsAndClocksThatJumpChangeNoByte() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.45, "ordering-expert", "navigation-expert"), 300_000);
        MergeRequested request = Line.request(pinned, 1);
        AtomicInteger troubles = new AtomicInteger();
        ArtifactStore store = troubled(line.store(), new Random(SEED), troubles);
        JumpingClock clock = new JumpingClock();
        EngineShardMaker engine =
                new EngineShardMaker(line.sources(), store, ExecutionOptions.defaults().withThreads(1));
        Random jumps = new Random(SEED + 1);
        try (OneCoordinator coordinator = new OneCoordinator(store, clock);
                OneWorker worker = new OneWorker("troubled-store", engine, 2, store, clock)) {
            coordinator.request(request);
            Line.await(() -> {
                clock.jump(Duration.ofSeconds(jumps.nextLong(-100, 100)));
                coordinator.coordinator.tick(false);
                return !line.ends(request.merge()).isEmpty();
            });
        }
        assertInstanceOf(MergeCompleted.class, line.ends(request.merge()).getFirst());
        assertEquals(1, line.ends(request.merge()).size());
        assertTrue(troubles.get() > 0);
        assertEquals(line.mergeWithoutLine(pinned, folder.resolve("alone-troubled")),
                line.store().manifest(pinned.artifactKey()).orElseThrow());
    }

    /**
     * A store of which one call in eight fails: before anything happened, or after it did, which for its caller is the
     * same. Some of the others answer late.
     */
    private static ArtifactStore troubled(ArtifactStore real, Random random, AtomicInteger troubles) {
        return (ArtifactStore) Proxy.newProxyInstance(
                ArtifactStore.class.getClassLoader(), new Class<?>[] {ArtifactStore.class}, (proxy, method, arguments) -> {
                    int fate;
                    synchronized (random) {
                        fate = random.nextInt(24);
                    }
                    if (fate < 3) {
                        troubles.incrementAndGet();
                    }
                    if (fate == 0) {
                        throw new AmalgamException(ErrorCode.STORE_UNAVAILABLE, "the store does not answer");
                    }
                    if (fate == 1) {
                        throw new AmalgamException(ErrorCode.STORAGE_FULL, "the store is full");
                    }
                    if (fate == 3) {
                        Thread.sleep(200);
                    }
                    Object answer;
                    try {
                        answer = method.invoke(real, arguments);
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                    if (fate == 2) {
                        throw new AmalgamException(ErrorCode.STORE_UNAVAILABLE, "the store's answer was lost");
                    }
                    return answer;
                });
    }

    /** A clock that is set forward and back while it runs. */
    private static final class JumpingClock extends Clock {
        private volatile Duration ahead = Duration.ZERO;

        void jump(Duration by) {
            ahead = ahead.plus(by);
        }

        @Override
        public Instant instant() {
            return Instant.now().plus(ahead);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
