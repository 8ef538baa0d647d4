package io.amalgam.engine.report;

import io.amalgam.engine.report.MergeReport.Compared;
import io.amalgam.engine.report.MergeReport.Pair;
import io.amalgam.engine.report.MergeReport.Row;
import io.amalgam.engine.report.MergeReport.Vector;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Puts the sums of tensors together by layer and module. */
final class ReportRows {
    /** A name with a layer's index: what stands before it, the index, and what follows. */
    private static final Pattern IN_LAYER = Pattern.compile("(.*?)\\.(\\d{1,9})\\.(.+)");
    private static final Pattern KIND = Pattern.compile("\\.(weight|bias)$");

    private final ReportInputs inputs;
    private final List<TensorSums> tensors;

    /** What makes a row; a layer of -1 lies outside layers. */
    private record Place(String stack, int layer, String module, Compared compared) implements Comparable<Place> {
        private static final Comparator<Place> ORDER = Comparator.comparing(Place::stack)
                .thenComparingInt(Place::layer)
                .thenComparing(Place::module)
                .thenComparing(Place::compared);

        static Place of(TensorSums tensor) {
            Compared compared = tensor.plan.base() < 0 ? Compared.WEIGHTS : Compared.TASK_VECTORS;
            String name = tensor.plan.name();
            Matcher inLayer = IN_LAYER.matcher(name);
            if (!inLayer.matches()) {
                return new Place("", -1, KIND.matcher(name).replaceFirst(""), compared);
            }
            String rest = inLayer.group(3);
            int dot = rest.indexOf('.');
            return new Place(
                    inLayer.group(1),
                    Integer.parseInt(inLayer.group(2)),
                    dot < 0 ? rest : rest.substring(0, dot),
                    compared);
        }

        @Override
        public int compareTo(Place other) {
            return ORDER.compare(this, other);
        }
    }

    ReportRows(ReportInputs inputs, List<TensorSums> sums) {
        this.inputs = inputs;
        // By name, so that floating-point sums do not depend on which shard a tensor lies in.
        tensors = new ArrayList<>(sums);
        tensors.sort(Comparator.comparing(tensor -> tensor.plan.name()));
    }

    MergeReport report(String artifactKey) {
        Map<Place, RowSums> rows = new TreeMap<>();
        boolean anyTaskVectors = tensors.stream().anyMatch(tensor -> tensor.plan.base() >= 0);
        RowSums total = new RowSums(inputs.count());
        for (TensorSums tensor : tensors) {
            Place place = Place.of(tensor);
            rows.computeIfAbsent(place, key -> new RowSums(inputs.count())).add(tensor);
            if (!anyTaskVectors || place.compared() == Compared.TASK_VECTORS) {
                total.add(tensor);
            }
        }
        List<Row> result = new ArrayList<>(rows.size());
        rows.forEach((place, sums) -> result.add(sums.row(place)));
        Compared compared = anyTaskVectors ? Compared.TASK_VECTORS : Compared.WEIGHTS;
        return new MergeReport(
                MergeReport.SCHEMA_VERSION,
                artifactKey,
                inputs.names(),
                result,
                total.row(new Place("", -1, "", compared)));
    }

    /** The sums of one row, by number of input. */
    private static final class RowSums {
        private final int count;
        private final double[] squares;
        private final double[] changed;
        private final double[] elementsOf;
        /** Of pairs of numbers, the smaller one first: place {@code left * count + right}. */
        private final double[] products;
        /** Of pairs, squares of either vector over the tensors that both have. */
        private final double[] leftSquares;
        private final double[] rightSquares;
        private final double[] both;
        private final double[] opposite;
        private final boolean[] present;
        private double base;
        private double contested;
        private double conflicting;
        private long elements;
        private int tensors;

        RowSums(int count) {
            this.count = count;
            squares = new double[count];
            changed = new double[count];
            elementsOf = new double[count];
            products = new double[count * count];
            leftSquares = new double[count * count];
            rightSquares = new double[count * count];
            both = new double[count * count];
            opposite = new double[count * count];
            present = new boolean[count * count];
        }

        void add(TensorSums tensor) {
            base += tensor.baseSquares();
            contested += tensor.contested();
            conflicting += tensor.conflicting();
            elements += tensor.plan.elements();
            tensors++;
            for (int left = 0; left < tensor.inputs.length; left++) {
                int number = tensor.inputs[left];
                squares[number] += tensor.squares(left);
                changed[number] += tensor.changed(left);
                elementsOf[number] += tensor.plan.elements();
                for (int right = left + 1; right < tensor.inputs.length; right++) {
                    int other = tensor.inputs[right];
                    int pair = Math.min(number, other) * count + Math.max(number, other);
                    present[pair] = true;
                    products[pair] += tensor.product(left, right);
                    leftSquares[pair] += tensor.squares(number < other ? left : right);
                    rightSquares[pair] += tensor.squares(number < other ? right : left);
                    both[pair] += tensor.bothSigned(left, right);
                    opposite[pair] += tensor.opposite(left, right);
                }
            }
        }

        Row row(Place place) {
            boolean taskVectors = place.compared() == Compared.TASK_VECTORS;
            Double baseNorm = taskVectors ? finite(Math.sqrt(base)) : null;
            List<Vector> vectors = new ArrayList<>();
            List<Pair> pairs = new ArrayList<>();
            for (int left = 0; left < count; left++) {
                if (elementsOf[left] == 0) {
                    continue;
                }
                Double norm = finite(Math.sqrt(squares[left]));
                vectors.add(new Vector(
                        left,
                        norm,
                        norm == null || baseNorm == null ? null : finite(norm / baseNorm),
                        changed[left] / elementsOf[left]));
                for (int right = left + 1; right < count; right++) {
                    int pair = left * count + right;
                    if (present[pair]) {
                        double cosine = products[pair] / Math.sqrt(leftSquares[pair]) / Math.sqrt(rightSquares[pair]);
                        pairs.add(new Pair(left, right, finite(Math.clamp(cosine, -1, 1)), share(opposite[pair], both[pair])));
                    }
                }
            }
            return new Row(
                    place.stack(),
                    place.layer() < 0 ? null : place.layer(),
                    place.module(),
                    place.compared(),
                    tensors,
                    elements,
                    baseNorm,
                    vectors,
                    pairs,
                    share(conflicting, contested));
        }

        private static double share(double part, double whole) {
            return whole == 0 ? 0 : part / whole;
        }

        private static Double finite(double value) {
            return Double.isFinite(value) ? value : null;
        }
    }
}
