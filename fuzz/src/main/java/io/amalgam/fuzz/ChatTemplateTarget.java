package io.amalgam.fuzz;

import io.amalgam.evaluation.inference.jinja.JinjaException;
import io.amalgam.evaluation.inference.jinja.JinjaTemplate;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Chat templates: each is refused, or rendered within the limits. */
public final class ChatTemplateTarget implements FuzzTarget {

    private static final ChatTemplateTarget INSTANCE = new ChatTemplateTarget();
    private static final int LONGEST = 16 << 20;

    /** For Jazzer, once: what is slow the first time is not an input's fault. */
    public static void fuzzerInitialize() {
        INSTANCE.seeds().forEach(INSTANCE::run);
    }

    /** For Jazzer. */
    public static void fuzzerTestOneInput(byte[] input) {
        INSTANCE.run(input);
    }

    @Override
    public String name() {
        return "chat-template";
    }

    @Override
    public void run(byte[] input) {
        Map<String, Object> variables = new HashMap<>();
        variables.put("messages", List.of(turn("system", "be brief"), turn("user", "how many?"), turn("assistant", "2")));
        variables.put("add_generation_prompt", true);
        variables.put("bos_token", "<s>");
        variables.put("tools", null);
        try {
            String text = JinjaTemplate.parse(new String(input, StandardCharsets.UTF_8)).render(variables);
            Refusals.promise(text.length() <= LONGEST, "no text is longer than the limit");
        } catch (JinjaException refusal) {
            Refusals.promise(refusal.getMessage() != null, "a refusal has a sentence");
        }
    }

    private static Map<String, Object> turn(String role, String content) {
        Map<String, Object> turn = new LinkedHashMap<>();
        turn.put("role", role);
        turn.put("content", content);
        return turn;
    }

    @Override
    public List<byte[]> seeds() {
        return List.of(
                bytes("{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m['content'] | trim }}<|im_end|>\n{% endfor %}"
                        + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"),
                bytes("{{- bos_token }}{%- set ns = namespace(x='') %}{% for m in messages %}{% set ns.x = ns.x ~ m.content %}"
                        + "{{ loop.index0 % 2 == 0 and loop.cycle('a', 'b') }}{% endfor %}{{ ns.x[::-1] }}"),
                bytes("{% macro f(x, y=1) %}{{ x * y }}{% endmacro %}{{ f('a', 3) }}{{ messages | map(attribute='role') | join(', ')"
                        + " }}{{ messages | selectattr('role', 'eq', 'user') | list | length }}"),
                bytes("{% if tools is defined and tools %}{{ tools | tojson(indent=2) }}{% endif %}{{ 'a b'.split(' ')[0].upper()"
                        + " }}{{ 'x' | replace('x', 'yy') | indent(2) }}{{ raise_exception('no') if false }}"),
                bytes("{# c #}{% raw %}{{{% endraw %}{{ range(3) | reverse | unique }}{{ [1, 'a', none, true, 1.5] }}"
                        + "{{ {'k': [1]} | dictsort }}{{ 7 // 2 ** 1 }}{% generation %}x{% endgeneration %}"));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
