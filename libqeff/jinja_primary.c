// SPDX-License-Identifier: MIT
/*
 * Expressions of templates, from the inside: literals, names, lists, and what may
 * follow a value: attributes, subscripts, calls, filters, tests.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

struct jinja_node *jinja_too_deep(struct jinja_parser *p)
{
	jinja_fail(p->err, p->tok->line, -E2BIG,
		   "an expression nested too deep");
	return NULL;
}

struct jinja_node *jinja_binary(struct jinja_parser *p, enum jinja_type type,
				int op, struct jinja_node *a,
				struct jinja_node *b)
{
	struct jinja_node *n = a && b ? jinja_node(p, type) : NULL;

	if (!n)
		return NULL;
	n->op = op;
	n->a = a;
	n->b = b;
	return n;
}

static struct jinja_node *literal(struct jinja_parser *p, json_t *value)
{
	struct jinja_node *n;

	if (!value) {
		tok_nomem(p->err);
		return NULL;
	}
	n = jinja_node(p, JN_LITERAL);
	if (!n)
		json_decref(value);
	else
		n->value = value;
	return n;
}

static struct jinja_node *parse_int(struct jinja_parser *p)
{
	long long v;
	char *end;

	errno = 0;
	v = strtoll(p->tok->s, &end, 10);
	if (errno || *end) {
		jinja_fail(p->err, p->tok->line, -ERANGE,
			   "%.30s is too large", p->tok->s);
		return NULL;
	}
	p->tok++;
	return literal(p, json_integer(v));
}

static struct jinja_node *parse_float(struct jinja_parser *p)
{
	json_t *v = json_real(strtod(p->tok->s, NULL));

	if (!v) {
		jinja_fail(p->err, p->tok->line, -ERANGE,
			   "%.30s is too large", p->tok->s);
		return NULL;
	}
	p->tok++;
	return literal(p, v);
}

/* "a" "b" is "ab" */
static struct jinja_node *parse_string(struct jinja_parser *p)
{
	struct qaic_str s = { 0 };
	json_t *v = NULL;

	qaic_str_puts(&s, "");
	for (; p->tok->type == JT_STRING; p->tok++)
		qaic_str_add(&s, p->tok->s, p->tok->len);
	if (!s.failed)
		v = json_stringn_nocheck(s.s, s.len);
	qaic_str_free(&s);
	return literal(p, v);
}

static struct jinja_node *parse_name(struct jinja_parser *p)
{
	static const struct {
		const char *name;
		enum { NONE, YES, NO } v;
	} words[] = {
		{ "none", NONE }, { "None", NONE }, { "true", YES },
		{ "True", YES }, { "false", NO }, { "False", NO },
	};
	struct jinja_node *n;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(words); i++)
		if (jinja_take(p, JT_NAME, words[i].name))
			return literal(p, words[i].v == NONE ? json_null() :
				       json_boolean(words[i].v == YES));
	n = jinja_node(p, JN_NAME);
	if (n)
		n->s = jinja_name(p);
	return n && n->s ? n : NULL;
}

/*
 * Expressions and commas up to @end. *commas: was there one, as in (x,)?
 */
static int parse_items(struct jinja_parser *p, const char *end,
		       struct jinja_node **list, bool *commas)
{
	struct jinja_node wrap = { 0 }, *last = &wrap;
	bool comma = true;

	*commas = false;
	while (!jinja_take(p, JT_OP, end)) {
		if (!comma)
			return jinja_want(p, JT_OP, end);
		last->next = jinja_expr(p);
		last = last->next;
		if (!last)
			return -EINVAL;
		comma = jinja_take(p, JT_OP, ",");
		*commas |= comma;
	}
	*list = wrap.next;
	return 0;
}

static struct jinja_node *parse_list(struct jinja_parser *p)
{
	struct jinja_node *n = jinja_node(p, JN_LIST);
	bool commas;

	p->tok++;
	return n && !parse_items(p, "]", &n->a, &commas) ? n : NULL;
}

/* (x), or a tuple, which is a list here. */
static struct jinja_node *parse_group(struct jinja_parser *p)
{
	struct jinja_node *items, *n;
	bool commas;

