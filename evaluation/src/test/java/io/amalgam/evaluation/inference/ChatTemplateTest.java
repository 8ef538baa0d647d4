package io.amalgam.evaluation.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.evaluation.inference.jinja.JinjaException;
import io.amalgam.evaluation.inference.jinja.JinjaTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Chat templates are rendered as transformers renders them (make_chat_template_references.py), within limits. */
class ChatTemplateTest {

    @TestFactory
    List<DynamicTest> templatesRenderAsUnderTransformers() throws IOException {
        JsonNode references = new ObjectMapper().readTree(
                Files.readString(Path.of("src", "test", "resources", "inference", "chat_templates.json")));
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode template : references.get("templates")) {
            tests.add(DynamicTest.dynamicTest(template.get("name").textValue(), () -> {
                JinjaTemplate jinja = JinjaTemplate.parse(template.get("source").textValue());
                for (int i = 0; i < references.get("conversations").size(); i++) {
                    Map<String, Object> variables = variables(references, references.get("conversations").get(i));
                    JsonNode expected = template.get("renders").get(i);
                    if (expected.isNull()) {
                        assertThrows(JinjaException.class, () -> jinja.render(variables), "conversation " + i);
                    } else {
                        assertEquals(expected.textValue(), jinja.render(variables), "conversation " + i);
                    }
                }
            }));
        }
        return tests;
    }

    private static Map<String, Object> variables(JsonNode references, JsonNode conversation) {
        Map<String, Object> variables = new HashMap<>();
        references.get("tokens").properties().forEach(token -> variables.put(token.getKey(), token.getValue().textValue()));
        List<Object> messages = new ArrayList<>();
        for (JsonNode message : conversation) {
            Map<String, Object> turn = new LinkedHashMap<>();
            message.properties().forEach(property -> turn.put(property.getKey(), property.getValue().textValue()));
            messages.add(turn);
        }
        variables.put("messages", messages);
        variables.put("tools", null);
        variables.put("documents", null);
        variables.put("add_generation_prompt", true);
        return variables;
    }

    @Test
    void aSystemMessageThatTheTemplateRefusesIsLeftOut(@TempDir Path folder) throws IOException {
        ChatTemplate template = template(folder, "{% for message in messages %}{% if message.role == 'system' %}"
                + "{{ raise_exception('no system') }}{% endif %}{{ bos_token + message.content }}{% endfor %}");
        assertEquals("<s>Hello", template.render(List.of(new ChatMessage("system", "Be brief."), new ChatMessage("user", "Hello"))));
    }

    @Test
    void aTemplateThatFailsIsRefusedWithItsReason(@TempDir Path folder) throws IOException {
        ChatTemplate template = template(folder, "{{ raise_exception('roles must alternate') }}");
        AmalgamException refusal = assertThrows(AmalgamException.class,
                () -> template.render(List.of(new ChatMessage("user", "Hello"))));
        assertEquals(ErrorCode.TOKENIZER_INVALID, refusal.code());
        assertTrue(refusal.getMessage().contains("roles must alternate"), refusal.getMessage());
    }

    private static ChatTemplate template(Path folder, String source) throws IOException {
        Files.writeString(folder.resolve("chat_template.jinja"), source);
        ObjectNode configuration = JsonNodeFactory.instance.objectNode();
        configuration.putObject("bos_token").put("content", "<s>");
        return ModelChatTemplate.of(new LocalModelSource(folder, true).resolve(".", null), configuration).orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{% for a in range(100000) %}{% for b in range(100000) %}{{ a }}{% endfor %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}",
        "{{ 'x' * 999999999999 }}",
        "{{ range(999999999) }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}"
    })
    void whatNeverEndsIsEnded(String source) {
        assertThrows(JinjaException.class, () -> JinjaTemplate.parse(source).render(Map.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{{ messages.__class__.__mro__ }}",
        "{{ ''.getClass().forName('java.lang.Runtime') }}",
        "{{ messages.append(1) }}",
        "{% include 'config.json' %}",
        "{{ ''.class.name }}"
    })
    void nothingButTheGivenValuesCanBeReached(String source) {
        Map<String, Object> variables = Map.of("messages", List.of());
        assertThrows(JinjaException.class, () -> JinjaTemplate.parse(source).render(variables));
    }

    @Test
    void deepNestingIsRefused() {
        assertThrows(JinjaException.class, () -> JinjaTemplate.parse("{{ " + "(".repeat(100_000) + "1 }}"));
        assertThrows(JinjaException.class, () -> JinjaTemplate.parse("{{ " + "not ".repeat(100_000) + "1 }}"));
        assertThrows(JinjaException.class, () -> JinjaTemplate.parse("{% if 1 %}".repeat(50_000)));
        assertThrows(JinjaException.class, () -> JinjaTemplate.parse("{{ 1" + " + 1".repeat(20_000) + " }}").render(Map.of()));
    }
}
