package io.amalgam.engine.method;

/** Keeps the middle of each task vector: neither the smallest magnitudes nor a share gamma of the largest. */
final class BreadcrumbsMerge extends SelectionMerge {

    BreadcrumbsMerge(TensorTask task, boolean election) {
        super(task, election, false);
    }

    @Override
    protected long[] ranks(double density, int model) {
        long elements = task.elements();
        long kept = (long) (density * elements);
        long outliers = (long) (task.number(models[model], "gamma") * elements);
        long first = Math.max(0, elements - kept - outliers);
        if (kept <= 0) {
            return null;
        }
        return first + kept < elements ? new long[] {first, first + kept} : new long[] {first};
    }
}
