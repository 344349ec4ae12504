// SPDX-License-Identifier: MIT
/* The evaluator of templates: statements, scopes and macros. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

#define MAX_OUTPUT	(16u << 20)

enum { BREAK = 1, CONTINUE = 2 };	/* on the way to their loop */

static int exec(struct jinja_run *r, const struct jinja_node *list);

struct jinja_val *jinja_slot(struct jinja_scope *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->v[i].name, name))
			return &s->v[i].v;
	return NULL;
}

int jinja_define(struct jinja_run *r, struct jinja_scope *s, const char *name,
		 const struct jinja_val *v)
{
	struct jinja_val *slot = jinja_slot(s, name);
	int rc = jinja_charge(r, s->n * 4);

	if (rc)
		return rc;
	if (!slot) {
		if (tok_room(&s->v, &s->cap, s->n + 1, sizeof(*s->v)))
			return tok_nomem(r->err);
		s->v[s->n] = (struct jinja_slot){ .name = name };
		slot = &s->v[s->n++].v;
	}
	jinja_clear(slot);
	*slot = jinja_copy(v);
	return 0;
}

void jinja_scope_free(struct jinja_scope *s)
{
	while (s->n)
		jinja_clear(&s->v[--s->n].v);
	free(s->v);
	memset(s, 0, sizeof(*s));
}

/* ns.name = v */
static int set_attr(struct jinja_run *r, const struct jinja_node *target,
		    const struct jinja_val *v)
{
	struct jinja_val ns;
	int rc = jinja_eval(r, target->a, &ns);

	if (rc)
		return rc;
	if (ns.type == JV_SPACE)
		rc = jinja_define(r, &ns.space->names, target->s, v);
	else
		rc = jinja_error(r, -EINVAL,
				 "only a namespace takes an attribute, not %s",
				 jinja_kind(&ns));
	jinja_clear(&ns);
	return rc;
}

static int assign_one(struct jinja_run *r, struct jinja_scope *s,
		      const struct jinja_node *target, const struct jinja_val *v)
{
	return target->type == JN_ATTR ? set_attr(r, target, v) :
	       jinja_define(r, s, target->s, v);
}

static int assign(struct jinja_run *r, struct jinja_scope *s,
		  const struct jinja_node *targets, const struct jinja_val *v)
{
	struct jinja_val item = { .type = JV_JSON };
	size_t i = 0;
	json_t *list;
	int rc;

	if (!targets->next)
		return assign_one(r, s, targets, v);
	rc = jinja_items(r, v, &list);
	for (; !rc && targets; targets = targets->next) {
		item.j = json_array_get(list, i++);
		rc = item.j ? assign_one(r, s, targets, &item) : -EINVAL;
	}
	if (list && (rc == -EINVAL || i != json_array_size(list)))
		rc = jinja_error(r, -EINVAL,
				 "%zu values for another number of names",
				 json_array_size(list));
	json_decref(list);
	return rc;
}

static int exec_print(struct jinja_run *r, const struct jinja_node *n)
{
	struct jinja_val v;
	int rc = jinja_eval(r, n->a, &v);

	if (!rc)
		rc = jinja_print(r, &v, r->out);
	jinja_clear(&v);
	return rc;
}

static int exec_set(struct jinja_run *r, const struct jinja_node *n)
{
	struct jinja_val v;
	int rc = jinja_eval(r, n->b, &v);

	if (!rc)
		rc = assign(r, r->scope, n->a, &v);
	jinja_clear(&v);
	return rc;
}

/* What @list writes, as a value. */
static int capture(struct jinja_run *r, const struct jinja_node *list,
		   struct jinja_val *out)
{
	struct qaic_str text = { 0 }, *old = r->out;
	int rc;

	r->out = &text;
	rc = exec(r, list);
	r->out = old;
	if (rc < 0) {
		qaic_str_free(&text);
		return rc;
	}
	return jinja_take_str(r, &text, out);
}

static int exec_capture(struct jinja_run *r, const struct jinja_node *n)
{
	const struct jinja_val *old = r->self;
	struct jinja_val text = { 0 }, v = { 0 };
	int rc = capture(r, n->b, &text);

	if (!rc) {
		r->self = &text;
		rc = jinja_eval(r, n->c, &v);
		r->self = old;
	}
	if (!rc)
		rc = assign(r, r->scope, n->a, &v);
	jinja_clear(&v);
	jinja_clear(&text);
	return rc;
}

static int exec_if(struct jinja_run *r, const struct jinja_node *n)
{
	struct jinja_val v;
	bool yes;
	int rc;

	rc = jinja_eval(r, n->a, &v);
	if (rc)
		return rc;
	yes = jinja_true(&v);
	jinja_clear(&v);
	/* an elif stands alone in the else of its if */
	return exec(r, yes ? n->b : n->c);
}

/* Does the condition of a for take this item? */
static int wanted(struct jinja_run *r, const struct jinja_node *n, json_t *j,
		  bool *yes)
{
	const struct jinja_val item = { .type = JV_JSON, .j = j };
	struct jinja_scope s = { .up = r->scope };
	struct jinja_val v = { 0 };
	int rc;

	r->scope = &s;
	rc = assign(r, &s, n->a, &item);
	if (!rc)
		rc = jinja_eval(r, n->e, &v);
	*yes = !rc && jinja_true(&v);
	jinja_clear(&v);
	r->scope = s.up;
	jinja_scope_free(&s);
	return rc;
}

