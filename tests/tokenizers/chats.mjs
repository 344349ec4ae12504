// SPDX-License-Identifier: MIT
// Templates of our own that use what published ones use, construct by construct,
// and conversations for them.

const user = (content) => ({ role: "user", content });
const tool = { type: "function", function: { name: "get_weather", description: "The weather of a \"city\"", parameters: {
	type: "object", properties: { city: { type: "string", description: "é" }, days: { type: "integer", default: 3 } }, required: ["city"] } } };

export const conversations = [
	{ messages: [user("Hello")], tools: null, add_generation_prompt: true },
	{ messages: [{ role: "system", content: "  Be brief. " }, user("Hi\n"), { role: "assistant", content: "B</think>C " }, user("¿Qué?")],
		tools: null, add_generation_prompt: true },
	{ messages: [{ role: "system", content: "S" }, user("A"), { role: "assistant", content: "B" }], tools: null, add_generation_prompt: false },
	{ messages: [user("A"), user("B")], tools: null, add_generation_prompt: true },
	{ messages: [{ role: "system", content: "S" }, user("weather?")], tools: [tool], add_generation_prompt: true },
];

export const templates = Object.entries({
	chatml: `{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}
{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`,
	inst: `{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set system = '<<SYS>>\\n' + messages[0]['content'] | trim + '\\n<</SYS>>\\n\\n' %}{% set rest = messages[1:] %}{% else %}{% set system = '' %}{% set rest = messages %}{% endif %}
{%- for m in rest %}
    {%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate, not ' ~ m.role) }}{% endif %}
    {%- if loop.index0 == 0 %}{% set content = system + m['content'] %}{% else %}{% set content = m['content'] %}{% endif %}
    {%- if m['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif m['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}
{%- endfor %}`,
	headers: `{%- set ns = namespace(system='', n=0) %}
{%- for m in messages if m.role == 'system' %}{% set ns.system = m.content | trim %}{% endfor %}
{{- bos_token }}
{%- macro header(role, end='\\n\\n') %}<|start|>{{ role }}<|end|>{{ end }}{% endmacro %}
{{- header('system') + (ns.system or 'none') }}
{%- for m in messages %}
    {%- if m.role != 'system' %}
        {%- set ns.n = ns.n + 1 %}
        {{- header(m.role, end=' ') ~ ns.n ~ ':' ~ m.content | upper }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt is defined and add_generation_prompt %}{{ header('assistant') }}{% endif %}`,
	tools: `{%- if tools is not none and tools %}
# Tools
{% for tool in tools %}
{{ tool | tojson }}
{{ tool.function | tojson(indent=2) }}
{% for name, p in tool.function.parameters.properties.items() %}
- {{ name }} ({{ p.type }}{% if p.default is defined %}, {{ p.default }}{% endif %}){{ "" if loop.last else ";" }}
{% endfor %}
{% if tool['function']['name'] in ['get_weather', 'x'] %}known{% else %}unknown{% endif %}

{% endfor %}
{%- else %}
no tools
{% endif %}
{{ messages | map(attribute='role') | join(', ') }} {{ messages | length }} {{ (messages | last).content | length }}
{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | list | tojson }}
{{ messages | rejectattr('role', 'equalto', 'user') | list | length }}`,
	// theirs writes true and none as JavaScript does: as 1 and 0 they are the same
	tests: `{%- macro b(x) %}{{ 1 if x else 0 }}{% endmacro %}
{%- for v in [none, true, false, 0, 1, -2, 2.5, "", "a", [], [1], {}, {"a": 1}] %}
{{ b(v is defined) }} {{ b(v is none) }} {{ b(v is string) }} {{ b(v is number and v is not boolean) }} {{ b(v is boolean) }} {{ b(v is mapping) }} {{ b(v is true) }} {{ "yes" if v else "no" }}
{% endfor %}
{{ b(3 is odd) }} {{ b(4 is even) }} {{ b(missing is undefined) }} {{ b('x' is not defined) }} {{ b(not 1 == 2) }} {{ b(1 in [1, 2]) }} {{ b('a' not in 'bcd') }}`,
	strings: `{% set s = "  The Quick, brown\\tFox's é  " %}
[{{ s.strip() }}][{{ s.lstrip() }}][{{ s.rstrip() }}][{{ s.upper() }}][{{ s.lower() }}][{{ 'the quick fox' | title }}]
{{ s.split(',')[0] }}|{{ s.split()[-1] }}|{{ 1 if s.strip().startswith('The') else 0 }}|{{ 1 if s.endswith('x') else 0 }}|{{ s.replace('Quick', 'slow') | replace('o', '0') }}
{{ "a,b,c".split(',') | join('-') }} {{ "abc"[0] }}{{ "abc"[-1] }} {{ "abcdef"[1:3] }} {{ "abcdef"[::-1] }} {{ [1,2,3,4][-2:] | join }}
{{ "it's" }} {{ 'say "hi"' }} {{ "a\\nb" }} {{ 'tab\\t.' }} {{ "concat" if false else "x" ~ 1 }}
{%- if '</think>' in messages[-1]['content'] %}{{ messages[-1]['content'].split('</think>')[-1].lstrip('\\n') }}{% endif %}`,
	loops: `{% for i in range(7) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ loop.index }}/{{ loop.length }}{{ 'f' if loop.first }}{{ 'l' if loop.last }} {% endfor %}
{% for a, b in [[1, 2], [3, 4]] %}{{ a + b }}{{ "," if not loop.last }}{% endfor %}
{% for x in [] %}never{% else %}empty{% endfor %}
{% for k in {"b": 1, "a": 2} %}{{ k }}{% endfor %} {% for k, v in {"b": 1, "a": 2} | dictsort %}{{ k }}{{ v }}{% endfor %}
{% set x = 1 %}{% for i in [1, 2] %}{% set x = i * 10 %}{{ x }}{% endfor %}{{ x }}
{% set block %}  captured {{ x }}  {% endset %}[{{ block | trim }}]`,
	numbers: `{{ 7 // 2 }} {{ 7 % 3 }} {{ 7 / 2 }} {{ 2 * 3 + 1 }} {{ -7 + 2 }} {{ 1 - 2 - 3 }} {{ 1.5 + 1 }} {{ "42" | int + 1 }} {{ 3 | string + "x" }}
{{ 'a' if 1 < 2 and 2 <= 2 or false }} {{ 'b' if not (1 > 2) }} {{ (1, 2) | first }} {{ [3, 1, 2] | sort | join(" ") }} {{ [3, 1] | reverse | list | first }} {{ [1, 1, 2] | unique | list | length }}
{{ missing | default("d") }} {{ "" | default("e", true) }} {{ 'c' if none | default("f") is none }} {{ {"a": {"b": [1, {"c": 2}]}}.a.b[1]["c"] }}`,
	spaces: `   {% if true %}
  kept
	{% endif %}
a {%- if true -%}   b   {%- endif -%}   c
{#- a comment -#}
  d {# another #}
   {#- third #}
{{ 1 }}
{{- 2 -}}
   3  {% if true %} 4 {% endif %}
end
`,
	thinking: `{%- set ns = namespace(last=messages | length - 1, found=false) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages | length - 1) - loop.index0 %}
    {%- if not ns.found and message.role == "user" and message.content is string and not (message.content.startswith('<t>') and message.content.endswith('</t>')) %}
        {%- set ns.found = true %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{{- ns.last }}{{ 'found' if ns.found }}
{%- for message in messages %}
    {%- if message.content is string %}{% set content = message.content %}{% else %}{% set content = '' %}{% endif %}
    {%- if message.role == 'assistant' and '</think>' in content %}
        {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {{- '<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content.split('</think>')[-1].lstrip('\\n') }}
    {%- else %}
        {{- message.role[0] | upper ~ ': ' ~ content }}
    {%- endif %}
    {%- if loop.previtem is defined and loop.previtem.role == message.role %}!{% endif %}
{%- endfor %}`,
});
