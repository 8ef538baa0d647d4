package io.amalgam.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.stack.ServiceClient;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** Orders merges as users do, at any replica, and follows each to its end. */
final class Load {
    private static final int OPEN_AT_ONCE = 4;
    /** Statuses of HTTP that say "later": too many requests, a dependency that does not answer or not in time. */
    private static final Set<Integer> LATER = Set.of(429, 503, 504);
    private static final long PAUSE_MILLIS = 400;
    /** What a merge may legitimately end with when its workers are killed all the time: it is then tried again. */
    private static final Set<String> EXPLAINED = Set.of("WORKER_LOST", "DEADLINE_EXCEEDED", "STALLED");

    private final List<ServiceClient> replicas = new ArrayList<>();
    private final Wishes wishes;
    private final Random random;
    private final List<Order> orders = new CopyOnWriteArrayList<>();
    private final Thread thread = Thread.ofPlatform().name("load").unstarted(this::run);
    private volatile boolean ordering = true;
    private volatile boolean following = true;
    private volatile int triedAgain;

    /** Orders what the wishes say. */
    Load(List<URI> addresses, Wishes wishes, Random random) {
        addresses.forEach(address -> replicas.add(new ServiceClient(address)));
        this.wishes = wishes;
        this.random = random;
    }

    void start() {
        thread.start();
    }

    /** Everything that was ordered. */
    List<Order> orders() {
        return List.copyOf(orders);
    }

    /** How often a merge that was given up for the deaths of its workers was tried again. */
    int triedAgain() {
        return triedAgain;
    }

    /** Orders nothing more. */
    void stopOrdering() {
        ordering = false;
    }

    /** How many orders have not ended. */
    long unfinished() {
        return orders.stream().filter(Load::unfinished).count();
    }

    /** Follows no more. */
    void close() throws InterruptedException {
        following = false;
        thread.join();
    }

    /** Whether killing workers all the time explains that work was given up with this code. */
    static boolean isExplained(String code) {
        return EXPLAINED.contains(code);
    }

    private static boolean unfinished(Order order) {
        return order.state() == Order.State.UNSENT || order.state() == Order.State.OPEN;
    }

    private void run() {
        try {
            while (following) {
                if (ordering && unfinished() < OPEN_AT_ONCE) {
                    orders.add(new Order(wishes.next()));
                }
                for (Order order : orders) {
                    if (unfinished(order)) {
                        advance(order);
                    }
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    /** Takes an order one step further. While the service is away, or says so, it is asked again, however long. */
    private void advance(Order order) throws InterruptedException {
        ServiceClient service = replicas.get(random.nextInt(replicas.size()));
        try {
            if (order.merges().isEmpty()) {
                submit(service, order);
                return;
            }
            if (order.cancellationDue()) {
                service.delete("/api/merges/" + order.merges().getLast());
                order.cancellationSent();
            }
            follow(service, order);
        } catch (ServiceClient.Refusal refusal) {
            if (LATER.contains(refusal.status())) {
                order.delayed(refusal.getMessage());
            } else {
                order.end(Order.State.WRONG, refusal.getMessage());
            }
        } catch (IOException whileAway) {
            order.delayed(String.valueOf(whileAway.getMessage()));
        } catch (RuntimeException fault) {
            order.end(Order.State.WRONG, "an answer was not understood: " + fault);
        }
    }

    private static void submit(ServiceClient service, Order order) throws IOException, InterruptedException {
        ObjectNode body = service.object();
        body.put("recipe", order.wish().recipe());
        body.put("name", "order-" + order.wish().number());
        body.put("shardSize", order.wish().shardSize());
        order.wish().benchmarks().forEach(body.putArray("benchmarks")::add);
        order.accepted(service.post("/api/merges", body));
    }

    private void follow(ServiceClient service, Order order) throws IOException, InterruptedException {
        JsonNode merge = service.get("/api/merges/" + order.merges().getLast());
        switch (merge.path("state").asText()) {
            case "completed" -> {
                String evaluation = merge.path("evaluation").path("state").asText("");
                if (order.wish().benchmarks().isEmpty() || evaluation.equals("completed")) {
                    order.end(Order.State.COMPLETED, "");
                } else if (evaluation.equals("failed") || evaluation.equals("cancelled")) {
                    order.end(Order.State.WRONG, "its evaluation ended as " + merge.path("evaluation"));
                }
            }
            case "cancelled" -> {
                if (order.wish().cancelAfterMillis() >= 0) {
                    order.end(Order.State.CANCELLED, "");
                } else {
                    // Somebody else's cancellation of the same artifact, which this order had joined.
                    retry(service, order);
                }
            }
            case "failed" -> {
                String code = merge.path("error").path("code").asText();
                if (isExplained(code)) {
                    retry(service, order);
                    triedAgain++;
                } else {
                    order.end(Order.State.WRONG, "it failed: " + merge.path("error"));
                }
            }
            default -> {
                // Not yet.
            }
        }
    }

    private static void retry(ServiceClient service, Order order) throws IOException, InterruptedException {
        order.accepted(service.post("/api/merges/" + order.merges().getLast() + "/retry", service.object()));
    }
}