static int filter_items(struct jinja_run *r, const struct jinja_node *n,
			json_t **list)
{
	json_t *some, *j;
	size_t i;
	bool yes;
	int rc = 0;

	if (!n->e)
		return 0;
	some = json_array();
	if (!some)
		return tok_nomem(r->err);
	json_array_foreach(*list, i, j) {
		rc = wanted(r, n, j, &yes);
		if (!rc && yes && json_array_append(some, j))
			rc = tok_nomem(r->err);
		if (rc)
			break;
	}
	json_decref(*list);
	*list = some;
	return rc;
}

static int run_item(struct jinja_run *r, const struct jinja_node *n,
		    struct jinja_loop *loop)
{
	const struct jinja_val item = {
		.type = JV_JSON, .j = json_array_get(loop->items, loop->i),
	};
	const struct jinja_val self = { .type = JV_LOOP, .loop = loop };
	struct jinja_scope s = { .up = r->scope };
	int rc;

	r->scope = &s;
	rc = jinja_define(r, &s, "loop", &self);
	if (!rc)
		rc = assign(r, &s, n->a, &item);
	if (!rc)
		rc = exec(r, n->c);
	r->scope = s.up;
	jinja_scope_free(&s);
	return rc;
}

static int exec_for(struct jinja_run *r, const struct jinja_node *n)
{
	struct jinja_loop loop = { 0 };
	struct jinja_val v;
	int rc = jinja_eval(r, n->b, &v);

	if (!rc)
		rc = jinja_items(r, &v, &loop.items);
	jinja_clear(&v);
	if (!rc)
		rc = filter_items(r, n, &loop.items);
	loop.n = json_array_size(loop.items);
	for (; !rc && loop.i < loop.n; loop.i++) {
		rc = run_item(r, n, &loop);
		if (rc == CONTINUE)
			rc = 0;
	}
	if (rc == BREAK)
		rc = 0;
	if (!rc && !loop.n)
		rc = exec(r, n->d);
	json_decref(loop.items);
	return rc;
}

static int exec_macro(struct jinja_run *r, const struct jinja_node *n)
{
	const struct jinja_val v = { .type = JV_MACRO, .macro = n };

	return jinja_define(r, r->scope, n->s, &v);
}

static int bind(struct jinja_run *r, const struct jinja_node *m,
		struct jinja_args *a, struct jinja_scope *s)
{
	const struct jinja_val none = { .type = JV_UNDEFINED };
	const struct jinja_node *p;
	struct jinja_val *given, v;
	size_t i, n = 0, used = 0;
	int rc = 0;

	for (p = m->a; !rc && p; p = p->next) {
		given = jinja_arg(a, n++, p->s);
		used += given != NULL;
		if (given) {
			rc = jinja_define(r, s, p->s, given);
		} else if (p->a) {
			rc = jinja_eval(r, p->a, &v);
			if (!rc)
				rc = jinja_define(r, s, p->s, &v);
			jinja_clear(&v);
		} else {
			rc = jinja_define(r, s, p->s, &none);
		}
	}
	if (rc || used == a->n)
		return rc;
	for (i = 0; i < a->n && !a->name[i]; i++)
		;
	return jinja_error(r, -EINVAL,
			   "macro \"%.60s\" takes %zu arguments, not %.60s",
			   m->s, n, i < a->n ? a->name[i] : "more");
}

int jinja_macro(struct jinja_run *r, const struct jinja_node *m,
		struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_scope s = { .up = &r->top }, *old = r->scope;
	int rc;

	if (r->calls >= JINJA_MAX_CALLS)
		return jinja_error(r, -E2BIG,
				   "macros call each other too deep");
	r->calls++;
	r->scope = &s;
	rc = bind(r, m, a, &s);
	if (!rc)
		rc = capture(r, m->b, out);
	r->scope = old;
	r->calls--;
	jinja_scope_free(&s);
	return rc;
}

static int exec_one(struct jinja_run *r, const struct jinja_node *n)
{
	switch (n->type) {
	case JN_TEXT:
		qaic_str_puts(r->out, n->s);
		return jinja_charge(r, strlen(n->s));
	case JN_PRINT:
		return exec_print(r, n);
	case JN_IF:
		return exec_if(r, n);
	case JN_FOR:
		return exec_for(r, n);
	case JN_SET:
		return exec_set(r, n);
	case JN_CAPTURE:
		return exec_capture(r, n);
	case JN_MACRO:
		return exec_macro(r, n);
	case JN_BREAK:
		return BREAK;
	case JN_CONTINUE:
		return CONTINUE;
	case JN_BLOCK:
		return exec(r, n->a);
	default:
		return jinja_error(r, -EINVAL, "not a statement");
	}
}

static int exec(struct jinja_run *r, const struct jinja_node *list)
{
	int rc = 0;

	for (; !rc && list; list = list->next) {
		r->line = list->line;
		rc = jinja_charge(r, 0);
		if (!rc)
			rc = exec_one(r, list);
		if (!rc && r->out->failed)
			rc = tok_nomem(r->err);
		if (!rc && r->out->len > MAX_OUTPUT)
			rc = jinja_error(r, -E2BIG,
					 "the template writes without end");
	}
	return rc;
}

int jinja_render(const struct jinja *t, json_t *vars, struct qaic_str *out,
		 struct qaic_err *err)
{
	struct jinja_run r = {
		.vars = vars, .scope = &r.top, .out = out, .err = err,
	};
	struct jinja_space *next;
	int rc = exec(&r, t->body);

	jinja_scope_free(&r.top);
	for (; r.spaces; r.spaces = next) {
		next = r.spaces->next;
		jinja_scope_free(&r.spaces->names);
		free(r.spaces);
	}
	return rc < 0 ? rc : 0;
}
