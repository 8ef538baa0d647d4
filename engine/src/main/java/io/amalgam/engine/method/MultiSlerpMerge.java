package io.amalgam.engine.method;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.kernel.Tile;

/**
 * The arithmetic of multislerp (mergekit.md §2.3): directions u_i, their weighted mean m, the mean τ of their logarithms at
 * m, and its exponential. Every step is rounded to the type of the arithmetic; norms and dot products take one pass each.
 */
final class MultiSlerpMerge extends PointwiseMerge {
    private enum Stage {
        NORMS,
        MEAN,
        DOTS,
        TANGENT,
        DONE
    }

    private static final int MEAN = 0;
    private static final int TANGENT = 1;
    private static final int TERM = 2;
    /** The first of the slots of the models' vectors; those of terms of sums over models follow. */
    private static final int VECTORS = 3;

    private final int[] models;
    private final double[] weights;
    private final double epsilon;
    private final double[] norms;
    private final double[] dots;
    private Stage stage = Stage.NORMS;
    private double meanNorm;
    private boolean opposed;
    private double cosine;
    private double sineShare;
    private double length;

    MultiSlerpMerge(TensorTask task) {
        super(task);
        models = task.nonBase();
        norms = new double[models.length];
        dots = new double[models.length];
        weights = new double[models.length];
        epsilon = kernels.round(task.number("eps"));
        double sum = 0;
        for (int model = 0; model < models.length; model++) {
            weights[model] = kernels.round(task.number(models[model], "weight"));
            sum = kernels.factor(sum + weights[model]);
        }
        if (task.flag("normalize_weights")) {
            for (int model = 0; model < models.length; model++) {
                weights[model] = kernels.round(weights[model] / kernels.round(sum));
            }
        }
    }

    @Override
    public Pass nextPass() {
        return switch (stage) {
            case NORMS -> new SumPass(models.length) {
                @Override
                protected void tile(Strip strip, int from, int count) {
                    Tile[] vectors = vectors(strip, from, count);
                    for (int model = 0; model < models.length; model++) {
                        add(strip, model, kernels.reductions().dot(vectors[model], vectors[model], count));
                    }
                }

                @Override
                public void complete() {
                    for (int model = 0; model < models.length; model++) {
                        norms[model] = kernels.round(Math.sqrt(total(model)));
                    }
                    stage = Stage.MEAN;
                }
            };
            case MEAN -> new SumPass(1) {
                @Override
                protected void tile(Strip strip, int from, int count) {
                    Tile mean = rawMean(strip, units(strip, from, count), from, count);
                    add(strip, 0, kernels.reductions().dot(mean, mean, count));
                }

                @Override
                public void complete() {
                    meanNorm = kernels.round(Math.sqrt(total(0)));
                    opposed = meanNorm < epsilon;
                    stage = opposed ? Stage.DONE : Stage.DOTS;
                    if (opposed && models.length != 2) {
                        throw new AmalgamException(
                                ErrorCode.PARAMETER_INVALID,
                                "The weighted sum of the directions of tensor %s is zero, so they have no mean on the sphere; give other weights to multislerp."
                                        .formatted(task.plan().name()));
                    }
                }
            };
            case DOTS -> new SumPass(models.length) {
                @Override
                protected void tile(Strip strip, int from, int count) {
                    Tile[] units = units(strip, from, count);
                    Tile mean = mean(strip, units, from, count);
                    for (int model = 0; model < models.length; model++) {
                        add(strip, model, kernels.reductions().dotRounded(units[model], mean, count));
                    }
                }

                @Override
                public void complete() {
                    for (int model = 0; model < models.length; model++) {
                        dots[model] = kernels.round(total(model));
                    }
                    stage = Stage.TANGENT;
                }
            };
            case TANGENT -> new SumPass(1) {
                @Override
                protected void tile(Strip strip, int from, int count) {
                    Tile[] units = units(strip, from, count);
                    Tile tangent = tangent(strip, units, mean(strip, units, from, count), from, count);
                    add(strip, 0, kernels.reductions().dot(tangent, tangent, count));
                }

                @Override
                public void complete() {
                    setExponential(kernels.round(Math.sqrt(total(0))));
                    stage = Stage.DONE;
                }
            };
            case DONE -> null;
        };
    }