	p->tok++;
	if (parse_items(p, ")", &items, &commas))
		return NULL;
	if (items && !commas)
		return items;
	n = jinja_node(p, JN_LIST);
	if (n)
		n->a = items;
	return n;
}

static struct jinja_node *parse_dict(struct jinja_parser *p)
{
	struct jinja_node *n = jinja_node(p, JN_DICT);
	struct jinja_node wrap = { 0 }, *last = &wrap, *item;
	bool comma = true;

	p->tok++;
	while (n && !jinja_take(p, JT_OP, "}")) {
		if (!comma) {
			jinja_want(p, JT_OP, "}");
			return NULL;
		}
		item = jinja_expr(p);
		if (!item || jinja_want(p, JT_OP, ":"))
			return NULL;
		last = last->next = item;
		item = jinja_expr(p);
		if (!item)
			return NULL;
		last = last->next = item;
		comma = jinja_take(p, JT_OP, ",");
	}
	if (n)
		n->a = wrap.next;
	return n;
}

struct jinja_node *jinja_primary(struct jinja_parser *p)
{
	switch (p->tok->type) {
	case JT_NAME:
		return parse_name(p);
	case JT_STRING:
		return parse_string(p);
	case JT_INT:
		return parse_int(p);
	case JT_FLOAT:
		return parse_float(p);
	default:
		break;
	}
	if (jinja_is(p, JT_OP, "("))
		return parse_group(p);
	if (jinja_is(p, JT_OP, "["))
		return parse_list(p);
	if (jinja_is(p, JT_OP, "{"))
		return parse_dict(p);
	jinja_fail(p->err, p->tok->line, -EINVAL,
		   "a value is missing before \"%.20s\"",
		   p->tok->len ? p->tok->s : "the end of the tag");
	return NULL;
}

/* The arguments of a call; the opening parenthesis is taken. */
static int parse_args(struct jinja_parser *p, struct jinja_node **out)
{
	struct jinja_node wrap = { 0 }, *last = &wrap, *n;
	bool comma = true;

	while (!jinja_take(p, JT_OP, ")")) {
		if (!comma)
			return jinja_want(p, JT_OP, ")");
		if (jinja_is(p, JT_OP, "*") || jinja_is(p, JT_OP, "**"))
			return jinja_fail(p->err, p->tok->line, -EOPNOTSUPP,
					  "%s in a call is not supported",
					  p->tok->s);
		if (p->tok->type == JT_NAME && p->tok[1].type == JT_OP &&
		    !strcmp(p->tok[1].s, "=")) {
			n = jinja_node(p, JN_KEYWORD);
			if (!n)
				return -ENOMEM;
			n->s = jinja_name(p);
			p->tok++;
			n->a = jinja_expr(p);
			if (!n->s || !n->a)
				return -EINVAL;
		} else {
			n = jinja_expr(p);
			if (!n)
				return -EINVAL;
		}
		last = last->next = n;
		comma = jinja_take(p, JT_OP, ",");
	}
	*out = wrap.next;
	return 0;
}

/* x[i], x[a:b:c]; the opening bracket is taken. */
static struct jinja_node *parse_subscript(struct jinja_parser *p,
					  struct jinja_node *x)
{
	struct jinja_node *n = jinja_node(p, JN_ITEM), *part[3] = { 0 };
	size_t i = 0;

	if (!n)
		return NULL;
	while (!jinja_is(p, JT_OP, "]")) {
		if (jinja_take(p, JT_OP, ":")) {
			n->type = JN_SLICE;
			if (++i == 3)
				break;
			continue;
		}
		if (part[i])
			break;
		part[i] = jinja_expr(p);
		if (!part[i])
			return NULL;
	}
	if (jinja_want(p, JT_OP, "]"))
		return NULL;
	if (n->type == JN_ITEM && !part[0]) {
		jinja_fail(p->err, n->line, -EINVAL, "[] without an index");
		return NULL;
	}
	n->a = x;
	n->b = part[0];
	n->c = part[1];
	n->d = part[2];
	return n;
}

static struct jinja_node *parse_dot(struct jinja_parser *p,
				    struct jinja_node *x)
{
	struct jinja_node *n;

