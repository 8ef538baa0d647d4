package io.amalgam.storage.s3;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.retries.StandardRetryStrategy;
import software.amazon.awssdk.services.s3.S3Client;

/** One connection to a service that speaks S3, shared by everything that reads and writes there. Connects when first used. */
public final class S3Service implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration STALL_TIMEOUT = Duration.ofSeconds(30);
    private static final int ATTEMPTS = 6;

    private final S3Settings settings;
    private final AwsCredentialsProvider credentials;
    private final Map<String, S3ObjectStorage> buckets = new ConcurrentHashMap<>();
    private S3Client client;

    /** A service whose credentials come from the SDK's chain. */
    public S3Service(S3Settings settings) {
        this(settings, null);
    }

    /** A service with credentials of a provider of one's own; null for the SDK's chain. */
    S3Service(S3Settings settings, AwsCredentialsProvider credentials) {
        this.settings = settings;
        this.credentials = credentials;
    }

    /** A bucket by its name. */
    public S3ObjectStorage bucket(String name) {
        return buckets.computeIfAbsent(name, bucket -> new S3ObjectStorage(this::client, bucket));
    }

    private synchronized S3Client client() {
        if (client == null) {
            var builder = S3Client.builder()
                    .region(region())
                    .credentialsProvider(credentials == null ? DefaultCredentialsProvider.builder().build() : credentials)
                    .forcePathStyle(settings.pathStyle())
                    .httpClientBuilder(UrlConnectionHttpClient.builder()
                            .connectionTimeout(CONNECT_TIMEOUT)
                            .socketTimeout(STALL_TIMEOUT))
                    // Checksums are given with each part; trailing ones are not understood everywhere.
                    .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                    .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                    .overrideConfiguration(configuration -> configuration
                            .retryStrategy(StandardRetryStrategy.builder().maxAttempts(ATTEMPTS).build()));
            settings.endpoint().ifPresent(builder::endpointOverride);
            client = builder.build();
        }
        return client;
    }

    private Region region() {
        if (settings.region().isPresent()) {
            return Region.of(settings.region().get());
        }
        try {
            return DefaultAwsRegionProviderChain.builder().build().getRegion();
        } catch (SdkClientException e) {
            return Region.US_EAST_1;
        }
    }

    @Override
    public synchronized void close() {
        if (client != null) {
            client.close();
        }
    }
}
