/* SPDX-License-Identifier: MIT */
/* A template taken apart: what the lexer, the parser and the evaluator share. */
#ifndef QEFF_JINJA_AST_H
#define QEFF_JINJA_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "libqeff/jinja.h"

#define JINJA_MAX_TEXT	(1u << 20)
#define JINJA_MAX_DEPTH	100		/* of the syntax tree */
#define JINJA_MAX_CALLS	40		/* macros inside macros */

/* ---- tokens (jinja_lex.c) ---- */

enum jinja_tok_type {
	JT_TEXT,			/* outside of tags */
	JT_VAR, JT_VAR_END,		/* {{ }} */
	JT_TAG, JT_TAG_END,		/* {% %} */
	JT_NAME, JT_STRING, JT_INT, JT_FLOAT, JT_OP, JT_EOF,
};

struct jinja_tok {
	enum jinja_tok_type type;
	uint32_t line;
	char *s;			/* NUL-terminated, the token's own */
	size_t len;
};

struct jinja_toks {
	struct jinja_tok *v;
	size_t n, cap;
};

int jinja_lex(const char *text, size_t len, struct jinja_toks *out,
	      struct qaic_err *err);
void jinja_toks_free(struct jinja_toks *t);

/* ---- the syntax tree (jinja_parse.c, jinja_expr.c) ---- */

enum jinja_type {
	/* statements; lists of them hang together by next */
	JN_TEXT,	/* s */
	JN_PRINT,	/* a */
	JN_IF,		/* a: condition, b: body, c: else */
	JN_FOR,		/* a: targets, b: list, c: body, d: else, e: condition */
	JN_SET,		/* a: targets (names, or a.name), b: value */
	JN_CAPTURE,	/* a: target, b: body, c: its filters, of a JN_SELF */
	JN_MACRO,	/* s: name, a: JN_PARAMs, b: body */
	JN_BREAK, JN_CONTINUE,
	JN_BLOCK,	/* a: body */
	/* expressions; lists of arguments hang together by next */
	JN_LITERAL,	/* value */
	JN_NAME,	/* s */
	JN_LIST,	/* a: items */
	JN_DICT,	/* a: keys and values in turn */
	JN_ATTR,	/* a, s: name */
	JN_ITEM,	/* a, b: index */
	JN_SLICE,	/* a, b: start, c: stop, d: step (each may be NULL) */
	JN_CALL,	/* a: what, b: arguments */
	JN_FILTER,	/* a: value, b: arguments, op: index */
	JN_TEST,	/* a: value, b: arguments, op: index, flag: not */
	JN_NOT, JN_NEG, JN_POS,		/* a */
	JN_AND, JN_OR,	/* a, b */
	JN_COND,	/* a: condition, b: then, c: else or NULL */
	JN_MATH,	/* a, b, op: one of + - * / % ~, or i: // , p: ** */
	JN_COMPARE,	/* a, b, op: one of = ! < > l (<=) g (>=) i (in) n (not in) */
	JN_KEYWORD,	/* an argument: s: name, a: value */
	JN_PARAM,	/* s: name, a: default or NULL */
	JN_SELF,	/* what stands left of the first filter of a block set */
};

struct jinja_node {
	enum jinja_type type;
	uint32_t line;
	int op;
	bool flag;
	char *s;
	json_t *value;
	struct jinja_node *a, *b, *c, *d, *e;
	struct jinja_node *next;
	struct jinja_node *chain;	/* of all nodes, to free them */
};

struct jinja {
	struct jinja_node *body;
	struct jinja_node *all;
};

struct jinja_parser {
	struct jinja *t;
	const struct jinja_tok *tok;	/* the next one */
	unsigned int depth, loops;
	struct qaic_err *err;
};

/* NULL: an error was recorded. */
struct jinja_node *jinja_node(struct jinja_parser *p, enum jinja_type type);
struct jinja_node *jinja_expr(struct jinja_parser *p);
/* Without "x if y else z", as what a for runs over. */
struct jinja_node *jinja_expr_nocond(struct jinja_parser *p);
/* Their parts (jinja_primary.c): a value alone, what may follow it, and filters,
 * tests and calls after that. */
struct jinja_node *jinja_primary(struct jinja_parser *p);
struct jinja_node *jinja_postfix(struct jinja_parser *p, struct jinja_node *x);
struct jinja_node *jinja_filtered(struct jinja_parser *p, struct jinja_node *x);
struct jinja_node *jinja_binary(struct jinja_parser *p, enum jinja_type type,
				int op, struct jinja_node *a,
				struct jinja_node *b);
/* NULL, with a message. */
struct jinja_node *jinja_too_deep(struct jinja_parser *p);
/* | filter | filter, after @value. */
struct jinja_node *jinja_filters(struct jinja_parser *p,
				 struct jinja_node *value);
bool jinja_is(const struct jinja_parser *p, enum jinja_tok_type type,
	      const char *s);
/* Take the next token if it is this one. */
bool jinja_take(struct jinja_parser *p, enum jinja_tok_type type,
		const char *s);
/* The same, but it must be. */
int jinja_want(struct jinja_parser *p, enum jinja_tok_type type, const char *s);
char *jinja_name(struct jinja_parser *p);	/* its own copy, or NULL */
int jinja_fail(struct qaic_err *err, uint32_t line, int code, const char *fmt,
	       ...) __attribute__((format(printf, 4, 5)));

#endif
