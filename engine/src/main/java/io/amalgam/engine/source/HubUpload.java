package io.amalgam.engine.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Sends a model to the Hugging Face Hub, as its Python library does: the repository is created if need be, large files go
 * to storage by the Git LFS batch protocol (in one request, or in parts), and one commit at the end makes all of it
 * visible. What storage has already from an attempt that broke off is not sent again.
 *
 * @see <a href="https://huggingface.co/docs/hub/api">Hub API</a>
 */
public final class HubUpload {
    private static final String LFS = "application/vnd.git-lfs+json";
    private static final int SAMPLE_BYTES = 512;
    private static final int REGULAR_LIMIT = 16 << 20;
    private static final int OBJECTS_A_BATCH = 100;
    private static final int BLOCK = 1 << 20;

    private final HubOptions options;
    private final HubClient client;
    private final Listener listener;

    /** Told how far it is. */
    public interface Listener {
        /** So many bytes of a file have been sent; all of them at once if they were there already. */
        void sent(String file, long bytes);
    }

    /**
     * Uploads to the Hub that these settings name.
     *
     * @throws AmalgamException with {@code ARGUMENT_INVALID} if there is no token, or the Hub is not to be asked
     */
    public HubUpload(HubOptions options, Listener listener) {
        if (options.offline()) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "HF_HUB_OFFLINE is set, so that nothing can be sent to the Hub; unset it.");
        }
        if (options.token() == null) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "Sending to the Hub needs a token with write access: set HF_TOKEN, or log in with `hf auth login`.");
        }
        this.options = options;
        this.client = new HubClient(options);
        this.listener = listener;
    }

    /**
     * Sends files as one commit. Files that are there and are not sent stay.
     *
     * @param repository {@code owner/name}
     * @param revision a branch that exists, such as {@code main}
     * @param privately whether a repository that is created is private; null for the owner's default
     * @param summary of the commit
     * @return the commit
     * @throws AmalgamException with {@code ARGUMENT_INVALID}, {@code MODEL_NOT_FOUND} if it may not be written to, or
     *     {@code SOURCE_UNAVAILABLE}
     */
    public String send(String repository, String revision, Boolean privately, String summary, List<UploadFile> files) throws IOException {
        if (!HubModelSource.isName(repository)) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "'" + repository.replaceAll("\\p{C}", "?") + "' is not the name of a repository (owner/name).");
        }
        create(repository, privately);
        Map<String, Boolean> large = preupload(repository, revision, files);
        List<UploadFile> objects = files.stream().filter(file -> large.get(file.name())).toList();
        for (int first = 0; first < objects.size(); first += OBJECTS_A_BATCH) {
            sendObjects(repository, revision, objects.subList(first, Math.min(objects.size(), first + OBJECTS_A_BATCH)));
        }
        return commit(repository, revision, summary, files, large);
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    private URI address(String path) {
        return URI.create(options.endpoint() + path);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private JsonNode post(URI uri, String type, JsonNode body, String what) throws IOException {
        HttpResponse<byte[]> response = client.change(new HubClient.Change("POST", uri,
                Map.of("Content-Type", type, "Accept", type), BodyPublishers.ofString(body.toString()), what), Set.of());
        return StrictJson.object(response.body(), "The Hub's answer to " + what, ErrorCode.SOURCE_UNAVAILABLE);
    }

    private void create(String repository, Boolean privately) throws IOException {
        String[] parts = repository.split("/");
        ObjectNode body = object().put("name", parts[1]).put("organization", parts[0]);
        if (privately != null) {
            body.put("private", privately);
        }
        // 409: it exists.
        client.change(new HubClient.Change("POST", address("/api/repos/create"), Map.of("Content-Type", "application/json"),
                BodyPublishers.ofString(body.toString()), "Creating the repository " + repository), Set.of(409));
    }

    /** Asks which files are to go to storage, and which into the commit itself. */
    private Map<String, Boolean> preupload(String repository, String revision, List<UploadFile> files) throws IOException {
        ObjectNode body = object();
        ArrayNode list = body.putArray("files");
        for (UploadFile file : files) {
            list.addObject().put("path", file.name()).put("size", file.length())
                    .put("sample", Base64.getEncoder().encodeToString(read(file, 0, (int) Math.min(SAMPLE_BYTES, file.length()))));
        }
        JsonNode answer = post(address("/api/models/" + repository + "/preupload/" + encoded(revision)), "application/json", body,
                "Asking how files of " + repository + " are to be sent");
        Map<String, Boolean> large = new HashMap<>();
        for (JsonNode file : answer.path("files")) {
            large.put(file.path("path").asText(), file.path("uploadMode").asText().equals("lfs"));
        }
        for (UploadFile file : files) {
            if (!large.containsKey(file.name())) {
                throw answered("does not say how " + file.name() + " is to be sent");
            }
            if (!large.get(file.name()) && file.length() > REGULAR_LIMIT) {
                throw answered("wants " + file.name() + ", which has " + file.length() + " bytes, inside of the commit");
            }
        }
        return large;
    }

    private void sendObjects(String repository, String revision, List<UploadFile> files) throws IOException {
        ObjectNode body = object().put("operation", "upload").put("hash_algo", "sha256");
        body.putArray("transfers").add("basic").add("multipart");
        body.putObject("ref").put("name", revision);
        ArrayNode objects = body.putArray("objects");
        Map<String, UploadFile> byDigest = new HashMap<>();
        for (UploadFile file : files) {
            if (byDigest.put(file.sha256(), file) == null) {
                objects.addObject().put("oid", file.sha256()).put("size", file.length());
            }
        }
        URI batch = address("/" + repository + ".git/info/lfs/objects/batch");
        JsonNode answer = post(batch, LFS, body, "Asking where files of " + repository + " are to be sent");
        Set<String> missing = new HashSet<>(byDigest.keySet());
        for (JsonNode object : answer.path("objects")) {
            UploadFile file = byDigest.get(object.path("oid").asText());
            if (file == null || !missing.remove(file.sha256())) {
                throw answered("names an object that was not asked for");
            }
            if (object.has("error")) {
                throw answered("refuses " + file.name() + ": " + object.path("error").path("message").asText());
            }
            sendObject(batch, file, object.path("actions"));
        }
        if (!missing.isEmpty()) {
            throw answered("does not say where " + byDigest.get(missing.iterator().next()).name() + " is to be sent");
        }
    }

    private void sendObject(URI from, UploadFile file, JsonNode actions) throws IOException {
        JsonNode upload = actions.path("upload");
        if (upload.isMissingNode()) {
            listener.sent(file.name(), file.length());
            return;
        }
        URI target = client.allowed(from, upload.path("href").asText(), "Sending " + file.name());
        long partSize = upload.path("header").path("chunk_size").asLong(0);
        if (partSize > 0) {
            sendParts(from, target, file, partSize, upload.path("header"));
        } else {
            sendRange(target, file, 0, file.length(), strings(upload.path("header")));
            listener.sent(file.name(), file.length());
        }
        if (actions.has("verify")) {
            URI verify = client.allowed(from, actions.path("verify").path("href").asText(), "Checking " + file.name());
            Map<String, String> headers = strings(actions.path("verify").path("header"));
            headers.put("Content-Type", LFS);
            client.change(new HubClient.Change("POST", verify, headers,
                    BodyPublishers.ofString(object().put("oid", file.sha256()).put("size", file.length()).toString()),
                    "Checking " + file.name()), Set.of());
        }
    }

    /** Sends a file in parts; the header has an address for each, by its number, and the upload's own completes it. */
    private void sendParts(URI from, URI completion, UploadFile file, long partSize, JsonNode header) throws IOException {
        ObjectNode body = object().put("oid", file.sha256());
        ArrayNode parts = body.putArray("parts");
        long position = 0;
        for (int number = 1; position < file.length(); number++) {
            String address = partAddress(header, number);
            if (address == null) {
                throw answered("has no address for part " + number + " of " + file.name());
            }
            long length = Math.min(partSize, file.length() - position);
            HttpResponse<byte[]> response = sendRange(
                    client.allowed(from, address, "Sending " + file.name()), file, position, length, new HashMap<>());
            String tag = response.headers().firstValue("ETag")
                    .orElseThrow(() -> answered("gives no tag for a part of " + file.name()));
            parts.addObject().put("partNumber", number).put("etag", tag);
            position += length;
            listener.sent(file.name(), position);
        }
        client.change(new HubClient.Change("POST", completion, Map.of("Content-Type", LFS, "Accept", LFS),
                BodyPublishers.ofString(body.toString()), "Completing " + file.name()), Set.of());
    }

    /** Numbers are written with leading zeros, of as many digits as the server likes. */
    private static String partAddress(JsonNode header, int number) {
        for (Map.Entry<String, JsonNode> entry : header.properties()) {
            if (entry.getKey().matches("0*" + number)) {
                return entry.getValue().asText();
            }
        }
        return null;
    }

    private static Map<String, String> strings(JsonNode headers) {
        Map<String, String> strings = new HashMap<>();
        headers.properties().forEach(entry -> strings.put(entry.getKey(), entry.getValue().asText()));
        return strings;
    }

    private HttpResponse<byte[]> sendRange(URI uri, UploadFile file, long position, long length, Map<String, String> headers) throws IOException {
        HttpRequest.BodyPublisher content = length == 0
                ? BodyPublishers.noBody()
                : BodyPublishers.fromPublisher(BodyPublishers.ofInputStream(() -> new RangeStream(file.content(), position, length)), length);
        return client.change(new HubClient.Change("PUT", uri, headers, content, "Sending " + file.name()), Set.of());
    }

    private String commit(String repository, String revision, String summary, List<UploadFile> files, Map<String, Boolean> large) throws IOException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        ObjectNode header = object().put("key", "header");
        header.putObject("value").put("summary", summary).put("description", "");
        line(lines, header);
        for (UploadFile file : files) {
            ObjectNode entry = object();
            if (large.get(file.name())) {
                entry.put("key", "lfsFile").putObject("value").put("path", file.name()).put("algo", "sha256")
                        .put("oid", file.sha256()).put("size", file.length());
            } else {
                entry.put("key", "file").putObject("value").put("path", file.name()).put("encoding", "base64")
                        .put("content", Base64.getEncoder().encodeToString(read(file, 0, (int) file.length())));
                listener.sent(file.name(), file.length());
            }
            line(lines, entry);
        }
        String what = "The commit to " + repository;
        HttpResponse<byte[]> response = client.change(new HubClient.Change("POST",
                address("/api/models/" + repository + "/commit/" + encoded(revision)), Map.of("Content-Type", "application/x-ndjson"),
                BodyPublishers.ofByteArray(lines.toByteArray()), what), Set.of());
        return StrictJson.object(response.body(), "The Hub's answer to " + what, ErrorCode.SOURCE_UNAVAILABLE).path("commitOid").asText();
    }

    private static void line(ByteArrayOutputStream lines, ObjectNode value) {
        lines.writeBytes((value + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] read(UploadFile file, long position, int length) throws IOException {
        byte[] content = new byte[length];
        if (length > 0) {
            file.content().read(position, MemorySegment.ofArray(content));
        }
        return content;
    }

    private AmalgamException answered(String what) {
        return new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE, "The Hub at " + options.endpoint() + " " + what + ".");
    }

    /** A range of a file as a stream. */
    private static final class RangeStream extends InputStream {
        private final RangeReader content;
        private final long end;
        private long position;
        private final byte[] block;
        private int filled;
        private int taken;

        RangeStream(RangeReader content, long position, long length) {
            this.content = content;
            this.position = position;
            this.end = position + length;
            this.block = new byte[(int) Math.min(BLOCK, length)];
        }

        private boolean fill() {
            if (taken == filled) {
                taken = 0;
                filled = (int) Math.min(block.length, end - position);
                try {
                    if (filled > 0) {
                        content.read(position, MemorySegment.ofArray(block).asSlice(0, filled));
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                position += filled;
            }
            return taken < filled;
        }

        @Override
        public int read() {
            return fill() ? block[taken++] & 0xff : -1;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) {
            if (!fill()) {
                return -1;
            }
            int count = Math.min(length, filled - taken);
            System.arraycopy(block, taken, buffer, offset, count);
            taken += count;
            return count;
        }
    }
}
