package io.amalgam.engine.store;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Names within a store: they follow from plans, but some parts of them come in with requests and events. */
final class StoreLocations {
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._=@+-]{0,199}");

    private StoreLocations() {
    }

    /** The parts of a location, each checked. */
    static List<String> parts(String location) {
        List<String> parts = List.of(location.split("/", -1));
        parts.forEach(StoreLocations::part);
        return parts;
    }

    /**
     * Checks one part of a location.
     *
     * @throws AmalgamException with {@code NOT_FOUND} if nothing can have that name
     */
    static String part(String part) {
        if (!PART.matcher(part).matches()) {
            throw new AmalgamException(ErrorCode.NOT_FOUND, "'" + (part.length() > 200 ? part.substring(0, 200) : part).replaceAll("\\p{C}", "?")
                    + "' is not the name of anything in this store.");
        }
        return part;
    }

    /** Where it is written in which artifact a chunk with that key was made. */
    static String byKey(String chunkKey) {
        return "by-key/" + chunkKey + ".json";
    }

    /** The artifact that a file of {@code artifacts/} or {@code .staging/} belongs to. */
    static Optional<String> artifactOf(String location) {
        String[] parts = location.split("/", 3);
        return parts.length == 3 && (parts[0].equals("artifacts") || parts[0].equals(".staging")) && PART.matcher(parts[1]).matches()
                ? Optional.of(parts[1]) : Optional.empty();
    }

    /** The refusal of an artifact that does not exist. */
    static AmalgamException noArtifact(String artifact) {
        return new AmalgamException(ErrorCode.NOT_FOUND, "There is no finished artifact " + artifact + " in this store.");
    }

    /** The refusal of a file that an artifact does not have. */
    static AmalgamException noFile(String artifact, String name) {
        return new AmalgamException(ErrorCode.NOT_FOUND, "Artifact " + artifact + " has no file '" + name + "'.");
    }
}
