package io.amalgam.evaluation.score.math;

import java.util.Set;

/** Which LaTeX commands begin a factor of a product. */
final class LatexFactors {
    private static final Set<String> LETTERS = Set.of(
            "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "iota",
            "kappa", "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "upsilon", "phi", "varphi", "chi", "psi",
            "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega", "ell");
    private static final Set<String> OTHERS = Set.of(
            "frac", "dfrac", "tfrac", "cfrac", "sqrt", "pi", "infty", "binom", "dbinom", "tbinom", "lvert", "lfloor",
            "lceil", "mathbf", "mathrm", "mathit");

    private LatexFactors() {
    }

    /** Whether a command, without backslash, is a Greek letter or the like. */
    static boolean isLetter(String name) {
        return LETTERS.contains(name);
    }

    /** Whether a command, with backslash, begins a factor. */
    static boolean starts(String command) {
        String name = command.substring(1);
        return LETTERS.contains(name) || OTHERS.contains(name) || Functions.COMMANDS.contains(name);
    }
}
