package io.amalgam.evaluation.task;

import java.util.List;

/**
 * Tasks that are asked for and reported together.
 *
 * @param name the group's name
 * @param members the names of the tasks and groups in it, in order
 */
public record TaskGroup(String name, List<String> members) {
    /** Copies the members. */
    public TaskGroup {
        members = List.copyOf(members);
    }
}
