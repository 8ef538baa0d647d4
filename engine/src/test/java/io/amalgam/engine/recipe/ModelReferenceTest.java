package io.amalgam.engine.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelReferenceTest {

    @Test
    void aPathAloneIsAModel() {
        assertEquals(
                new ModelReference(new ModelPath("owner/name", null), null, null), ModelReference.parse("owner/name"));
    }

    @Test
    void revisionsStandBehindAnAt() {
        assertEquals(
                new ModelReference(new ModelPath("model", "v1"), new ModelPath("lora", "v2"), null),
                ModelReference.parse("model@v1+lora@v2"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"model", "model@v1", "model+lora", "model@v1+lora@v2", "../models/a"})
    void theStringFormIsReadBack(String text) {
        assertEquals(text, ModelReference.parse(text).toString());
    }

    @Test
    void equalityIsThatOfStrings() {
        assertNotEquals(ModelReference.parse("a"), ModelReference.parse("./a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a+b+c", "a@1@2", "a+b@1@2", "", "a+", "+b", "@v1", "a@", " "})
    void malformedReferencesAreRefused(String text) {
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> ModelReference.parse(text));
        assertEquals(ErrorCode.MODEL_REFERENCE_INVALID, refusal.code());
        assertTrue(refusal.getMessage().contains("\"" + text + "\""), refusal.getMessage());
    }
}
