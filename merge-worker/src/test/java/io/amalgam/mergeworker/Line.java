package io.amalgam.mergeworker;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanJson;
import io.amalgam.engine.plan.PlanOptions;
import io.amalgam.engine.plan.Planner;
import io.amalgam.engine.plan.Preflight;
import io.amalgam.engine.recipe.RecipeParser;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSources;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.FileSystemStore;
import io.amalgam.engine.store.Manifest;
import io.amalgam.events.Event;
import io.amalgam.events.Event.MergeCancelled;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeFailed;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.Identifiers;
import io.amalgam.events.LogReader;
import io.amalgam.events.Topics;
import io.amalgam.events.Topics.Topic;
import io.amalgam.events.TraceContext;
import io.amalgam.mergeworker.chunk.EngineShardMaker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The line as a test sees it: it asks for merges as recipe-service does, and reads every topic. */
final class Line implements AutoCloseable {

    /** Small enough that the sample models give a dozen chunks. */
    static final long SHARD_BYTES = 150_000;

    private static final List<Topic> READ = List.of(
            Topics.MERGES, Topics.MERGE_CHUNKS, Topics.CHUNK_RESULTS, Topics.ARTIFACTS, Topics.DEAD_LETTERS);

    private final ModelSources sources;
    private final ArtifactStore store;
    private final EventPublisher publisher;
    private final Map<Topic, List<Received>> received = new HashMap<>();
    private final List<LogReader> readers = new ArrayList<>();

    Line(Map<String, Object> connection, Path models, Path storeRoot) {
        this(connection, new FileSystemStore(storeRoot), new ModelSources(new LocalModelSource(models, false)));
    }

    Line(Map<String, Object> connection, ArtifactStore store, ModelSources sources) {
        this.sources = sources;
        this.store = store;
        this.publisher = new EventPublisher(connection, "test", Clock.systemUTC());
        for (Topic topic : READ) {
            List<Received> events = new CopyOnWriteArrayList<>();
            received.put(topic, events);
            LogReader reader = new LogReader(connection, topic, events::add);
            readers.add(reader);
            reader.start();
        }
    }

    @Override
    public void close() {
        readers.forEach(LogReader::close);
        publisher.close();
    }

    /** Copies the sample models, so that a test may change them. */
    static void copyModels(Path to) {
        Path from = Path.of("..", "samples", "models");
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ArtifactStore store() {
        return store;
    }

    EventPublisher publisher() {
        return publisher;
    }

    ModelSources sources() {
        return sources;
    }

    /** A weighted mean of two specialists: another weight is another artifact. */
    static String recipe(double weight, String... parents) {
        StringBuilder recipe = new StringBuilder("merge_method: linear\ndtype: bfloat16\nmodels:\n");
        for (String parent : parents) {
            recipe.append("  - model: ").append(parent).append("\n    parameters:\n      weight: ").append(weight)
                    .append('\n');
        }
        return recipe.toString();
    }

    PinnedRecipe pin(String recipe, long shardBytes) {
        return pin(recipe, PlanOptions.service().withMaxShardBytes(shardBytes));
    }

    PinnedRecipe pin(String recipe, PlanOptions options) {
        PinnedRecipe pinned =
                Preflight.check(RecipeParser.parse(recipe, "recipe.yml"), options, sources()).orThrow();
        store.put(ArtifactStore.pinnedLocation(pinned.artifactKey()), PlanJson.write(pinned));
        return pinned;
    }

    static MergeRequested request(PinnedRecipe pinned, int attempt) {
        String artifact = pinned.artifactKey();
        return new MergeRequested(
                Identifiers.merge(artifact, attempt), attempt, artifact, "a merge", "linear",
                ArtifactStore.pinnedLocation(artifact), null, List.of("ordering"), pinned.numerics(), Instant.now());
    }

    TraceContext publish(Event event) throws Exception {
        TraceContext trace = TraceContext.start();
        publisher.publish(event, trace).get();
        return trace;
    }

    /** What an engine without any line makes of the recipe, in a store of its own. */
    Manifest mergeWithoutLine(PinnedRecipe pinned, Path elsewhere) {
        ArtifactStore other = new FileSystemStore(elsewhere);
        MergePlan plan = Planner.plan(pinned);
        EngineShardMaker maker = new EngineShardMaker(sources(), other, ExecutionOptions.defaults().withThreads(1));
        for (int i = 0; i < plan.chunks().size(); i++) {
            maker.make(plan.slice(i), ExecutionListener.NONE, () -> { });
        }
        return other.assemble(plan, pinned);
    }

    List<Received> received(Topic topic) {
        return received.get(topic);
    }

    <E extends Event> List<E> events(Topic topic, Class<E> type, Predicate<E> which) {
        return received.get(topic).stream()
                .map(Received::event).filter(type::isInstance).map(type::cast).filter(which).toList();
    }

    /** The terminal events of a merge. */
    List<Event> ends(String merge) {
        return received.get(Topics.MERGES).stream().map(Received::event).filter(event -> switch (event) {
            case MergeCompleted end -> end.merge().equals(merge);
            case MergeFailed end -> end.merge().equals(merge);
            case MergeCancelled end -> end.merge().equals(merge);
            default -> false;
        }).toList();
    }

    Event awaitEnd(String merge) throws InterruptedException {
        await(() -> !ends(merge).isEmpty());
        return ends(merge).getFirst();
    }

    static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "not within 90 s");
            Thread.sleep(20);
        }
    }
}
