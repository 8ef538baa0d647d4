package io.amalgam.cli;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.recipe.ParsedRecipe;
import io.amalgam.engine.recipe.RecipeParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Reads recipe files. */
final class RecipeFiles {

    private static final long LIMIT = 16 << 20;

    private RecipeFiles() {
    }

    /** Reads a file with one recipe. */
    static ParsedRecipe one(Path file) {
        return RecipeParser.parse(text(file), file.toString());
    }

    /** Reads a file with one recipe or several. */
    static List<ParsedRecipe> all(Path file) {
        return RecipeParser.parseAll(text(file), file.toString());
    }

    private static String text(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw new AmalgamException(
                        ErrorCode.NOT_FOUND,
                        "The recipe " + file + (Files.exists(file) ? " is not a file." : " does not exist."));
            }
            if (Files.size(file) > LIMIT) {
                throw new AmalgamException(
                        ErrorCode.RECIPE_LIMIT_EXCEEDED,
                        "The recipe " + file + " has " + Files.size(file) + " bytes; at most " + LIMIT + " are read.");
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new AmalgamException(ErrorCode.RECIPE_NOT_YAML, "The recipe " + file + " is not text in UTF-8.", e);
        } catch (IOException e) {
            throw new AmalgamException(
                    ErrorCode.NOT_FOUND, "The recipe " + file + " cannot be read: " + e.getMessage() + ".", e);
        }
    }
}
