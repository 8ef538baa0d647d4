package io.amalgam.cli;

import io.amalgam.engine.Version;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.method.InputRule;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.method.MergeMethods;
import io.amalgam.engine.method.MethodParameter;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints the merge methods. */
@Command(name = "methods", description = "List the merge methods, or say everything about one.")
final class MethodsCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", arity = "0..1", paramLabel = "METHOD", description = "A method's name.")
    private String name;

    @Option(names = "--markdown", description = "Print the documentation page, docs/methods.md.")
    private boolean markdown;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (markdown) {
            out.print(page());
        } else if (name == null) {
            table(out);
        } else {
            details(
                    MergeMethods.find(name)
                            .orElseThrow(() -> new AmalgamException(
                                    ErrorCode.METHOD_UNKNOWN,
                                    "The merge method \"" + name + "\" is not known; did you mean \""
                                            + MergeMethods.nearest(name) + "\"?")),
                    out);
        }
        out.flush();
        return 0;
    }

    private static void table(PrintWriter out) {
        List<String[]> rows = MergeMethods.all().stream()
                .map(method -> new String[] {
                    method.name(), models(method), base(method), parameters(method), method.passes().inWords(),
                    method.summary()
                })
                .toList();
        Table.print(out, new String[] {"method", "models", "base model", "parameters", "reads", ""}, rows);
    }

    private static void details(MergeMethod method, PrintWriter out) {
        out.printf("%s: %s%n%n", method.name(), method.summary());
        out.printf("  formula   %s%n", method.formula());
        out.printf("  paper     %s%n", method.paper());
        out.printf("  models    %s; base model %s%n", models(method), base(method));
        out.printf("  reads     %s%n", method.passes().inWords());
        if (!method.parameters().isEmpty()) {
            out.printf("%nParameters:%n");
        }
        for (MethodParameter parameter : method.parameters()) {
            out.printf(
                    "  %-18s %s, %s, %s%n%21s%s%n",
                    parameter.name(),
                    type(parameter),
                    scope(parameter),
                    parameter.required()
                            ? "required"
                            : parameter.whenAbsent().map(value -> "default " + value).orElse("no default"),
                    "",
                    parameter.description());
        }
    }

    /** The documentation page: everything about every method. */
    static String page() {
        StringBuilder page = new StringBuilder("# Merge methods\n\nMade by `./amalgam methods --markdown`. In formulas, x"
                + " are the models, b is the base model, w are weights. Results are those of MergeKit "
                + Version.MERGEKIT + ".\n\n| method | models | base model | reads |\n|---|---|---|---|\n");
        for (MergeMethod method : MergeMethods.all()) {
            page.append("| [`%1$s`](#%1$s) | %2$s | %3$s | %4$s |\n"
                    .formatted(method.name(), models(method), base(method), method.passes().inWords()));
        }
        for (MergeMethod method : MergeMethods.all()) {
            page.append("\n## %s\n\n%s (%s)\n\n```\n%s\n```\n"
                    .formatted(method.name(), method.summary(), method.paper(), method.formula()));
            if (!method.parameters().isEmpty()) {
                page.append("\n| parameter | type | scope | default | |\n|---|---|---|---|---|\n");
            }
            for (MethodParameter parameter : method.parameters()) {
                page.append("| `%s` | %s | %s | %s | %s |\n".formatted(
                        parameter.name(),
                        type(parameter),
                        scope(parameter),
                        parameter.required()
                                ? "required"
                                : parameter.whenAbsent().map(Object::toString).orElse("none"),
                        parameter.description()));
            }
        }
        return page.toString();
    }

    private static String scope(MethodParameter parameter) {
        return parameter.scope() == MethodParameter.Scope.SHARED ? "one for all models" : "one a model";
    }

    private static String type(MethodParameter parameter) {
        return switch (parameter.type()) {
            case FLOAT -> "number";
            case INTEGER -> "whole number";
            case BOOLEAN -> "true or false";
        };
    }

    private static String models(MergeMethod method) {
        return method.inputs().inWords();
    }

    private static String base(MergeMethod method) {
        InputRule.BaseRule rule = method.inputs().base();
        return switch (rule) {
            case REQUIRED -> "required";
            case OPTIONAL -> "optional";
            case ORDINARY_INPUT -> "like any other";
        };
    }

    private static String parameters(MergeMethod method) {
        return String.join(
                ", ",
                method.parameters().stream()
                        .map(parameter -> parameter.name() + (parameter.required() ? "*" : ""))
                        .toList());
    }
}
