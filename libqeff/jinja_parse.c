// SPDX-License-Identifier: MIT
/* Statements of templates. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_ast.h"
#include "libqeff/tok.h"

#define MAX_NODES	200000u

static struct jinja_node *parse_body(struct jinja_parser *p,
				     const char *const *ends, int *rc);

struct jinja_node *jinja_node(struct jinja_parser *p, enum jinja_type type)
{
	struct jinja_node *n = calloc(1, sizeof(*n));

	if (!n) {
		tok_nomem(p->err);
		return NULL;
	}
	n->type = type;
	n->line = p->tok->line;
	n->chain = p->t->all;
	p->t->all = n;
	return n;
}

bool jinja_is(const struct jinja_parser *p, enum jinja_tok_type type,
	      const char *s)
{
	return p->tok->type == type && (!s || !strcmp(p->tok->s, s));
}

bool jinja_take(struct jinja_parser *p, enum jinja_tok_type type,
		const char *s)
{
	if (!jinja_is(p, type, s))
		return false;
	p->tok++;
	return true;
}

static const char *shown(const struct jinja_tok *t)
{
	switch (t->type) {
	case JT_VAR_END:
		return "}}";
	case JT_TAG_END:
		return "%}";
	case JT_EOF:
		return "the end of the template";
	default:
		return t->s;
	}
}

int jinja_want(struct jinja_parser *p, enum jinja_tok_type type, const char *s)
{
	if (jinja_take(p, type, s))
		return 0;
	if (!s)
		s = type == JT_TAG_END ? "%}" : type == JT_VAR_END ? "}}" :
		    "a name";
	return jinja_fail(p->err, p->tok->line, -EINVAL,
			  "\"%s\" is missing before \"%.30s\"", s,
			  shown(p->tok));
}

char *jinja_name(struct jinja_parser *p)
{
	char *s;

	if (!jinja_is(p, JT_NAME, NULL)) {
		jinja_want(p, JT_NAME, NULL);
		return NULL;
	}
	s = strdup(p->tok->s);
	if (!s)
		tok_nomem(p->err);
	else
		p->tok++;
	return s;
}

/* a, b or (a, b) or ns.a: what a set or a for gives values to */
static int parse_targets(struct jinja_parser *p, struct jinja_node **out)
{
	struct jinja_node wrap = { 0 }, *last = &wrap, *n, *attr;
	bool group = jinja_take(p, JT_OP, "(");

	do {
		if (last != &wrap && !jinja_is(p, JT_NAME, NULL))
			break;
		n = jinja_node(p, JN_NAME);
		if (!n)
			return -ENOMEM;
		n->s = jinja_name(p);
		if (!n->s)
			return -EINVAL;
		if (jinja_take(p, JT_OP, ".")) {
			attr = jinja_node(p, JN_ATTR);
			if (!attr)
				return -ENOMEM;
			attr->a = n;
			attr->s = jinja_name(p);
			if (!attr->s)
				return -EINVAL;
			n = attr;
		}
		last = last->next = n;
	} while (jinja_take(p, JT_OP, ","));
	*out = wrap.next;
	return group ? jinja_want(p, JT_OP, ")") : 0;
}

/* The body up to {% endX %}, which is taken. */
static int parse_until(struct jinja_parser *p, const char *end,
		       struct jinja_node **out)
{
	const char *const ends[] = { end, NULL };
	int rc = jinja_want(p, JT_TAG_END, NULL);

	if (!rc)
		*out = parse_body(p, ends, &rc);
	if (!rc)
		rc = jinja_want(p, JT_NAME, end);
	return rc;
}

/* After the condition of an if or elif. */
static int parse_if(struct jinja_parser *p, struct jinja_node *n)
{
	static const char *const ends[] = { "elif", "else", "endif", NULL };
	int rc;

	n->a = jinja_expr(p);
	rc = n->a ? jinja_want(p, JT_TAG_END, NULL) : -EINVAL;
	if (!rc)
		n->b = parse_body(p, ends, &rc);
	if (rc)
		return rc;
	if (jinja_is(p, JT_NAME, "elif")) {
		if (++p->depth > JINJA_MAX_DEPTH) {
			jinja_too_deep(p);
			return -E2BIG;
		}
		n->c = jinja_node(p, JN_IF);
		p->tok++;
		rc = n->c ? parse_if(p, n->c) : -ENOMEM;
		p->depth--;
		return rc;
	}
	if (jinja_take(p, JT_NAME, "else"))
		return parse_until(p, "endif", &n->c);
	return jinja_want(p, JT_NAME, "endif");
}

