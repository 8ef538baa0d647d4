package io.amalgam.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code docs/errors.md} is where problem responses point to: it has a place for every code, and none for another. */
class ErrorsDocumentTest {

    @Test
    void everyCodeHasItsPlace() throws IOException {
        List<String> documented = Files.readAllLines(Launcher.home().resolve("docs/errors.md")).stream()
                .filter(line -> line.startsWith("## ")).map(line -> line.substring(3)).toList();
        assertEquals(Arrays.stream(ErrorCode.values()).map(Enum::name).toList(), documented);
    }
}
