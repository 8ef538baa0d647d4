package io.amalgam.engine.store;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.RangeReader;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A bucket in memory, with a clock of its own, that can be told to fail from some request on. */
public final class MemoryObjects implements ObjectStorage {
    private final Map<String, Entry> entries = new TreeMap<>();
    private final Map<String, UnfinishedUpload> uploads = new TreeMap<>();
    private final AtomicInteger requests = new AtomicInteger();
    private Duration ahead = Duration.ZERO;
    private int failFrom = Integer.MAX_VALUE;
    private int tags;

    private record Entry(byte[] content, StoredObject object) {
    }

    /** Lets the clock go on. */
    public synchronized void pass(Duration time) {
        ahead = ahead.plus(time);
    }

    /** Fails every request after so many more; a negative number lets all succeed again. */
    public void failAfter(int more) {
        failFrom = more < 0 ? Integer.MAX_VALUE : requests.get() + more;
    }

    /** Requests so far. */
    public int requests() {
        return requests.get();
    }

    /** All keys. */
    public synchronized List<String> keys() {
        return List.copyOf(entries.keySet());
    }

    private void request() {
        if (requests.getAndIncrement() >= failFrom) {
            throw new AmalgamException(ErrorCode.STORE_UNAVAILABLE, "The bucket does not answer.");
        }
    }

    private void write(String key, byte[] content) {
        entries.put(key, new Entry(content.clone(), new StoredObject(key, content.length, "tag-" + ++tags, now())));
    }

    @Override
    public synchronized void put(String key, byte[] content) {
        request();
        write(key, content);
    }

    @Override
    public synchronized boolean putIfAbsent(String key, byte[] content) {
        request();
        if (entries.containsKey(key)) {
            return false;
        }
        write(key, content);
        return true;
    }

    @Override
    public synchronized Optional<byte[]> get(String key, int limit) {
        request();
        Entry entry = entries.get(key);
        if (entry != null && entry.content().length > limit) {
            throw new AmalgamException(ErrorCode.DIGEST_MISMATCH, key + " has more than " + limit + " bytes.");
        }
        return Optional.ofNullable(entry).map(each -> each.content().clone());
    }

    @Override
    public synchronized Optional<StoredObject> find(String key) {
        request();
        return Optional.ofNullable(entries.get(key)).map(Entry::object);
    }

    @Override
    public synchronized List<StoredObject> list(String prefix) {
        request();
        return entries.values().stream().map(Entry::object).filter(object -> object.key().startsWith(prefix)).toList();
    }

    @Override
    public RangeReader open(StoredObject object) {
        return new RangeReader() {
            @Override
            public long length() {
                return object.length();
            }

            @Override
            public boolean remote() {
                return true;
            }

            @Override
            public void read(long position, MemorySegment destination) throws IOException {
                if (position < 0 || destination.byteSize() > object.length() - position) {
                    throw new EOFException(object.key() + " ends before that");
                }
                synchronized (MemoryObjects.this) {
                    request();
                    Entry entry = entries.get(object.key());
                    if (entry == null || !entry.object().tag().equals(object.tag())) {
                        throw new AmalgamException(ErrorCode.MODEL_CHANGED, object.key() + " changed.");
                    }
                    MemorySegment.copy(MemorySegment.ofArray(entry.content()), position, destination, 0, destination.byteSize());
                }
            }

            @Override
            public void close() {
            }
        };
    }

    @Override
    public synchronized Upload upload(String key, long expected) {
        request();
        String id = key + "#" + ++tags;
        uploads.put(id, new UnfinishedUpload(key, id, now()));
        return new Upload() {
            private final ByteArrayOutputStream content = new ByteArrayOutputStream();

            @Override
            public void write(MemorySegment block) {
                request();
                content.writeBytes(block.toArray(ValueLayout.JAVA_BYTE));
            }

            @Override
            public long length() {
                return content.size();
            }

            @Override
            public void complete() {
                synchronized (MemoryObjects.this) {
                    request();
                    uploads.remove(id);
                    MemoryObjects.this.write(key, content.toByteArray());
                }
            }

            @Override
            public void abandon() {
                synchronized (MemoryObjects.this) {
                    request();
                    uploads.remove(id);
                }
            }
        };
    }

    @Override
    public synchronized void copy(StoredObject from, String key) {
        request();
        byte[] content = entries.get(from.key()).content();
        write(key, Arrays.copyOf(content, content.length));
    }

    @Override
    public synchronized void delete(String key) {
        request();
        entries.remove(key);
    }

    @Override
    public synchronized List<UnfinishedUpload> unfinishedUploads(String prefix) {
        request();
        return new ArrayList<>(uploads.values());
    }

    @Override
    public synchronized void abandon(UnfinishedUpload upload) {
        request();
        uploads.remove(upload.id());
    }

    @Override
    public synchronized Instant now() {
        return Instant.EPOCH.plus(ahead);
    }

    @Override
    public String address(String key) {
        return "memory:" + key;
    }
}
