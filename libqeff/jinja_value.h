/* SPDX-License-Identifier: MIT */
/* The evaluator of templates: values, scopes, operations. */
#ifndef QEFF_JINJA_VALUE_H
#define QEFF_JINJA_VALUE_H

#include "libqeff/jinja_ast.h"

#define JINJA_MAX_WORK	(4u << 20)	/* steps; 16 bytes of text count as one */
#define JINJA_MAX_EVAL	600		/* expressions inside each other */
#define JINJA_MAX_NEST	2000		/* lists put into lists */
#define JINJA_MAX_ARGS	16

struct jinja_space;
struct jinja_loop;

/*
 * Data are JSON values, of which each jinja_val owns a reference and which never
 * change. What is not data lives as long as the rendering.
 */
struct jinja_val {
	enum { JV_UNDEFINED, JV_JSON, JV_MACRO, JV_FUNCTION, JV_SPACE,
	       JV_LOOP } type;
	json_t *j;
	const char *name;		/* undefined: what; may be NULL */
	const struct jinja_node *macro;
	struct jinja_space *space;
	struct jinja_loop *loop;
	int function;
};

struct jinja_slot {
	const char *name;
	struct jinja_val v;
};

struct jinja_scope {
	struct jinja_slot *v;
	size_t n, cap;
	struct jinja_scope *up;
};

/* What namespace() makes: the one thing whose attributes can be set. */
struct jinja_space {
	struct jinja_scope names;
	struct jinja_space *next;
};

struct jinja_loop {
	json_t *items;
	size_t i, n;
};

struct jinja_run {
	json_t *vars;
	struct jinja_scope top, *scope;
	struct jinja_space *spaces;
	struct qaic_str *out;
	struct qaic_err *err;
	const struct jinja_val *self;	/* of a JN_SELF */
	uint64_t work;
	unsigned int depth, calls, nest;
	uint32_t line;			/* of what is being evaluated */
};

struct jinja_args {
	struct jinja_val v[JINJA_MAX_ARGS];
	const char *name[JINJA_MAX_ARGS];	/* keywords; NULL: by position */
	size_t n;
};

/* ---- values (jinja_value.c, jinja_text.c) ---- */

void jinja_clear(struct jinja_val *v);
struct jinja_val jinja_copy(const struct jinja_val *v);
/* Take over @j; -ENOMEM where it is NULL. */
int jinja_json(struct jinja_run *r, json_t *j, struct jinja_val *out);
int jinja_string(struct jinja_run *r, const char *s, size_t len,
		 struct jinja_val *out);
/* The text of @s, which it frees. */
int jinja_take_str(struct jinja_run *r, struct qaic_str *s,
		   struct jinja_val *out);
bool jinja_true(const struct jinja_val *v);
bool jinja_is_string(const struct jinja_val *v);
bool jinja_is_int(const struct jinja_val *v);	/* true and false are too */
bool jinja_is_number(const struct jinja_val *v);
int64_t jinja_int(const struct jinja_val *v);
double jinja_number(const struct jinja_val *v);
/* -EINVAL: not comparable. *order is below, equal to or above 0. */
int jinja_compare(struct jinja_run *r, const struct jinja_val *a,
		  const struct jinja_val *b, int *order);
int jinja_equal(struct jinja_run *r, const struct jinja_val *a,
		const struct jinja_val *b, bool *eq);
int jinja_contains(struct jinja_run *r, const struct jinja_val *box,
		   const struct jinja_val *v, bool *in);
/* A list of what a for runs over: items, characters, keys; nothing of undefined. */
int jinja_items(struct jinja_run *r, const struct jinja_val *v, json_t **list);
/* Append, with the nesting counted. Steals no reference. */
int jinja_append(struct jinja_run *r, json_t *list, json_t *v);
/* As Python's str(); containers as its repr(). */
int jinja_print(struct jinja_run *r, const struct jinja_val *v,
		struct qaic_str *out);
/* As Python's json.dumps(); @indent < 0: on one line. */
int jinja_dump(struct jinja_run *r, json_t *j, int indent, bool sort,
	       struct qaic_str *out);

