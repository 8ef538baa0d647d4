package io.amalgam.evaluation.inference.jinja;

import io.amalgam.evaluation.inference.jinja.Lexer.Kind;
import io.amalgam.evaluation.inference.jinja.Lexer.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Builds statements and expressions, with Jinja's precedences. */
final class Parser {
    private static final int DEPTH_LIMIT = 100;
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private final List<Token> tokens;
    private int next;
    private int depth;

    private Parser(List<Token> tokens) {
        this.tokens = tokens;
    }

    /** Parses a template. */
    static List<Statement> parse(String template) {
        Parser parser = new Parser(Lexer.tokens(template));
        List<Statement> body = parser.body(Set.of());
        if (parser.peek().kind() != Kind.END) {
            throw parser.error("unexpected '" + parser.peekAhead(1).text() + "'");
        }
        return body;
    }

    /** Statements up to a tag with one of the given names, which is left, or to the end. */
    private List<Statement> body(Set<String> ends) {
        if (++depth > DEPTH_LIMIT) {
            throw error("it is nested too deeply");
        }
        List<Statement> statements = new ArrayList<>();
        while (true) {
            Token token = peek();
            switch (token.kind()) {
                case TEXT -> {
                    next++;
                    statements.add(new Statement.Text(token.text()));
                }
                case PRINT_BEGIN -> {
                    next++;
                    statements.add(new Statement.Print(tuple()));
                    expect(Kind.PRINT_END);
                }
                case TAG_BEGIN -> {
                    if (ends.contains(peekAhead(1).text())) {
                        depth--;
                        return statements;
                    }
                    next++;
                    statements.add(tag());
                }
                default -> {
                    if (!ends.isEmpty()) {
                        throw error("a tag is missing: one of " + ends);
                    }
                    depth--;
                    return statements;
                }
            }
        }
    }

    private Statement tag() {
        Token name = expect(Kind.NAME);
        return switch (name.text()) {
            case "if" -> conditional();
            case "for" -> loop();
            case "set" -> assignment();
            case "macro" -> macro();
            case "generation" -> {
                expect(Kind.TAG_END);
                List<Statement> body = body(Set.of("endgeneration"));
                end("endgeneration");
                yield new Statement.Block(body);
            }
            case "break" -> {
                expect(Kind.TAG_END);
                yield new Statement.Break();
            }
            case "continue" -> {
                expect(Kind.TAG_END);
                yield new Statement.Continue();
            }
            default -> throw error("the tag '" + name.text() + "' is not supported here");
        };
    }

    private void end(String name) {
        expect(Kind.TAG_BEGIN);
        if (!expect(Kind.NAME).text().equals(name)) {
            throw error("expected '" + name + "'");
        }
        expect(Kind.TAG_END);
    }

    private Statement conditional() {
        List<Expression> conditions = new ArrayList<>();
        List<List<Statement>> bodies = new ArrayList<>();
        conditions.add(tuple());
        expect(Kind.TAG_END);
        while (true) {
            bodies.add(body(Set.of("elif", "else", "endif")));
            expect(Kind.TAG_BEGIN);
            String name = expect(Kind.NAME).text();
            if (name.equals("elif")) {
                conditions.add(tuple());
            } else if (name.equals("else")) {
                conditions.add(null);
            }
            expect(Kind.TAG_END);
            if (name.equals("endif")) {
                return new Statement.If(conditions, bodies);
            }
        }
    }

    private Statement loop() {
        List<String> targets = targets();
        if (!takeName("in")) {
            throw error("expected 'in'");
        }
        Expression items = or();
        Expression condition = takeName("if") ? expression() : null;
        expect(Kind.TAG_END);
        List<Statement> body = body(Set.of("else", "endfor"));
        List<Statement> otherwise = null;
        if (peekAhead(1).text().equals("else")) {
            end("else");
            otherwise = body(Set.of("endfor"));
        }
        end("endfor");
        return new Statement.For(targets, items, condition, body, otherwise);
    }

    private List<String> targets() {
        List<String> targets = new ArrayList<>();
        boolean parenthesis = takeOperator("(");
        do {
            targets.add(expect(Kind.NAME).text());
        } while (takeOperator(","));
        if (parenthesis && !takeOperator(")")) {
            throw error("expected ')'");
        }
        return targets;
    }

    private Statement assignment() {
        List<String> targets = targets();
        if (targets.size() == 1 && takeOperator(".")) {
            String attribute = expect(Kind.NAME).text();
            expectOperator("=");
            Expression value = tuple();
            expect(Kind.TAG_END);
            return new Statement.SetAttribute(targets.getFirst(), attribute, value);
        }
        if (takeOperator("=")) {
            Expression value = tuple();
            expect(Kind.TAG_END);
            return new Statement.Set(targets, value);
        }
        expect(Kind.TAG_END);
        List<Statement> body = body(Set.of("endset"));
        end("endset");
        return new Statement.SetBlock(targets.getFirst(), body);
    }

