// SPDX-License-Identifier: MIT
/*
 * Expressions of templates, with Jinja's precedence: x if y else z, or, and, not,
 * comparisons, + -, ~, * / // %, **, signs, and then jinja_primary.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

typedef struct jinja_node *(*level_fn)(struct jinja_parser *p);

static struct jinja_node *parse_sign(struct jinja_parser *p, bool filters)
{
	struct jinja_node *n;
	bool neg = jinja_is(p, JT_OP, "-");

	if (!neg && !jinja_is(p, JT_OP, "+")) {
		n = jinja_postfix(p, jinja_primary(p));
	} else {
		if (++p->depth > JINJA_MAX_DEPTH)
			return jinja_too_deep(p);
		n = jinja_node(p, neg ? JN_NEG : JN_POS);
		p->tok++;
		if (n)
			n->a = parse_sign(p, false);
		p->depth--;
		n = n && n->a ? jinja_postfix(p, n) : NULL;
	}
	return n && filters ? jinja_filtered(p, n) : n;
}

static struct jinja_node *parse_unary(struct jinja_parser *p)
{
	return parse_sign(p, true);
}

/* One level of operators that group from the left. */
static struct jinja_node *parse_level(struct jinja_parser *p, level_fn inner,
				      const char *const *ops, const char *codes)
{
	struct jinja_node *n = inner(p);
	unsigned int links = 0;
	size_t i;

	while (n) {
		for (i = 0; ops[i] && !jinja_take(p, JT_OP, ops[i]); i++)
			;
		if (!ops[i])
			return n;
		/* what hangs on the left is as deep as it is long */
		if (++links > JINJA_MAX_DEPTH)
			return jinja_too_deep(p);
		n = jinja_binary(p, JN_MATH, codes[i], n, inner(p));
	}
	return NULL;
}

static struct jinja_node *parse_pow(struct jinja_parser *p)
{
	static const char *const ops[] = { "**", NULL };

	return parse_level(p, parse_unary, ops, "p");
}

static struct jinja_node *parse_product(struct jinja_parser *p)
{
	static const char *const ops[] = { "*", "//", "/", "%", NULL };

	return parse_level(p, parse_pow, ops, "*i/%");
}

static struct jinja_node *parse_concat(struct jinja_parser *p)
{
	static const char *const ops[] = { "~", NULL };

	return parse_level(p, parse_product, ops, "~");
}

static struct jinja_node *parse_sum(struct jinja_parser *p)
{
	static const char *const ops[] = { "+", "-", NULL };

	return parse_level(p, parse_concat, ops, "+-");
}

static int compare_op(struct jinja_parser *p)
{
	static const struct {
		const char *s;
		int op;
	} ops[] = { { "==", '=' }, { "!=", '!' }, { "<=", 'l' }, { ">=", 'g' },
		    { "<", '<' }, { ">", '>' } };
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(ops); i++)
		if (jinja_take(p, JT_OP, ops[i].s))
			return ops[i].op;
	if (jinja_take(p, JT_NAME, "in"))
		return 'i';
	if (jinja_is(p, JT_NAME, "not") && p->tok[1].type == JT_NAME &&
	    !strcmp(p->tok[1].s, "in")) {
		p->tok += 2;
		return 'n';
	}
	return 0;
}

static struct jinja_node *parse_compare(struct jinja_parser *p)
{
	struct jinja_node *n = parse_sum(p), *right;
	int op;

	op = n ? compare_op(p) : 0;
	if (!op)
		return n;
	right = parse_sum(p);
	n = jinja_binary(p, JN_COMPARE, op, n, right);
	if (n && compare_op(p)) {
		jinja_fail(p->err, n->line, -EOPNOTSUPP,
			   "a comparison of more than two values is not supported");
		return NULL;
	}
	return n;
}

static struct jinja_node *parse_not(struct jinja_parser *p)
{
	struct jinja_node *n;

	if (!jinja_is(p, JT_NAME, "not"))
		return parse_compare(p);
	if (++p->depth > JINJA_MAX_DEPTH)
		return jinja_too_deep(p);
	n = jinja_node(p, JN_NOT);
	p->tok++;
	if (n)
		n->a = parse_not(p);
	p->depth--;
	return n && n->a ? n : NULL;
}

static struct jinja_node *parse_words(struct jinja_parser *p, level_fn inner,
				      const char *word, enum jinja_type type)
{
	struct jinja_node *n = inner(p);
	unsigned int links = 0;

	while (n && jinja_take(p, JT_NAME, word)) {
		if (++links > JINJA_MAX_DEPTH)
			return jinja_too_deep(p);
		n = jinja_binary(p, type, 0, n, inner(p));
	}
	return n;
}

static struct jinja_node *parse_and(struct jinja_parser *p)
{
	return parse_words(p, parse_not, "and", JN_AND);
}

static struct jinja_node *parse_or(struct jinja_parser *p)
{
	return parse_words(p, parse_and, "or", JN_OR);
}

static struct jinja_node *parse_cond(struct jinja_parser *p)
{
	struct jinja_node *x = parse_or(p), *n;

	while (x && jinja_take(p, JT_NAME, "if")) {
		n = jinja_node(p, JN_COND);
		if (!n)
			return NULL;
		n->b = x;
		n->a = parse_or(p);
		if (!n->a)
			return NULL;
		if (jinja_take(p, JT_NAME, "else")) {
			n->c = jinja_expr(p);
			if (!n->c)
				return NULL;
		}
		x = n;
	}
	return x;
}

static struct jinja_node *nested(struct jinja_parser *p, level_fn parse)
{
	struct jinja_node *n;

	if (p->depth >= JINJA_MAX_DEPTH)
		return jinja_too_deep(p);
	p->depth++;
	n = parse(p);
	p->depth--;
	return n;
}

struct jinja_node *jinja_expr(struct jinja_parser *p)
{
	return nested(p, parse_cond);
}

struct jinja_node *jinja_expr_nocond(struct jinja_parser *p)
{
	return nested(p, parse_or);
}
