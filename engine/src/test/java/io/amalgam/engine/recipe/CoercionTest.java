package io.amalgam.engine.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.amalgam.engine.method.MethodParameter.Type;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Values are accepted as pydantic accepts them in its lax mode. */
class CoercionTest {

    @Test
    void numbersComeFromNumbersStringsAndBooleans() {
        assertEquals(Optional.of(0.5), Coercion.convert(0.5, Type.FLOAT));
        assertEquals(Optional.of(2.0), Coercion.convert(2L, Type.FLOAT));
        assertEquals(Optional.of(1e-4), Coercion.convert("1e-4", Type.FLOAT));
        assertEquals(Optional.of(1.0), Coercion.convert(true, Type.FLOAT));
    }

    @Test
    void wordsInfinityAndJavasOwnNotationsAreNoNumbers() {
        assertEquals(Optional.empty(), Coercion.convert("half", Type.FLOAT));
        assertEquals(Optional.empty(), Coercion.convert("0x1p3", Type.FLOAT));
        assertEquals(Optional.empty(), Coercion.convert("1.0f", Type.FLOAT));
        assertEquals(Optional.empty(), Coercion.convert("", Type.FLOAT));
        assertEquals(Optional.empty(), Coercion.convert(Double.POSITIVE_INFINITY, Type.FLOAT));
        assertEquals(Optional.empty(), Coercion.convert(Double.NaN, Type.FLOAT));
        assertEquals(Optional.empty(), Coercion.convert("1e999", Type.FLOAT));
    }

    @Test
    void wholeNumbersMayBeWrittenWithAPointButHaveNoFraction() {
        assertEquals(Optional.of(5L), Coercion.convert(5.0, Type.INTEGER));
        assertEquals(Optional.of(5L), Coercion.convert("5", Type.INTEGER));
        assertEquals(Optional.empty(), Coercion.convert(5.5, Type.INTEGER));
        assertEquals(Optional.empty(), Coercion.convert("5.0", Type.INTEGER));
    }

    @Test
    void booleansComeFromWordsAndFromZeroAndOne() {
        assertEquals(Optional.of(true), Coercion.convert("Yes", Type.BOOLEAN));
        assertEquals(Optional.of(false), Coercion.convert("off", Type.BOOLEAN));
        assertEquals(Optional.of(true), Coercion.convert(1L, Type.BOOLEAN));
        assertEquals(Optional.of(false), Coercion.convert(0.0, Type.BOOLEAN));
        assertEquals(Optional.empty(), Coercion.convert(2L, Type.BOOLEAN));
        assertEquals(Optional.empty(), Coercion.convert("maybe", Type.BOOLEAN));
    }
}
