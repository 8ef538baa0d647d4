package io.amalgam.engine.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.ModelFolders;
import io.amalgam.engine.checkpoint.SafetensorsWriter;
import io.amalgam.engine.checkpoint.TensorHeader;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.merge.LocalMerge;
import io.amalgam.engine.plan.PlanOptions;
import io.amalgam.engine.plan.Preflight;
import io.amalgam.engine.plan.PreflightResult;
import io.amalgam.engine.recipe.RecipeParser;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every architecture of the table merges: tiny checkpoints made by its templates go in, and all their tensors come out. */
class ArchitectureMergeTest {
    private static final int LAYERS = 2;
    private static final int VOCABULARY = 6;
    private static final String RECIPE = """
            merge_method: linear
            models: [{model: a, parameters: {weight: 0.5}}, {model: b, parameters: {weight: 0.5}}]
            """;

    @TempDir
    private Path root;

    private static List<Architecture> architectures() {
        return Architectures.all();
    }

    /** All tensors of an architecture, with as many layers as its configuration will say. */
    private static List<TensorHeader> tensors(Architecture architecture) {
        List<TensorHeader> tensors = new ArrayList<>();
        for (ArchitectureModule module : architecture.modules()) {
            Stream.concat(module.before().stream(), module.after().stream())
                    .forEach(template -> add(tensors, template, template.name()));
            int layers = module.fixedLayers() >= 0 ? module.fixedLayers() : LAYERS;
            for (int layer = 0; layer < layers; layer++) {
                for (TensorTemplate template : module.each()) {
                    add(tensors, template, template.ofLayer(layer).name());
                }
            }
        }
        tensors.sort((left, right) ->
                SafetensorsWriter.compareInFile(left.dtype(), left.name(), right.dtype(), right.name()));
        return tensors;
    }

    private static void add(List<TensorHeader> tensors, TensorTemplate template, String name) {
        // Where a layer's template does not name the layer, it is one tensor.
        if (tensors.stream().noneMatch(tensor -> tensor.name().equals(name))) {
            tensors.add(new TensorHeader(
                    name,
                    template.storedAs() == null ? DType.F32 : template.storedAs(),
                    template.vocabulary() ? new long[] {VOCABULARY, 3} : new long[] {4}));
        }
    }

    private static String config(Architecture architecture) {
        ObjectNode config = new ObjectMapper().createObjectNode();
        config.putArray("architectures").add(architecture.name());
        config.put("model_type", architecture.modelType());
        for (ArchitectureModule module : architecture.modules()) {
            if (!module.layerKeys().isEmpty()) {
                put(config, module.layerKeys().getFirst(), LAYERS);
            }
        }
        put(config, architecture.vocabularyKeys().getFirst(), VOCABULARY);
        return config.toString();
    }

    private static void put(ObjectNode config, String key, int value) {
        String[] path = key.split("\\.");
        ObjectNode object = config;
        for (String part : Arrays.copyOf(path, path.length - 1)) {
            object = object.withObjectProperty(part);
        }
        object.put(path[path.length - 1], value);
    }

    /** A model with random bytes: equal ones for integer tensors, which have no mean. */
    private void model(String name, Architecture architecture, List<TensorHeader> tensors, int seed) throws IOException {
        byte[] header = SafetensorsWriter.header(tensors);
        long bytes = tensors.stream().mapToLong(TensorHeader::bytes).sum();
        byte[] file = Arrays.copyOf(header, header.length + (int) bytes);
        Random random = new Random(seed);
        int position = header.length;
        for (TensorHeader tensor : tensors) {
            for (int i = 0; i < tensor.bytes(); i++) {
                // Exponents of 63 and below: no NaN, no infinity.
                file[position++] = (byte) (tensor.dtype().floating() ? random.nextInt(64) : 1);
            }
        }
        Files.createDirectories(root.resolve(name));
        Files.write(root.resolve(name).resolve("model.safetensors"), file);
        ModelFolders.text(root.resolve(name).resolve("config.json"), config(architecture));
    }

    private PreflightResult preflight(PlanOptions options) {
        return Preflight.check(RecipeParser.parse(RECIPE, "recipe.yml"), options, sources());
    }

    private ModelSources sources() {
        return new ModelSources(new LocalModelSource(root, true));
    }

    private Set<String> merged(PreflightResult preflight) throws IOException {
        new LocalMerge(sources(), ExecutionOptions.defaults().withThreads(1), false, false)
                .run(preflight, root.resolve("out"), ExecutionListener.NONE);
        return new TreeSet<>(Checkpoint.open(sources().resolve("out", null)).names());
    }

    private static Set<String> names(List<TensorHeader> tensors) {
        Set<String> names = new TreeSet<>();
        tensors.forEach(tensor -> names.add(tensor.name()));
        return names;
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void everyTensorOfTheTableIsInTheOutput(Architecture architecture) throws IOException {
        List<TensorHeader> tensors = tensors(architecture);
        model("a", architecture, tensors, 1);
        model("b", architecture, tensors, 2);
        PreflightResult preflight = preflight(PlanOptions.commandLine());
        assertTrue(preflight.pinned().isPresent(), () -> preflight.problems().toString());
        assertEquals(names(tensors), merged(preflight));
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void aTensorThatTheTableLacksIsReportedAndKeptIfAsked(Architecture architecture) throws IOException {
        List<TensorHeader> tensors = tensors(architecture);
        tensors.add(new TensorHeader("zzz.unheard_of.weight", DType.F32, new long[] {4}));
        tensors.sort((left, right) ->
                SafetensorsWriter.compareInFile(left.dtype(), left.name(), right.dtype(), right.name()));
        model("a", architecture, tensors, 1);
        model("b", architecture, tensors, 2);
        PreflightResult plain = preflight(PlanOptions.commandLine());
        List<String> warnings = plain.problems().stream()
                .filter(problem -> problem.severity() == Problem.Severity.WARNING)
                .map(Problem::message)
                .filter(message -> message.contains("zzz.unheard_of.weight"))
                .toList();
        assertEquals(2, warnings.size(), () -> plain.problems().toString());
        assertTrue(warnings.getFirst().contains("--keep-unlisted"), warnings::toString);
        Set<String> kept = new TreeSet<>();
        PlanOptions keeping = new PlanOptions(0, 1L, false, false, false, true, false, false, false, false);
        preflight(keeping).planOrThrow().chunks().forEach(chunk -> chunk.tensors().forEach(each -> kept.add(each.name())));
        assertEquals(names(tensors), kept);
    }
}