static int parse_for(struct jinja_parser *p, struct jinja_node *n)
{
	static const char *const ends[] = { "else", "endfor", NULL };
	int rc;

	rc = parse_targets(p, &n->a);
	if (!rc)
		rc = jinja_want(p, JT_NAME, "in");
	if (rc)
		return rc;
	n->b = jinja_expr_nocond(p);
	if (!n->b)
		return -EINVAL;
	if (jinja_take(p, JT_NAME, "if")) {
		n->e = jinja_expr(p);
		if (!n->e)
			return -EINVAL;
	}
	if (jinja_is(p, JT_NAME, "recursive"))
		return jinja_fail(p->err, p->tok->line, -EOPNOTSUPP,
				  "a recursive for is not supported");
	rc = jinja_want(p, JT_TAG_END, NULL);
	p->loops++;
	if (!rc)
		n->c = parse_body(p, ends, &rc);
	p->loops--;
	if (rc)
		return rc;
	if (jinja_take(p, JT_NAME, "else"))
		return parse_until(p, "endfor", &n->d);
	return jinja_want(p, JT_NAME, "endfor");
}

static int parse_set(struct jinja_parser *p, struct jinja_node *n)
{
	struct jinja_node wrap = { 0 }, *last = &wrap, *list;
	int rc = parse_targets(p, &n->a);

	if (rc)
		return rc;
	if (!jinja_take(p, JT_OP, "=")) {	/* a block */
		n->type = JN_CAPTURE;
		n->c = jinja_node(p, JN_SELF);
		n->c = n->c ? jinja_filters(p, n->c) : NULL;
		return n->c ? parse_until(p, "endset", &n->b) : -EINVAL;
	}
	do {
		last->next = jinja_expr(p);
		last = last->next;
		if (!last)
			return -EINVAL;
	} while (jinja_take(p, JT_OP, ","));
	n->b = wrap.next;
	if (n->b->next) {			/* a, b = 1, 2 */
		list = jinja_node(p, JN_LIST);
		if (!list)
			return -ENOMEM;
		list->a = n->b;
		n->b = list;
	}
	return 0;
}

static int parse_macro(struct jinja_parser *p, struct jinja_node *n)
{
	struct jinja_node wrap = { 0 }, *last = &wrap;
	unsigned int loops = p->loops;
	bool comma = true;
	int rc;

	n->s = jinja_name(p);
	if (!n->s || jinja_want(p, JT_OP, "("))
		return -EINVAL;
	while (!jinja_take(p, JT_OP, ")")) {
		if (!comma)
			return jinja_want(p, JT_OP, ")");
		last->next = jinja_node(p, JN_PARAM);
		last = last->next;
		if (!last)
			return -ENOMEM;
		last->s = jinja_name(p);
		if (!last->s)
			return -EINVAL;
		if (jinja_take(p, JT_OP, "=")) {
			last->a = jinja_expr(p);
			if (!last->a)
				return -EINVAL;
		}
		comma = jinja_take(p, JT_OP, ",");
	}
	n->a = wrap.next;
	p->loops = 0;
	rc = parse_until(p, "endmacro", &n->b);
	p->loops = loops;
	return rc;
}

/* {% generation %} marks what the assistant wrote; the text is the same. */
static int parse_generation(struct jinja_parser *p, struct jinja_node *n)
{
	return parse_until(p, "endgeneration", &n->a);
}

static int parse_jump(struct jinja_parser *p, struct jinja_node *n)
{
	if (p->loops)
		return 0;
	return jinja_fail(p->err, n->line, -EINVAL, "%s outside of a loop",
			  n->type == JN_BREAK ? "break" : "continue");
}

