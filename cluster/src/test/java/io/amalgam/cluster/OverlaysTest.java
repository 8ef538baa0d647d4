package io.amalgam.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The overlays are built by kustomize, as a user builds them. */
class OverlaysTest {

    @ParameterizedTest
    @ValueSource(strings = {"dev", "ci", "prod", "prod-s3"})
    void anOverlayIsWholeAndAllOfItIsInTheNamespace(String overlay) throws Exception {
        assumeTrue(Program.isThere("kubectl"), "kubectl is not there");
        List<Map<String, Object>> resources = Project.documents(
                Program.run(Project.HOME, "kubectl", "kustomize", "k8s/overlays/" + overlay).succeeds());
        Set<String> names = new HashSet<>();
        for (Map<String, Object> resource : resources) {
            String name = resource.get("kind") + "/" + Project.name(resource);
            assertTrue(names.add(name), name + " is there twice");
            assertEquals(name.equals("Namespace/amalgam") ? null : "amalgam",
                    Project.at(resource, "metadata", "namespace"), name);
            assertEquals("amalgam", Project.at(resource, "metadata", "labels", "app.kubernetes.io/part-of"), name);
        }
        assertTrue(names.containsAll(Set.of("Kafka/amalgam", "KafkaTopic/merge-requests", "ScaledObject/merge-worker",
                "ServiceMonitor/amalgam", "PrometheusRule/amalgam", "ConfigMap/amalgam-dashboards")), names.toString());
    }

    @Test
    void withABucketNoServiceNeedsAFolderForArtifacts() throws Exception {
        assumeTrue(Program.isThere("kubectl"), "kubectl is not there");
        List<Map<String, Object>> resources = Project.documents(
                Program.run(Project.HOME, "kubectl", "kustomize", "k8s/overlays/prod-s3").succeeds());
        Map<String, String> settings = Project.at(Project.ofKind(resources, "ConfigMap").stream()
                .filter(map -> Project.name(map).equals("amalgam")).findFirst().orElseThrow(), "data");
        assertTrue(settings.get("AMALGAM_STORE_ROOT").startsWith("s3://"), settings.toString());
        List<Map<String, Object>> deployments = Project.ofKind(resources, "Deployment");
        assertEquals(3, deployments.size());
        for (Map<String, Object> deployment : deployments) {
            Map<String, Object> container = Project.at(deployment, "spec", "template", "spec", "containers", 0);
            List<Map<String, Object>> mounts = Project.at(container, "volumeMounts");
            assertTrue(mounts.stream().noneMatch(mount -> mount.get("mountPath").equals("/var/amalgam/store")),
                    Project.name(deployment));
            List<Map<String, Object>> sources = Project.at(container, "envFrom");
            assertEquals("amalgam", Project.at(sources.getFirst(), "configMapRef", "name"));
            assertEquals("amalgam-s3", Project.at(sources.getLast(), "secretRef", "name"));
        }
    }
}
