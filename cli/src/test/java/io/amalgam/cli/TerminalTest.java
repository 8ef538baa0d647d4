package io.amalgam.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.cli.Terminal.Colour;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Colours and bars are for terminals, and colours for those who want them. */
class TerminalTest {

    @Test
    void nothingIsDrawnOrColouredWhereNobodyWatches() {
        assertFalse(Terminal.drawsOver(false, Map.of("TERM", "xterm-256color")));
        assertFalse(Terminal.hasColours(false, Map.of("TERM", "xterm-256color")));
        assertFalse(Terminal.drawsOver(true, Map.of("TERM", "dumb")));
        assertFalse(Terminal.hasColours(true, Map.of("TERM", "dumb")));
        assertTrue(Terminal.drawsOver(true, Map.of()));
    }

    @Test
    void noColorIsHonouredUnlessItIsEmpty() {
        assertTrue(Terminal.hasColours(true, Map.of("TERM", "xterm")));
        assertTrue(Terminal.hasColours(true, Map.of("NO_COLOR", "")));
        assertFalse(Terminal.hasColours(true, Map.of("NO_COLOR", "1")));
        assertTrue(Terminal.drawsOver(true, Map.of("NO_COLOR", "1")), "a bar has no colour");
    }

    @Test
    void aColourEndsBehindItsText() {
        assertEquals("\u001b[32mcompleted\u001b[0m", Colour.GREEN.of("completed"));
    }
}
