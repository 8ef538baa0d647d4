package io.amalgam.performance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A control group of the kernel's whose processes are killed when they need more memory than it allows; what they read and
 * write through the page cache counts, too, and is given up first. Swap is not used. Needs the right to make groups: root,
 * as a rule.
 */
final class MemoryLimit implements AutoCloseable {
    private static final Path FIRST_VERSION = Path.of("/sys/fs/cgroup/memory");
    private static final Path SECOND_VERSION = Path.of("/sys/fs/cgroup");

    private final Path group;

    private MemoryLimit(Path group) {
        this.group = group;
    }

    /**
     * Makes a group.
     *
     * @param bytes its processes may hold
     * @throws IOException with the reason if that cannot be done here
     */
    static MemoryLimit of(long bytes) throws IOException {
        boolean first = Files.isWritable(FIRST_VERSION.resolve("memory.limit_in_bytes"));
        Path group = (first ? FIRST_VERSION : SECOND_VERSION).resolve("amalgam-bench-" + ProcessHandle.current().pid());
        try {
            Files.createDirectory(group);
            Files.writeString(group.resolve(first ? "memory.limit_in_bytes" : "memory.max"), Long.toString(bytes));
            Files.writeString(group.resolve(first ? "memory.swappiness" : "memory.swap.max"), "0");
        } catch (IOException e) {
            Files.deleteIfExists(group);
            throw new IOException("a limit of memory cannot be set in " + group + " (" + e.getMessage()
                    + "); it takes root, and the kernel's control groups with the memory controller", e);
        }
        return new MemoryLimit(group);
    }

    /** The command that runs another one in the group. */
    List<String> around(List<String> command) {
        List<String> limited = new ArrayList<>(
                List.of("sh", "-c", "echo $$ > \"$0\" && exec \"$@\"", group.resolve("cgroup.procs").toString()));
        limited.addAll(command);
        return limited;
    }

    /** Removes the group, which is empty by now. */
    @Override
    public void close() throws IOException {
        Files.delete(group);
    }
}
