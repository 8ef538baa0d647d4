package io.amalgam.events;

import io.amalgam.events.Topics.Topic;
import io.amalgam.events.Topics.WorkGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.TopicExistsException;

/**
 * Makes topics and group settings before anything is published, or, on clusters that others administer, checks that
 * they are there. What is not as {@link Topics} has it is named; a service that finds a difference stays unready.
 */
public final class TopicAdministration {

    private static final long TIMEOUT_SECONDS = 30;
    private static final Duration SETTLING = Duration.ofSeconds(10);
    private static final Duration SETTLING_PAUSE = Duration.ofMillis(100);

    private final Admin admin;
    private final boolean mayCreate;
    private final short replication;

    /**
     * Uses a connection of the caller's.
     *
     * @param mayCreate whether topics and group settings may be made here; else they are only checked
     * @param replication replicas of a topic that is made; -1 for the cluster's default
     */
    public TopicAdministration(Admin admin, boolean mayCreate, int replication) {
        this.admin = admin;
        this.mayCreate = mayCreate;
        this.replication = (short) replication;
    }

    /**
     * Makes or checks all of it. Doing so again changes nothing, and several services may do so at once.
     *
     * @return a sentence for every difference that remains; empty when the line can run
     * @throws KafkaException if the cluster did not answer
     */
    public List<String> ensure() {
        List<String> refusals = new ArrayList<>();
        if (mayCreate) {
            create(describe().keySet());
            setUpGroups(refusals);
        }
        // A broker answers for a moment with what was there before.
        long end = System.nanoTime() + (mayCreate ? SETTLING.toNanos() : 0);
        List<String> differences = differences();
        while (!differences.isEmpty() && System.nanoTime() < end) {
            LockSupport.parkNanos(SETTLING_PAUSE.toNanos());
            differences = differences();
        }
        refusals.addAll(differences);
        return refusals;
    }

    private List<String> differences() {
        Map<String, TopicDescription> found = describe();
        List<String> differences = new ArrayList<>();
        for (Topic topic : Topics.ALL) {
            TopicDescription description = found.get(topic.name());
            if (description == null) {
                differences.add("topic %s does not exist; create it with %d partitions and %s"
                        .formatted(topic.name(), topic.partitions(), topic.configuration()));
            } else if (description.partitions().size() != topic.partitions()) {
                differences.add("topic %s has %d partitions; expected %d"
                        .formatted(topic.name(), description.partitions().size(), topic.partitions()));
            }
        }
        compareTopicSettings(found.keySet(), differences);
        compareGroupSettings(differences);
        return differences;
    }

    private Map<String, TopicDescription> describe() {
        Set<String> existing = new HashSet<>(await(admin.listTopics().names().toCompletionStage()));
        List<String> ours = new ArrayList<>();
        for (Topic topic : Topics.ALL) {
            if (existing.contains(topic.name())) {
                ours.add(topic.name());
            }
        }
        return await(admin.describeTopics(ours).allTopicNames().toCompletionStage());
    }

    private void create(Collection<String> existing) {
        List<NewTopic> missing = new ArrayList<>();
        for (Topic topic : Topics.ALL) {
            if (!existing.contains(topic.name())) {
                missing.add(new NewTopic(
                                topic.name(), Optional.of(topic.partitions()),
                                replication < 0 ? Optional.empty() : Optional.of(replication))
                        .configs(topic.configuration()));
            }
        }
        for (var creation : admin.createTopics(missing).values().values()) {
            try {
                await(creation.toCompletionStage());
            } catch (TopicExistsException another) {
                // Another service was quicker; what it made is checked with the rest.
            }
        }
    }

    private void compareTopicSettings(Collection<String> existing, List<String> differences) {
        Map<ConfigResource, Topic> resources = new HashMap<>();
        for (Topic topic : Topics.ALL) {
            if (existing.contains(topic.name())) {
                resources.put(new ConfigResource(ConfigResource.Type.TOPIC, topic.name()), topic);
            }
        }
        Map<ConfigResource, Config> settings =
                await(admin.describeConfigs(resources.keySet()).all().toCompletionStage());
        for (Topic topic : Topics.ALL) {
            Config config = settings.get(new ConfigResource(ConfigResource.Type.TOPIC, topic.name()));
            if (config != null) {
                compare("topic " + topic.name(), topic.configuration(), config, differences);
            }
        }
    }

    private void setUpGroups(List<String> refusals) {
        Map<ConfigResource, Collection<AlterConfigOp>> changes = new HashMap<>();
        for (WorkGroup group : Topics.WORK_GROUPS) {
            changes.put(new ConfigResource(ConfigResource.Type.GROUP, group.name()),
                    group.configuration().entrySet().stream()
                            .map(entry -> new AlterConfigOp(
                                    new ConfigEntry(entry.getKey(), entry.getValue()), AlterConfigOp.OpType.SET))
                            .toList());
        }
        for (var change : admin.incrementalAlterConfigs(changes).values().entrySet()) {
            try {
                await(change.getValue().toCompletionStage());
            } catch (InvalidConfigurationException | InvalidRequestException refused) {
                refusals.add("group %s cannot be set up: %s; start the brokers with %s".formatted(
                        change.getKey().name(), refused.getMessage(), Topics.brokerConfiguration()));
            }
        }
    }

    private void compareGroupSettings(List<String> differences) {
        List<ConfigResource> resources = Topics.WORK_GROUPS.stream()
                .map(group -> new ConfigResource(ConfigResource.Type.GROUP, group.name()))
                .toList();
        Map<ConfigResource, Config> settings = await(admin.describeConfigs(resources).all().toCompletionStage());
        for (WorkGroup group : Topics.WORK_GROUPS) {
            Config config = settings.get(new ConfigResource(ConfigResource.Type.GROUP, group.name()));
            compare("group " + group.name(), group.configuration(), config, differences);
        }
    }

    private static void compare(
            String name, Map<String, String> expected, Config found, List<String> differences) {
        expected.forEach((key, value) -> {
            ConfigEntry entry = found == null ? null : found.get(key);
            String seen = entry == null ? null : entry.value();
            if (!value.equals(seen)) {
                differences.add("%s has %s=%s; expected %s".formatted(name, key, seen, value));
            }
        });
    }

    private static <T> T await(CompletionStage<T> answer) {
        try {
            return answer.toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof KafkaException cause) {
                throw cause;
            }
            throw new KafkaException(failure.getCause());
        } catch (TimeoutException failure) {
            throw new org.apache.kafka.common.errors.TimeoutException(
                    "the cluster did not answer within %d s".formatted(TIMEOUT_SECONDS), failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptException("interrupted", interrupted);
        }
    }
}
