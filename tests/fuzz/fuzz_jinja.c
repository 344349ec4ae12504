// SPDX-License-Identifier: MIT
/*
 * Mutated chat templates, rendered for a short conversation: what parses is
 * rendered, or refused with a line that says why, within its limits.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja.h"
#include "tests/fuzz/mutate.h"

static const char vars[] =
	"{\"messages\":[{\"role\":\"system\",\"content\":\" Be kind. \"},"
	"{\"role\":\"user\",\"content\":\"Hi \xc3\xa9\\n\"},{\"role\":"
	"\"assistant\",\"content\":\"<think>a</think>b\"}],\"tools\":[{\"type\":"
	"\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"x\":1.5,"
	"\"y\":[null,true]}}}],\"bos_token\":\"<s>\",\"eos_token\":\"</s>\","
	"\"add_generation_prompt\":true,\"n\":7}";

static const char chat[] =
	"{%- if messages[0]['role'] == 'system' -%}{% set system = messages[0]"
	"['content'] | trim %}{% set rest = messages[1:] %}{% else %}{% set rest"
	" = messages %}{% endif %}\n{{- bos_token }}\n{%- set ns = namespace(n=0,"
	" last=none) %}\n{%- macro head(role, end='\\n\\n') %}<|{{ role }}|>{{ end"
	" }}{% endmacro %}\n{%- for m in rest if m.role != 'tool' %}\n    {%- if "
	"(m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('no ' "
	"~ m.role) }}{% endif %}\n    {%- set ns.n = ns.n + 1 %}\n    {{- "
	"head(m.role, end=' ') + m.content.split('</think>')[-1].lstrip('\\n') }}"
	"{{ eos_token if loop.last else '' }}\n{%- endfor %}\n{%- if "
	"add_generation_prompt is defined and add_generation_prompt %}{{ "
	"head('assistant') }}{% endif %}{# done #}";
static const char tools[] =
	"{% for t in tools %}{{ t | tojson(indent=2) }}{% for k, v in "
	"t.function.parameters.items() %}{{ k }}{{ v is number }}{{ v | string "
	"| upper }}{% endfor %}{% endfor %}{{ messages | map(attribute='role') | "
	"join(', ') }}{{ messages | selectattr('role', 'equalto', 'user') | list"
	" | length }}{{ [3, 1, 2] | sort(reverse=true) | first }}{{ 'a,b'.rsplit"
	"(',', 1)[::-1] }}{{ n // 2 ** 2 - -1 }}{{ 'abc'[1:] ~ 1.5e3 }}{{ {'a': "
	"[1, (2,)], 'b': {}} | dictsort }}{% set x | trim %} y {% endset %}{{ x "
	"* 3 }}{% for i in range(9) %}{% if i == 4 %}{% break %}{% elif i is odd "
	"%}{% continue %}{% endif %}{{ loop.revindex }}{% endfor %}{{ 'q' in "
	"'abc' or not none and missing | default('d', true) }}{{ 'aXb' | replace"
	"('X', '-') | indent(2) | title }}{{ messages[-1]['content'].startswith("
	"('<', 'x')) }}{{ (n if n > 3 else 0) | abs }}";

static int run(const void *data, size_t len, void *ctx)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_str out = { 0 };
	json_t *root = ctx;
	struct jinja *t;
	int bad = 0;

	if (jinja_parse(data, len, &t, &err))
		return !err.msg[0];
	if (jinja_render(t, root, &out, &err))
		bad = !err.msg[0];
	bad |= out.len > (17u << 20);
	qaic_str_free(&out);
	jinja_free(t);
	return bad;
}

int main(int argc, char **argv)
{
	json_t *root = json_loads(vars, 0, NULL);
	const struct fuzz_target t[] = {
		{ "chat", chat, sizeof(chat) - 1, run, root, true },
		{ "tools", tools, sizeof(tools) - 1, run, root, true },
	};
	int rc;

	if (!root) {
		fprintf(stderr, "fuzz_jinja: the variables are no JSON\n");
		return 1;
	}
	rc = fuzz_main(argc, argv, t, 2);
	json_decref(root);
	return rc;
}
