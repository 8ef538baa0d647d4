package io.amalgam.engine.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Licences of models, by the identifiers that model cards use, and which of several is the strictest. The order is data
 * ({@code licenses.json}), from what asks for nothing to what nobody here has read; it is no legal advice.
 */
final class Licenses {
    private static final String CARD = "README.md";
    private static final int CARD_LIMIT = 4 << 20;
    private static final Pattern IDENTIFIER = Pattern.compile("[a-z0-9][a-z0-9.+_-]{0,63}");
    private static final String KEY = "license:";
    private static final Map<String, Rank> RANKS = ranks();

    private Licenses() {
    }

    /**
     * How strict a licence is.
     *
     * @param order greater is stricter
     * @param kind in words
     */
    record Rank(int order, String kind) {
    }

    private static Map<String, Rank> ranks() {
        try (InputStream data = Licenses.class.getResourceAsStream("licenses.json")) {
            Map<String, Rank> ranks = new HashMap<>();
            for (JsonNode group : new ObjectMapper().readTree(data)) {
                for (JsonNode license : group.path("licenses")) {
                    ranks.put(license.asText(), new Rank(ranks.size(), group.path("kind").asText()));
                }
            }
            return ranks;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How strict a licence is; one that is not known is as strict as one that nobody has read. */
    static Rank rank(String license) {
        return RANKS.getOrDefault(license, RANKS.get("other"));
    }

    /** The strictest of some licences, the first of equals; nothing of none. */
    static Optional<String> strictest(List<String> licenses) {
        String strictest = null;
        for (String license : licenses) {
            if (strictest == null || rank(license).order() > rank(strictest).order()) {
                strictest = license;
            }
        }
        return Optional.ofNullable(strictest);
    }

    /**
     * What a model's card names as its licence, or null. A card that cannot be understood names none: it is somebody
     * else's text, and a merge does not depend on it.
     */
    static String of(ModelSnapshot snapshot) throws IOException {
        Optional<ModelSnapshot.ModelFile> card =
                snapshot.files().stream().filter(file -> file.name().equals(CARD) && file.length() <= CARD_LIMIT).findFirst();
        return card.isEmpty() ? null : of(new String(snapshot.readSmall(CARD, CARD_LIMIT), StandardCharsets.UTF_8));
    }

    /** The licence in a card's header, which lies between two lines of three dashes. */
    static String of(String card) {
        List<String> header = new ArrayList<>();
        List<String> lines = card.lines().toList();
        if (lines.isEmpty() || !lines.getFirst().strip().equals("---")) {
            return null;
        }
        for (String line : lines.subList(1, lines.size())) {
            if (line.strip().equals("---")) {
                return inHeader(header);
            }
            header.add(line);
        }
        return null;
    }

    private static String inHeader(List<String> header) {
        for (int i = 0; i < header.size(); i++) {
            if (!header.get(i).startsWith(KEY)) {
                continue;
            }
            String value = header.get(i).substring(KEY.length()).strip();
            if (!value.isEmpty()) {
                return identifier(value.replaceAll("^\\[|\\]$", "").split(",")[0]);
            }
            // A list: the strictest of what may be chosen from, so that none is passed over.
            List<String> choices = new ArrayList<>();
            for (int item = i + 1; item < header.size() && header.get(item).strip().startsWith("- "); item++) {
                String choice = identifier(header.get(item).strip().substring(2));
                if (choice != null) {
                    choices.add(choice);
                }
            }
            return strictest(choices).orElse(null);
        }
        return null;
    }

    private static String identifier(String text) {
        String plain = text.strip().replaceAll("^['\"]|['\"]$", "").toLowerCase(Locale.ROOT);
        return IDENTIFIER.matcher(plain).matches() ? plain : null;
    }
}
