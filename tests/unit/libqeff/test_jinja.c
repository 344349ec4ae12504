// SPDX-License-Identifier: MIT
/*
 * Templates, construct by construct. Expected texts are what Python's Jinja2
 * writes with trim_blocks and lstrip_blocks, as transformers sets them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "libqeff/jinja.h"

#define VARS "{\"s\":\" Ab c\\t\",\"n\":3,\"l\":[1,2,3],\"t\":true,\"none\":null," \
	     "\"m\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"bot\"," \
	     "\"content\":\"Yo\",\"k\":1}],\"d\":{\"b\":1,\"a\":[2.5,null]}," \
	     "\"u\":\"a\xc3\xa9\xe4\xb8\xad\"}"

static int render(const char *text, struct qaic_str *out, struct qaic_err *err)
{
	json_t *vars = json_loads(VARS, 0, NULL);
	struct jinja *t;
	int rc = jinja_parse(text, strlen(text), &t, err);

	assert_non_null(vars);
	qaic_str_puts(out, "");
	if (!rc) {
		rc = jinja_render(t, vars, out, err);
		jinja_free(t);
	}
	json_decref(vars);
	return rc;
}

static void is(const char *text, const char *want)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_str out = { 0 };

	if (render(text, &out, &err))
		fail_msg("%s: %s", text, err.msg);
	if (strcmp(out.s, want))
		fail_msg("%s: \"%s\", expected \"%s\"", text, out.s, want);
	qaic_str_free(&out);
}

static void fails(const char *text, int code, const char *words)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_str out = { 0 };
	int rc = render(text, &out, &err);

	if (rc != code || err.code != code || !strstr(err.msg, words))
		fail_msg("%.200s: %d \"%s\", expected %d \"%s\"", text, rc, err.msg,
			 code, words);
	assert_null(strchr(err.msg, '\n'));
	qaic_str_free(&out);
}

static void white_space(void **state)
{
	is("", "");
	is("a\n", "a");				/* one newline at the end goes */
	is("a\n\n", "a\n");
	is("a\r\nb\rc", "a\nb\nc");
	is("{% if t %}\nx\n{% endif %}\ny", "x\ny");
	is("  {% if t %}x{% endif %}", "x");
	is("a  {% if t %}x{% endif %}  b", "a  x  b");
	is("a\n \t {% if t %}x{% endif %}", "a\nx");
	is("a\n  {{ n }}\nb", "a\n  3\nb");	/* values keep their lines */
	is("a  {%- if t -%}  x  {%- endif -%}\n\n b", "axb");
	is("a \n {{- n -}} \n b", "a3b");
	is("  {%+ if t +%}\nx{% endif %}", "  \nx");
	is("a {# c #} b{#- d -#}  e\n{# f #}\ng", "a  be\ng");
	is("a{{ '{{' }}{ % }b}", "a{{{ % }b}");
}

static void values(void **state)
{
	is("{{ n }} {{ t }} {{ none }} {{ missing }}|{{ 2.50 }} {{ 1e20 }}",
	   "3 True None |2.5 1e+20");
	is("{{ l }} {{ d }} {{ ['it\\'s', 'b\"', \"c\\n\"] }} {{ (1, 'x') }}",
	   "[1, 2, 3] {'b': 1, 'a': [2.5, None]} [\"it's\", 'b\"', 'c\\n'] [1, 'x']");
	is("{{ 'a' \"b\" }}{{ 'q\\tr\\\\' }}{{ '\\u00e9\\x41' }}",
	   "abq\tr\\\xc3\xa9" "A");
	is("{{ m[0].role }} {{ m[-1]['content'] }} {{ d.a[0] }} {{ d['b'] }}"
	   "{{ d.zzz }}{{ l[7] }}", "user Yo 2.5 1");
	is("{{ u[1] }}{{ u[-1] }}{{ u[::-1] }}{{ u[1:] }}{{ u[:-1] }}",
	   "\xc3\xa9\xe4\xb8\xad\xe4\xb8\xad\xc3\xa9" "a\xc3\xa9\xe4\xb8\xad"
	   "a\xc3\xa9");
	is("{{ l[1:] }}{{ l[:-1] }}{{ l[::2] }}{{ l[::-1] }}{{ l[5:] }}{{ l[-9:2] }}",
	   "[2, 3][1, 2][1, 3][3, 2, 1][][1, 2]");
	is("{{ {'a': {'b': [1, {'c': 2}]}}.a.b[1]['c'] }}{{ l.0 }}", "21");
	is("{{ 9007199254740993 }} {{ -5 }} {{ 1_000 }} {{ 0.1 + 0.2 }} {{ 100.0 }}",
	   "9007199254740993 -5 1000 0.30000000000000004 100.0");
}

