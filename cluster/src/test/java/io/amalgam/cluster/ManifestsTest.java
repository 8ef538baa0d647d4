package io.amalgam.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.events.Topics;
import io.amalgam.events.metric.Metric;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the manifests promise, as far as it can be read off them; an API server judges the rest (KubernetesIT). */
class ManifestsTest {

    private static final List<Map<String, Object>> BASE = Project.resources("base");
    private static final List<Map<String, Object>> DEPLOYMENTS = Project.ofKind(BASE, "Deployment");
    private static final Set<String> SERVICES = Set.of("recipe-service", "merge-worker", "eval-worker");

    @Test
    void thereIsADeploymentOfEachServiceAndWhatBelongsToIt() {
        for (String kind : List.of("Deployment", "Service", "ServiceAccount", "PodDisruptionBudget", "KafkaUser")) {
            assertEquals(SERVICES, names(kind), kind);
        }
    }

    @Test
    void noPodMayDoMoreThanItsWork() {
        for (Map<String, Object> deployment : DEPLOYMENTS) {
            Map<String, Object> pod = Project.at(deployment, "spec", "template", "spec");
            String name = Project.name(deployment);
            assertEquals(false, pod.get("automountServiceAccountToken"), name);
            assertEquals(false, pod.get("enableServiceLinks"), name);
            assertEquals(true, Project.<Object>at(pod, "securityContext", "runAsNonRoot"), name);
            assertEquals("RuntimeDefault", Project.at(pod, "securityContext", "seccompProfile", "type"), name);
            Map<String, Object> container = Project.at(pod, "containers", 0);
            assertEquals(true, Project.<Object>at(container, "securityContext", "readOnlyRootFilesystem"), name);
            assertEquals(false, Project.<Object>at(container, "securityContext", "allowPrivilegeEscalation"), name);
            assertEquals(List.of("ALL"), Project.at(container, "securityContext", "capabilities", "drop"), name);
        }
        for (Map<String, Object> account : Project.ofKind(BASE, "ServiceAccount")) {
            assertEquals(false, account.get("automountServiceAccountToken"), Project.name(account));
        }
        Map<String, Object> namespace = Project.ofKind(BASE, "Namespace").getFirst();
        assertEquals("restricted",
                Project.at(namespace, "metadata", "labels", "pod-security.kubernetes.io/enforce"));
    }

