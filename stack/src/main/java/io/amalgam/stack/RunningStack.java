package io.amalgam.stack;

import java.io.IOException;
import java.time.Duration;

/** A started stack that is stopped in order when this process is asked to end (Ctrl-C, SIGTERM) or closes it. */
record RunningStack(Stack stack) implements AutoCloseable {

    /**
     * Starts a stack.
     *
     * @param settings what it consists of
     * @param console where to say what happens
     * @return the stack, ready
     * @throws IOException if it does not start; whatever ran is stopped
     */
    static RunningStack start(StackSettings settings, Console console) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        Stack stack = new Stack(settings, message -> console.line("  " + message));
        Runtime.getRuntime().addShutdownHook(new Thread(stack::close, "stack-shutdown"));
        console.line("Starting " + (settings.kafka().isPresent() ? "" : "Kafka, ")
                + (settings.database().isPresent() ? "" : "PostgreSQL, ") + "recipe-service, "
                + settings.mergeWorkers() + " × merge-worker, " + settings.evalWorkers() + " × eval-worker …");
        try {
            stack.start();
        } catch (IOException | InterruptedException | RuntimeException e) {
            stack.close();
            throw e;
        }
        console.line("Ready after " + Duration.ofNanos(System.nanoTime() - begin).toSeconds() + " s.");
        return new RunningStack(stack);
    }

    @Override
    public void close() {
        stack.close();
    }
}
