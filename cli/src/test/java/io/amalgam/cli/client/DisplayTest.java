package io.amalgam.cli.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Tables as people see them. */
class DisplayTest {

    private static final List<List<String>> ROWS = List.of(List.of("MERGE", "STATE", "NAME"),
            List.of("1", "completed", "a"), List.of("two", "failed", "b"), List.of("3", "requested", "c"));

    @Test
    void columnsAreAsWideAsTheirWidestCell() {
        assertEquals("""
                MERGE  STATE      NAME
                1      completed  a
                two    failed     b
                3      requested  c
                """, Display.table(ROWS, false).replace(System.lineSeparator(), "\n"));
    }

    @Test
    void coloursChangeNoColumn() {
        String coloured = Display.table(ROWS, true);
        assertTrue(coloured.contains("\u001b[32mcompleted\u001b[0m") && coloured.contains("\u001b[31mfailed\u001b[0m"));
        assertEquals(Display.table(ROWS, false), coloured.replaceAll("\u001b\\[[0-9]+m", ""));
    }
}
