// SPDX-License-Identifier: MIT
/* The evaluator of templates: expressions. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

static int undefined(const char *name, struct jinja_val *out)
{
	memset(out, 0, sizeof(*out));
	out->name = name;
	return 0;
}

static int eval_name(struct jinja_run *r, const struct jinja_node *n,
		     struct jinja_val *out)
{
	struct jinja_scope *s;
	struct jinja_val *v;
	int rc, which;
	json_t *j;

	for (s = r->scope; s; s = s->up) {
		rc = jinja_charge(r, s->n * 4);
		if (rc)
			return rc;
		v = jinja_slot(s, n->s);
		if (v) {
			*out = jinja_copy(v);
			return 0;
		}
	}
	j = json_object_get(r->vars, n->s);
	if (j)
		return jinja_json(r, json_incref(j), out);
	undefined(n->s, out);
	which = jinja_find_function(n->s);
	if (which >= 0) {
		out->type = JV_FUNCTION;
		out->function = which;
	}
	return 0;
}

static int eval_list(struct jinja_run *r, const struct jinja_node *n,
		     struct jinja_val *out)
{
	const struct jinja_node *item;
	json_t *list = json_array();
	struct jinja_val v;
	int rc = list ? 0 : tok_nomem(r->err);

	for (item = n->a; !rc && item; item = item->next) {
		rc = jinja_eval(r, item, &v);
		if (rc)
			break;
		if (v.type == JV_JSON)
			rc = jinja_append(r, list, v.j);
		else
			rc = jinja_error(r, -EOPNOTSUPP,
					 "%s in a list is not supported",
					 jinja_kind(&v));
		jinja_clear(&v);
	}
	if (!rc)
		return jinja_json(r, list, out);
	json_decref(list);
	return rc;
}

static int put_entry(struct jinja_run *r, json_t *dict, struct jinja_val *key,
		     struct jinja_val *v)
{
	if (!jinja_is_string(key) ||
	    strlen(json_string_value(key->j)) != json_string_length(key->j))
		return jinja_error(r, -EOPNOTSUPP,
				   "a key of a mapping that is %s is not supported",
				   jinja_kind(key));
	if (v->type != JV_JSON)
		return jinja_error(r, -EOPNOTSUPP,
				   "%s in a mapping is not supported",
				   jinja_kind(v));
	if ((json_is_array(v->j) || json_is_object(v->j)) &&
	    ++r->nest > JINJA_MAX_NEST)
		return jinja_error(r, -E2BIG, "too many lists inside lists");
	return json_object_set_nocheck(dict, json_string_value(key->j), v->j) ?
	       tok_nomem(r->err) : 0;
}

static int eval_dict(struct jinja_run *r, const struct jinja_node *n,
		     struct jinja_val *out)
{
	struct jinja_val key = { 0 }, v = { 0 };
	const struct jinja_node *k;
	json_t *dict = json_object();
	int rc = dict ? 0 : tok_nomem(r->err);

	for (k = n->a; !rc && k; k = k->next->next) {
		rc = jinja_eval(r, k, &key);
		if (!rc)
			rc = jinja_eval(r, k->next, &v);
		if (!rc)
			rc = put_entry(r, dict, &key, &v);
		jinja_clear(&key);
		jinja_clear(&v);
	}
	if (!rc)
		return jinja_json(r, dict, out);
	json_decref(dict);
	return rc;
}

static int loop_attr(struct jinja_run *r, const struct jinja_loop *l,
		     const char *name, struct jinja_val *out)
{
	const struct {
		const char *name;
		long v;
	} nums[] = {
		{ "index", l->i + 1 }, { "index0", l->i },
		{ "revindex", l->n - l->i }, { "revindex0", l->n - l->i - 1 },
		{ "length", l->n }, { "depth", 1 }, { "depth0", 0 },
	};
	json_t *j = NULL;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(nums); i++)
		if (!strcmp(nums[i].name, name))
			return jinja_json(r, json_integer(nums[i].v), out);
	if (!strcmp(name, "first"))
		return jinja_json(r, json_boolean(!l->i), out);
	if (!strcmp(name, "last"))
		return jinja_json(r, json_boolean(l->i + 1 == l->n), out);
	if (!strcmp(name, "previtem"))
		j = l->i ? json_array_get(l->items, l->i - 1) : NULL;
	else if (!strcmp(name, "nextitem"))
		j = json_array_get(l->items, l->i + 1);
	else
		return jinja_error(r, -EOPNOTSUPP,
				   "loop.%.40s is not supported", name);
	return j ? jinja_json(r, json_incref(j), out) : undefined(name, out);
}

static int no_attr(struct jinja_run *r, const struct jinja_val *x,
		   const char *name)
{
	return jinja_error(r, -EINVAL, "\"%.60s\" of \"%.60s\", which is undefined",
			   name, x->name ? x->name : "a value");
}

int jinja_attr(struct jinja_run *r, const struct jinja_val *x, const char *name,
	       struct jinja_val *out)
{
	struct jinja_val *v;
	json_t *j;

	switch (x->type) {
	case JV_UNDEFINED:
		return no_attr(r, x, name);
	case JV_LOOP:
		return loop_attr(r, x->loop, name, out);
	case JV_SPACE:
		v = jinja_slot(&x->space->names, name);
		if (!v)
			return undefined(name, out);
		*out = jinja_copy(v);
		return jinja_charge(r, x->space->names.n * 4);
	case JV_JSON:
		j = json_object_get(x->j, name);
		if (j)
			return jinja_json(r, json_incref(j), out);
		return undefined(name, out);
	default:
		return undefined(name, out);
	}
}

static int eval_attr(struct jinja_run *r, const struct jinja_node *n,
		     struct jinja_val *out)
{
	struct jinja_val x;
	int rc = jinja_eval(r, n->a, &x);

	if (rc)
		return rc;
	rc = jinja_attr(r, &x, n->s, out);
	jinja_clear(&x);
	return rc;
}

/* The characters [@from, @to) of a string, one by one from @step to @step. */
static int slice_string(struct jinja_run *r, json_t *s, int64_t from,
			int64_t to, int64_t step, struct jinja_val *out)
{
	const char *p = json_string_value(s);
	size_t len = json_string_length(s), i;
	size_t *at = reallocarray(NULL, len + 1, sizeof(*at));
	struct qaic_str text = { 0 };
	size_t n = 0;
	int rc = at ? jinja_charge(r, len) : tok_nomem(r->err);

	for (i = 0; !rc && i < len; i += jinja_char(p + i, len - i))
		at[n++] = i;
	if (!rc)
		at[n] = len;
	for (; !rc && (step > 0 ? from < to : from > to); from += step)
		qaic_str_add(&text, p + at[from], at[from + 1] - at[from]);
	free(at);
	if (!rc)
		return jinja_take_str(r, &text, out);
	qaic_str_free(&text);
	return rc;
}

