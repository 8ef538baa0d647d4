package io.amalgam.engine.recipe;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads YAML from people we do not know: every limit is checked before the memory for it is taken, no object is ever
 * constructed, and every value keeps its line and column.
 */
final class YamlReader {

    /** The most characters of a recipe file. MergeKit's longest published ones have some tens of thousands. */
    static final int MAX_CHARACTERS = 4_000_000;

    private static final int MAX_DEPTH = 40;
    private static final int MAX_VALUES = 200_000;
    private static final int MAX_ALIASES = 500;
    private static final Set<Tag> STANDARD_TAGS = Set.of(
            Tag.STR, Tag.INT, Tag.FLOAT, Tag.BOOL, Tag.NULL, Tag.SEQ, Tag.MAP, Tag.MERGE, Tag.TIMESTAMP);

    private final String file;
    private int values;

    private YamlReader(String file) {
        this.file = file;
    }

    /**
     * Reads all documents of a text.
     *
     * @return the documents that are not empty
     * @throws AmalgamException with {@code RECIPE_NOT_YAML} or {@code RECIPE_LIMIT_EXCEEDED}
     */
    static List<YamlValue> read(String text, String file) {
        if (text.length() > MAX_CHARACTERS) {
            throw new AmalgamException(
                    ErrorCode.RECIPE_LIMIT_EXCEEDED,
                    "The recipe " + file + " has " + text.length() + " characters; at most " + MAX_CHARACTERS
                            + " are read. Is this really a recipe?");
        }
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(MAX_CHARACTERS);
        options.setNestingDepthLimit(MAX_DEPTH);
        options.setMaxAliasesForCollections(MAX_ALIASES);
        List<YamlValue> documents = new ArrayList<>();
        YamlReader reader = new YamlReader(file);
        try {
            for (Node node : new Yaml(new SafeConstructor(options)).composeAll(new StringReader(text))) {
                YamlValue value = reader.convert(node, 0);
                if (!(value instanceof YamlValue.Scalar scalar && scalar.value() == null)) {
                    documents.add(value);
                }
            }
        } catch (MarkedYAMLException e) {
            Mark mark = e.getProblemMark() == null ? e.getContextMark() : e.getProblemMark();
            String reason = e.getProblem() == null ? e.getContext() : e.getProblem();
            throw reader.failure(ErrorCode.RECIPE_NOT_YAML, position(mark), "This is not YAML: " + reason + ".");
        } catch (YAMLException e) {
            // Limits are reported without a mark.
            throw reader.failure(
                    ErrorCode.RECIPE_LIMIT_EXCEEDED, Position.NONE, "The YAML exceeds a limit: " + e.getMessage() + ".");
        } catch (StackOverflowError e) {
            throw reader.failure(
                    ErrorCode.RECIPE_LIMIT_EXCEEDED, Position.NONE, "The YAML is nested too deeply.");
        }
        return documents;
    }

    private YamlValue convert(Node node, int depth) {
        Position position = position(node.getStartMark());
        if (depth > MAX_DEPTH) {
            throw failure(
                    ErrorCode.RECIPE_LIMIT_EXCEEDED,
                    position,
                    "The YAML is nested more than " + MAX_DEPTH + " levels deep, or an alias contains itself.");
        }
        if (++values > MAX_VALUES) {
            throw failure(
                    ErrorCode.RECIPE_LIMIT_EXCEEDED,
                    position,
                    "The YAML has more than " + MAX_VALUES + " values once its aliases are expanded.");
        }
        if (!STANDARD_TAGS.contains(node.getTag())) {
            throw failure(
                    ErrorCode.RECIPE_NOT_YAML, position, "The tag " + node.getTag() + " is not allowed in a recipe.");
        }
        return switch (node) {
            case ScalarNode scalar -> {
                String text = scalar.getValue();
                yield new YamlValue.Scalar(scalar.isPlain() ? Yaml11.resolve(text) : text, text, position);
            }
            case SequenceNode sequence -> {
                List<YamlValue> items = new ArrayList<>(sequence.getValue().size());
                for (Node item : sequence.getValue()) {
                    items.add(convert(item, depth + 1));
                }
                yield new YamlValue.Items(items, position);
            }
            case MappingNode mapping -> convertMapping(mapping, position, depth);
            default -> throw failure(ErrorCode.RECIPE_NOT_YAML, position, "An anchor has no value.");
        };
    }

    private YamlValue convertMapping(MappingNode mapping, Position position, int depth) {
        Map<String, YamlValue> entries = new LinkedHashMap<>();
        Map<String, Position> keyPositions = new LinkedHashMap<>();
        List<Node> merged = new ArrayList<>();
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw failure(
                        ErrorCode.RECIPE_NOT_YAML,
                        position(tuple.getKeyNode().getStartMark()),
                        "A key of a mapping must be a plain word, not a list or a mapping.");
            }
            if (key.isPlain() && key.getValue().equals("<<")) {
                merged.add(tuple.getValueNode());
                continue;
            }
            String name = key.getValue();
            Position keyPosition = position(key.getStartMark());
            if (entries.putIfAbsent(name, convert(tuple.getValueNode(), depth + 1)) != null) {
                throw failure(
                        ErrorCode.RECIPE_LIMIT_EXCEEDED,
                        keyPosition,
                        "The key \"" + name + "\" stands twice in one mapping (first on line "
                                + keyPositions.get(name).line() + "); remove one.");
            }
            keyPositions.put(name, keyPosition);
        }
        for (Node node : merged) {
            mergeInto(entries, keyPositions, convert(node, depth + 1));
        }
        return new YamlValue.Mapping(entries, keyPositions, position);
    }

    /** The merge key {@code <<}: keys of the mapping itself win, then those of earlier merged mappings. */
    private void mergeInto(Map<String, YamlValue> entries, Map<String, Position> keyPositions, YamlValue merged) {
        switch (merged) {
            case YamlValue.Mapping mapping -> mapping.entries().forEach((key, value) -> {
                if (entries.putIfAbsent(key, value) == null) {
                    keyPositions.put(key, mapping.keyPositions().get(key));
                }
            });
            case YamlValue.Items items -> items.values().forEach(item -> mergeInto(entries, keyPositions, item));
            case YamlValue.Scalar scalar -> throw failure(
                    ErrorCode.RECIPE_NOT_YAML,
                    scalar.position(),
                    "The merge key \"<<\" expects a mapping or a list of mappings, not \"" + scalar.text() + "\".");
        }
    }

    private AmalgamException failure(ErrorCode code, Position position, String message) {
        return new AmalgamException(List.of(new Problem(
                code, Problem.Severity.ERROR, message, file, position.line(), position.column())));
    }

    private static Position position(Mark mark) {
        return mark == null ? Position.NONE : new Position(mark.getLine() + 1, mark.getColumn() + 1);
    }
}