    private Statement macro() {
        String name = expect(Kind.NAME).text();
        List<String> parameters = new ArrayList<>();
        List<Expression> defaults = new ArrayList<>();
        expectOperator("(");
        while (!takeOperator(")")) {
            parameters.add(expect(Kind.NAME).text());
            defaults.add(takeOperator("=") ? expression() : null);
            takeOperator(",");
        }
        expect(Kind.TAG_END);
        List<Statement> body = body(Set.of("endmacro"));
        end("endmacro");
        return new Statement.Macro(name, parameters, defaults, body);
    }

    /** An expression, or several with commas between. */
    private Expression tuple() {
        Expression first = expression();
        if (!peek().is(Kind.OPERATOR, ",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (takeOperator(",")) {
            items.add(expression());
        }
        return new Expression.ListOf(items);
    }

    private Expression expression() {
        if (++depth > DEPTH_LIMIT) {
            throw error("it is nested too deeply");
        }
        Expression value = or();
        while (takeName("if")) {
            Expression condition = or();
            value = new Expression.Conditional(value, condition, takeName("else") ? expression() : null);
        }
        depth--;
        return value;
    }

    private Expression or() {
        Expression left = and();
        while (takeName("or")) {
            left = new Expression.Or(left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (takeName("and")) {
            left = new Expression.And(left, not());
        }
        return left;
    }

    private Expression not() {
        if (takeName("not")) {
            if (++depth > DEPTH_LIMIT) {
                throw error("it is nested too deeply");
            }
            Expression value = new Expression.Not(not());
            depth--;
            return value;
        }
        return comparison();
    }

    /** {@code a < b < c} means that both hold, as in Python. */
    private Expression comparison() {
        Expression left = sum();
        Expression all = null;
        while (true) {
            String operator;
            if (peek().kind() == Kind.OPERATOR && COMPARISONS.contains(peek().text())) {
                operator = tokens.get(next++).text();
            } else if (takeName("in")) {
                operator = "in";
            } else if (peek().is(Kind.NAME, "not") && peekAhead(1).is(Kind.NAME, "in")) {
                next += 2;
                operator = "not in";
            } else {
                return all == null ? left : all;
            }
            Expression right = sum();
            Expression one = new Expression.Binary(operator, left, right);
            all = all == null ? one : new Expression.And(all, one);
            left = right;
        }
    }

    private Expression sum() {
        Expression left = concatenation();
        while (peek().is(Kind.OPERATOR, "+") || peek().is(Kind.OPERATOR, "-")) {
            left = new Expression.Binary(tokens.get(next++).text(), left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        Expression left = product();
        while (takeOperator("~")) {
            left = new Expression.Binary("~", left, product());
        }
        return left;
    }

    private Expression product() {
        Expression left = unary();
        while (peek().kind() == Kind.OPERATOR && Set.of("*", "/", "//", "%").contains(peek().text())) {
            left = new Expression.Binary(tokens.get(next++).text(), left, unary());
        }
        return left;
    }

    private Expression unary() {
        if (takeOperator("-")) {
            return filters(new Expression.Negative(postfix(primary())));
        }
        return filters(postfix(primary()));
    }

    private Expression primary() {
        Token token = tokens.get(next++);
        switch (token.kind()) {
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (peek().kind() == Kind.STRING) {
                    text.append(tokens.get(next++).text());
                }
                return new Expression.Literal(text.toString());
            }
            case INTEGER -> {
                return new Expression.Literal(integer(token));
            }
            case FLOAT -> {
                return new Expression.Literal(Double.parseDouble(token.text()));
            }
            case NAME -> {
                return switch (token.text()) {
                    case "true", "True" -> new Expression.Literal(true);
                    case "false", "False" -> new Expression.Literal(false);
                    case "none", "None" -> new Expression.Literal(null);
                    default -> new Expression.Name(token.text());
                };
            }
            case OPERATOR -> {
                return switch (token.text()) {
                    case "(" -> parenthesis();
                    case "[" -> new Expression.ListOf(items("]"));
                    case "{" -> mapping();
                    default -> throw error("unexpected '" + token.text() + "'");
                };
            }
            default -> throw error("an expression is missing");
        }
    }

    private Expression parenthesis() {
        if (takeOperator(")")) {
            return new Expression.ListOf(List.of());
        }
        Expression value = tuple();
        expectOperator(")");
        return value;
    }

    private List<Expression> items(String close) {
        List<Expression> items = new ArrayList<>();
        while (!takeOperator(close)) {
            items.add(expression());
            if (!takeOperator(",")) {
                expectOperator(close);
                break;
            }
        }
        return items;
    }

    private Expression mapping() {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!takeOperator("}")) {
            keys.add(expression());
            expectOperator(":");
            values.add(expression());
            if (!takeOperator(",")) {
                expectOperator("}");
                break;
            }
        }
        return new Expression.MapOf(keys, values);
    }

    private long integer(Token token) {
        try {
            return Long.parseLong(token.text());
        } catch (NumberFormatException e) {
            throw error("the number " + token.text() + " is too large");
        }
    }

    private Expression postfix(Expression start) {
        Expression value = start;
        while (true) {
            if (takeOperator(".")) {
                Token name = tokens.get(next++);
                if (name.kind() != Kind.NAME && name.kind() != Kind.INTEGER) {
                    throw error("expected a name behind '.'");
                }
                Object key = name.kind() == Kind.NAME ? name.text() : (Object) integer(name);
                value = new Expression.Item(value, new Expression.Literal(key), name.kind() == Kind.NAME);
            } else if (takeOperator("[")) {
                value = subscript(value);
            } else if (takeOperator("(")) {
                Map<String, Expression> named = new LinkedHashMap<>();
                List<Expression> arguments = arguments(named);
                value = new Expression.Call(value, arguments, named);
            } else {
                return value;
            }
        }
    }

    private Expression subscript(Expression object) {
        Expression from = peek().is(Kind.OPERATOR, ":") ? null : expression();
        if (takeOperator("]")) {
            return new Expression.Item(object, from, false);
        }
        expectOperator(":");
        boolean ends = peek().is(Kind.OPERATOR, "]") || peek().is(Kind.OPERATOR, ":");
        Expression to = ends ? null : expression();
        Expression step = takeOperator(":") && !peek().is(Kind.OPERATOR, "]") ? expression() : null;
        expectOperator("]");
        return new Expression.Slice(object, from, to, step);
    }

    private List<Expression> arguments(Map<String, Expression> named) {
        List<Expression> arguments = new ArrayList<>();
        while (!takeOperator(")")) {
            if (peek().kind() == Kind.NAME && peekAhead(1).is(Kind.OPERATOR, "=")) {
                String name = peek().text();
                next += 2;
                named.put(name, expression());
            } else {
                arguments.add(expression());
            }
            if (!takeOperator(",")) {
                expectOperator(")");
                break;
            }
        }
        return arguments;
    }

    private Expression filters(Expression start) {
        Expression value = start;
        while (true) {
            if (takeOperator("|")) {
                String name = expect(Kind.NAME).text();
                Map<String, Expression> named = new LinkedHashMap<>();
                List<Expression> arguments = takeOperator("(") ? arguments(named) : List.of();
                value = new Expression.Filter(value, name, arguments, named);
            } else if (takeName("is")) {
                boolean negated = takeName("not");
                String name = expect(Kind.NAME).text();
                Expression test = new Expression.Test(value, name, testArguments());
                value = negated ? new Expression.Not(test) : test;
            } else {
                return value;
            }
        }
    }

    private List<Expression> testArguments() {
        if (takeOperator("(")) {
            return arguments(new LinkedHashMap<>());
        }
        Token token = peek();
        boolean operand = token.kind() == Kind.STRING || token.kind() == Kind.INTEGER || token.kind() == Kind.FLOAT
                || token.kind() == Kind.NAME && !Set.of("and", "or", "not", "if", "else", "is", "in").contains(token.text());
        return operand ? List.of(postfix(primary())) : List.of();
    }

    private Token peek() {
        return tokens.get(next);
    }

    private Token peekAhead(int distance) {
        return tokens.get(Math.min(next + distance, tokens.size() - 1));
    }

    private boolean takeName(String name) {
        boolean found = peek().is(Kind.NAME, name);
        next += found ? 1 : 0;
        return found;
    }

    private boolean takeOperator(String operator) {
        boolean found = peek().is(Kind.OPERATOR, operator);
        next += found ? 1 : 0;
        return found;
    }

    private void expectOperator(String operator) {
        if (!takeOperator(operator)) {
            throw error("expected '" + operator + "', found '" + peek().text() + "'");
        }
    }

    private Token expect(Kind kind) {
        Token token = peek();
        if (token.kind() != kind) {
            throw error("expected " + kind + ", found '" + token.text() + "'");
        }
        next++;
        return token;
    }

    private JinjaException error(String what) {
        return new JinjaException("line " + tokens.get(Math.min(next, tokens.size() - 1)).line() + ": " + what);
    }
}
