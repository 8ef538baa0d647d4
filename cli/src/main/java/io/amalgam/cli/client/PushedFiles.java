package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.FileRangeReader;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.source.UploadFile;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The files of an artifact that is sent elsewhere: those of a folder, or a server's, which are read as they are sent. */
final class PushedFiles implements AutoCloseable {
    private final List<UploadFile> files = new ArrayList<>();

    private PushedFiles() {
    }

    /**
     * A folder's files, hidden ones and folders left out. Reads them whole, for their digests.
     *
     * @throws AmalgamException with {@code MODEL_UNREADABLE} if it holds no model
     */
    static PushedFiles ofFolder(Path folder) throws IOException {
        PushedFiles pushed = new PushedFiles();
        List<Path> paths;
        try (Stream<Path> entries = Files.list(folder)) {
            paths = entries.filter(path -> Files.isRegularFile(path) && !path.getFileName().toString().startsWith(".")).sorted().toList();
        }
        if (paths.stream().noneMatch(path -> path.getFileName().toString().equals("config.json"))) {
            throw new AmalgamException(ErrorCode.MODEL_UNREADABLE, "Folder " + folder + " holds no config.json; name a model's folder.");
        }
        for (Path path : paths) {
            pushed.files.add(new UploadFile(
                    path.getFileName().toString(), Files.size(path), Sha256.of(path), FileRangeReader.open(path)));
        }
        return pushed;
    }

    /** The files of an artifact that a server has. */
    static PushedFiles ofServer(Server server, String artifact) {
        PushedFiles pushed = new PushedFiles();
        String path = "api/artifacts/" + Server.encode(artifact);
        for (JsonNode file : server.get(path).path("files")) {
            String name = file.path("name").asText();
            long length = file.path("length").asLong();
            pushed.files.add(new UploadFile(name, length, file.path("sha256").asText(),
                    new ServerFile(server, path + "/files/" + Server.encode(name), length)));
        }
        return pushed;
    }

    /** The files. */
    List<UploadFile> files() {
        return files;
    }

    @Override
    public void close() throws IOException {
        for (UploadFile file : files) {
            file.content().close();
        }
    }

    /** A file that a server sends in ranges. */
    private record ServerFile(Server server, String path, long length) implements RangeReader {
        @Override
        public void read(long position, MemorySegment destination) throws IOException {
            long last = position + destination.byteSize() - 1;
            HttpResponse<InputStream> response = server.open(path, "Range", "bytes=" + position + "-" + last);
            byte[] content;
            try (InputStream body = response.body()) {
                content = body.readNBytes(Math.toIntExact(destination.byteSize()));
            }
            if (content.length != destination.byteSize()) {
                throw new EOFException("the server's answer ended early");
            }
            MemorySegment.copy(MemorySegment.ofArray(content), 0, destination, 0, content.length);
        }

        @Override
        public void close() {
            // Requests hold nothing between them.
        }
    }
}
