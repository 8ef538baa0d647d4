package io.amalgam.evaluation.inference.jinja;

import static io.amalgam.evaluation.inference.jinja.PythonValues.UNDEFINED;

import io.amalgam.evaluation.inference.jinja.PythonValues.Function;
import io.amalgam.evaluation.inference.jinja.PythonValues.Namespace;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One rendering of a template. */
final class Interpreter {
    private static final long STEP_LIMIT = 5_000_000;
    private static final int OUTPUT_LIMIT = 16 << 20;
    private static final int DEPTH_LIMIT = 400;
    private static final int RANGE_LIMIT = 100_000;
    private static final int DATE_FORMAT_LIMIT = 200;

    private enum Flow { NORMAL, BREAK, CONTINUE }

    private static final class Scope {
        final Map<String, Object> variables = new HashMap<>();
        final Scope parent;

        Scope(Scope parent) {
            this.parent = parent;
        }

        Object get(String name) {
            for (Scope scope = this; scope != null; scope = scope.parent) {
                if (scope.variables.containsKey(name)) {
                    return scope.variables.get(name);
                }
            }
            return UNDEFINED;
        }
    }

    private final Scope root = new Scope(null);
    private long steps;
    private int depth;
    private long produced;

    Interpreter(Map<String, Object> variables) {
        root.variables.put("range", (Function) (arguments, named) -> range(arguments));
        root.variables.put("namespace", (Function) (arguments, named) -> namespace(arguments, named));
        root.variables.put("dict", (Function) (arguments, named) -> new LinkedHashMap<>(named));
        root.variables.put("raise_exception", (Function) (arguments, named) -> {
            throw new JinjaException("the template raises: " + PythonValues.text(arguments.getFirst()));
        });
        root.variables.put("strftime_now", (Function) (arguments, named) -> now(PythonMethods.string(arguments, 0)));
        root.variables.putAll(variables);
    }

    String render(List<Statement> statements) {
        StringBuilder output = new StringBuilder();
        run(statements, root, output);
        return output.toString();
    }

    private void step() {
        Budget.spend(1);
        if (++steps > STEP_LIMIT) {
            throw new JinjaException("the template takes more than " + STEP_LIMIT + " steps");
        }
    }

    private void append(StringBuilder output, String text) {
        produced += text.length();
        if (produced > OUTPUT_LIMIT) {
            throw new JinjaException("the template produces more than " + OUTPUT_LIMIT + " characters");
        }
        output.append(text);
    }

    private void descend() {
        if (++depth > DEPTH_LIMIT) {
            throw new JinjaException("expressions, blocks and macros are nested more than " + DEPTH_LIMIT + " deep");
        }
    }

    private Flow run(List<Statement> statements, Scope scope, StringBuilder output) {
        descend();
        Flow flow = Flow.NORMAL;
        for (int i = 0; i < statements.size() && flow == Flow.NORMAL; i++) {
            step();
            flow = run(statements.get(i), scope, output);
        }
        depth--;
        return flow;
    }