static const struct {
	const char *name;
	enum jinja_type type;
	int (*parse)(struct jinja_parser *p, struct jinja_node *n);
} statements[] = {
	{ "if", JN_IF, parse_if }, { "for", JN_FOR, parse_for },
	{ "set", JN_SET, parse_set }, { "macro", JN_MACRO, parse_macro },
	{ "generation", JN_BLOCK, parse_generation },
	{ "break", JN_BREAK, parse_jump },
	{ "continue", JN_CONTINUE, parse_jump },
};

/* The opening {% is taken. */
static struct jinja_node *parse_statement(struct jinja_parser *p, int *rc)
{
	struct jinja_node *n = NULL;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(statements); i++)
		if (jinja_is(p, JT_NAME, statements[i].name))
			break;
	if (i == QAIC_ARRAY_SIZE(statements)) {
		*rc = jinja_fail(p->err, p->tok->line, -EOPNOTSUPP,
				 "statement \"%.30s\" is not supported here",
				 shown(p->tok));
		return NULL;
	}
	n = jinja_node(p, statements[i].type);
	p->tok++;
	*rc = n ? statements[i].parse(p, n) : -ENOMEM;
	if (!*rc)
		*rc = jinja_want(p, JT_TAG_END, NULL);
	return n;
}

static struct jinja_node *parse_piece(struct jinja_parser *p, int *rc)
{
	struct jinja_node *n;

	if (p->tok->type == JT_TEXT) {
		n = jinja_node(p, JN_TEXT);
		if (n)
			n->s = strdup(p->tok->s);
		*rc = n && n->s ? 0 : tok_nomem(p->err);
		p->tok++;
		return n;
	}
	if (jinja_take(p, JT_VAR, NULL)) {
		n = jinja_node(p, JN_PRINT);
		if (n)
			n->a = jinja_expr(p);
		*rc = n && n->a ? jinja_want(p, JT_VAR_END, NULL) : -EINVAL;
		return n;
	}
	p->tok++;
	return parse_statement(p, rc);
}

/* Everything up to one of the statements @ends, of which the {% is taken. */
static struct jinja_node *parse_body(struct jinja_parser *p,
				     const char *const *ends, int *rc)
{
	struct jinja_node wrap = { 0 }, *last = &wrap;
	size_t i;

	if (++p->depth > JINJA_MAX_DEPTH) {
		jinja_too_deep(p);
		*rc = -E2BIG;
	}
	while (!*rc) {
		if (p->tok->type == JT_EOF) {
			if (ends[0])
				*rc = jinja_fail(p->err, p->tok->line, -EINVAL,
						 "\"%s\" is missing", ends[0]);
			break;
		}
		if (p->tok->type == JT_TAG) {
			for (i = 0; ends[i]; i++)
				if (p->tok[1].type == JT_NAME &&
				    !strcmp(ends[i], p->tok[1].s))
					break;
			if (ends[i]) {
				p->tok++;
				break;
			}
		}
		last->next = parse_piece(p, rc);
		if (last->next)
			last = last->next;
	}
	p->depth--;
	return wrap.next;
}

int jinja_parse(const char *text, size_t len, struct jinja **out,
		struct qaic_err *err)
{
	static const char *const none[] = { NULL };
	struct jinja_toks toks = { 0 };
	struct jinja_parser p = { .err = err };
	int rc;

	*out = NULL;
	p.t = calloc(1, sizeof(*p.t));
	if (!p.t)
		return tok_nomem(err);
	rc = jinja_lex(text, len, &toks, err);
	if (!rc && toks.n > MAX_NODES)
		rc = qaic_fail(err, -E2BIG, "a template of %zu words; at most %u are taken",
			       toks.n, MAX_NODES);
	if (!rc) {
		p.tok = toks.v;
		p.t->body = parse_body(&p, none, &rc);
	}
	jinja_toks_free(&toks);
	if (rc) {
		jinja_free(p.t);
		/* the parser of expressions says only that it failed */
		return err && err->code ? err->code : rc;
	}
	*out = p.t;
	return 0;
}

void jinja_free(struct jinja *t)
{
	struct jinja_node *n, *next;

	for (n = t ? t->all : NULL; n; n = next) {
		next = n->chain;
		free(n->s);
		json_decref(n->value);
		free(n);
	}
	free(t);
}
