package io.amalgam.engine.store;

/**
 * What a sweep removed.
 *
 * @param files files or objects
 * @param bytes their length together
 * @param uploads uploads in parts that nobody had finished
 */
public record SweepResult(long files, long bytes, long uploads) {

    /** Counts while sweeping. */
    static final class Counter {
        private long files;
        private long bytes;
        private long uploads;

        void file(long length) {
            files++;
            bytes += length;
        }

        void upload() {
            uploads++;
        }

        SweepResult result() {
            return new SweepResult(files, bytes, uploads);
        }
    }
}
