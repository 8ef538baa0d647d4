package io.amalgam.mergeworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.Planner;
import io.amalgam.events.Event.ChunkCompleted;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.events.Topics;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A recipe that is run again with one parameter changed: only the shards that it concerns are computed. */
@Timeout(180)
class CampaignTest extends PartsOfTheLine {

    @Test
    void anotherWeightInTheUpperLayersComputesOnlyTheirShards() throws Exception {
        PinnedRecipe before = line.pin(recipe(0.3), 60_000);
        PinnedRecipe after = line.pin(recipe(0.6), 60_000);
        Set<String> made = new HashSet<>();
        for (ChunkPlan chunk : Planner.plan(before).chunks()) {
            made.add(chunk.key());
        }
        Set<Integer> concerned = new TreeSet<>();
        for (ChunkPlan chunk : Planner.plan(after).chunks()) {
            if (!made.contains(chunk.key())) {
                concerned.add(chunk.index());
            }
        }
        int chunks = Planner.plan(after).chunks().size();
        assertTrue(!concerned.isEmpty() && concerned.size() <= chunks * 2 / 3, concerned + " of " + chunks);

        MergeRequested first = Line.request(before, 1);
        MergeRequested second = Line.request(after, 1);
        try (OneCoordinator coordinator = new OneCoordinator(); OneWorker worker = new OneWorker("campaign", engine())) {
            coordinator.request(first);
            assertInstanceOf(MergeCompleted.class, line.awaitEnd(first.merge()));
            int computed = worker.made.get();
            coordinator.request(second);
            assertInstanceOf(MergeCompleted.class, line.awaitEnd(second.merge()));
            assertEquals(concerned.size(), worker.made.get() - computed);
        }
        Set<Integer> newlyMade = new TreeSet<>();
        line.events(Topics.CHUNK_RESULTS, ChunkCompleted.class, event -> event.merge().equals(second.merge()))
                .stream().filter(event -> !event.reused()).forEach(event -> newlyMade.add(event.index()));
        assertEquals(concerned, newlyMade);
        assertEquals(line.mergeWithoutLine(after, folder.resolve("alone-campaign")),
                line.store().manifest(after.artifactKey()).orElseThrow());
    }

    /** The lower two layers are always merged in the same way. */
    private static String recipe(double weight) {
        return """
                slices:
                  - sources:
                      - {model: ordering-expert, layer_range: [0, 2], parameters: {weight: 0.5}}
                      - {model: navigation-expert, layer_range: [0, 2], parameters: {weight: 0.5}}
                  - sources:
                      - {model: ordering-expert, layer_range: [2, 4], parameters: {weight: %s}}
                      - {model: navigation-expert, layer_range: [2, 4], parameters: {weight: 0.5}}
                merge_method: linear
                dtype: bfloat16
                """.formatted(weight);
    }
}
