package io.amalgam.cluster;

import io.amalgam.events.Topics;
import io.amalgam.events.Topics.Topic;

/** The line's topics as Strimzi's {@code KafkaTopic} resources. */
final class TopicManifests {

    private TopicManifests() {
    }

    /** The content of {@code k8s/base/kafka/topics.yaml}. */
    static String yaml() {
        StringBuilder yaml = new StringBuilder("""
                # Generated from io.amalgam.events.Topics by ./amalgam generate; a test compares. Replicas are the cluster's default.
                """);
        String separator = "";
        for (Topic topic : Topics.ALL) {
            yaml.append(separator).append("""
                    apiVersion: kafka.strimzi.io/v1
                    kind: KafkaTopic
                    metadata:
                      name: %s
                      labels:
                        strimzi.io/cluster: amalgam
                    spec:
                      partitions: %d
                      config:
                    """.formatted(topic.name(), topic.partitions()));
            topic.configuration().forEach((name, value) -> yaml.append("    %s: %s%n".formatted(name, value)));
            separator = "---\n";
        }
        return yaml.toString();
    }
}
