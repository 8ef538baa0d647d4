package io.amalgam.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Generated files are those of the code. */
class GeneratedFilesTest {

    @TestFactory
    Stream<DynamicTest> everyGeneratedFileIsThatOfTheCode() {
        return GenerateMain.files().entrySet().stream().map(file -> DynamicTest.dynamicTest(file.getKey(), () ->
                assertEquals(file.getValue(), Files.readString(Project.HOME.resolve(file.getKey())),
                        "write it again: ./amalgam generate")));
    }
}
