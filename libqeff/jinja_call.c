// SPDX-License-Identifier: MIT
/*
 * The functions that templates find in transformers: range, namespace, dict,
 * raise_exception, strftime_now; and what reads the arguments of a call.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

struct jinja_val *jinja_arg(struct jinja_args *a, size_t i, const char *name)
{
	size_t k;

	if (i < a->n && !a->name[i])
		return &a->v[i];
	for (k = 0; name && k < a->n; k++)
		if (a->name[k] && !strcmp(a->name[k], name))
			return &a->v[k];
	return NULL;
}

const char *jinja_arg_string(struct jinja_run *r, struct jinja_args *a, size_t i,
			     const char *name, const char *def, size_t *len,
			     int *rc)
{
	const struct jinja_val *v = jinja_arg(a, i, name);

	*rc = 0;
	if (!v || (v->type == JV_JSON && json_is_null(v->j))) {
		*len = def ? strlen(def) : 0;
		return def;
	}
	if (!jinja_is_string(v)) {
		*rc = jinja_error(r, -EINVAL, "an argument is %s, not a string",
				  jinja_kind(v));
		return NULL;
	}
	*len = json_string_length(v->j);
	return json_string_value(v->j);
}

static int do_range(struct jinja_run *r, struct jinja_args *a,
		    struct jinja_val *out)
{
	int64_t v[3] = { 0, 0, 1 }, i;
	json_t *list, *n;
	size_t k;
	int rc = 0;

	for (k = 0; k < a->n; k++) {
		if (k == 3 || !jinja_is_int(&a->v[k]))
			return jinja_error(r, -EINVAL, "range() of %s",
					   jinja_kind(&a->v[k]));
		v[k] = jinja_int(&a->v[k]);
		if (v[k] > INT32_MAX || v[k] < -INT32_MAX)
			return jinja_error(r, -ERANGE, "range() of %lld",
					   (long long)v[k]);
	}
	if (a->n < 2) {
		v[1] = v[0];
		v[0] = 0;
	}
	if (!a->n || !v[2])
		return jinja_error(r, -EINVAL, "range() without an end or a step");
	list = json_array();
	for (i = v[0]; list && !rc && (v[2] > 0 ? i < v[1] : i > v[1]);
	     i += v[2]) {
		n = json_integer(i);
		rc = n ? jinja_append(r, list, n) : tok_nomem(r->err);
		json_decref(n);
	}
	if (!rc)
		return jinja_json(r, list, out);
	json_decref(list);
	return rc;
}

static int do_namespace(struct jinja_run *r, struct jinja_args *a,
			struct jinja_val *out)
{
	struct jinja_space *ns = calloc(1, sizeof(*ns));
	size_t i;
	int rc = ns ? 0 : tok_nomem(r->err);

	if (rc)
		return rc;
	ns->next = r->spaces;
	r->spaces = ns;
	for (i = 0; !rc && i < a->n; i++) {
		if (a->name[i])
			rc = jinja_define(r, &ns->names, a->name[i], &a->v[i]);
		else
			rc = jinja_error(r, -EOPNOTSUPP,
					 "namespace() of a mapping is not supported");
	}
	memset(out, 0, sizeof(*out));
	out->type = JV_SPACE;
	out->space = ns;
	return rc;
}

static int do_dict(struct jinja_run *r, struct jinja_args *a,
		   struct jinja_val *out)
{
	json_t *dict = json_object();
	size_t i;
	int rc = dict ? 0 : tok_nomem(r->err);

	for (i = 0; !rc && i < a->n; i++) {
		if (!i && !a->name[i] && a->v[i].type == JV_JSON &&
		    json_is_object(a->v[i].j))
			rc = json_object_update(dict, a->v[i].j) ?
			     tok_nomem(r->err) : 0;
		else if (!a->name[i] || a->v[i].type != JV_JSON)
			rc = jinja_error(r, -EINVAL, "dict() of %s",
					 jinja_kind(&a->v[i]));
		else if (++r->nest > JINJA_MAX_NEST)
			rc = jinja_error(r, -E2BIG,
					 "too many lists inside lists");
		else
			rc = json_object_set_nocheck(dict, a->name[i],
						     a->v[i].j) ?
			     tok_nomem(r->err) : 0;
	}
	if (!rc)
		rc = jinja_charge(r, json_object_size(dict) * 16);
	if (!rc)
		return jinja_json(r, dict, out);
	json_decref(dict);
	return rc;
}

static int do_raise(struct jinja_run *r, struct jinja_args *a,
		    struct jinja_val *out)
{
	struct qaic_str text = { 0 };
	int rc = a->n ? jinja_print(r, &a->v[0], &text) : 0;

	if (!rc)
		rc = jinja_error(r, -EINVAL, "the template refuses this: %.200s",
				 text.s ? text.s : "");
	qaic_str_free(&text);
	return rc;
}

static int do_strftime(struct jinja_run *r, struct jinja_args *a,
		       struct jinja_val *out)
{
	time_t now = time(NULL);
	char text[256];
	const char *fmt;
	size_t len, n;
	struct tm tm;
	int rc;

	fmt = jinja_arg_string(r, a, 0, "format", "", &len, &rc);
	if (rc)
		return rc;
	if (len > 64 || !localtime_r(&now, &tm))
		return jinja_error(r, -EINVAL, "strftime_now(\"%.30s\")", fmt);
	n = strftime(text, sizeof(text), fmt, &tm);
	return jinja_string(r, text, n, out);
}

static const struct {
	const char *name;
	int (*fn)(struct jinja_run *r, struct jinja_args *a,
		  struct jinja_val *out);
} functions[] = {
	{ "range", do_range }, { "namespace", do_namespace },
	{ "dict", do_dict }, { "raise_exception", do_raise },
	{ "strftime_now", do_strftime },
};

int jinja_find_function(const char *name)
{
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(functions); i++)
		if (!strcmp(functions[i].name, name))
			return i;
	return -1;
}

int jinja_function(struct jinja_run *r, int which, struct jinja_args *a,
		   struct jinja_val *out)
{
	return functions[which].fn(r, a, out);
}
