package io.amalgam.cluster;

import static org.awaitility.Awaitility.await;

import io.amalgam.broker.BrokerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;

/**
 * KEDA's own operator and metrics adapter beside a control plane, which end with it. The API server asks the adapter for
 * metrics by API aggregation and trusts its certificate; both act with an administrator's rights.
 */
final class Keda {

    private static final String NAMESPACE = "keda";
    private static final String SERVICE = "keda-metrics-apiserver";

    private Keda() {
    }

    /** Whether it is built. */
    static boolean isThere() {
        return Program.isThere("keda") && Program.isThere("keda-adapter");
    }

    /** Starts it and waits until the API server is answered by it. */
    static void start(ControlPlane plane) throws IOException, InterruptedException {
        Path certificates = Files.createDirectories(plane.certificates().resolve("keda"));
        for (Map.Entry<String, String> file
                : Map.of("ca.crt", "ca.crt", "tls.crt", "keda.crt", "tls.key", "keda.key").entrySet()) {
            Files.copy(plane.certificates().resolve(file.getValue()), certificates.resolve(file.getKey()));
        }
        int metrics = BrokerProcess.freePort();
        int secure = BrokerProcess.freePort();
        plane.kubectl("create", "namespace", NAMESPACE).succeeds();
        Map<String, String> variables = Map.of("POD_NAMESPACE", NAMESPACE, "KEDA_CLUSTER_OBJECT_NAMESPACE", NAMESPACE,
                "WATCH_NAMESPACE", "");
        Server operator = plane.run("keda", variables, "--zap-log-level=info", "--zap-encoder=console",
                "--enable-cert-rotation=false", "--cert-dir=" + certificates, "--metrics-bind-address=0",
                "--health-probe-bind-address=127.0.0.1:" + BrokerProcess.freePort(),
                "--metrics-service-bind-address=127.0.0.1:" + metrics);
        Server adapter = plane.run("keda-adapter", variables, "--bind-address=127.0.0.1", "--secure-port=" + secure,
                "--port=" + BrokerProcess.freePort(), "--metrics-service-address=localhost:" + metrics,
                "--cert-dir=" + certificates, "--client-ca-file=" + certificates.resolve("ca.crt"),
                "--tls-cert-file=" + certificates.resolve("tls.crt"),
                "--tls-private-key-file=" + certificates.resolve("tls.key"),
                "--lister-kubeconfig=" + plane.configuration(),
                "--authentication-kubeconfig=" + plane.configuration(),
                "--authorization-kubeconfig=" + plane.configuration());
        plane.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: %1$s, namespace: %2$s}
                spec: {type: ExternalName, externalName: localhost}
                ---
                apiVersion: apiregistration.k8s.io/v1
                kind: APIService
                metadata: {name: v1beta1.external.metrics.k8s.io}
                spec:
                  group: external.metrics.k8s.io
                  version: v1beta1
                  groupPriorityMinimum: 100
                  versionPriority: 100
                  service: {name: %1$s, namespace: %2$s, port: %3$d}
                  caBundle: %4$s
                """.formatted(SERVICE, NAMESPACE, secure, Base64.getEncoder()
                .encodeToString(Files.readAllBytes(certificates.resolve("ca.crt")))));
        await("KEDA").atMost(Duration.ofMinutes(2)).until(() -> {
            for (Server server : new Server[] {operator, adapter}) {
                if (!server.isAlive()) {
                    throw new AssertionError(server.said());
                }
            }
            return plane.kubectl("get", "--raw", "/apis/external.metrics.k8s.io/v1beta1").status() == 0;
        });
    }
}