/* Account for a step and @bytes of text; -E2BIG. */
int jinja_charge(struct jinja_run *r, size_t bytes);
int jinja_error(struct jinja_run *r, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const char *jinja_kind(const struct jinja_val *v);	/* "a string" */

/* ---- evaluation (jinja_eval.c, jinja_stmt.c) ---- */

int jinja_eval(struct jinja_run *r, const struct jinja_node *n,
	       struct jinja_val *out);
/* A JN_MATH, a JN_COMPARE (jinja_math.c). */
int jinja_math(struct jinja_run *r, const struct jinja_node *n,
	       struct jinja_val *out);
int jinja_relation(struct jinja_run *r, const struct jinja_node *n,
		   struct jinja_val *out);
/* The value named @name in *scope itself; NULL: none. */
struct jinja_val *jinja_slot(struct jinja_scope *s, const char *name);
int jinja_define(struct jinja_run *r, struct jinja_scope *s, const char *name,
		 const struct jinja_val *v);
void jinja_scope_free(struct jinja_scope *s);
/* Call a macro: what it writes becomes *out. */
int jinja_macro(struct jinja_run *r, const struct jinja_node *m,
		struct jinja_args *a, struct jinja_val *out);
/* A JN_ITEM, a JN_SLICE (jinja_item.c). */
int jinja_subscript(struct jinja_run *r, const struct jinja_node *n,
		    struct jinja_val *out);
int jinja_undefined(const char *name, struct jinja_val *out);
/* "name of x, which is undefined" */
int jinja_no_attr(struct jinja_run *r, const struct jinja_val *x,
		  const char *name);
/* x.name or x[name]; undefined where there is none. */
int jinja_attr(struct jinja_run *r, const struct jinja_val *x, const char *name,
	       struct jinja_val *out);

/* ---- functions (jinja_call.c, jinja_method.c) ---- */

int jinja_find_function(const char *name);	/* -1: none */
int jinja_function(struct jinja_run *r, int which, struct jinja_args *a,
		   struct jinja_val *out);
int jinja_method(struct jinja_run *r, const struct jinja_val *self,
		 const char *name, struct jinja_args *a, struct jinja_val *out);
/* Argument @i or keyword @name, or NULL. */
struct jinja_val *jinja_arg(struct jinja_args *a, size_t i, const char *name);
/* The same, a string; NULL with *rc set where it is something else. */
const char *jinja_arg_string(struct jinja_run *r, struct jinja_args *a, size_t i,
			     const char *name, const char *def, size_t *len,
			     int *rc);

/* ---- filters and tests (jinja_filter.c, jinja_map.c, jinja_test.c) ---- */

typedef int (*jinja_filter_fn)(struct jinja_run *r, const struct jinja_val *self,
			       struct jinja_args *a, struct jinja_val *out);

int jinja_find_filter(const char *name);	/* -1: none */
int jinja_filter(struct jinja_run *r, int which, const struct jinja_val *self,
		 struct jinja_args *a, struct jinja_val *out);
int jinja_find_test(const char *name);
int jinja_test(struct jinja_run *r, int which, const struct jinja_val *self,
	       struct jinja_args *a, bool *yes);
/* map, select, reject, selectattr, rejectattr */
int jinja_do_map(struct jinja_run *r, const struct jinja_val *self,
		 struct jinja_args *a, struct jinja_val *out);
int jinja_do_select(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out);
int jinja_do_reject(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out);
int jinja_do_selectattr(struct jinja_run *r, const struct jinja_val *self,
			struct jinja_args *a, struct jinja_val *out);
int jinja_do_rejectattr(struct jinja_run *r, const struct jinja_val *self,
			struct jinja_args *a, struct jinja_val *out);
int jinja_do_sort(struct jinja_run *r, const struct jinja_val *self,
		  struct jinja_args *a, struct jinja_val *out);
int jinja_do_dictsort(struct jinja_run *r, const struct jinja_val *self,
		      struct jinja_args *a, struct jinja_val *out);
int jinja_do_unique(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out);

/* Methods of strings (jinja_split.c). */
int jinja_do_split(struct jinja_run *r, const struct jinja_val *self,
		   struct jinja_args *a, struct jinja_val *out);
int jinja_do_rsplit(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out);
int jinja_do_splitlines(struct jinja_run *r, const struct jinja_val *self,
			struct jinja_args *a, struct jinja_val *out);

/* ---- text (jinja_text.c) ---- */

/* Without white space (or characters of @set) at the sides asked for. */
int jinja_strip(struct jinja_run *r, const char *s, size_t len, const char *set,
		bool left, bool right, struct jinja_val *out);
int jinja_replace(struct jinja_run *r, const char *s, size_t len,
		  const char *from, size_t from_len, const char *to,
		  size_t to_len, int64_t count, struct jinja_val *out);
enum jinja_case { JINJA_UPPER, JINJA_LOWER, JINJA_TITLE, JINJA_CAPITALIZE };
int jinja_case(struct jinja_run *r, const char *s, size_t len,
	       enum jinja_case how, struct jinja_val *out);
int jinja_join(struct jinja_run *r, json_t *list, const char *sep, size_t sep_len,
	       struct jinja_val *out);
/* Bytes of the character at @s; never 0 where @len is not. */
size_t jinja_char(const char *s, size_t len);
size_t jinja_chars(const char *s, size_t len);

#endif
