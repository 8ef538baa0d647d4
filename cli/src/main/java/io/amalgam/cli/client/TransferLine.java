package io.amalgam.cli.client;

import io.amalgam.cli.Terminal;
import java.io.PrintWriter;

/** One line on a terminal that says how far a transfer is; nothing where nobody watches. */
final class TransferLine {
    private static final String CLEAR = "\r\u001b[K";

    private final PrintWriter out;
    private final boolean shown;

    /** A line, unless the output is for programs. */
    TransferLine(PrintWriter out, boolean forPrograms) {
        this.out = out;
        this.shown = !forPrograms && Terminal.drawsOver();
    }

    /** So many of a file's bytes have gone over. */
    void at(String file, long position, long length) {
        if (shown) {
            out.print(CLEAR + file + "  " + Display.bytes(position) + " of " + Display.bytes(length));
            out.flush();
        }
    }

    /** Removes the line. */
    void end() {
        if (shown) {
            out.print(CLEAR);
        }
    }
}
