package io.amalgam.evaluation.inference.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that want to run code, fill the memory, or never end. They come with models, from anybody. */
@Timeout(60)
class HostileTemplateTest {

    @Test
    void loopsEnd() {
        refused("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}");
        refused("{% for i in range(99999) %}{% for j in range(99999) %}{{ i }}{% endfor %}{% endfor %}");
        refused("{% for i in range(1000000000) %}{% endfor %}");
        refused("{{ range(-2147483648, 2147483647, 2147483647) | list }}{{ range(0, 10, 0) }}");
    }

    @Test
    void recursionEnds() {
        refused("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}");
        refused("{% macro f(x) %}{{ g(x) }}{% endmacro %}{% macro g(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}");
        refused("{{ " + "(".repeat(10_000) + "1" + ")".repeat(10_000) + " }}");
        refused("{{ " + "not ".repeat(100_000) + "1 }}");
        refused("{{ 1" + " + 1".repeat(50_000) + " }}");
        refused("{% if 1 %}".repeat(5_000) + "{% endif %}".repeat(5_000));
        refused("{{ " + "[".repeat(5_000) + "]".repeat(5_000) + " }}");
    }

    @Test
    void stringsDoNotFillTheMemory() {
        refused("{{ 'a' * 2147483647 }}");
        refused("{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}"
                + "{% endfor %}{{ ns.x | length }}");
        refused("{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}"
                + "{% endfor %}");
        refused("{% set a = 'a' * 1000000 %}{{ a.replace('a', a) | length }}");
        refused("{% set a = 'a' * 1000000 %}{{ a | replace('', a) | length }}");
        refused("{% set a = 'a' * 1000000 %}{{ range(100000) | join(a) | length }}");
        refused("{% set a = 'a' * 1000000 %}{{ a.join(range(100000)) | length }}");
        refused("{{ 'a' | indent(2147483647, true) }}");
        refused("{% set a = '\\n' * 1000000 %}{{ a | indent(1000000) }}");
        refused("{{ [[[[1]]]] | tojson(indent=2147483647) }}");
        refused("{% for i in range(100000) %}{{ 'a' * 1000 }}{% endfor %}");
    }

    @Test
    void aProductThatWrapsAroundIsNotSmall() {
        // 3 × 6148914691236517206 = 2^64 + 2: as a 64-bit number, 2.
        refused("{{ 'abc' * 6148914691236517206 }}");
        assertEquals("", render("{{ '' * 6148914691236517206 }}{{ 'abc' * -5 }}"));
    }

    @Test
    void listsDoNotFillTheMemory() {
        refused("{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}");
        refused("{% set a = 'a' * 16000000 %}{{ a | list | length }}");
        refused("{% set a = ', ' * 8000000 %}{{ a.split(',') | length }}");
        refused("{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = ns.x + range(100000) %}"
                + "{% endfor %}");
    }

    @Test
    void valuesThatContainOneAnotherAManyFoldAreNotWrittenOut() {
        String laughs = "{% set ns = namespace(x=['ha']) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}";
        refused(laughs + "{{ ns.x }}");
        refused(laughs + "{{ ns.x | tojson }}");
        refused(laughs + "{{ ns.x | string | length }}");
        refused(laughs + "{% set other = namespace(x=['ha']) %}{% for i in range(60) %}"
                + "{% set other.x = [other.x, other.x] %}{% endfor %}{{ ns.x == other.x }}");
        refused(laughs + "{{ {ns.x: 1} }}");
        refused(laughs + "{{ dict(a=1).get(ns.x) }}");
        refused(laughs + "{{ ns.x in dict(a=1) }}");
    }

    @Test
    void valuesThatContainThemselvesAreNotWrittenOut() {
        refused("{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}");
        refused("{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns.x | tojson }}");
        assertEquals("True", render("{% set ns = namespace() %}{% set ns.x = ns %}{{ ns == ns }}"));
        assertEquals("False", render("{% set a = namespace() %}{% set b = namespace() %}{% set a.x = b %}{% set b.x = a %}"
                + "{{ a == b }}"));
        refused("{% set ns = namespace(x=1) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}");
        refused("{% set a = namespace(x=1) %}{% set b = namespace(x=1) %}{% for i in range(100000) %}"
                + "{% set a.x = [a.x] %}{% set b.x = [b.x] %}{% endfor %}{{ a.x == b.x }}");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__class__ }}{{ messages.__class__() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ ''.getClass().forName('java.lang.Runtime').getRuntime().exec('id') }}",
        "{{ messages.getClass() }}",
        "{{ range.call }}{{ range.call() }}",
        "{% import 'os' as os %}",
        "{% include '/etc/passwd' %}",
        "{% extends 'x' %}",
        "{{ lipsum.__globals__['os'] }}",
        "{{ messages | attr('__class__') }}",
        "{{ 'a'.format(messages) }}",
        "{{ open('/etc/passwd') }}",
        "{{ eval('1') }}",
        "{{ joiner() }}",
    })
    void noTemplateReachesWhatIsBehindIt(String source) {
        try {
            String text = render(source);
            assertTrue(text.isBlank() || text.startsWith("<function"), "printed " + text);
        } catch (JinjaException refusal) {
            assertTrue(refusal.getMessage().length() > 5);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{{ strftime_now('{') }}", "{{ strftime_now('#') }}",
        "{% for i in range(3) %}{{ loop.cycle() }}{% endfor %}", "{{ raise_exception() }}", "{{ 1 // 0 }}", "{{ 1 % 0 }}",
        "{{ 5 is divisibleby 0 }}", "{{ 'x' | float }}", "{{ range() }}", "{{ 'a'.split('') }}", "{{ [1][none] + 1 }}",
        "{{ 'abc'[1:2:0] }}", "{{ namespace.x.y }}", "{{ messages[99].role.x }}", "{{ -none }}", "{{ none + 1 }}",
        "{{", "{%", "{#", "{{ 'a", "{% if %}", "{% for %}", "{{ a b }}", "{% endfor %}", "{{ 1..2 }}", "{{ a.22222222222222222222222 }}", "{{ 22222222222222222222222 }}", "{{ | }}",
    })
    void whatMakesNoSenseIsRefusedInASentence(String source) {
        refused(source);
    }

    private static void refused(String source) {
        JinjaException refusal = assertThrows(JinjaException.class, () -> render(source), source.length() > 200 ? "" : source);
        assertTrue(refusal.getMessage() != null && refusal.getMessage().length() < 2_000);
    }

    private static String render(String source) {
        Map<String, Object> variables = new HashMap<>();
        variables.put("messages", List.of(Map.of("role", "user", "content", "hello")));
        variables.put("none", null);
        return JinjaTemplate.parse(source).render(variables);
    }
}
