package io.amalgam.recipeservice.trigger;

import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;

/** When a trigger fires. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Condition.Schedule.class, name = "schedule"),
    @JsonSubTypes.Type(value = Condition.Revision.class, name = "revision"),
    @JsonSubTypes.Type(value = Condition.StoredObject.class, name = "object"),
    @JsonSubTypes.Type(value = Condition.CloudEvent.class, name = "event"),
})
public sealed interface Condition {

    /** Between two looks at the models, unless a trigger says otherwise. */
    Duration USUAL_POLL = Duration.ofMinutes(5);

    /**
     * At certain times.
     *
     * @param cron five fields as Unix has them: minute, hour, day of month, month, day of week
     * @param zone in which they are meant, such as {@code Europe/Berlin}; UTC if absent
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Schedule(String cron, String zone) implements Condition {
        /** Checks both. */
        public Schedule {
            if (cron == null) {
                throw invalid("the condition has no \"cron\"; expected five fields, such as \"0 3 * * *\"");
            }
            execution(cron);
            zone(zone);
        }

        /** The next time behind an instant, if there is any. */
        Optional<Instant> next(Instant after) {
            return execution(cron).nextExecution(ZonedDateTime.ofInstant(after, zone(zone))).map(ZonedDateTime::toInstant);
        }

        private static ExecutionTime execution(String cron) {
            try {
                return ExecutionTime.forCron(new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX))
                        .parse(cron).validate());
            } catch (IllegalArgumentException malformed) {
                throw invalid("cron is \"" + cron + "\" (" + malformed.getMessage()
                        + "); expected minute, hour, day of month, month and day of week, such as \"0 3 * * *\"");
            }
        }

        private static ZoneId zone(String zone) {
            try {
                return zone == null ? ZoneId.of("UTC") : ZoneId.of(zone);
            } catch (DateTimeException unknown) {
                throw invalid("zone is \"" + zone + "\"; expected a time zone such as Europe/Berlin");
            }
        }
    }

    /**
     * When one of the recipe's models has a new revision: the Hub says so by its webhook, and the models are looked at
     * from time to time in case it does not.
     *
     * @param models that count, as the Hub names them; all of the recipe's if absent or empty
     * @param poll how often the models are looked at, such as {@code PT5M}; {@code PT0S} for never
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Revision(List<String> models, String poll) implements Condition {
        /** Checks the duration. */
        public Revision {
            models = models == null ? List.of() : List.copyOf(models);
            duration(poll);
        }
    }

    /**
     * When an object is put into a bucket: the store says so by its notifications, and the models are looked at from
     * time to time in case it does not.
     *
     * @param bucket its name
     * @param prefix of the keys that count; all if absent
     * @param poll how often the models are looked at; {@code PT0S} for never
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record StoredObject(String bucket, String prefix, String poll) implements Condition {
        /** Checks that there is a bucket. */
        public StoredObject {
            if (bucket == null || bucket.isBlank()) {
                throw invalid("the condition has no \"bucket\"; expected the name of the bucket that models are put into");
            }
            duration(poll);
        }
    }

    /**
     * When a CloudEvent arrives, over HTTP or on the topic {@code trigger-events}.
     *
     * @param eventType its {@code type}
     * @param source its {@code source}; any if absent
     * @param subject its {@code subject}; any if absent
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record CloudEvent(String eventType, String source, String subject) implements Condition {
        /** Checks that there is a type. */
        public CloudEvent {
            if (eventType == null || eventType.isBlank()) {
                throw invalid("the condition has no \"eventType\"; expected the type of the CloudEvents that fire it");
            }
        }
    }

    /**
     * When the trigger is to be looked at next without being told anything, if ever.
     *
     * @param now the time it is
     */
    default Optional<Instant> nextCheck(Instant now) {
        return switch (this) {
            case Schedule schedule -> schedule.next(now);
            case Revision revision -> after(now, duration(revision.poll()));
            case StoredObject object -> after(now, duration(object.poll()));
            case CloudEvent event -> Optional.empty();
        };
    }

    /**
     * Refuses a condition whose models would be looked at more often than the operator allows: sources of models have
     * limits, which all tenants share.
     *
     * @throws AmalgamException with {@code ARGUMENT_INVALID}
     */
    default void requirePoll(Duration shortest) {
        Duration poll = switch (this) {
            case Revision revision -> duration(revision.poll());
            case StoredObject object -> duration(object.poll());
            case Schedule schedule -> Duration.ZERO;
            case CloudEvent event -> Duration.ZERO;
        };
        if (!poll.isZero() && poll.compareTo(shortest) < 0) {
            throw invalid("poll is " + poll + "; expected at least " + shortest + " (amalgam.triggers.shortest-poll), or "
                    + "PT0S for never");
        }
    }

    /** The condition in words. */
    default String inWords() {
        return switch (this) {
            case Schedule schedule -> "at " + schedule.cron() + " (" + (schedule.zone() == null ? "UTC" : schedule.zone())
                    + ")";
            case Revision revision -> "on a new revision of "
                    + (revision.models().isEmpty() ? "any of its models" : String.join(", ", revision.models()));
            case StoredObject object -> "on an object in " + object.bucket()
                    + (object.prefix() == null ? "" : "/" + object.prefix());
            case CloudEvent event -> "on a CloudEvent " + event.eventType()
                    + (event.source() == null ? "" : " of " + event.source());
        };
    }

    private static Optional<Instant> after(Instant now, Duration poll) {
        return poll.isZero() ? Optional.empty() : Optional.of(now.plus(poll));
    }

    private static Duration duration(String text) {
        if (text == null) {
            return USUAL_POLL;
        }
        Duration duration;
        try {
            duration = Duration.parse(text);
        } catch (DateTimeParseException malformed) {
            throw invalid("poll is \"" + text + "\"; expected an ISO 8601 duration such as PT5M, or PT0S for never");
        }
        if (duration.isNegative()) {
            throw invalid("poll is \"" + text + "\"; expected a duration that is not negative, or PT0S for never");
        }
        return duration;
    }

    private static AmalgamException invalid(String sentence) {
        return new AmalgamException(ErrorCode.ARGUMENT_INVALID, sentence);
    }
}