    @Test
    void everyContainerHasLimitsAndIsAskedHowItIs() {
        for (Map<String, Object> deployment : DEPLOYMENTS) {
            Map<String, Object> container = Project.at(deployment, "spec", "template", "spec", "containers", 0);
            String name = Project.name(deployment);
            String requested = Project.at(container, "resources", "requests", "memory");
            assertEquals(requested, Project.at(container, "resources", "limits", "memory"), name);
            for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
                assertNotNull(Project.at(container, probe, "httpGet", "path"), name + " " + probe);
            }
            assertNotNull(Project.at(deployment, "spec", "template", "spec", "topologySpreadConstraints", 1), name);
        }
    }

    @Test
    void aWorkerHasTimeToDrain() {
        for (Map<String, Object> deployment : DEPLOYMENTS) {
            List<Map<String, Object>> environment =
                    Project.at(deployment, "spec", "template", "spec", "containers", 0, "env");
            for (Map<String, Object> variable : environment) {
                if ("AMALGAM_WORKER_DRAIN".equals(variable.get("name"))) {
                    int drain = Integer.parseInt(variable.get("value").toString().replace("s", ""));
                    int grace = Project.at(deployment, "spec", "template", "spec", "terminationGracePeriodSeconds");
                    assertEquals(45, drain, Project.name(deployment));
                    // After the drain: up to 15 s for what is given back, and the coordinator's end.
                    assertTrue(grace >= 60 && grace >= drain + 15, Project.name(deployment));
                }
            }
        }
    }

    @Test
    void secretsAreOnlyReferredTo() {
        assertEquals(Set.of(), names("Secret"));
        for (Map<String, Object> map : Project.ofKind(BASE, "ConfigMap")) {
            Map<String, String> data = Project.at(map, "data");
            data.keySet().forEach(key -> assertTrue(!key.contains("PASSWORD") && !key.contains("SECRET"), key));
        }
    }

    @Test
    void nothingMayTalkUnlessItIsSaid() {
        List<Map<String, Object>> policies = Project.ofKind(BASE, "NetworkPolicy");
        Map<String, Object> deny = policies.stream()
                .filter(policy -> Project.name(policy).equals("default-deny")).findFirst().orElseThrow();
        assertEquals(Map.of(), Project.<Object>at(deny, "spec", "podSelector"));
        assertEquals(Set.of("Ingress", "Egress"), new HashSet<>(Project.<List<String>>at(deny, "spec", "policyTypes")));
        assertEquals(null, Project.<Object>at(deny, "spec", "ingress"));
        assertEquals(null, Project.<Object>at(deny, "spec", "egress"));
    }

    @Test
    void brokersAllowTheLocksThatWorkNeeds() {
        Map<String, Object> configuration =
                Project.at(Project.ofKind(BASE, "Kafka").getFirst(), "spec", "kafka", "config");
        for (String line : Topics.brokerConfiguration()) {
            String[] setting = line.split("=");
            assertEquals(setting[1], configuration.get(setting[0]).toString(), setting[0]);
        }
        assertEquals(3, configuration.get("share.coordinator.state.topic.replication.factor"));
        assertEquals(false, configuration.get("auto.create.topics.enable"));
    }

    @Test
    void usersAreGivenTopicsAndGroupsThatExist() {
        Set<String> topics = Topics.ALL.stream().map(Topics.Topic::name).collect(Collectors.toSet());
        Set<String> groups = new TreeSet<>(Topics.WORK_GROUPS.stream().map(Topics.WorkGroup::name).toList());
        groups.addAll(List.of("recipe-service", "recipe-service-triggers", "merge-coordinators", "evaluation-coordinators"));
        for (Map<String, Object> user : Project.ofKind(BASE, "KafkaUser")) {
            List<Map<String, Object>> rules = Project.at(user, "spec", "authorization", "acls");
            for (Map<String, Object> rule : rules) {
                String name = Project.at(rule, "resource", "name");
                Set<String> known = "topic".equals(Project.at(rule, "resource", "type")) ? topics : groups;
                assertTrue(known.contains(name), Project.name(user) + ": " + rule);
                assertEquals("literal", Project.at(rule, "resource", "patternType"), rule.toString());
            }
        }
    }

    @Test
    void workersFollowTheBacklogDownToNoneAndBeyondThePartitions() {
        List<Map<String, Object>> scaled = Project.ofKind(BASE, "ScaledObject");
        assertEquals(2, scaled.size());
        for (Map<String, Object> object : scaled) {
            String name = Project.name(object);
            assertEquals(name, Project.at(object, "spec", "scaleTargetRef", "name"));
            assertEquals(0, Project.<Integer>at(object, "spec", "minReplicaCount"), name);
            int most = Project.at(object, "spec", "maxReplicaCount");
            assertTrue(most > Topics.MERGE_REQUESTS.partitions(), name);
            Map<String, String> trigger = Project.at(object, "spec", "triggers", 0, "metadata");
            assertEquals("false", trigger.get("ignoreNullValues"), name);
            Metric metric = name.equals("merge-worker") ? Metric.MERGE_BACKLOG : Metric.EVALUATION_BACKLOG;
            assertEquals("max(" + metric.prometheusName() + "{namespace=\"amalgam\"})", trigger.get("query"), name);
            // Whoever sets replicas too would undo what KEDA does.
            Map<String, Object> deployment = DEPLOYMENTS.stream()
                    .filter(each -> Project.name(each).equals(name)).findFirst().orElseThrow();
            assertEquals(null, Project.<Object>at(deployment, "spec", "replicas"), name);
        }
    }

    private static Set<String> names(String kind) {
        List<String> names = new ArrayList<>();
        Project.ofKind(BASE, kind).forEach(resource -> names.add(Project.name(resource)));
        return Set.copyOf(names);
    }
}
