package io.amalgam.cluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.broker.BrokerProcess;
import io.amalgam.events.TopicAdministration;
import io.amalgam.events.Topics;
import io.amalgam.events.work.ShareGroupQueue;
import io.amalgam.events.work.WorkQueue.Slot;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The rights of {@code k8s/base/kafka/users.yaml} before a real broker's authorizer: each service may do what it does, and no
 * more. Services prove who they are by passwords here, by certificates in a cluster; rights are the same.
 */
class KafkaUsersTest {

    private static final String JAAS =
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"secret\"%s;";
    private static final List<String> SERVICES = List.of("recipe-service", "merge-worker", "eval-worker");

    /** Topics that services write, by the events that they publish; dead letters all of them. */
    private static final Map<String, List<String>> WRITTEN = Map.of(
            "recipe-service", List.of(
                    "merge-requests", "dead-letters", "merge-chunks", "evaluation-tasks", "chunk-results", "notifications"),
            "merge-worker", List.of("merges", "merge-chunks", "chunk-results", "artifacts", "dead-letters"),
            "eval-worker", List.of("evaluation-tasks", "evaluation-results", "scores", "dead-letters"));

    /** Topics that recipe-service projects, in a consumer of its own. */
    private static final List<String> PROJECTED = List.of(
            Topics.MERGE_REQUESTS.name(), Topics.MERGES.name(), Topics.CHUNK_RESULTS.name(), Topics.ARTIFACTS.name(),
            Topics.EVALUATION_TASKS.name(), Topics.EVALUATION_RESULTS.name(), Topics.SCORES.name(),
            Topics.DEAD_LETTERS.name());

    @TempDir
    private static Path folder;

    private static BrokerProcess broker;

    @BeforeAll
    static void startBrokerAndMakeUsers() throws Exception {
        StringBuilder users = new StringBuilder(" user_admin=\"secret\"");
        SERVICES.forEach(service -> users.append(" user_").append(service).append("=\"secret\""));
        broker = BrokerProcess.start(folder.resolve("kafka"), BrokerProcess.freePort(), Map.of(
                "listener.security.protocol.map", "PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
                "sasl.enabled.mechanisms", "PLAIN",
                "sasl.mechanism.inter.broker.protocol", "PLAIN",
                "listener.name.plaintext.plain.sasl.jaas.config", JAAS.formatted("admin", users),
                "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users", "User:admin;User:ANONYMOUS"), folder.resolve("kafka.log"));
        try (Admin admin = Admin.create(as("admin"))) {
            // As Strimzi's topic operator does; groups are left to recipe-service.
            admin.createTopics(Topics.ALL.stream().map(topic -> new NewTopic(
                    topic.name(), topic.partitions(), (short) 1).configs(topic.configuration())).toList()).all().get();
            Collection<AclBinding> rights = rights();
            admin.createAcls(rights).all().get();
            // The broker hears of them from its controller.
            await().until(() -> admin.describeAcls(AclBindingFilter.ANY).values().get().size() == rights.size());
        }
    }

    @AfterAll
    static void stopBroker() {
        if (broker != null) {
            broker.close();
        }
    }

    /** The rights as Strimzi's user operator makes them. */
    private static Collection<AclBinding> rights() {
        List<AclBinding> rights = new ArrayList<>();
        for (Map<String, Object> user : Project.ofKind(Project.resources("base/kafka"), "KafkaUser")) {
            List<Map<String, Object>> rules = Project.at(user, "spec", "authorization", "acls");
            for (Map<String, Object> rule : rules) {
                ResourcePattern resource = new ResourcePattern(
                        ResourceType.fromString(Project.<String>at(rule, "resource", "type").toUpperCase(Locale.ROOT)),
                        Project.at(rule, "resource", "name"), PatternType.LITERAL);
                for (String operation : Project.<List<String>>at(rule, "operations")) {
                    rights.add(new AclBinding(resource, new AccessControlEntry("User:" + Project.name(user), "*",
                            AclOperation.fromString(operation.replaceAll("(?<=[a-z])(?=[A-Z])", "_")),
                            AclPermissionType.ALLOW)));
                }
            }
        }
        return rights;
    }