	if (p->tok->type == JT_INT)	/* x.0 */
		return jinja_binary(p, JN_ITEM, 0, x, parse_int(p));
	n = jinja_node(p, JN_ATTR);
	if (!n)
		return NULL;
	n->a = x;
	n->s = jinja_name(p);
	return n->s ? n : NULL;
}

static struct jinja_node *parse_call(struct jinja_parser *p,
				     struct jinja_node *x)
{
	struct jinja_node *n = jinja_node(p, JN_CALL);

	if (!n || parse_args(p, &n->b))
		return NULL;
	n->a = x;
	return n;
}

struct jinja_node *jinja_postfix(struct jinja_parser *p, struct jinja_node *x)
{
	unsigned int links = 0;

	while (x) {
		if (++links > JINJA_MAX_DEPTH)
			return jinja_too_deep(p);
		if (jinja_take(p, JT_OP, "."))
			x = parse_dot(p, x);
		else if (jinja_take(p, JT_OP, "["))
			x = parse_subscript(p, x);
		else if (jinja_take(p, JT_OP, "("))
			x = parse_call(p, x);
		else
			return x;
	}
	return NULL;
}

struct jinja_node *jinja_filters(struct jinja_parser *p, struct jinja_node *x)
{
	struct jinja_node *n;
	unsigned int links = 0;

	while (x && jinja_take(p, JT_OP, "|")) {
		n = jinja_node(p, JN_FILTER);
		if (!n)
			return NULL;
		if (++links > JINJA_MAX_DEPTH)
			return jinja_too_deep(p);
		n->op = p->tok->type == JT_NAME ?
			jinja_find_filter(p->tok->s) : -1;
		if (n->op < 0) {
			jinja_fail(p->err, p->tok->line, -EOPNOTSUPP,
				   "filter \"%.40s\" is not supported",
				   p->tok->s);
			return NULL;
		}
		p->tok++;
		if (jinja_take(p, JT_OP, "(") && parse_args(p, &n->b))
			return NULL;
		n->a = x;
		x = n;
	}
	return x;
}

/* May a test without parentheses take this as its argument? */
static bool begins_argument(const struct jinja_parser *p)
{
	static const char *const words[] = { "else", "or", "and", "is", "if",
					     "in", "not" };
	size_t i;

	switch (p->tok->type) {
	case JT_STRING:
	case JT_INT:
	case JT_FLOAT:
		return true;
	case JT_OP:
		return jinja_is(p, JT_OP, "[") || jinja_is(p, JT_OP, "{");
	case JT_NAME:
		for (i = 0; i < QAIC_ARRAY_SIZE(words); i++)
			if (!strcmp(words[i], p->tok->s))
				return false;
		return true;
	default:
		return false;
	}
}

/* x is [not] test; "is" is taken. */
static struct jinja_node *parse_test(struct jinja_parser *p,
				     struct jinja_node *x)
{
	struct jinja_node *n = jinja_node(p, JN_TEST);

	if (!n)
		return NULL;
	n->a = x;
	n->flag = jinja_take(p, JT_NAME, "not");
	n->op = p->tok->type == JT_NAME || p->tok->type == JT_OP ?
		jinja_find_test(p->tok->s) : -1;
	if (n->op < 0) {
		jinja_fail(p->err, p->tok->line, -EOPNOTSUPP,
			   "test \"%.40s\" is not supported", p->tok->s);
		return NULL;
	}
	p->tok++;
	if (jinja_take(p, JT_OP, "("))
		return parse_args(p, &n->b) ? NULL : n;
	if (begins_argument(p)) {
		n->b = jinja_postfix(p, jinja_primary(p));
		if (!n->b)
			return NULL;
	}
	return n;
}

struct jinja_node *jinja_filtered(struct jinja_parser *p, struct jinja_node *x)
{
	unsigned int links = 0;

	for (;;) {
		if (!x)
			return NULL;
		if (++links > JINJA_MAX_DEPTH)
			return jinja_too_deep(p);
		if (jinja_is(p, JT_OP, "|"))
			x = jinja_filters(p, x);
		else if (jinja_take(p, JT_NAME, "is"))
			x = parse_test(p, x);
		else if (jinja_take(p, JT_OP, "("))
			x = parse_call(p, x);
		else
			return x;
	}
}