static void operators(void **state)
{
	is("{{ 1 + 2 * 3 - 4 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }}"
	   " {{ 2 ** 10 }} {{ 7.5 // 2 }} {{ 2 ** -1 }}",
	   "3 3 -4 2 3.5 1024 3.0 0.5");
	is("{{ 'a' + 'b' ~ 1 ~ none }} {{ [1] + [2] }} {{ 'ab' * 2 }}",
	   "ab1None [1, 2] abab");
	is("{{ 1 < 2 }} {{ 'a' >= 'b' }} {{ 1 == 1.0 }} {{ t == 1 }} {{ [1] == [1] }}"
	   " {{ d == d }} {{ missing == none }} {{ missing == nothing }}",
	   "True False True True True True False True");
	is("{{ 2 in l }} {{ 'b' in d }} {{ 'b' in 'abc' }} {{ 4 not in l }}",
	   "True True True True");
	is("{{ 0 or 'x' }} {{ 1 and 2 }} {{ not 1 }} {{ not 1 == 2 }} {{ none and 1 }}",
	   "x 2 False True None");
	is("{{ 'a' if n == 3 else 'b' }}{{ 'c' if n == 4 }}{{ 1 if 0 else 2 if 0 else 3 }}",
	   "a3");
	is("{{ -n + 1 }} {{ -(2) }} {{ +2 }} {{ - -2 }} {{ -l[0] }} {{ -1.5 }}",
	   "-2 -2 2 2 -1 -1.5");
}

static void statements(void **state)
{
	is("{% if n > 5 %}a{% elif n > 2 %}b{% else %}c{% endif %}", "b");
	is("{% if 0 %}a{% elif 0 %}b{% elif 0 %}d{% else %}c{% endif %}", "c");
	is("{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}"
	   "{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
	   "103TrueFalse3 212FalseFalse3 321FalseTrue3 ");
	is("{% for x in [] %}a{% else %}b{% endfor %}"
	   "{% for x in missing %}a{% endfor %}", "b");
	is("{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}"
	   "{% for k in d %}{{ k }}{% endfor %}{% for c in u %}[{{ c }}]{% endfor %}",
	   "b=1;a=[2.5, None];ba[a][\xc3\xa9][\xe4\xb8\xad]");
	is("{% for x in l if x != 2 %}{{ x }}/{{ loop.length }} {% endfor %}",
	   "1/2 3/2 ");
	is("{% for x in range(9) %}{% if x == 2 %}{% continue %}{% endif %}"
	   "{% if x > 4 %}{% break %}{% endif %}{{ x }}{% endfor %}", "0134");
	is("{% for x in l %}{{ loop.previtem }}<{{ loop.nextitem }} {% endfor %}",
	   "<2 1<3 2< ");
	/* what a loop sets is gone after it; what an if sets is not */
	is("{% set x = 1 %}{% for i in l %}{% set x = i * 9 %}{{ x }} {% endfor %}{{ x }}"
	   "{% if t %}{% set x = 5 %}{% endif %}{{ x }}", "9 18 27 15");
	is("{% set ns = namespace(a=0, b='x') %}{% for i in l %}"
	   "{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c }}", "6x");
	is("{% set a, b = [1, 2] %}{{ b }}{{ a }}{% set c, d = 3, 4 %}{{ c + d }}", "217");
	is("{% set x %} q {{ n }} {% endset %}[{{ x }}]"
	   "{% set y | trim | upper %} q {% endset %}[{{ y }}]", "[ q 3 ][Q]");
	is("{% generation %}x{{ n }}{% endgeneration %}", "x3");
}

