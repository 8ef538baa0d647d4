package io.amalgam.mergeworker.service;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.util.List;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/** Whether the worker can work, and whether it should be restarted. */
@ApplicationScoped
public class WorkerHealth {

    private final MergeLineService service;

    /** Health of a service. */
    public WorkerHealth(MergeLineService service) {
        this.service = service;
    }

    /** Topics, group settings and numerics version are as they must be. */
    @Produces
    @Readiness
    HealthCheck line() {
        return () -> {
            List<String> obstacles = service.obstacles();
            var response = HealthCheckResponse.named("line").status(obstacles.isEmpty());
            for (int i = 0; i < obstacles.size(); i++) {
                response.withData("obstacle " + (i + 1), obstacles.get(i));
            }
            return response.build();
        };
    }

    /** The store can be written to. */
    @Produces
    @Readiness
    HealthCheck store() {
        return () -> HealthCheckResponse.named("store").status(service.storeAnswers()).build();
    }

    /** The slots that take work are running. */
    @Produces
    @Liveness
    HealthCheck slots() {
        return () -> HealthCheckResponse.named("slots").status(service.alive()).build();
    }
}
