package io.amalgam.broker;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Runs another main class in a process that cannot outlive its parent.
 *
 * <p>The parent holds the writing end of this process's standard input and never writes to it. When the parent ends,
 * whatever ended it (SIGKILL included), the operating system closes that end, the read here returns, and this process
 * shuts down in order; if it has not after {@value #GRACE_SECONDS} seconds, it is halted. No signal, file or service
 * that could be missed takes part.
 *
 * <p>SIGINT is ignored: a Ctrl-C in a terminal reaches every process of the group at once, but the parent is to stop
 * its children one after another, work before database and broker.
 */
public final class ChildMain {
    private static final int GRACE_SECONDS = 30;

    private ChildMain() {
    }

    /**
     * Watches standard input and calls another class's {@code main}.
     *
     * @param arguments the other class's name, then its arguments
     * @throws ReflectiveOperationException if there is no such class or it has no {@code main}
     */
    public static void main(String[] arguments) throws ReflectiveOperationException {
        if (arguments.length == 0) {
            System.err.println("ChildMain needs the name of a main class.");
            System.exit(2);
        }
        Signal.handle(new Signal("INT"), SignalHandler.SIG_IGN);
        endWithStandardInput();
        try {
            Class.forName(arguments[0]).getMethod("main", String[].class)
                    .invoke(null, (Object) Arrays.copyOfRange(arguments, 1, arguments.length));
        } catch (InvocationTargetException e) {
            // A failure of that program, not of this one: its own trace, and a status that says so.
            e.getCause().printStackTrace();
            System.exit(1);
        }
    }

    private static void endWithStandardInput() {
        InputStream in = System.in;
        Thread.ofPlatform().daemon().name("parent-watch").start(() -> {
            try {
                while (in.read() >= 0) {
                    // The parent does not write; anything that is there is not for us.
                }
            } catch (IOException e) {
                // A broken pipe means the same as a closed one: the parent is gone.
            }
            Thread.ofPlatform().daemon().name("parent-watch-halt").start(ChildMain::haltAfterGrace);
            System.exit(0);
        });
    }

    private static void haltAfterGrace() {
        try {
            Thread.sleep(GRACE_SECONDS * 1000L);
        } catch (InterruptedException e) {
            // Halting early is right too: nobody waits for this process any more.
        }
        Runtime.getRuntime().halt(1);
    }
}