static void macros(void **state)
{
	is("{% macro f(a, b='z', c=a) %}<{{ a }}{{ b }}{{ c }}>{% endmacro %}"
	   "{{ f(1) }}{{ f(1, 2) }}{{ f(b=3, a=4) }}{{ f() }}",
	   "<1z1><121><434><z>");
	is("{% set g = 7 %}{% macro f() %}{{ g }}{{ x }}{% endmacro %}"
	   "{% for x in l %}{{ f() }}{% endfor %}", "777");
	is("{% macro f(x) %}{% if x %}{{ x }}{{ f(x - 1) }}{% endif %}{% endmacro %}"
	   "{{ f(5) }}{{ f(2) | length }}", "543212");
	fails("{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}", -EINVAL, "takes 1");
	fails("{% macro f(a) %}{% endmacro %}{{ f(b=2) }}", -EINVAL, "not b");
}

static void filters(void **state)
{
	is("[{{ s | trim }}][{{ s.strip() }}][{{ s.lstrip() }}][{{ s.rstrip() }}]"
	   "[{{ 'xxaxx' | trim('x') }}]", "[Ab c][Ab c][Ab c\t][ Ab c][a]");
	is("{{ 'aB c' | upper }} {{ 'aB' | lower }} {{ 'it is' | title }} "
	   "{{ 'aB' | capitalize }} {{ u | upper }}",
	   "AB C ab It Is Ab A\xc3\x89\xe4\xb8\xad");
	is("{{ l | length }} {{ u | length }} {{ d | count }} {{ missing | length }}",
	   "3 3 2 0");
	is("{{ l | join }} {{ l | join(', ') }} {{ m | join('-', attribute='role') }}",
	   "123 1, 2, 3 user-bot");
	is("{{ missing | default('x') }}{{ '' | default('y') }}{{ '' | d('z', true) }}"
	   "{{ none | default('q') }}", "xzNone");
	is("{{ d | tojson }} {{ 'q\"\\n' | tojson }} {{ u | tojson }} {{ t | tojson }}"
	   " {{ none | tojson }}",
	   "{\"b\": 1, \"a\": [2.5, null]} \"q\\\"\\n\" \"a\xc3\xa9\xe4\xb8\xad\" true null");
	is("{{ d | tojson(indent=2) }}",
	   "{\n  \"b\": 1,\n  \"a\": [\n    2.5,\n    null\n  ]\n}");
	is("{{ d | tojson(sort_keys=true) }}{{ [] | tojson(indent=4) }}",
	   "{\"a\": [2.5, null], \"b\": 1}[]");
	is("{{ 'aXbX' | replace('X', '-') }} {{ 'aaa'.replace('a', 'b', 2) }} "
	   "{{ 'ab' | replace('', '.') }}", "a-b- bba .a.b.");
	is("{{ l | first }}{{ l | last }}{{ [] | first }}{{ 'abc' | first }}"
	   "{{ 'abc' | reverse }}{{ l | reverse | list }}", "13acba[3, 2, 1]");
	is("{{ '12' | int + 1 }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ 2.9 | int }} "
	   "{{ '1.5' | float }} {{ 3 | string ~ 'x' }} {{ -2 | abs }}",
	   "13 0 7 2 1.5 3x 2");
	is("{{ m | map(attribute='content') | list }} {{ l | map('string') | join('+') }}"
	   " {{ m | map(attribute='k', default=0) | list }}",
	   "['Hi', 'Yo'] 1+2+3 [0, 1]");
	is("{{ m | selectattr('role', 'equalto', 'bot') | list | length }}"
	   "{{ m | selectattr('k', 'defined') | list | length }}"
	   "{{ m | rejectattr('k') | list | length }}"
	   "{{ l | select('odd') | list }}{{ l | reject('in', [1, 2]) | list }}"
	   "{{ [0, 1, ''] | select | list }}", "111[1, 3][3][1]");
	is("{{ ['b', 'A', 'c'] | sort | join }} {{ [3, 1, 2] | sort(reverse=true) }} "
	   "{{ m | sort(attribute='content') | map(attribute='role') | join }} "
	   "{{ d | dictsort }} {{ [1, 1, 2] | unique | list }} {{ d | items | list }}",
	   "Abc [3, 2, 1] userbot [['a', [2.5, None]], ['b', 1]] [1, 2] "
	   "[['b', 1], ['a', [2.5, None]]]");
	is("{{ 'a\\n\\nb' | indent(2) }}|{{ 'a\\nb' | indent(1, true) }}|{{ n | safe }}",
	   "a\n\n  b| a\n b|3");
}

