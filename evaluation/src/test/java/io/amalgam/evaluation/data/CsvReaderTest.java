package io.amalgam.evaluation.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;

class CsvReaderTest {

    @Test
    void quotedFieldsHoldCommasQuotesAndLineEnds() {
        List<ObjectNode> rows = CsvReader.read("\uFEFFa,b\r\n\"x, \"\"y\"\"\nz\",2\r\n,\"\"\n");
        assertEquals(2, rows.size());
        assertEquals("x, \"y\"\nz", rows.get(0).get("a").textValue());
        assertEquals("2", rows.get(0).get("b").textValue());
        assertTrue(rows.get(1).get("a").isNull());
        assertEquals("", rows.get(1).get("b").textValue());
    }

    @Test
    void damagedTablesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> CsvReader.read("a,b\n1,2,3\n"));
        assertThrows(IllegalArgumentException.class, () -> CsvReader.read("a,b\n\"1,2\n"));
        assertThrows(IllegalArgumentException.class, () -> CsvReader.read("a,b\n\"1\"x,2\n"));
    }
}