    private static Map<String, Object> as(String user) {
        return new HashMap<>(Map.of("bootstrap.servers", broker.bootstrapServers(), "security.protocol", "SASL_PLAINTEXT",
                "sasl.mechanism", "PLAIN", "sasl.jaas.config", JAAS.formatted(user, "")));
    }

    @Test
    void recipeServiceSetsUpShareGroupsAndAllOthersFindThemRight() {
        for (String service : SERVICES) {
            try (Admin admin = Admin.create(as(service))) {
                boolean mayCreate = service.equals("recipe-service");
                assertEquals(List.of(), new TopicAdministration(admin, mayCreate, -1).ensure(), service);
            }
        }
    }

    @Test
    void everyServiceReadsTheTopicsOfItsChannelsInTheirGroups() throws IOException {
        for (String service : SERVICES) {
            Properties settings = new Properties();
            try (var file = new FileInputStream(Project.HOME
                    .resolve(service + "/src/main/resources/application.properties").toFile())) {
                settings.load(file);
            }
            List<String> channels = settings.stringPropertyNames().stream()
                    .filter(name -> name.matches("mp\\.messaging\\.incoming\\.[\\w-]+\\.topics?")).toList();
            assertFalse(channels.isEmpty(), service);
            for (String channel : channels) {
                assertReads(service, settings.getProperty(channel.replaceFirst("topics?$", "group.id")),
                        List.of(settings.getProperty(channel).split(",")));
            }
        }
    }

    @Test
    void recipeServiceReadsWhatItProjects() {
        assertReads("recipe-service", "recipe-service", PROJECTED);
    }

    private static void assertReads(String service, String group, List<String> topics) {
        Map<String, Object> connection = as(service);
        connection.put("group.id", group);
        try (var consumer = new KafkaConsumer<>(connection, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(topics);
            while (consumer.assignment().isEmpty()) {
                consumer.poll(Duration.ofMillis(100));
            }
            consumer.assignment().forEach(partition -> assertTrue(topics.contains(partition.topic())));
            consumer.commitSync();
        }
    }

    @Test
    void everyServiceWritesWhatItPublishesAndNothingElse() throws Exception {
        for (String service : SERVICES) {
            try (var producer =
                    new KafkaProducer<>(as(service), new ByteArraySerializer(), new ByteArraySerializer())) {
                for (Topics.Topic topic : Topics.ALL) {
                    if (WRITTEN.get(service).contains(topic.name())) {
                        producer.send(record(topic.name())).get();
                    }
                }
                String forbidden = service.equals("merge-worker") ? "scores" : "merges";
                ExecutionException refused = assertThrows(ExecutionException.class,
                        () -> producer.send(record(forbidden)).get());
                assertInstanceOf(TopicAuthorizationException.class, refused.getCause());
            }
        }
    }

    private static ProducerRecord<byte[], byte[]> record(String topic) {
        return new ProducerRecord<>(topic, "a key".getBytes(), "a test".getBytes());
    }

    @Test
    void workersShareTheirOwnGroupAndNoOther() {
        try (Slot slot = new ShareGroupQueue(as("merge-worker"), Topics.CHUNK_WORKERS).open()) {
            slot.poll(Duration.ofMillis(500));
        }
        try (Slot slot = new ShareGroupQueue(as("eval-worker"), Topics.EVALUATION_WORKERS).open()) {
            slot.poll(Duration.ofMillis(500));
        }
        assertThrows(GroupAuthorizationException.class, () -> {
            try (Slot slot = new ShareGroupQueue(as("eval-worker"), Topics.CHUNK_WORKERS).open()) {
                while (true) {
                    slot.poll(Duration.ofMillis(500));
                }
            }
        });
    }

    @Test
    void nobodyButRecipeServiceChangesGroups() {
        try (Admin admin = Admin.create(as("merge-worker"))) {
            var change = Map.<ConfigResource, Collection<AlterConfigOp>>of(
                    new ConfigResource(ConfigResource.Type.GROUP, "chunk-workers"), List.of(new AlterConfigOp(
                            new ConfigEntry("share.auto.offset.reset", "latest"), AlterConfigOp.OpType.SET)));
            ExecutionException refused = assertThrows(
                    ExecutionException.class, () -> admin.incrementalAlterConfigs(change).all().get());
            assertInstanceOf(AuthorizationException.class, refused.getCause());
        }
    }
}