static void methods(void **state)
{
	is("{{ 'a,b,c'.split(',') }}{{ ' a  b '.split() }}{{ 'a,b,c'.split(',', 1) }}"
	   "{{ 'a b c'.split(None, 1) }}{{ 'a,b,c'.rsplit(',', 1) }}{{ 'abc'.rsplit('x', 1) }}",
	   "['a', 'b', 'c']['a', 'b']['a', 'b,c']['a', 'b c']['a,b', 'c']['abc']");
	is("{{ 'a,b,c,d'.rsplit(',', 2) }}{{ 'a\\nb\\r\\n\\nc'.splitlines() }}",
	   "['a,b', 'c', 'd']['a', 'b', '', 'c']");
	is("{{ 'abc'.startswith('ab') }}{{ 'abc'.endswith(('x', 'c')) }}"
	   "{{ 'abc'.find('c') }}{{ 'abc'.find('x') }}{{ 'aXaX'.count('X') }}",
	   "TrueTrue2-12");
	is("{{ '12'.isdigit() }}{{ 'a1'.isalpha() }}{{ ' '.isspace() }}{{ ''.isdigit() }}",
	   "TrueFalseTrueFalse");
	is("{{ ', '.join(['a', 'b']) }} {{ 'xyx'.strip('x') }} {{ 'aB'.upper() }}"
	   "{{ 'aB'.lower() }} {{ 'a b'.title() }} {{ 'ab'.capitalize() }}",
	   "a, b y ABab A B Ab");
	is("{{ d.get('b') }}{{ d.get('z') }}{{ d.get('z', 5) }}{{ d.keys() }}"
	   "{{ d.values() }}", "1None5['b', 'a'][1, [2.5, None]]");
	is("{{ range(3) }}{{ range(1, 7, 3) }}{{ range(3, 0, -1) }}{{ dict(a=1, b=none) }}"
	   "{{ dict({'x': 1}, y=2) }}",
	   "[0, 1, 2][1, 4][3, 2, 1]{'a': 1, 'b': None}{'x': 1, 'y': 2}");
	is("{{ strftime_now('%Y') | length }}{{ strftime_now('') }}", "4");
}

static void tests(void **state)
{
	is("{{ n is defined }}{{ z is undefined }}{{ z is not defined }}"
	   "{{ none is none }}{{ s is string }}{{ n is number }}{{ n is integer }}"
	   "{{ 1.5 is float }}{{ t is boolean }}{{ t is true }}{{ t is false }}",
	   "TrueTrueTrueTrueTrueTrueTrueTrueTrueTrueFalse");
	is("{{ d is mapping }}{{ l is iterable }}{{ l is sequence }}{{ 3 is odd }}"
	   "{{ 3 is even }}{{ 6 is divisibleby 3 }}{{ n is eq(3) }}{{ n is gt 2 }}"
	   "{{ n is in [3] }}{{ n is ne 3 }}{{ n is le(2) }}{{ raise_exception is callable }}",
	   "TrueTrueTrueTrueFalseTrueTrueTrueTrueFalseFalseTrue");
	is("{{ 'a' if z is defined and z else 'b' }}{{ not z is defined }}", "bTrue");
}

