package io.amalgam.recipeservice.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.PlanOptions;
import io.amalgam.recipeservice.merge.ByteSize;
import io.amalgam.recipeservice.merge.MergeOrder;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** Reads orders in both of their forms: the recipe alone, with options in the query; or JSON with everything in it. */
@ApplicationScoped
public class OrderReader {

    private final ObjectMapper mapper;
    private final int recipeLimit;
    private final long shardBytes;

    /** Takes the limits that orders are held to. */
    public OrderReader(
            ObjectMapper mapper, @ConfigProperty(name = "amalgam.merges.recipe-limit") int recipeLimit,
            @ConfigProperty(name = "amalgam.merges.shard-size") String shardSize) {
        this.mapper = mapper;
        this.recipeLimit = recipeLimit;
        this.shardBytes = ByteSize.parse(shardSize);
    }

    /** An order as JSON. */
    @Schema(name = "MergeOrder")
    public record JsonOrder(
            @Schema(description = "The recipe: MergeKit's YAML.", required = true) String recipe,
            @Schema(description = "A name for people.") String name,
            @Schema(description = "Seed of the random stream; derived from the recipe if absent.") Long seed,
            @Schema(description = "The most bytes of an output shard, such as 500MB.") String shardSize,
            @Schema(description = "Benchmark tasks to score the artifact with.") List<String> benchmarks,
            @Schema(description = "Whether an unknown key refuses the recipe.") Boolean strict) {
    }

    /** Options that stand in the query when the body is the recipe itself. */
    public record QueryOptions(String name, Long seed, String shardSize, String benchmarks, Boolean strict) {
    }

    /**
     * Reads an order.
     *
     * @throws AmalgamException with {@code REQUEST_TOO_LARGE}, {@code RECIPE_NOT_YAML} or {@code ARGUMENT_INVALID}
     */
    public MergeOrder read(InputStream body, MediaType type, QueryOptions query) {
        String text = text(body);
        if (type == null || !type.isCompatible(MediaType.APPLICATION_JSON_TYPE)) {
            List<String> benchmarks = query.benchmarks() == null ? List.of()
                    : Arrays.stream(query.benchmarks().split(","))
                            .map(String::strip)
                            .filter(task -> !task.isEmpty())
                            .toList();
            return order(text, query.name(), query.seed(), query.shardSize(), benchmarks, query.strict());
        }
        JsonOrder order;
        try {
            order = mapper.readerFor(JsonOrder.class)
                    .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .readValue(text);
        } catch (JsonProcessingException malformed) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "the body is not a JSON order: " + malformed.getOriginalMessage()
                            + "; expected {\"recipe\": \"…\", \"name\", \"seed\", \"shardSize\", \"benchmarks\", "
                            + "\"strict\"}", malformed);
        }
        if (order == null || order.recipe() == null) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "the JSON order has no \"recipe\"; expected the recipe's YAML as a string");
        }
        return order(order.recipe(), order.name(), order.seed(), order.shardSize(), order.benchmarks(), order.strict());
    }

    private MergeOrder order(
            String recipe, String name, Long seed, String shardSize, List<String> benchmarks, Boolean strict) {
        PlanOptions options = PlanOptions.service()
                .withMaxShardBytes(shardSize == null ? shardBytes : ByteSize.parse(shardSize))
                .withRandomSeed(seed)
                .withStrict(strict != null && strict);
        return new MergeOrder(recipe, name == null ? "" : name.strip(), options,
                benchmarks == null ? List.of() : benchmarks);
    }

    private String text(InputStream body) {
        byte[] bytes;
        try {
            // JSON escapes lengthen a recipe; the recipe itself is held to its limit by its parser.
            bytes = body.readNBytes(recipeLimit + 1);
        } catch (IOException failure) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "the body of the request broke off", failure);
        }
        if (bytes.length > recipeLimit) {
            throw new AmalgamException(ErrorCode.REQUEST_TOO_LARGE,
                    "the body has more than " + recipeLimit + " bytes; a recipe is far shorter");
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException malformed) {
            throw new AmalgamException(ErrorCode.RECIPE_NOT_YAML, "the body is not UTF-8 text", malformed);
        }
    }
}
