package io.amalgam.cluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The manifests before a genuine API server: accepted without a warning, broken ones refused; applied; rolled out; nodes
 * drained within the disruption budgets. What this cannot prove is said by {@link #whatIsNotCovered()}.
 */
@Tag("kubernetes")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KubernetesIT {

    private static final Path FOLDER = Path.of("target/kubernetes").toAbsolutePath();
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final String NAMESPACE = ControlPlane.NAMESPACE;

    private static ControlPlane plane;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Program.isThere("kube") && Program.isThere("kwok"),
                "the control plane is not built (./amalgam test kubernetes builds it, with Go)");
        Program.run(Path.of(".").toAbsolutePath(), "rm", "-rf", FOLDER.toString()).succeeds();
        plane = ControlPlane.start(FOLDER);
        plane.kubectl("apply", "--server-side", "-f", "k8s/base/namespace.yaml").succeeds();
    }

    @AfterAll
    static void stop() {
        if (plane != null) {
            plane.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dev", "ci", "prod", "prod-s3"})
    @Order(1)
    void everythingIsAcceptedWithoutAWarning(String overlay) throws Exception {
        plane.kubectl("apply", "--server-side", "--dry-run=server", "--warnings-as-errors", "-k", "k8s/overlays/" + overlay)
                .succeeds();
    }

    static List<Path> refused() {
        try (Stream<Path> files = Files.list(Project.HOME.resolve("k8s/test/refused"))) {
            return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @ParameterizedTest
    @MethodSource("refused")
    @Order(2)
    void whatIsBrokenIsRefusedForItsReason(Path manifest) throws Exception {
        String reason = Files.readAllLines(manifest).getFirst().replaceFirst("# refused: ", "");
        plane.kubectl("apply", "--server-side", "--dry-run=server", "--warnings-as-errors", "-f", manifest.toString())
                .failsWith(reason);
    }

    @Test
    @Order(3)
    void allOfItIsAppliedAndRecipeServiceIsSpreadOverTheZones() throws Exception {
        plane.provideWhatManifestsReferTo();
        plane.kubectl("apply", "--server-side", "-k", "k8s/overlays/ci").succeeds();
        plane.kubectl("rollout", "status", "-n", NAMESPACE, "deployment/recipe-service", "--timeout=120s").succeeds();
        Set<String> nodes = new HashSet<>();
        for (JsonNode pod : pods("recipe-service")) {
            nodes.add(pod.at("/spec/nodeName").asText());
        }
        assertEquals(2, nodes.size(), "two replicas in two zones");
        // Applied again, nothing changes.
        String again = plane.kubectl("diff", "--server-side", "-k", "k8s/overlays/ci").succeeds();
        assertEquals("", again);
    }

    @Test
    @Order(4)
    void aRolloutNeverLeavesFewerThanThereShouldBe() throws Exception {
        plane.kubectl("set", "image", "-n", NAMESPACE, "deployment/recipe-service", "recipe-service=amalgam/recipe-service:next")
                .succeeds();
        int fewest = fewestReadyUntil(() -> plane.kubectl(
                "rollout", "status", "-n", NAMESPACE, "deployment/recipe-service", "--timeout=120s").succeeds());
        assertTrue(fewest >= 2, fewest + " replicas were ready");
        for (JsonNode pod : pods("recipe-service")) {
            assertEquals("amalgam/recipe-service:next", pod.at("/spec/containers/0/image").asText());
        }
    }

    @Test
    @Order(5)
    void nodesAreDrainedOneReplicaAtATime() throws Exception {
        int fewest = fewestReadyUntil(() -> {
            for (String node : ControlPlane.NODES.subList(0, 2)) {
                plane.kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=120s").succeeds();
            }
        });
        assertTrue(fewest >= 1, "the budget was overdrawn");
        await().atMost(LIMIT).until(() -> pods("recipe-service").stream()
                .allMatch(pod -> pod.at("/spec/nodeName").asText().equals(ControlPlane.NODES.getLast())));
        // With one node left for both, a budget of two keeps it from being emptied.
        plane.kubectl("patch", "pdb", "recipe-service", "-n", NAMESPACE, "--type=merge", "-p", "{\"spec\":{\"minAvailable\":2}}")
                .succeeds();
        await().atMost(LIMIT).until(() -> plane.get("pdb", "recipe-service", "-n", NAMESPACE)
                .at("/status/disruptionsAllowed").asInt(-1) == 0);
        plane.kubectl("drain", ControlPlane.NODES.getLast(), "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=3s")
                .fails();
        for (String node : ControlPlane.NODES) {
            plane.kubectl("uncordon", node).succeeds();
        }
    }

    @Test
    @Order(9)
    void whatIsNotCovered() {
        System.out.println("""
                Not covered by test kubernetes: there is no kubelet, so probes, volumes, image pulls, memory limits and
                network policies are accepted but not exercised; no Strimzi operator, so its resources are checked against
                schemas alone; no registry is pulled from. KEDA is the matter of test autoscaling.""");
    }

    private interface Step {
        void run() throws Exception;
    }

    /** The fewest ready replicas of recipe-service that were seen while a step ran. */
    private static int fewestReadyUntil(Step step) throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger fewest = new AtomicInteger(Integer.MAX_VALUE);
        Thread watcher = Thread.ofVirtual().start(() -> {
            while (!over.get()) {
                try {
                    fewest.accumulateAndGet(plane.get("deployment", "recipe-service", "-n", NAMESPACE)
                            .at("/status/readyReplicas").asInt(), Math::min);
                } catch (IOException | InterruptedException failure) {
                    throw new IllegalStateException(failure);
                }
            }
        });
        try {
            step.run();
        } finally {
            over.set(true);
            watcher.join();
        }
        return fewest.get();
    }

    private static List<JsonNode> pods(String name) throws IOException, InterruptedException {
        List<JsonNode> pods = new ArrayList<>();
        for (JsonNode pod : plane.get("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/name=" + name).get("items")) {
            if (pod.at("/metadata/deletionTimestamp").isMissingNode()) {
                pods.add(pod);
            }
        }
        return pods;
    }
}