static int slice_list(struct jinja_run *r, json_t *list, int64_t from,
		      int64_t to, int64_t step, struct jinja_val *out)
{
	json_t *part = json_array();
	int rc = part ? 0 : tok_nomem(r->err);

	for (; !rc && (step > 0 ? from < to : from > to); from += step) {
		rc = jinja_charge(r, 0);
		if (!rc && json_array_append(part, json_array_get(list, from)))
			rc = tok_nomem(r->err);
	}
	if (!rc)
		return jinja_json(r, part, out);
	json_decref(part);
	return rc;
}

/* One of a slice's three numbers, or @def. */
static int slice_part(struct jinja_run *r, const struct jinja_node *n,
		      int64_t def, int64_t *out)
{
	struct jinja_val v;
	int rc;

	*out = def;
	if (!n)
		return 0;
	rc = jinja_eval(r, n, &v);
	if (rc)
		return rc;
	if (jinja_is_int(&v))
		*out = jinja_int(&v);
	else if (v.type != JV_JSON || !json_is_null(v.j))
		rc = jinja_error(r, -EINVAL, "a slice with %s", jinja_kind(&v));
	jinja_clear(&v);
	return rc;
}

static int64_t clamp(int64_t i, int64_t n, int64_t low, int64_t high)
{
	if (i < 0)
		i = i < -n ? low : i + n;
	return i < low ? low : i > high ? high : i;
}