static void refused(void **state)
{
	fails("{{ x | frobnicate }}", -EOPNOTSUPP,
	      "line 1: filter \"frobnicate\"");
	fails("a\n\n{{ x is groovy }}", -EOPNOTSUPP, "line 3: test \"groovy\"");
	fails("{% include 'x' %}", -EOPNOTSUPP, "statement \"include\"");
	fails("{% raw %}{% endraw %}", -EOPNOTSUPP, "statement \"raw\"");
	fails("{% call f() %}{% endcall %}", -EOPNOTSUPP, "\"call\"");
	fails("{% for x in l recursive %}{% endfor %}", -EOPNOTSUPP, "recursive");
	fails("{{ f(*l) }}", -EOPNOTSUPP, "* in a call");
	fails("{{ 1 < 2 < 3 }}", -EOPNOTSUPP, "comparison of more than two");
	fails("{{ 'a'.encode() }}", -EOPNOTSUPP, "method \"encode\" of a string");
	fails("{{ l.append(4) }}", -EOPNOTSUPP, "method \"append\" of a list");
	fails("{{ d | tojson(ensure_ascii=true) }}", -EOPNOTSUPP, "ensure_ascii");
	fails("{{ d | tojson(separators=1) }}", -EOPNOTSUPP, "separators");
	fails("{% for x in l %}{{ loop.cycle(1) }}{% endfor %}", -EOPNOTSUPP,
	      "cycle");
	fails("{% for x in l %}{{ loop.changed }}{% endfor %}", -EOPNOTSUPP,
	      "loop.changed");
	fails("{{ {1: 2} }}", -EOPNOTSUPP, "a key of a mapping");
	fails("{{ [missing] }}", -EOPNOTSUPP, "undefined in a list");
}

static void not_templates(void **state)
{
	fails("{{ 1", -EINVAL, "line 1: a tag without }}");
	fails("{% if t", -EINVAL, "a tag without %}");
	fails("{# x", -EINVAL, "a comment without #}");
	fails("{{ 'abc }}", -EINVAL, "a string without its end");
	fails("{% if t %}x", -EINVAL, "\"elif\" is missing");
	fails("{% for x in l %}x", -EINVAL, "\"else\" is missing");
	fails("{% endif %}", -EOPNOTSUPP, "endif");
	fails("{% for in l %}{% endfor %}", -EINVAL, "\"in\" is missing");
	fails("{% set 3 = 4 %}", -EINVAL, "a name");
	fails("{{ }}", -EINVAL, "a value is missing");
	fails("{{ 1 + }}", -EINVAL, "a value is missing");
	fails("{{ (1 }}", -EINVAL, "\")\" is missing");
	fails("{{ [1 2] }}", -EINVAL, "\"]\" is missing");
	fails("{{ {'a' 1} }}", -EINVAL, "\":\" is missing");
	fails("{{ a ? b }}", -EINVAL, "unexpected character '?'");
	fails("{{ '\\ud800' }}", -EINVAL, "no character");
	fails("{{ '\\xZZ' }}", -EINVAL, "digits");
	fails("{{ 99999999999999999999 }}", -ERANGE, "too large");
	fails("{% break %}", -EINVAL, "outside of a loop");
	fails("{{ l[] }}", -EINVAL, "without an index");
}

static void wrong_values(void **state)
{
	fails("a\n{{ z.x }}", -EINVAL, "line 2: \"x\" of \"z\", which is undefined");
	fails("{{ z() }}", -EINVAL, "a call of \"z\"");
	fails("{{ n() }}", -EINVAL, "a call of a number");
	fails("{{ 1 + 'a' }}", -EINVAL, "a number + a string");
	fails("{{ 'a' - 'b' }}", -EINVAL, "a string - a string");
	fails("{{ 1 < 'a' }}", -EINVAL, "have no order");
	fails("{{ 1 in 2 }}", -EINVAL, "in a number");
	fails("{{ 1 / 0 }}{{ 1 // 0 }}", -EINVAL, "division by zero");
	fails("{{ 1 % 0 }}", -EINVAL, "division by zero");
	fails("{{ 9223372036854775807 + 1 }}", -ERANGE, "too large");
	fails("{{ 10 ** 400 }}{{ 1e308 * 10 }}", -ERANGE, "too large");
	fails("{{ -'a' }}", -EINVAL, "- before a string");
	fails("{% for x in 3 %}{% endfor %}", -EINVAL, "a number has no items");
	fails("{% set n.x = 1 %}", -EINVAL, "only a namespace");
	fails("{% set a, b = [1] %}", -EINVAL, "another number of names");
	fails("{{ l[::0] }}", -EINVAL, "step 0");
	fails("{{ l['a':] }}", -EINVAL, "a slice with a string");
	fails("{{ n[1:] }}", -EINVAL, "a slice of a number");
	fails("{{ n | length }}", -EINVAL, "the length of a number");
	fails("{{ namespace }}", -EINVAL, "a function cannot be written");
	fails("{{ range('a') }}", -EINVAL, "range() of a string");
	fails("{{ range(1, 2, 0) }}", -EINVAL, "step");
	fails("{{ 'a'.startswith(1) }}", -EINVAL, "needs a string");
	fails("{{ 'a'.split('') }}", -EINVAL, "split by nothing");
	fails("{{ m | map(attribute='k') | list }}", -EINVAL,
	      "without attribute \"k\"");
	fails("{{ [d, 1] | sort }}", -EINVAL, "no order");
	fails("{{ raise_exception('no ' ~ n) }}", -EINVAL,
	      "line 1: the template refuses this: no 3");
}

