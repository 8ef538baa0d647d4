package io.amalgam.cluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.events.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Workers follow the backlog, all of it genuine but for kwok's nodes: orders given to recipe-service, its metric, a Prometheus that scrapes it,
 * KEDA's operator and adapter, the horizontal pod autoscaler, scheduler and controllers. Pods run nothing (there is no
 * kubelet), so the backlog stays until the test starts workers beside the cluster.
 */
@Tag("autoscaling")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AutoscalingIT {

    private static final Path FOLDER = Path.of("target/autoscaling").toAbsolutePath();
    private static final String WORKER = "merge-worker";
    /** What one worker is there for: the threshold of k8s/base/keda. */
    private static final int ORDERS_PER_WORKER = 4;
    /** The most workers: what the overlay {@code ci} allows. */
    private static final int MOST_WORKERS = 12;

    private static final List<String> MERGES = new ArrayList<>();
    private static ControlPlane plane;
    private static RunningLine line;
    private static RunningLine workers;
    private static Prometheus prometheus;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Program.isThere("kube") && Program.isThere("kwok") && Keda.isThere(),
                "the control plane and KEDA are not built (./amalgam test autoscaling builds them, with Go)");
        assumeTrue(Program.isThere("prometheus"), "prometheus is not there (Debian: apt install prometheus)");
        Program.run(Path.of(".").toAbsolutePath(), "rm", "-rf", FOLDER.toString()).succeeds();
        line = RunningLine.start(FOLDER.resolve("line"), 0, 0);
        plane = ControlPlane.start(FOLDER.resolve("cluster"));
        Keda.start(plane);
        prometheus = Prometheus.start(FOLDER.resolve("prometheus"), line.ports());
        plane.kubectl("apply", "--server-side", "-f", "k8s/base/namespace.yaml").succeeds();
        plane.provideWhatManifestsReferTo();
        plane.kubectl("apply", "--server-side", "-k", "k8s/overlays/ci").succeeds();
        askPrometheus();
    }

    @AfterAll
    static void stop() {
        for (AutoCloseable part : new AutoCloseable[] {plane, workers, line, prometheus}) {
            if (part != null) {
                try {
                    part.close();
                } catch (Exception failure) {
                    System.err.println(part + " did not stop: " + failure.getMessage());
                }
            }
        }
    }

    /** Tells KEDA where Prometheus is. */
    private static void askPrometheus() throws Exception {
        for (String name : List.of(WORKER, "eval-worker")) {
            plane.kubectl("patch", "scaledobject", name, "-n", ControlPlane.NAMESPACE, "--type=json", "-p",
                    "[{\"op\":\"replace\",\"path\":\"/spec/triggers/0/metadata/serverAddress\",\"value\":\""
                            + prometheus.address() + "\"}]").succeeds();
        }
    }

    @Test
    @Order(1)
    void whereThereIsNothingToDoThereIsNoWorker() throws Exception {
        for (String name : List.of(WORKER, "eval-worker")) {
            eventually(name).until(() -> condition(name, "Ready").equals("True") && replicas(name) == 0);
        }
    }

    @Test
    @Order(2)
    void aRequestStartsAWorker() throws Exception {
        orderUntil(1);
        eventually("a worker").until(() -> readyReplicas() == 1);
        assertEquals("True", condition(WORKER, "Active"));
    }

    @Test
    @Order(3)
    void eightWorkersAreStartedForTheBacklogOfEight() throws Exception {
        orderUntil(8 * ORDERS_PER_WORKER);
        eventually("eight workers").until(() -> readyReplicas() == 8);
        assertEquals(8 * ORDERS_PER_WORKER, backlog());
    }

    @Test
    @Order(4)
    void thereMayBeMoreWorkersThanPartitionsButNotMoreThanAllowed() throws Exception {
        assertTrue(MOST_WORKERS > Topics.MERGE_REQUESTS.partitions());
        orderUntil((MOST_WORKERS + 2) * ORDERS_PER_WORKER);
        eventually("as many workers as are allowed").until(() -> readyReplicas() == MOST_WORKERS
                && limitedBecause().equals("TooManyReplicas"));
    }

    @Test
    @Order(5)
    void whileTheBacklogIsUnknownNobodyIsSentAway() throws Exception {
        prometheus.close();
        eventually("KEDA's fallback").until(() -> condition(WORKER, "Fallback").equals("True"));
        assertEquals(MOST_WORKERS, replicas(WORKER));
        prometheus = Prometheus.start(FOLDER.resolve("prometheus-again"), line.ports());
        askPrometheus();
        eventually("the end of the fallback").until(() -> condition(WORKER, "Fallback").equals("False"));
        assertEquals(MOST_WORKERS, replicas(WORKER));
    }

    @Test
    @Order(6)
    void workersGoWhenTheWorkIsDone() throws Exception {
        workers = line.join(FOLDER.resolve("workers"), 2);
        for (String merge : MERGES) {
            line.awaitCompleted(merge, false);
        }
        eventually("the backlog's end").until(() -> backlog() == 0);
        eventually("the workers' end").until(() -> replicas(WORKER) == 0);
        assertEquals("False", condition(WORKER, "Active"));
    }

    @Test
    @Order(7)
    void aScaledObjectWithoutADeploymentIsNotReady() throws Exception {
        plane.apply("""
                apiVersion: keda.sh/v1alpha1
                kind: ScaledObject
                metadata: {name: nobody, namespace: amalgam}
                spec:
                  scaleTargetRef: {name: nobody}
                  triggers:
                    - type: prometheus
                      metadata: {serverAddress: "%s", query: vector(1), threshold: "1"}
                """.formatted(prometheus.address()));
        eventually("KEDA's refusal").until(() -> condition("nobody", "Ready").equals("False"));
    }

    /** Nodes that seem dead would have taken their pods with them, and what was counted above would mean nothing. */
    @Test
    @Order(8)
    void noNodeWasLostMeanwhile() throws Exception {
        for (JsonNode event : plane.get("events", "-A").get("items")) {
            assertTrue(!event.path("reason").asText().equals("NodeNotReady"), event.toString());
        }
    }

    @Test
    @Order(9)
    void whatIsNotCovered() {
        System.out.println("""
                Not covered by test autoscaling: pods run nothing, so workers that do the work run beside the cluster; KEDA has
                an administrator's rights, so its own roles are not tried; its admission webhooks do not run; nodes are fake.""");
    }

    private static ConditionFactory eventually(String what) {
        return await(what).atMost(Duration.ofMinutes(5)).pollInterval(Duration.ofMillis(500));
    }

    /** Gives orders until so many have been given, each of another merge, and waits until Prometheus knows of them. */
    private static void orderUntil(int orders) throws Exception {
        String recipe = RunningLine.sample("ties");
        while (MERGES.size() < orders) {
            String density = "density: 0." + (100 + MERGES.size());
            String changed = recipe.replace("density: 0.4", density);
            assertTrue(changed.contains(density), recipe);
            MERGES.add(line.order("merge " + MERGES.size(), changed, "1GB"));
        }
        eventually("a backlog of " + orders).until(() -> backlog() == orders);
    }

    /** The backlog by the question that KEDA asks; -1 if there is no answer. */
    private static int backlog() throws Exception {
        JsonNode answer = prometheus.ask("max(amalgam_merge_backlog{namespace=\"amalgam\"})");
        return answer.isEmpty() ? -1 : answer.get(0).at("/value/1").asInt();
    }

    private static int replicas(String deployment) throws Exception {
        return plane.get("deployment", deployment, "-n", ControlPlane.NAMESPACE).at("/spec/replicas").asInt();
    }

    private static int readyReplicas() throws Exception {
        return plane.get("deployment", WORKER, "-n", ControlPlane.NAMESPACE).at("/status/readyReplicas").asInt();
    }

    /** The status of a ScaledObject's condition. */
    private static String condition(String scaledObject, String type) throws Exception {
        return conditions(plane.get("scaledobject", scaledObject, "-n", ControlPlane.NAMESPACE), type, "status");
    }

    /** Why the autoscaler wants another number than it may have. */
    private static String limitedBecause() throws Exception {
        return conditions(plane.get("hpa", "keda-hpa-" + WORKER, "-n", ControlPlane.NAMESPACE), "ScalingLimited", "reason");
    }

    private static String conditions(JsonNode resource, String type, String field) {
        Map<String, String> fields = new TreeMap<>();
        resource.at("/status/conditions").forEach(each -> fields.put(each.path("type").asText(), each.path(field).asText()));
        return fields.getOrDefault(type, "");
    }
}