static int slice(struct jinja_run *r, const struct jinja_node *n,
		 const struct jinja_val *x, struct jinja_val *out)
{
	bool text = jinja_is_string(x);
	int64_t from, to, step, len;
	int rc;

	if (!text && (x->type != JV_JSON || !json_is_array(x->j)))
		return jinja_error(r, -EINVAL, "a slice of %s", jinja_kind(x));
	len = text ? jinja_chars(json_string_value(x->j),
				 json_string_length(x->j)) :
		     json_array_size(x->j);
	rc = slice_part(r, n->d, 1, &step);
	if (rc)
		return rc;
	if (!step || step > INT_MAX || step < -INT_MAX)
		return jinja_error(r, -EINVAL, "a slice with step %lld",
				   (long long)step);
	rc = slice_part(r, n->b, step > 0 ? 0 : INT64_MAX, &from);
	if (!rc)
		rc = slice_part(r, n->c, step > 0 ? INT64_MAX : INT64_MIN, &to);
	if (rc)
		return rc;
	if (step > 0) {
		from = clamp(from, len, 0, len);
		to = clamp(to, len, 0, len);
	} else {
		from = clamp(from, len, -1, len - 1);
		to = clamp(to, len, -1, len - 1);
	}
	return text ? slice_string(r, x->j, from, to, step, out) :
		      slice_list(r, x->j, from, to, step, out);
}

static int item(struct jinja_run *r, const struct jinja_val *x,
		const struct jinja_val *i, struct jinja_val *out)
{
	int64_t at, n;
	int rc;

	if (jinja_is_string(i)) {
		rc = jinja_attr(r, x, json_string_value(i->j), out);
		out->name = NULL;	/* it may go with the index */
		return rc;
	}
	if (x->type == JV_UNDEFINED)
		return no_attr(r, x, "an item");
	if (!jinja_is_int(i) || x->type != JV_JSON)
		return undefined("an item", out);
	at = jinja_int(i);
	if (json_is_array(x->j)) {
		n = json_array_size(x->j);
		if (at < 0)
			at += n;
		if (at < 0 || at >= n)
			return undefined("an item", out);
		return jinja_json(r, json_incref(json_array_get(x->j, at)),
				  out);
	}
	if (!json_is_string(x->j))
		return undefined("an item", out);
	n = jinja_chars(json_string_value(x->j), json_string_length(x->j));
	if (at < 0)
		at += n;
	if (at < 0 || at >= n)
		return undefined("an item", out);
	return slice_string(r, x->j, at, at + 1, 1, out);
}

static int eval_item(struct jinja_run *r, const struct jinja_node *n,
		     struct jinja_val *out)
{
	struct jinja_val x, i = { 0 };
	int rc = jinja_eval(r, n->a, &x);

	if (rc)
		return rc;
	if (n->type == JN_SLICE) {
		rc = slice(r, n, &x, out);
	} else {
		rc = jinja_eval(r, n->b, &i);
		if (!rc)
			rc = item(r, &x, &i, out);
	}
	jinja_clear(&i);
	jinja_clear(&x);
	return rc;
}

static void clear_args(struct jinja_args *a)
{
	while (a->n)
		jinja_clear(&a->v[--a->n]);
}

static int eval_args(struct jinja_run *r, const struct jinja_node *list,
		     struct jinja_args *a)
{
	int rc = 0;

	for (a->n = 0; !rc && list; list = list->next) {
		bool named = list->type == JN_KEYWORD;

		if (a->n == JINJA_MAX_ARGS) {
			rc = jinja_error(r, -E2BIG, "more than %d arguments",
					 JINJA_MAX_ARGS);
			break;
		}
		rc = jinja_eval(r, named ? list->a : list, &a->v[a->n]);
		a->name[a->n] = named ? list->s : NULL;
		if (!rc)
			a->n++;
	}
	if (rc)
		clear_args(a);
	return rc;
}

/* x.name(...): a method, or what a namespace holds. */
static int call_method(struct jinja_run *r, const struct jinja_node *n,
		       struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val x;
	int rc = jinja_eval(r, n->a, &x);

	if (rc)
		return rc;
	if (x.type == JV_UNDEFINED)
		rc = no_attr(r, &x, n->s);
	else
		rc = jinja_method(r, &x, n->s, a, out);
	jinja_clear(&x);
	return rc;
}

static int call_value(struct jinja_run *r, const struct jinja_node *n,
		      struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val x;
	int rc = jinja_eval(r, n, &x);

	if (rc)
		return rc;
	if (x.type == JV_MACRO)
		rc = jinja_macro(r, x.macro, a, out);
	else if (x.type == JV_FUNCTION)
		rc = jinja_function(r, x.function, a, out);
	else if (x.type == JV_UNDEFINED)
		rc = jinja_error(r, -EINVAL,
				 "a call of \"%.60s\", which is undefined",
				 x.name ? x.name : "a value");
	else
		rc = jinja_error(r, -EINVAL, "a call of %s", jinja_kind(&x));
	jinja_clear(&x);
	return rc;
}

