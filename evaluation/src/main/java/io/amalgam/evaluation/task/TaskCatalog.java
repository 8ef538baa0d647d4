package io.amalgam.evaluation.task;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.data.BenchmarkFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * All tasks that are known: the Open LLM Leaderboard's, and those of one's own that lie in the folders given.
 *
 * <p>A task's data are read when it is first asked for, and kept. Safe for use by several threads.
 */
public final class TaskCatalog {
    private final Map<String, Supplier<BenchmarkTask>> tasks = new LinkedHashMap<>();
    private final Map<String, TaskGroup> groups = new LinkedHashMap<>();
    private final Map<String, BenchmarkTask> loaded = new LinkedHashMap<>();

    private TaskCatalog() {
    }

    /**
     * The tasks of one or more folders.
     *
     * @param folders where data lie: tasks of one's own ({@code *.yaml} with {@code *.jsonl}), and the leaderboard's in
     *     the layout that {@code benchmarks fetch} makes
     * @throws AmalgamException with {@code BENCHMARK_DATA} if a folder does not exist or two define the same task
     */
    public static TaskCatalog open(List<Path> folders) {
        return open(folders, OptionalInt.empty());
    }

    /**
     * The tasks of one or more folders, with another number of worked examples than they define.
     *
     * @param shots the number of worked examples of every task ({@code --num_fewshot}), or empty for each task's own
     */
    public static TaskCatalog open(List<Path> folders, OptionalInt shots) {
        TaskCatalog catalog = new TaskCatalog();
        List<BenchmarkFolder> data = new ArrayList<>();
        for (Path folder : folders) {
            if (!Files.isDirectory(folder)) {
                throw new AmalgamException(
                        ErrorCode.BENCHMARK_DATA, "The benchmark folder " + folder + " does not exist.");
            }
            data.add(new BenchmarkFolder(folder));
        }
        for (BenchmarkFolder folder : data) {
            for (String file : taskFiles(folder.root())) {
                catalog.add(CustomTasks.defaultName(file), () -> CustomTasks.read(folder, file, shots));
            }
        }
        catalog.addLeaderboard(data, shots);
        return catalog;
    }

    /** Returns the names of all tasks, those whose data are missing included. */
    public List<String> names() {
        return List.copyOf(tasks.keySet());
    }

    /** Returns all groups. */
    public Collection<TaskGroup> groups() {
        return List.copyOf(groups.values());
    }

    /**
     * Returns a task.
     *
     * @throws AmalgamException with {@code TASK_UNKNOWN} if there is none of that name, or {@code BENCHMARK_DATA} if
     *     its data are missing or damaged
     */
    public synchronized BenchmarkTask find(String name) {
        BenchmarkTask task = loaded.get(name);
        if (task == null) {
            Supplier<BenchmarkTask> reader = tasks.get(name);
            if (reader == null) {
                throw unknown(name);
            }
            task = reader.get();
            loaded.put(name, task);
        }
        return task;
    }

    /**
     * Returns the names of the tasks that a list of tasks and groups stands for, each once, in order.
     *
     * @throws AmalgamException with {@code TASK_UNKNOWN} if one is neither a task nor a group
     */
    public List<String> expand(List<String> names) {
        Set<String> expanded = new LinkedHashSet<>();
        for (String name : names) {
            TaskGroup group = groups.get(name);
            if (group != null) {
                expanded.addAll(expand(group.members()));
            } else if (tasks.containsKey(name)) {
                expanded.add(name);
            } else {
                throw unknown(name);
            }
        }
        return List.copyOf(expanded);
    }

    private void addLeaderboard(List<BenchmarkFolder> folders, OptionalInt shots) {
        List<String> bbh = new ArrayList<>();
        for (String subtask : LeaderboardTasks.BBH_SUBTASKS) {
            String name = LeaderboardTasks.BBH + "_" + subtask;
            bbh.add(name);
            add(name, () -> leaderboard(folders, "bbh", shots).bbh(subtask));
        }
        List<String> gpqa = new ArrayList<>();
        for (GpqaTasks.GpqaSet set : GpqaTasks.SETS) {
            gpqa.add(set.task());
            add(set.task(), () -> GpqaTasks.read(folderWith(folders, "gpqa"), set));
        }
        add(LeaderboardTasks.IFEVAL, () -> leaderboard(folders, "ifeval", shots).ifeval());
        LeaderboardTasks.MATH_SUBJECTS.forEach(
                (subject, name) -> add(name, () -> leaderboard(folders, "math_hard", shots).math(subject)));
        List<String> musr = new ArrayList<>();
        for (LeaderboardTasks.MusrKind kind : LeaderboardTasks.MUSR_KINDS) {
            musr.add(kind.task());
            add(kind.task(), () -> leaderboard(folders, "musr", shots).musr(kind));
        }
        add(LeaderboardTasks.MMLU_PRO, () -> leaderboard(folders, "mmlu_pro", shots).mmluPro());
        group(LeaderboardTasks.BBH, bbh);
        group(GpqaTasks.GPQA, gpqa);
        group(LeaderboardTasks.MATH, List.copyOf(LeaderboardTasks.MATH_SUBJECTS.values()));
        group(LeaderboardTasks.MUSR, musr);
        group(
                LeaderboardTasks.LEADERBOARD,
                List.of(
                        LeaderboardTasks.BBH, GpqaTasks.GPQA, LeaderboardTasks.IFEVAL, LeaderboardTasks.MATH,
                        LeaderboardTasks.MMLU_PRO, LeaderboardTasks.MUSR));
    }

    private static LeaderboardTasks leaderboard(
            List<BenchmarkFolder> folders, String benchmark, OptionalInt shots) {
        return new LeaderboardTasks(folderWith(folders, benchmark), shots);
    }

    /** Returns the first folder that has a benchmark's data. */
    private static BenchmarkFolder folderWith(List<BenchmarkFolder> folders, String benchmark) {
        for (BenchmarkFolder folder : folders) {
            if (Files.isDirectory(folder.root().resolve(benchmark))) {
                return folder;
            }
        }
        throw new AmalgamException(
                ErrorCode.BENCHMARK_DATA,
                "The data of the benchmark " + benchmark + " are in none of the benchmark folders "
                        + folders.stream().map(folder -> folder.root().toString()).toList()
                        + "; `amalgam benchmarks fetch` brings them, and --data names another folder.");
    }

    private void group(String name, List<String> members) {
        groups.put(name, new TaskGroup(name, members));
    }

    private void add(String name, Supplier<BenchmarkTask> reader) {
        if (tasks.putIfAbsent(name, reader) != null) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA,
                    "Two benchmark folders define the task " + name + "; rename one of its files.");
        }
    }

    private AmalgamException unknown(String name) {
        Set<String> known = new TreeSet<>(tasks.keySet());
        known.addAll(groups.keySet());
        return new AmalgamException(
                ErrorCode.TASK_UNKNOWN,
                "There is no benchmark task \"" + name + "\""
                        + (known.isEmpty() ? "" : "; the nearest name is \"" + NearestName.of(name, known) + "\"")
                        + ". `amalgam benchmarks list` shows all.");
    }

    private static List<String> taskFiles(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith(".yaml"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA, "The benchmark folder " + folder + " cannot be read: " + e.getMessage(), e);
        }
    }
}
