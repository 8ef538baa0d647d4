package io.amalgam.evalworker.service;

import io.amalgam.events.Topics;
import io.smallrye.common.annotation.Identifier;
import io.smallrye.reactive.messaging.kafka.KafkaConsumerRebalanceListener;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;

/** Tells the coordinator which partitions of {@code artifacts} are taken away; given ones tell by their records. */
@ApplicationScoped
@Identifier("evaluations")
public class EvaluationPartitions implements KafkaConsumerRebalanceListener {

    private final EvaluationService service;

    /** Tells the service's coordinator. */
    public EvaluationPartitions(EvaluationService service) {
        this.service = service;
    }

    @Override
    public void onPartitionsRevoked(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
        service.coordinator().revoked(ofArtifacts(partitions));
    }

    @Override
    public void onPartitionsLost(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
        service.coordinator().revoked(ofArtifacts(partitions));
    }

    private static Set<Integer> ofArtifacts(Collection<TopicPartition> partitions) {
        return partitions.stream()
                .filter(partition -> partition.topic().equals(Topics.ARTIFACTS.name()))
                .map(TopicPartition::partition)
                .collect(Collectors.toSet());
    }
}
