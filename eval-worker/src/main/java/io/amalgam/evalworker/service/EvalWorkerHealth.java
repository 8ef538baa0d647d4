package io.amalgam.evalworker.service;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.util.List;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/** Whether the worker can work, and whether it should be restarted. */
@ApplicationScoped
public class EvalWorkerHealth {

    private final EvaluationService service;

    /** Health of a service. */
    public EvalWorkerHealth(EvaluationService service) {
        this.service = service;
    }

    /** Topics, group settings and benchmark data are as they must be. */
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

    /** The slots that take work are running. */
    @Produces
    @Liveness
    HealthCheck slots() {
        return () -> HealthCheckResponse.named("slots").status(service.alive()).build();
    }
}
