package io.amalgam.cluster;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.broker.BrokerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A genuine Kubernetes control plane (etcd, API server, controller manager, scheduler) with the custom resources that the
 * manifests use, and three fake nodes in three zones (kwok). Its pods run nothing: there is no kubelet.
 */
final class ControlPlane implements AutoCloseable {

    /** The namespace of the manifests. */
    static final String NAMESPACE = "amalgam";

    /** Names of the fake nodes. */
    static final List<String> NODES = List.of("node-a", "node-b", "node-c");

    private static final String NODE = """
            apiVersion: v1
            kind: Node
            metadata:
              name: %1$s
              annotations: {kwok.x-k8s.io/node: fake}
              labels:
                kubernetes.io/hostname: %1$s
                topology.kubernetes.io/zone: zone-%1$s
            status:
              allocatable: {cpu: "64", memory: 256Gi, pods: "110", ephemeral-storage: 1Ti}
              capacity: {cpu: "64", memory: 256Gi, pods: "110", ephemeral-storage: 1Ti}
            ---
            """;

    private final Path folder;
    private final Path tools;
    private final int port;
    private final List<Server> servers = new ArrayList<>();

    private ControlPlane(Path folder, Path tools, int port) {
        this.folder = folder;
        this.tools = tools;
        this.port = port;
    }

    /** Starts it in a folder. */
    static ControlPlane start(Path folder) throws IOException, InterruptedException {
        Path tools = Program.find("kube").orElseThrow().getParent();
        ControlPlane plane = new ControlPlane(folder, tools, BrokerProcess.freePort());
        Runtime.getRuntime().addShutdownHook(new Thread(plane::stopQuietly));
        plane.script("start");
        plane.installResources();
        Path stages = tools.resolve("stages.yaml");
        plane.servers.add(Server.start(folder, "kwok", plane.environment(), List.of(tools.resolve("kwok").toString(),
                "--kubeconfig", plane.configuration().toString(), "--manage-all-nodes=true", "--config",
                stages.toString(), "--node-lease-duration-seconds=40", "--server-address",
                "127.0.0.1:" + BrokerProcess.freePort())));
        StringBuilder nodes = new StringBuilder();
        NODES.forEach(name -> nodes.append(NODE.formatted(name)));
        plane.apply(nodes.toString());
        await("nodes").atMost(Duration.ofMinutes(2)).until(() -> plane.kubectl("wait", "--for=condition=Ready",
                "node", "--all", "--timeout=5s").status() == 0);
        return plane;
    }

    private void installResources() throws IOException, InterruptedException {
        Path strimzi = Files.createDirectories(folder.resolve("crds"));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(), "-cp", System.getProperty("java.class.path"),
                "io.strimzi.crdgenerator.CrdGenerator", "--label", "app:strimzi", "--target-kube", "1.16+",
                "--crd-api-version", "v1", "--api-versions", "v1", "--storage-version", "v1", "--yaml"));
        Map.of("kafka.Kafka", "kafka", "topic.KafkaTopic", "topic", "user.KafkaUser", "user",
                        "nodepool.KafkaNodePool", "pool")
                .forEach((type, file) -> command.add(
                        "io.strimzi.api.kafka.model." + type + "=" + strimzi.resolve(file + ".yaml")));
        Program.run(folder, Map.of(), command).succeeds();
        for (Path crds : List.of(strimzi, tools.resolve("crds/keda"), tools.resolve("crds/prometheus"))) {
            kubectl("apply", "--server-side", "-f", crds.toString()).succeeds();
        }
        kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s").succeeds();
    }

    /** The credentials of an administrator. */
    Path configuration() {
        return folder.resolve("run/admin.kubeconfig");
    }

    /** The tools that were built for it. */
    Path tools() {
        return tools;
    }

    /** A volume for the claim; the secrets that Strimzi, the database's owner and an administrator would make. */
    void provideWhatManifestsReferTo() throws IOException, InterruptedException {
        apply("""
                apiVersion: v1
                kind: PersistentVolume
                metadata: {name: files}
                spec:
                  capacity: {storage: 1Ti}
                  accessModes: [ReadWriteMany]
                  nfs: {server: nfs.invalid, path: /amalgam}
                """);
        for (String name : List.of("amalgam-cluster-ca-cert", "amalgam-database", "amalgam-administrator",
                "recipe-service", "merge-worker", "eval-worker")) {
            kubectl("create", "secret", "generic", name, "-n", NAMESPACE, "--from-literal=of=the-test").succeeds();
        }
    }

    /** Runs kubectl. */
    Program kubectl(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(tools.resolve("kube").toString(), "kubectl"));
        command.addAll(List.of(arguments));
        return Program.run(Project.HOME, environment(), command);
    }

    /** Runs kubectl on a manifest. */
    Program kubectlOn(String manifest, String... arguments) throws IOException, InterruptedException {
        Path file = Files.createTempFile(folder, "manifest", ".yaml");
        Files.writeString(file, manifest);
        return kubectl(Stream.concat(Stream.of(arguments), Stream.of("-f", file.toString())).toArray(String[]::new));
    }

    /** Applies a manifest for real. */
    void apply(String manifest) throws IOException, InterruptedException {
        kubectlOn(manifest, "apply", "--server-side").succeeds();
    }

    /** A resource, or a list of them. */
    JsonNode get(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("get", "-o", "json"));
        command.addAll(List.of(arguments));
        return new ObjectMapper().readTree(kubectl(command.toArray(String[]::new)).succeeds());
    }

    /** Runs a program beside the control plane, with an administrator's credentials, until it is stopped. */
    Server run(String name, Map<String, String> variables, String... arguments) throws IOException {
        Map<String, String> environment = new HashMap<>(environment());
        environment.putAll(variables);
        List<String> command = new ArrayList<>(List.of(tools.resolve(name).toString()));
        command.addAll(List.of(arguments));
        Server server = Server.start(folder, name, environment, command);
        servers.add(server);
        return server;
    }

    /** The folder of its certificates. */
    Path certificates() {
        return folder.resolve("run/pki");
    }

    private Map<String, String> environment() {
        return Map.of("KUBECONFIG", configuration().toString());
    }

    private Program script(String command) throws IOException, InterruptedException {
        Program outcome = Program.run(Files.createDirectories(folder), Map.of(
                        "D", folder.resolve("run").toString(), "BIN", tools.toString(), "API", Integer.toString(port),
                        "ETCD", Integer.toString(BrokerProcess.freePort())),
                List.of("bash", Project.HOME.resolve("cluster/tools/control-plane.sh").toString(), command));
        outcome.succeeds();
        return outcome;
    }

    private void stopQuietly() {
        servers.reversed().forEach(Server::close);
        servers.clear();
        try {
            script("stop");
        } catch (IOException | InterruptedException | AssertionError gone) {
            System.err.println("the control plane did not stop: " + gone.getMessage());
        }
    }

    @Override
    public void close() {
        stopQuietly();
    }
}