    /** A pass that adds up numbers of several kinds. */
    private abstract class SumPass extends TilePass {
        private final StripSums sums;

        SumPass(int kinds) {
            sums = new StripSums(task.strips(stripLength()), kinds);
        }

        final void add(Strip strip, int kind, double value) {
            sums.add(strip.index(), kind, value);
        }

        final double total(int kind) {
            return sums.total(kind);
        }
    }

    private void setExponential(double tangentNorm) {
        double angle = kernels.round(tangentNorm + epsilon);
        cosine = kernels.round(StrictMath.cos(angle));
        sineShare = kernels.round(kernels.round(StrictMath.sin(angle)) / angle);
        length = 0;
        for (int model = 0; model < models.length; model++) {
            length = kernels.factor(length + kernels.round(norms[model] * weights[model]));
        }
        length = kernels.round(length);
    }

    /** The models' weights, less the base model's if there is one. */
    private Tile[] vectors(Strip strip, int from, int count) {
        Tile base = task.base() < 0 ? null : strip.input(task.base(), from, count);
        Tile[] vectors = new Tile[models.length];
        for (int model = 0; model < models.length; model++) {
            if (base == null) {
                vectors[model] = strip.input(models[model], from, count);
            } else {
                vectors[model] = strip.scratch(VECTORS + model, count);
                strip.difference(models[model], from, base, vectors[model], count);
            }
        }
        return vectors;
    }

    private Tile[] units(Strip strip, int from, int count) {
        Tile[] vectors = vectors(strip, from, count);
        Tile[] units = new Tile[models.length];
        for (int model = 0; model < models.length; model++) {
            units[model] = strip.scratch(VECTORS + model, count);
            arithmetic.divideBy(units[model], vectors[model], kernels.round(norms[model] + epsilon), count);
        }
        return units;
    }

    private Tile[] terms(Strip strip, int count) {
        Tile[] terms = new Tile[models.length];
        for (int model = 0; model < models.length; model++) {
            terms[model] = strip.scratch(VECTORS + models.length + model, count);
        }
        return terms;
    }

    private Tile rawMean(Strip strip, Tile[] units, int from, int count) {
        Tile[] terms = terms(strip, count);
        for (int model = 0; model < models.length; model++) {
            arithmetic.scale(terms[model], units[model], weights[model], count);
        }
        return sum(strip, strip.scratch(MEAN, count), terms, from, count);
    }

    private Tile sum(Strip strip, Tile to, Tile[] terms, int from, int count) {
        arithmetic.sum(to, terms, models.length, task.interleavedFrom(strip.first() + from, models.length), count);
        return to;
    }

    private Tile mean(Strip strip, Tile[] units, int from, int count) {
        Tile mean = rawMean(strip, units, from, count);
        arithmetic.divideBy(mean, mean, meanNorm, count);
        return mean;
    }

    private Tile tangent(Strip strip, Tile[] units, Tile mean, int from, int count) {
        Tile[] terms = terms(strip, count);
        Tile along = strip.scratch(TERM, count);
        for (int model = 0; model < models.length; model++) {
            arithmetic.scale(along, mean, dots[model], count);
            arithmetic.scaledDifference(terms[model], units[model], along, weights[model], count);
        }
        return sum(strip, strip.scratch(TANGENT, count), terms, from, count);
    }

    @Override
    protected Tile tile(Strip strip, int from, int count) {
        Tile result;
        if (opposed) {
            Tile[] vectors = vectors(strip, from, count);
            result = strip.scratch(MEAN, count);
            arithmetic.scale(result, vectors[0], weights[0], count);
            Tile other = strip.scratch(TERM, count);
            arithmetic.scale(other, vectors[1], weights[1], count);
            arithmetic.add(result, result, other, count);
        } else {
            Tile[] units = units(strip, from, count);
            result = mean(strip, units, from, count);
            Tile tangent = tangent(strip, units, result, from, count);
            arithmetic.weightedSum(result, result, cosine, tangent, sineShare, count);
            arithmetic.scale(result, result, length, count);
        }
        if (task.base() >= 0) {
            arithmetic.add(result, result, strip.input(task.base(), from, count), count);
        }
        return result;
    }
}
