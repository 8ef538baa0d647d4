#!/usr/bin/env python3
"""Remakes chat_templates.json: what transformers renders from templates of the forms that model families use.

Needs, in a virtual environment outside the repository: transformers (with jinja2). From the repository's root:

    python evaluation/src/test/python/make_chat_template_references.py
"""

import json
import pathlib

from transformers.utils.chat_template_utils import _compile_jinja_template

TARGET = pathlib.Path(__file__).parent.parent / "resources" / "inference" / "chat_templates.json"

TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}

CONVERSATIONS = [
    [{"role": "user", "content": "Hello"}],
    [{"role": "system", "content": "Answer briefly. "}, {"role": "user", "content": " What is 1 < 2?\n"}],
    [
        {"role": "system", "content": "Evaluate."},
        {"role": "user", "content": "Q: not True is\nA:"},
        {"role": "assistant", "content": " False"},
        {"role": "user", "content": "Q: True is\nA:"},
    ],
    [
        {"role": "user", "content": "naïve \"quotes\" and 'these' 🎉"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nyes\\n"},
        {"role": "user", "content": "{{ not a template }} {% if %}"},
    ],
    [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}],
]

TEMPLATES = {
    "chatml": """{% for message in messages %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}""",
    "default system": """{%- if messages[0].role != 'system' %}
    {{- '<|im_start|>system\\nYou help.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif loop.first %}
        {{- '<|im_start|>system\\n' ~ message['content'] ~ '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
""",
    "headers": """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{#- This block extracts the system message. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "alternating": """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}""",
    "no system": """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '
' + message['content'] | trim + '<end_of_turn>
' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model
'}}{% endif %}""",
    "thinking": """{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or reasoning_content) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "whitespace": """
{% for message in messages %}
    {% if message['role'] == 'user' %}
<|user|>
{{ message['content'] }}
    {% else %}
  <|{{ message.role }}|>
  {{- message['content'] -}}
    {% endif %}
  {# a comment #}
text {% if loop.last %} {{ loop.index }} of {{ loop.length }}{% endif %}

{% endfor +%}
{%+ if add_generation_prompt %}
<|assistant|>
{% endif %}

""",
    "macros": """{% macro turn(role, content, end=eos_token) -%}
[{{ role | upper }}] {{ content | replace('\\n', ' / ') }}{{ end }}
{% endmacro -%}
{%- for message in messages if message.role != 'system' -%}
{{ turn(message.role, message.content) }}{% if loop.first %}{{ turn('first', loop.index0, end='!') }}{% endif %}
{%- else -%}nothing{%- endfor -%}
{{ messages | map(attribute='role') | join(', ') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }}
{%- for role, n in {'a': 1, 'b': 2.5, 'c': none, 'd': true}.items() %} {{ role }}={{ n }}{% endfor %}
{{ messages | tojson }}
{{ messages[-1] | tojson(indent=2) }} {{ 7 // 2 }} {{ 7 % 3 }} {{ 7 / 2 }} {{ -3 + 2 * 4 }} {{ 'a' ~ 1 ~ none }}
{{ messages[0].content[1:4] }} {{ 'abc'[::-1] }} {{ range(1, 8, 3) | list }} {{ 'x' in 'xyz' and 2 not in [1, 3] }}
{{ missing }}{{ missing | default('given') }} {{ 'yes' if missing is not defined else 'no' }} {{ 'only' if false }}
{%- for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %} {{ i }}{% endfor %}
{%- set block %}[{{ bos_token }}]{% endset %}{{ block }}{% generation %}answer{% endgeneration %}""",
}


def main():
    references = {"tokens": TOKENS, "conversations": CONVERSATIONS, "templates": []}
    for name, source in TEMPLATES.items():
        template = _compile_jinja_template(source)
        renders = []
        for conversation in CONVERSATIONS:
            try:
                renders.append(template.render(messages=conversation, tools=None, documents=None,
                                               add_generation_prompt=True, **TOKENS))
            except Exception as error:  # what a template raises: the reference is that it does
                print(name, error)
                renders.append(None)
        references["templates"].append({"name": name, "source": source, "renders": renders})
    TARGET.write_text(json.dumps(references, indent=1, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
