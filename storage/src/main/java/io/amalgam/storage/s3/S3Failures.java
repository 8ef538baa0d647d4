package io.amalgam.storage.s3;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** What the SDK's exceptions mean to those who wait. The SDK has tried again by itself before it throws. */
final class S3Failures {
    private static final Set<String> FULL = Set.of("QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "EntityTooLarge");

    private S3Failures() {
    }

    /** Something asked of the service. */
    interface Asked<T> {
        /** Asks. */
        T ask() throws IOException;
    }

    /** Asks, and throws what a failure means. */
    static <T> T translating(String doing, Asked<T> asked) {
        try {
            return asked.ask();
        } catch (SdkException | IOException e) {
            throw of(doing, e);
        }
    }

    /** Asks for something that may not be there. */
    static <T> Optional<T> ifThere(String doing, Asked<T> asked) {
        try {
            return Optional.of(asked.ask());
        } catch (S3Exception e) {
            // A bucket that is not there is a fault of the settings, and no answer about a key.
            if (e.statusCode() == 404 && !"NoSuchBucket".equals(code(e))) {
                return Optional.empty();
            }
            throw of(doing, e);
        } catch (SdkException | IOException e) {
            throw of(doing, e);
        }
    }

    /** The failure that others understand. */
    static AmalgamException of(String doing, Exception cause) {
        if (cause instanceof AbortedException) {
            Thread.currentThread().interrupt();
            return new AmalgamException(ErrorCode.CANCELLED, "Cannot " + doing + ": it was interrupted.", cause);
        }
        if (cause instanceof S3Exception answer) {
            boolean full = FULL.contains(code(answer)) || answer.statusCode() == 507;
            String advice = switch (answer.statusCode()) {
                case 401, 403 -> "; check the credentials and what they allow";
                case 404 -> "; check the bucket's name and the endpoint";
                case 501 -> "; the service lacks an operation that is needed (conditional writes, CRC-32C checksums)";
                default -> full ? "; make room there" : "";
            };
            return new AmalgamException(full ? ErrorCode.STORAGE_FULL : ErrorCode.STORE_UNAVAILABLE, "Cannot " + doing
                    + ": the service answered with status " + answer.statusCode() + " " + code(answer) + advice + ".", cause);
        }
        return new AmalgamException(
                ErrorCode.STORE_UNAVAILABLE, "Cannot " + doing + ": " + String.valueOf(cause.getMessage()).lines().findFirst().orElse("") + ".", cause);
    }

    private static String code(S3Exception e) {
        return e.awsErrorDetails() == null || e.awsErrorDetails().errorCode() == null ? "" : e.awsErrorDetails().errorCode();
    }
}