    private Flow run(Statement statement, Scope scope, StringBuilder output) {
        switch (statement) {
            case Statement.Text text -> append(output, text.text());
            case Statement.Print print -> append(output, PythonValues.text(evaluate(print.value(), scope)));
            case Statement.If branches -> {
                for (int i = 0; i < branches.bodies().size(); i++) {
                    Expression condition = branches.conditions().get(i);
                    if (condition == null || PythonValues.truth(evaluate(condition, scope))) {
                        return run(branches.bodies().get(i), scope, output);
                    }
                }
            }
            case Statement.For loop -> loop(loop, scope, output);
            case Statement.Set assignment -> assign(assignment.targets(), evaluate(assignment.value(), scope), scope);
            case Statement.SetAttribute assignment -> {
                if (!(scope.get(assignment.object()) instanceof Namespace namespace)) {
                    throw new JinjaException("only attributes of a namespace can be set, and '" + assignment.object()
                            + "' is none");
                }
                namespace.attributes().put(assignment.attribute(), evaluate(assignment.value(), scope));
            }
            case Statement.SetBlock assignment -> {
                StringBuilder block = new StringBuilder();
                run(assignment.body(), new Scope(scope), block);
                scope.variables.put(assignment.target(), block.toString());
            }
            case Statement.Macro macro -> scope.variables.put(macro.name(),
                    (Function) (arguments, named) -> call(macro, scope, arguments, named));
            case Statement.Block block -> {
                return run(block.body(), scope, output);
            }
            case Statement.Break leave -> {
                return Flow.BREAK;
            }
            case Statement.Continue next -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NORMAL;
    }

    private void loop(Statement.For loop, Scope scope, StringBuilder output) {
        List<Object> items = new ArrayList<>();
        for (Object item : PythonValues.items(evaluate(loop.items(), scope))) {
            if (loop.condition() != null) {
                Scope trial = new Scope(scope);
                assign(loop.targets(), item, trial);
                if (!PythonValues.truth(evaluate(loop.condition(), trial))) {
                    continue;
                }
            }
            items.add(item);
        }
        if (items.isEmpty() && loop.otherwise() != null) {
            run(loop.otherwise(), new Scope(scope), output);
        }
        for (int i = 0; i < items.size(); i++) {
            Scope body = new Scope(scope);
            assign(loop.targets(), items.get(i), body);
            Map<String, Object> state = new HashMap<>();
            state.put("index", i + 1L);
            state.put("index0", (long) i);
            state.put("revindex", (long) items.size() - i);
            state.put("revindex0", (long) items.size() - i - 1);
            state.put("first", i == 0);
            state.put("last", i == items.size() - 1);
            state.put("length", (long) items.size());
            state.put("previtem", i == 0 ? UNDEFINED : items.get(i - 1));
            state.put("nextitem", i == items.size() - 1 ? UNDEFINED : items.get(i + 1));
            int turn = i;
            state.put("cycle", (Function) (arguments, named) -> arguments.get(turn % arguments.size()));
            body.variables.put("loop", state);
            if (run(loop.body(), body, output) == Flow.BREAK) {
                break;
            }
        }
    }

    private static void assign(List<String> targets, Object value, Scope scope) {
        if (targets.size() == 1) {
            scope.variables.put(targets.getFirst(), value);
            return;
        }
        List<?> parts = PythonValues.items(value);
        if (parts.size() != targets.size()) {
            throw new JinjaException(targets.size() + " names are assigned " + parts.size() + " values");
        }
        for (int i = 0; i < parts.size(); i++) {
            scope.variables.put(targets.get(i), parts.get(i));
        }
    }

    private Object call(Statement.Macro macro, Scope definition, List<Object> arguments, Map<String, Object> named) {
        Scope scope = new Scope(definition);
        for (int i = 0; i < macro.parameters().size(); i++) {
            String parameter = macro.parameters().get(i);
            Expression missing = macro.defaults().get(i);
            scope.variables.put(parameter, i < arguments.size() ? arguments.get(i)
                    : named.containsKey(parameter) ? named.get(parameter)
                    : missing == null ? UNDEFINED : evaluate(missing, scope));
        }
        StringBuilder output = new StringBuilder();
        run(macro.body(), scope, output);
        return output.toString();
    }

    private Object evaluate(Expression expression, Scope scope) {
        step();
        descend();
        Object value = value(expression, scope);
        depth--;
        return value;
    }

    private Object value(Expression expression, Scope scope) {
        return switch (expression) {
            case Expression.Literal literal -> literal.value();
            case Expression.Name name -> scope.get(name.name());
            case Expression.ListOf list -> {
                Budget.list(list.items().size());
                yield all(list.items(), scope);
            }
            case Expression.MapOf map -> {
                Map<Object, Object> values = new LinkedHashMap<>();
                for (int i = 0; i < map.keys().size(); i++) {
                    values.put(PythonValues.key(evaluate(map.keys().get(i), scope)), evaluate(map.values().get(i), scope));
                }
                yield values;
            }
            case Expression.Item item -> item(evaluate(item.object(), scope), evaluate(item.key(), scope), item.attribute());
            case Expression.Slice slice -> PythonValues.slice(evaluate(slice.object(), scope), part(slice.from(), scope),
                    part(slice.to(), scope), part(slice.step(), scope));
            case Expression.Call call -> {
                if (!(evaluate(call.function(), scope) instanceof Function function)) {
                    throw new JinjaException("something is called that is not a function: " + describe(call.function()));
                }
                List<Object> arguments = all(call.arguments(), scope);
                arguments.forEach(Budget::spendOn);
                yield bounded(function.call(arguments, named(call.named(), scope)));
            }
            case Expression.Filter filter -> {
                Object value = evaluate(filter.value(), scope);
                Budget.spendOn(value);
                yield bounded(Filters.apply(
                        filter.name(), value, all(filter.arguments(), scope), named(filter.named(), scope)));
            }
            case Expression.Test test -> {
                Object value = evaluate(test.value(), scope);
                Budget.spendOn(value);
                yield Filters.test(test.name(), value, all(test.arguments(), scope));
            }
            case Expression.Negative negative -> switch (evaluate(negative.value(), scope)) {
                case Long number -> -number;
                case Object other -> -PythonValues.number(other);
                case null -> throw new JinjaException("None has no negative");
            };
            case Expression.Not not -> !PythonValues.truth(evaluate(not.value(), scope));
            case Expression.And and -> {
                Object left = evaluate(and.left(), scope);
                yield PythonValues.truth(left) ? evaluate(and.right(), scope) : left;
            }
            case Expression.Or or -> {
                Object left = evaluate(or.left(), scope);
                yield PythonValues.truth(left) ? left : evaluate(or.right(), scope);
            }
            case Expression.Conditional conditional -> PythonValues.truth(evaluate(conditional.condition(), scope))
                    ? evaluate(conditional.value(), scope)
                    : conditional.other() == null ? UNDEFINED : evaluate(conditional.other(), scope);
            case Expression.Binary binary -> bounded(
                    binary(binary.operator(), evaluate(binary.left(), scope), evaluate(binary.right(), scope)));
        };
    }

    private static String describe(Expression function) {
        return switch (function) {
            case Expression.Name name -> name.name();
            case Expression.Item item when item.key() instanceof Expression.Literal key -> "." + key.value();
            default -> "an expression";
        };
    }

    /** What a template builds is paid for, so that doubling it again and again cannot fill the memory. */
    private static Object bounded(Object value) {
        if (value instanceof String text) {
            Budget.text(text.length());
        } else if (value instanceof List<?> list) {
            Budget.list(list.size());
        }
        return value;
    }

    private Object part(Expression expression, Scope scope) {
        return expression == null ? null : evaluate(expression, scope);
    }

    private List<Object> all(List<Expression> expressions, Scope scope) {
        List<Object> values = new ArrayList<>(expressions.size());
        for (Expression expression : expressions) {
            values.add(evaluate(expression, scope));
        }
        return values;
    }

    private Map<String, Object> named(Map<String, Expression> expressions, Scope scope) {
        Map<String, Object> values = new LinkedHashMap<>();
        expressions.forEach((name, expression) -> values.put(name, evaluate(expression, scope)));
        return values;
    }

    private static Object item(Object object, Object key, boolean attribute) {
        Budget.spendOn(object);
        if (object == UNDEFINED) {
            throw new JinjaException("'" + PythonValues.text(key) + "' is asked of something undefined");
        }
        if (attribute) {
            Function method = PythonMethods.find(object, (String) key);
            if (method != null) {
                return method;
            }
        }
        return switch (object) {
            case Namespace namespace -> namespace.attributes().getOrDefault(PythonValues.key(key), UNDEFINED);
            case Map<?, ?> map -> map.containsKey(PythonValues.key(key)) ? map.get(key) : UNDEFINED;
            case List<?> list when key instanceof Long index -> element(list, index);
            case String text when key instanceof Long index -> element(PythonValues.items(text), index);
            case null, default -> UNDEFINED;
        };
    }

    private static Object element(List<?> list, long index) {
        long absolute = index < 0 ? index + list.size() : index;
        return absolute >= 0 && absolute < list.size() ? list.get((int) absolute) : UNDEFINED;
    }

    private static Object binary(String operator, Object left, Object right) {
        return switch (operator) {
            case "==" -> PythonValues.equal(left, right);
            case "!=" -> !PythonValues.equal(left, right);
            case "<" -> PythonValues.compare(left, right) < 0;
            case "<=" -> PythonValues.compare(left, right) <= 0;
            case ">" -> PythonValues.compare(left, right) > 0;
            case ">=" -> PythonValues.compare(left, right) >= 0;
            case "in" -> PythonValues.contains(right, left);
            case "not in" -> !PythonValues.contains(right, left);
            case "~" -> concatenated(PythonValues.text(left), PythonValues.text(right));
            case "+" -> plus(left, right);
            default -> arithmetic(operator, left, right);
        };
    }

    private static Object plus(Object left, Object right) {
        if (left instanceof String a && right instanceof String b) {
            return concatenated(a, b);
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            Budget.list((long) a.size() + b.size());
            List<Object> joined = new ArrayList<>(a);
            joined.addAll(b);
            return joined;
        }
        if (left instanceof String || right instanceof String) {
            throw new JinjaException("a string and something else are added: " + PythonValues.repr(left) + " + "
                    + PythonValues.repr(right));
        }
        return arithmetic("+", left, right);
    }

    private static String concatenated(String left, String right) {
        Budget.text((long) left.length() + right.length());
        return left + right;
    }

    private static Object arithmetic(String operator, Object left, Object right) {
        if (operator.equals("*") && left instanceof String text && right instanceof Long times) {
            // Bounded first: the product of a length and a number of 64 bits could wrap around to something small.
            long bounded = Math.clamp(times, 0, text.isEmpty() ? 0 : Budget.TEXT_LIMIT + 1L);
            Budget.text(text.length() * bounded);
            return text.repeat((int) bounded);
        }
        if (left instanceof Long a && right instanceof Long b && !operator.equals("/")) {
            if (b == 0 && (operator.equals("//") || operator.equals("%"))) {
                throw new JinjaException("a number is divided by 0");
            }
            return switch (operator) {
                case "+" -> a + b;
                case "-" -> a - b;
                case "*" -> a * b;
                case "//" -> Math.floorDiv(a, b);
                default -> Math.floorMod(a, b);
            };
        }
        double a = PythonValues.number(left);
        double b = PythonValues.number(right);
        if (b == 0 && !operator.equals("+") && !operator.equals("-") && !operator.equals("*")) {
            throw new JinjaException("a number is divided by 0");
        }
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> Math.floor(a / b);
            default -> a - b * Math.floor(a / b);
        };
    }

