// SPDX-License-Identifier: MIT
/* The evaluator of templates: expressions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

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
	jinja_undefined(n->s, out);
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
		rc = jinja_no_attr(r, &x, n->s);
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
			return jinja_undefined("the missing else", out);
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
		rc = jinja_subscript(r, n, out);
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
