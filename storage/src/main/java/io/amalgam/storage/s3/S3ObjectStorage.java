package io.amalgam.storage.s3;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.store.ObjectStorage;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadBucketResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.NoSuchUploadException;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

/** A bucket of S3, or of a service that speaks its protocol. */
public final class S3ObjectStorage implements ObjectStorage {
    /** The most that one request copies: S3's limit of 5 GiB is for whole objects and for parts alike. */
    private static final long LARGEST_COPY = 1L << 30;
    private static final int CONFLICTS = 8;
    private static final long CONFLICT_PAUSE_MILLIS = 50;

    private final Supplier<S3Client> client;
    private final String bucket;

    /**
     * A bucket.
     *
     * @param client made when something is first asked
     */
    S3ObjectStorage(Supplier<S3Client> client, String bucket) {
        this.client = client;
        this.bucket = bucket;
    }

    S3Client client() {
        return client.get();
    }

    String bucket() {
        return bucket;
    }

    @Override
    public void put(String key, byte[] content) {
        S3Failures.translating("write " + address(key), () -> client().putObject(
                request -> request.bucket(bucket).key(key).checksumCRC32C(checksum(content, content.length)),
                RequestBody.fromBytes(content)));
    }

    @Override
    public boolean putIfAbsent(String key, byte[] content) {
        for (int attempt = 1; ; attempt++) {
            try {
                client().putObject(
                        request -> request.bucket(bucket).key(key).ifNoneMatch("*").checksumCRC32C(checksum(content, content.length)),
                        RequestBody.fromBytes(content));
                return true;
            } catch (S3Exception e) {
                if (e.statusCode() == 412) {
                    return false;
                }
                // Another conditional write of the same key was under way; which one wins is not known yet.
                if (e.statusCode() != 409 || attempt == CONFLICTS) {
                    throw S3Failures.of("create " + address(key), e);
                }
                pause(attempt);
            } catch (SdkException e) {
                throw S3Failures.of("create " + address(key), e);
            }
        }
    }

    private static void pause(int attempt) {
        try {
            Thread.sleep(CONFLICT_PAUSE_MILLIS << attempt);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AmalgamException(ErrorCode.CANCELLED, "Writing to the store was interrupted.", e);
        }
    }

    /** CRC-32C of an array's beginning, as the protocol writes it. */
    static String checksum(byte[] content, int length) {
        CRC32C crc = new CRC32C();
        crc.update(content, 0, length);
        long value = crc.getValue();
        return Base64.getEncoder().encodeToString(
                new byte[] {(byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value});
    }

    @Override
    public Optional<byte[]> get(String key, int limit) {
        return S3Failures.ifThere("read " + address(key), () -> {
            try (ResponseInputStream<GetObjectResponse> stream =
                    client().getObject(request -> request.bucket(bucket).key(key))) {
                long length = stream.response().contentLength();
                if (length > limit) {
                    stream.abort();
                    throw new AmalgamException(ErrorCode.DIGEST_MISMATCH, "Stored document " + address(key) + " has " + length
                            + " bytes; at most " + limit + " are read.");
                }
                byte[] content = stream.readNBytes((int) length);
                if (content.length != length) {
                    throw new IOException("it ended after " + content.length + " of " + length + " bytes");
                }
                return content;
            }
        });
    }

    @Override
    public Optional<StoredObject> find(String key) {
        return S3Failures.ifThere("look at " + address(key), () -> {
            HeadObjectResponse head = client().headObject(request -> request.bucket(bucket).key(key));
            return new StoredObject(key, head.contentLength(), head.eTag(), head.lastModified());
        });
    }

    @Override
    public List<StoredObject> list(String prefix) {
        return S3Failures.translating("list " + address(prefix), () -> {
            List<StoredObject> objects = new ArrayList<>();
            for (S3Object object : client().listObjectsV2Paginator(request -> request.bucket(bucket).prefix(prefix)).contents()) {
                objects.add(new StoredObject(object.key(), object.size(), object.eTag(), object.lastModified()));
            }
            return objects;
        });
    }

    @Override
    public RangeReader open(StoredObject object) {
        return new S3RangeReader(this, object);
    }

    @Override
    public Upload upload(String key, long expected) {
        return new S3Upload(this, key, expected);
    }

    @Override
    public void copy(StoredObject from, String key) {
        S3Failures.translating("copy " + address(from.key()) + " to " + address(key), () -> {
            if (from.length() <= LARGEST_COPY) {
                return client().copyObject(request -> request.sourceBucket(bucket).sourceKey(from.key())
                        .destinationBucket(bucket).destinationKey(key).copySourceIfMatch(from.tag()));
            }
            return copyParts(from, key);
        });
    }

    private Object copyParts(StoredObject from, String key) {
        String id = client().createMultipartUpload(request -> request.bucket(bucket).key(key)).uploadId();
        try {
            List<CompletedPart> parts = new ArrayList<>();
            for (long position = 0; position < from.length(); position += LARGEST_COPY) {
                long first = position;
                long last = Math.min(from.length(), position + LARGEST_COPY) - 1;
                int number = parts.size() + 1;
                String tag = client().uploadPartCopy(request -> request.sourceBucket(bucket).sourceKey(from.key())
                        .destinationBucket(bucket).destinationKey(key).uploadId(id).partNumber(number)
                        .copySourceRange("bytes=" + first + "-" + last).copySourceIfMatch(from.tag())).copyPartResult().eTag();
                parts.add(CompletedPart.builder().partNumber(number).eTag(tag).build());
            }
            return client().completeMultipartUpload(
                    request -> request.bucket(bucket).key(key).uploadId(id).multipartUpload(upload -> upload.parts(parts)));
        } catch (SdkException e) {
            abandon(new UnfinishedUpload(key, id, Instant.EPOCH));
            throw e;
        }
    }

    @Override
    public void delete(String key) {
        S3Failures.ifThere("delete " + address(key),
                () -> client().deleteObject(request -> request.bucket(bucket).key(key)));
    }

    @Override
    public List<UnfinishedUpload> unfinishedUploads(String prefix) {
        return S3Failures.translating("list unfinished uploads of " + address(prefix), () -> {
            List<UnfinishedUpload> uploads = new ArrayList<>();
            for (MultipartUpload upload : client().listMultipartUploadsPaginator(
                    request -> request.bucket(bucket).prefix(prefix)).uploads()) {
                uploads.add(new UnfinishedUpload(upload.key(), upload.uploadId(), upload.initiated()));
            }
            return uploads;
        });
    }

    @Override
    public void abandon(UnfinishedUpload upload) {
        S3Failures.translating("abandon an upload of " + address(upload.key()), () -> {
            try {
                return client().abortMultipartUpload(
                        request -> request.bucket(bucket).key(upload.key()).uploadId(upload.id()));
            } catch (NoSuchUploadException e) {
                // It was completed or abandoned already.
                return null;
            }
        });
    }

    /** The time that the service stamps its answers with, to the second. */
    @Override
    public Instant now() {
        return S3Failures.translating("ask for the time at " + address(""), () -> {
            HeadBucketResponse response = client().headBucket(request -> request.bucket(bucket));
            return response.sdkHttpResponse().firstMatchingHeader("Date")
                    .map(date -> Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date)))
                    .orElseGet(() -> Clock.systemUTC().instant());
        });
    }

    @Override
    public String address(String key) {
        return "s3://" + bucket + "/" + key;
    }
}