/* What a stranger's template may not do: go on for ever, or take all memory. */
static void bombs(void **state)
{
	struct qaic_str s = { 0 };
	size_t i;

	fails("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}"
	      "{% endfor %}", -E2BIG, "too much work");
	fails("{% set ns = namespace(s='0123456789') %}{% for i in range(99) %}"
	      "{% set ns.s = ns.s ~ ns.s %}{% endfor %}", -E2BIG, "too much work");
	fails("{% set ns = namespace(l=[1]) %}{% for i in range(99) %}"
	      "{% set ns.l = ns.l + ns.l %}{% endfor %}", -E2BIG, "too much work");
	fails("{% set ns = namespace(l=[1]) %}{% for i in range(60) %}"
	      "{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}", -E2BIG, "work");
	fails("{% set ns = namespace(l=[1], k=[1]) %}{% for i in range(60) %}"
	      "{% set ns.l = [ns.l, ns.l] %}{% set ns.k = [ns.k, ns.k] %}"
	      "{% endfor %}{{ ns.l == ns.k }}", -E2BIG, "work");
	fails("{% set ns = namespace(l=[]) %}{% for i in range(9999) %}"
	      "{% set ns.l = [ns.l] %}{% endfor %}", -E2BIG, "lists inside lists");
	fails("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", -E2BIG,
	      "too deep");
	fails("{{ 'x' * 2000000000 }}", -E2BIG, "too much work");
	fails("{{ range(2000000000) }}", -E2BIG, "too much work");
	fails("{{ 'a' | indent(99999) }}", -EINVAL, "indent");
	for (i = 0; i < 50000; i++)
		qaic_str_puts(&s, "{{ (");
	fails(s.s, -EINVAL, "a tag without }}");
	qaic_str_free(&s);
	qaic_str_puts(&s, "{{ ");
	for (i = 0; i < 50000; i++)
		qaic_str_puts(&s, "(");
	qaic_str_puts(&s, " }}");
	fails(s.s, -E2BIG, "nested too deep");
	qaic_str_free(&s);
	for (i = 0; i < 30000; i++)
		qaic_str_puts(&s, "{% if t %}");
	fails(s.s, -E2BIG, "nested too deep");
	qaic_str_free(&s);
	qaic_str_puts(&s, "{{ 1");
	for (i = 0; i < 50000; i++)
		qaic_str_puts(&s, i % 2 ? " + 1" : " | abs");
	qaic_str_puts(&s, " }}");
	fails(s.s, -E2BIG, "nested too deep");
	qaic_str_free(&s);
	for (i = 0; i < 300000; i++)
		qaic_str_puts(&s, "{{n}}");
	fails(s.s, -E2BIG, "a template of");
	qaic_str_free(&s);
}

int main(void)
{
	const struct CMUnitTest list[] = {
		cmocka_unit_test(white_space), cmocka_unit_test(values),
		cmocka_unit_test(operators), cmocka_unit_test(statements),
		cmocka_unit_test(macros), cmocka_unit_test(filters),
		cmocka_unit_test(methods), cmocka_unit_test(tests),
		cmocka_unit_test(refused), cmocka_unit_test(not_templates),
		cmocka_unit_test(wrong_values), cmocka_unit_test(bombs),
	};

	return cmocka_run_group_tests(list, NULL, NULL);
}
