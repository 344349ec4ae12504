// SPDX-License-Identifier: MIT
/* x.name, x[i], x[a:b:c]: the parts of values in templates. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

int jinja_undefined(const char *name, struct jinja_val *out)
{
	memset(out, 0, sizeof(*out));
	out->name = name;
	return 0;
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
	return j ? jinja_json(r, json_incref(j), out) : jinja_undefined(name, out);
}

int jinja_no_attr(struct jinja_run *r, const struct jinja_val *x,
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
		return jinja_no_attr(r, x, name);
	case JV_LOOP:
		return loop_attr(r, x->loop, name, out);
	case JV_SPACE:
		v = jinja_slot(&x->space->names, name);
		if (!v)
			return jinja_undefined(name, out);
		*out = jinja_copy(v);
		return jinja_charge(r, x->space->names.n * 4);
	case JV_JSON:
		j = json_object_get(x->j, name);
		if (j)
			return jinja_json(r, json_incref(j), out);
		return jinja_undefined(name, out);
	default:
		return jinja_undefined(name, out);
	}
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
		return jinja_no_attr(r, x, "an item");
	if (!jinja_is_int(i) || x->type != JV_JSON)
		return jinja_undefined("an item", out);
	at = jinja_int(i);
	if (json_is_array(x->j)) {
		n = json_array_size(x->j);
		if (at < 0)
			at += n;
		if (at < 0 || at >= n)
			return jinja_undefined("an item", out);
		return jinja_json(r, json_incref(json_array_get(x->j, at)),
				  out);
	}
	if (!json_is_string(x->j))
		return jinja_undefined("an item", out);
	n = jinja_chars(json_string_value(x->j), json_string_length(x->j));
	if (at < 0)
		at += n;
	if (at < 0 || at >= n)
		return jinja_undefined("an item", out);
	return slice_string(r, x->j, at, at + 1, 1, out);
}

int jinja_subscript(struct jinja_run *r, const struct jinja_node *n,
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

