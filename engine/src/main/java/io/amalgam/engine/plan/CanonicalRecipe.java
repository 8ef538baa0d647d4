package io.amalgam.engine.plan;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonIgnoreType;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import io.amalgam.engine.Version;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.recipe.ModelPath;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.recipe.Position;
import io.amalgam.engine.recipe.Recipe;
import java.io.IOException;
import java.util.List;

/**
 * A recipe's meaning, apart from how it is written: no positions, comments, order of keys or unknown keys, and
 * identities instead of the names of models. Two requests with equal meanings, options and seeds are one artifact.
 */
final class CanonicalRecipe {

    /** Everything that decides an artifact but the seed. */
    private record Request(int numerics, JsonNode recipe, PlanOptions options) {
    }

    /** A request's digest and the seed. */
    private record Seeded(String request, long seed) {
    }

    /** Where something stands in the text does not change what it means. */
    @JsonIgnoreType
    private interface Ignored {
    }

    /** Nor does the name of a document, or the place of its keys. */
    @JsonIgnoreProperties({"positions", "name"})
    private interface WithoutPlaces {
    }

    private CanonicalRecipe() {
    }

    /** Digest of everything that decides the artifact but the seed. */
    static String digest(Recipe recipe, PlanOptions options, List<PinnedModel> models) {
        SimpleModule identities = new SimpleModule();
        identities.addSerializer(ModelReference.class, new IdentitySerializer(models));
        JsonMapper mapper = JsonMapper.builder()
                .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
                .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
                .addModule(identities)
                .addMixIn(Position.class, Ignored.class)
                .addMixIn(Recipe.class, WithoutPlaces.class)
                .build();
        try {
            // Through bytes, so that maps are sorted by the mapper that knows the identities.
            JsonNode canonical = mapper.readTree(mapper.writeValueAsBytes(recipe));
            return PlanJson.digest(new Request(
                    Version.NUMERICS, canonical, options.withRandomSeed(null).withStrict(false)));
        } catch (JsonProcessingException e) {
            throw new AmalgamException(ErrorCode.INTERNAL, "A recipe cannot be written as JSON.", e);
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.INTERNAL, "A recipe cannot be read as JSON.", e);
        }
    }

    /** The seed of a request: the one it asks for, else the first 32 bits of its digest. */
    static long seed(String digest, PlanOptions options) {
        return options.randomSeed() != null ? options.randomSeed() : Long.parseLong(digest.substring(0, 8), 16);
    }

    /** The artifact's key. */
    static String artifactKey(String digest, long seed) {
        return PlanJson.digest(new Seeded(digest, seed));
    }

    /** Writes identities instead of names. */
    private static final class IdentitySerializer extends StdSerializer<ModelReference> {
        private static final long serialVersionUID = 1L;

        private final transient List<PinnedModel> models;

        IdentitySerializer(List<PinnedModel> models) {
            super(ModelReference.class);
            this.models = models;
        }

        @Override
        public void serialize(ModelReference reference, JsonGenerator json, SerializerProvider provider)
                throws IOException {
            String text = identity(reference.model(), false);
            if (reference.lora() != null) {
                text += "+" + identity(reference.lora(), true);
            }
            if (reference.overrideArchitecture() != null) {
                text += " as " + reference.overrideArchitecture();
            }
            json.writeString(text);
        }

        private String identity(ModelPath path, boolean adapter) {
            return models.stream()
                    .filter(model -> model.adapter() == adapter
                            && path.equals(new ModelPath(model.path(), model.revision())))
                    .map(PinnedModel::identity)
                    .findFirst()
                    .orElse(path.toString());
        }
    }
}
