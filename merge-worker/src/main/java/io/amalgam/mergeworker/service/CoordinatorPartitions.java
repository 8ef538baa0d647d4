package io.amalgam.mergeworker.service;

import io.amalgam.events.Topics;
import io.smallrye.common.annotation.Identifier;
import io.smallrye.reactive.messaging.kafka.KafkaConsumerRebalanceListener;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;

/** Tells the coordinator which partitions of {@code merge-requests} come and go. */
@ApplicationScoped
@Identifier("coordinator")
public class CoordinatorPartitions implements KafkaConsumerRebalanceListener {

    private final MergeLineService service;
    private final CoordinatorChannel channel;

    /** Tells the service's coordinator, and the channel that leads to it. */
    public CoordinatorPartitions(MergeLineService service, CoordinatorChannel channel) {
        this.service = service;
        this.channel = channel;
    }

    @Override
    public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
        service.coordinator().assigned(ofRequests(partitions));
    }

    @Override
    public void onPartitionsRevoked(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
        release(partitions);
    }

    @Override
    public void onPartitionsLost(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
        release(partitions);
    }

    /** The range assignor always takes all partitions away before it gives new ones. */
    private void release(Collection<TopicPartition> partitions) {
        service.coordinator().revoked(ofRequests(partitions));
        channel.forgetInHand();
    }

    private static Set<Integer> ofRequests(Collection<TopicPartition> partitions) {
        return partitions.stream()
                .filter(partition -> partition.topic().equals(Topics.MERGE_REQUESTS.name()))
                .map(TopicPartition::partition)
                .collect(Collectors.toSet());
    }
}