static int eval_call(struct jinja_run *r, const struct jinja_node *n,
		     struct jinja_val *out)
{
	struct jinja_args a;
	int rc = eval_args(r, n->b, &a);

	if (rc)
		return rc;
	rc = n->a->type == JN_ATTR ? call_method(r, n->a, &a, out) :
				     call_value(r, n->a, &a, out);
	clear_args(&a);
	return rc;
}

static int eval_applied(struct jinja_run *r, const struct jinja_node *n,
			struct jinja_val *out)
{
	struct jinja_args a;
	struct jinja_val x;
	bool yes;
	int rc = jinja_eval(r, n->a, &x);

	if (rc)
		return rc;
	rc = eval_args(r, n->b, &a);
	if (!rc) {
		if (n->type == JN_FILTER) {
			rc = jinja_filter(r, n->op, &x, &a, out);
		} else {
			rc = jinja_test(r, n->op, &x, &a, &yes);
			if (!rc)
				rc = jinja_json(r, json_boolean(yes != n->flag),
						out);
		}
		clear_args(&a);
	}
	jinja_clear(&x);
	return rc;
}

static int eval_logic(struct jinja_run *r, const struct jinja_node *n,
		      struct jinja_val *out)
{
	bool yes;
	int rc = jinja_eval(r, n->a, out);

	if (rc)
		return rc;
	yes = jinja_true(out);
	if (n->type == JN_NOT) {
		jinja_clear(out);
		return jinja_json(r, json_boolean(!yes), out);
	}
	if (n->type == JN_COND) {
		jinja_clear(out);
		if (!yes && !n->c)
			return undefined("the missing else", out);
		return jinja_eval(r, yes ? n->b : n->c, out);
	}
	if (yes == (n->type == JN_OR))
		return 0;
	jinja_clear(out);
	return jinja_eval(r, n->b, out);
}

static int eval_sign(struct jinja_run *r, const struct jinja_node *n,
		     struct jinja_val *out)
{
	int rc = jinja_eval(r, n->a, out);
	int64_t i;
	double v;

	if (rc || n->type == JN_POS)
		return rc;
	if (!jinja_is_number(out)) {
		rc = jinja_error(r, -EINVAL, "- before %s", jinja_kind(out));
		jinja_clear(out);
		return rc;
	}
	if (jinja_is_int(out)) {
		i = jinja_int(out);
		jinja_clear(out);
		return jinja_json(r, json_integer(i == INT64_MIN ? i : -i),
				  out);
	}
	v = -json_real_value(out->j);
	jinja_clear(out);
	return jinja_json(r, json_real(v), out);
}

int jinja_eval(struct jinja_run *r, const struct jinja_node *n,
	       struct jinja_val *out)
{
	int rc;

	memset(out, 0, sizeof(*out));
	r->line = n->line;
	rc = jinja_charge(r, 0);
	if (rc)
		return rc;
	if (r->depth >= JINJA_MAX_EVAL)
		return jinja_error(r, -E2BIG, "an expression nested too deep");
	r->depth++;
	switch (n->type) {
	case JN_LITERAL:
		rc = jinja_json(r, json_incref(n->value), out);
		break;
	case JN_NAME:
		rc = eval_name(r, n, out);
		break;
	case JN_LIST:
		rc = eval_list(r, n, out);
		break;
	case JN_DICT:
		rc = eval_dict(r, n, out);
		break;
	case JN_ATTR:
		rc = eval_attr(r, n, out);
		break;
	case JN_ITEM:
	case JN_SLICE:
		rc = eval_item(r, n, out);
		break;
	case JN_CALL:
		rc = eval_call(r, n, out);
		break;
	case JN_FILTER:
	case JN_TEST:
		rc = eval_applied(r, n, out);
		break;
	case JN_NOT:
	case JN_AND:
	case JN_OR:
	case JN_COND:
		rc = eval_logic(r, n, out);
		break;
	case JN_NEG:
	case JN_POS:
		rc = eval_sign(r, n, out);
		break;
	case JN_MATH:
		rc = jinja_math(r, n, out);
		break;
	case JN_COMPARE:
		rc = jinja_relation(r, n, out);
		break;
	case JN_SELF:
		*out = jinja_copy(r->self);
		break;
	default:
		rc = jinja_error(r, -EINVAL, "not an expression");
	}
	r->depth--;
	r->line = n->line;
	if (rc)
		jinja_clear(out);
	return rc;
}
