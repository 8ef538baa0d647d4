package io.amalgam.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/** A run of the command line inside the test. */
record CommandRun(int status, String out, String err) {

    static CommandRun of(Object... arguments) {
        CommandLine commandLine = AmalgamCommand.commandLine();
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        commandLine.setOut(new PrintWriter(out));
        commandLine.setErr(new PrintWriter(err));
        String[] texts = new String[arguments.length];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = arguments[i].toString();
        }
        int status = commandLine.execute(texts);
        return new CommandRun(status, out.toString(), err.toString());
    }
}