    private static Object range(List<Object> arguments) {
        int from = arguments.size() > 1 ? PythonValues.integer(arguments.getFirst()) : 0;
        int to = PythonValues.integer(arguments.get(arguments.size() > 1 ? 1 : 0));
        int by = arguments.size() > 2 ? PythonValues.integer(arguments.get(2)) : 1;
        if (by == 0 || Math.abs((long) to - from) / Math.abs((long) by) > RANGE_LIMIT) {
            throw new JinjaException("a range has a step of 0 or more than " + RANGE_LIMIT + " numbers");
        }
        Budget.list(Math.abs((long) to - from) / Math.abs((long) by));
        List<Object> numbers = new ArrayList<>();
        for (long i = from; by > 0 ? i < to : i > to; i += by) {
            numbers.add(i);
        }
        return numbers;
    }

    private static Object namespace(List<Object> arguments, Map<String, Object> named) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        if (!arguments.isEmpty() && arguments.getFirst() instanceof Map<?, ?> given) {
            given.forEach((key, value) -> attributes.put(PythonValues.text(key), value));
        }
        attributes.putAll(named);
        return new Namespace(attributes);
    }

    private static String now(String format) {
        if (format.length() > DATE_FORMAT_LIMIT) {
            throw new JinjaException("a date's format has more than " + DATE_FORMAT_LIMIT + " characters");
        }
        StringBuilder pattern = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                pattern.append(c == '\'' ? "''" : Character.isLetter(c) ? "'" + c + "'" : String.valueOf(c));
                continue;
            }
            pattern.append(switch (format.charAt(++i)) {
                case 'd' -> "dd";
                case 'm' -> "MM";
                case 'Y' -> "yyyy";
                case 'y' -> "yy";
                case 'b' -> "MMM";
                case 'B' -> "MMMM";
                case 'a' -> "EEE";
                case 'A' -> "EEEE";
                case 'H' -> "HH";
                case 'M' -> "mm";
                case 'S' -> "ss";
                default -> throw new JinjaException("the date format %" + format.charAt(i) + " is not supported here");
            });
        }
        return LocalDateTime.now().format(DateTimeFormatter.ofPattern(pattern.toString(), Locale.ENGLISH));
    }
}
