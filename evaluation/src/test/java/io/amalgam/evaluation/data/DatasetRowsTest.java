package io.amalgam.evaluation.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The Parquet files were written by pyarrow 22, compressed by Snappy, as the Hub's are. */
class DatasetRowsTest {

    @Test
    void parquetRowsHaveTheirTextsNumbersListsAndNulls() throws IOException {
        List<ObjectNode> rows = DatasetRows.read("data/test-00000-of-00001.parquet", resource("questions.parquet"));
        assertEquals(6, rows.size());
        assertEquals(
                "{\"question_id\":0,\"question\":\"What is 1 + 1?\",\"options\":[\"1\",\"2\",\"N/A\"],\"answer\":\"B\","
                        + "\"answer_index\":1,\"category\":\"math\",\"note\":null}",
                rows.get(0).toString());
        assertEquals("Grüße, “x”?", rows.get(5).get("question").textValue());
    }

    @Test
    void parquetRowsHaveListsOfObjects() throws IOException {
        List<ObjectNode> rows = DatasetRows.read("train.parquet", resource("nested.parquet"));
        assertEquals(
                "{\"key\":2,\"instruction_id_list\":[\"length_constraints:number_words\",\"punctuation:no_comma\"],"
                        + "\"kwargs\":[{\"num_words\":300,\"relation\":\"at least\"},"
                        + "{\"num_words\":null,\"relation\":null}]}",
                rows.get(1).toString());
    }

    @Test
    void jsonAndCsvAreReadToo() {
        assertEquals(2, DatasetRows.read("a.jsonl", bytes("{\"a\":1}\n\n{\"a\":2}\n")).size());
        assertEquals(2, DatasetRows.read("a.json", bytes("[{\"a\":1},{\"a\":2}]")).size());
        assertEquals("x,y", DatasetRows.read("a.csv", bytes("a,b\n\"x,y\",2\n")).getFirst().get("a").textValue());
    }

    @Test
    void damagedFilesAreRefused() throws IOException {
        byte[] parquet = resource("questions.parquet");
        byte[] truncated = Arrays.copyOf(parquet, parquet.length / 2);
        for (byte[] content : List.of(truncated, new byte[0], bytes("PAR1PAR1"), bytes("text"))) {
            AmalgamException refusal =
                    assertThrows(AmalgamException.class, () -> DatasetRows.read("a.parquet", content));
            assertEquals(ErrorCode.BENCHMARK_DATA, refusal.code());
        }
        assertThrows(AmalgamException.class, () -> DatasetRows.read("a.jsonl", bytes("{\"a\":")));
        assertTrue(DatasetRows.isReadable("x/y.PARQUET"));
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream stream = DatasetRowsTest.class.getResourceAsStream(name)) {
            return stream.readAllBytes();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
