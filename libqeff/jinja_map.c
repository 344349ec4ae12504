// SPDX-License-Identifier: MIT
/* Filters that go over a list: map, select, reject, sort, unique. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

/* "a.b" of @v, as attributes of filters are given. */
static int path_of(struct jinja_run *r, const struct jinja_val *v,
		   const char *path, struct jinja_val *out)
{
	struct jinja_val at = jinja_copy(v), next;
	const char *dot;
	char name[128];
	size_t n;
	int rc = 0;

	for (; !rc && *path; path += n + (path[n] == '.')) {
		dot = strchr(path, '.');
		n = dot ? (size_t)(dot - path) : strlen(path);
		if (n >= sizeof(name)) {
			rc = jinja_error(r, -EINVAL, "attribute \"%.60s\"",
					 path);
			break;
		}
		memcpy(name, path, n);
		name[n] = '\0';
		rc = jinja_attr(r, &at, name, &next);
		if (!rc) {
			jinja_clear(&at);
			at = next;
			at.name = NULL;	/* it was ours */
		}
	}
	*out = at;
	if (rc)
		jinja_clear(out);
	return rc;
}

/* The arguments of a filter or a test, after the @skip that name it. */
static void shift(struct jinja_args *a, size_t skip, struct jinja_args *to)
{
	for (to->n = 0; skip < a->n; skip++, to->n++) {
		to->v[to->n] = a->v[skip];
		to->name[to->n] = a->name[skip];
	}
}

static int map_one(struct jinja_run *r, const struct jinja_val *item,
		   struct jinja_args *a, const char *attr, struct jinja_val *out)
{
	struct jinja_val *def = jinja_arg(a, JINJA_MAX_ARGS, "default");
	struct jinja_args rest;
	const char *name;
	size_t len;
	int rc, which;

	if (attr) {
		rc = path_of(r, item, attr, out);
		if (!rc && out->type == JV_UNDEFINED && def)
			*out = jinja_copy(def);
		return rc;
	}
	name = jinja_arg_string(r, a, 0, NULL, NULL, &len, &rc);
	if (rc)
		return rc;
	which = name ? jinja_find_filter(name) : -1;
	if (which < 0)
		return jinja_error(r, -EOPNOTSUPP,
				   "filter \"%.40s\" is not supported",
				   name ? name : "");
	shift(a, 1, &rest);
	return jinja_filter(r, which, item, &rest, out);
}

int jinja_do_map(struct jinja_run *r, const struct jinja_val *self,
		 struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val item = { .type = JV_JSON }, v;
	json_t *list, *mapped;
	const char *attr;
	size_t i, len;
	int rc;

	attr = jinja_arg_string(r, a, JINJA_MAX_ARGS, "attribute", NULL, &len,
				&rc);
	if (!rc)
		rc = jinja_items(r, self, &list);
	if (rc)
		return rc;
	mapped = json_array();
	if (!mapped)
		rc = tok_nomem(r->err);
	for (i = 0; !rc && (item.j = json_array_get(list, i)); i++) {
		memset(&v, 0, sizeof(v));
		rc = map_one(r, &item, a, attr, &v);
		if (!rc && v.type == JV_UNDEFINED)
			rc = jinja_error(r, -EINVAL,
					 "an item without attribute \"%.60s\"",
					 attr ? attr : "");
		if (!rc)
			rc = jinja_append(r, mapped, v.j);
		jinja_clear(&v);
	}
	json_decref(list);
	if (!rc)
		return jinja_json(r, mapped, out);
	json_decref(mapped);
	return rc;
}

/* Does @item, or its attribute @attr, pass the test that the arguments name? */
static int passes(struct jinja_run *r, const struct jinja_val *item,
		  struct jinja_args *a, bool attr, bool *yes)
{
	struct jinja_val v = { 0 };
	struct jinja_args rest;
	const char *name;
	size_t len;
	int rc = 0, which;

	if (attr) {
		name = jinja_arg_string(r, a, 0, NULL, NULL, &len, &rc);
		if (!rc && !name)
			rc = jinja_error(r, -EINVAL, "an attribute is missing");
		if (!rc)
			rc = path_of(r, item, name, &v);
	} else {
		v = jinja_copy(item);
	}
	name = rc ? NULL : jinja_arg_string(r, a, attr, NULL, NULL, &len, &rc);
	*yes = jinja_true(&v);
	if (!rc && name) {
		which = jinja_find_test(name);
		shift(a, attr + 1, &rest);
		rc = which < 0 ? jinja_error(r, -EOPNOTSUPP,
				"test \"%.40s\" is not supported", name) :
		     jinja_test(r, which, &v, &rest, yes);
	}
	jinja_clear(&v);
	return rc;
}

static int choose(struct jinja_run *r, const struct jinja_val *self,
		  struct jinja_args *a, bool attr, bool keep,
		  struct jinja_val *out)
{
	struct jinja_val item = { .type = JV_JSON };
	json_t *list, *some;
	bool yes;
	size_t i;
	int rc = jinja_items(r, self, &list);

	if (rc)
		return rc;
	some = json_array();
	if (!some)
		rc = tok_nomem(r->err);
	for (i = 0; !rc && (item.j = json_array_get(list, i)); i++) {
		rc = passes(r, &item, a, attr, &yes);
		if (!rc)
			rc = jinja_charge(r, 0);
		if (!rc && yes == keep && json_array_append(some, item.j))
			rc = tok_nomem(r->err);
	}
	json_decref(list);
	if (!rc)
		return jinja_json(r, some, out);
	json_decref(some);
	return rc;
}

int jinja_do_select(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	return choose(r, self, a, false, true, out);
}

int jinja_do_reject(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	return choose(r, self, a, false, false, out);
}

int jinja_do_selectattr(struct jinja_run *r, const struct jinja_val *self,
			struct jinja_args *a, struct jinja_val *out)
{
	return choose(r, self, a, true, true, out);
}

int jinja_do_rejectattr(struct jinja_run *r, const struct jinja_val *self,
			struct jinja_args *a, struct jinja_val *out)
{
	return choose(r, self, a, true, false, out);
}

/* What sort compares: the item or an attribute, strings without case. */
static int key_of(struct jinja_run *r, json_t *j, const char *attr,
		  struct jinja_val *out)
{
	const struct jinja_val item = { .type = JV_JSON, .j = j };
	struct jinja_val v;
	int rc;

	rc = attr ? path_of(r, &item, attr, &v) : 0;
	if (rc)
		return rc;
	if (!attr)
		v = jinja_copy(&item);
	if (!jinja_is_string(&v)) {
		*out = v;
		return 0;
	}
	rc = jinja_case(r, json_string_value(v.j), json_string_length(v.j),
			JINJA_LOWER, out);
	jinja_clear(&v);
	return rc;
}

/* Insert @j into the sorted @list, after what is equal; keys go along. */
static int insert(struct jinja_run *r, json_t *list, json_t *keys, json_t *j,
		  const struct jinja_val *key, bool reverse)
{
	struct jinja_val other = { .type = JV_JSON };
	size_t lo = 0, hi = json_array_size(list), mid;
	int order, rc;

	if (key->type != JV_JSON)
		return jinja_error(r, -EINVAL, "%s has no order",
				   jinja_kind(key));
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		other.j = json_array_get(keys, mid);
		rc = jinja_compare(r, key, &other, &order);
		if (rc)
			return rc;
		if (reverse ? order > 0 : order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	if (json_array_insert(list, lo, j) ||
	    json_array_insert(keys, lo, key->j))
		return tok_nomem(r->err);
	/* what moves to make room is work too */
	return jinja_charge(r, (json_array_size(list) - lo));
}

static int sorted(struct jinja_run *r, json_t *list, const char *attr,
		  bool reverse, struct jinja_val *out)
{
	json_t *to = json_array(), *keys = json_array(), *j;
	struct jinja_val key = { 0 };
	size_t i;
	int rc = to && keys ? 0 : tok_nomem(r->err);

	json_array_foreach(list, i, j) {
		if (!rc)
			rc = key_of(r, j, attr, &key);
		if (!rc)
			rc = insert(r, to, keys, j, &key, reverse);
		jinja_clear(&key);
		if (rc)
			break;
	}
	json_decref(keys);
	if (!rc)
		return jinja_json(r, to, out);
	json_decref(to);
	return rc;
}

int jinja_do_sort(struct jinja_run *r, const struct jinja_val *self,
		  struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val *reverse = jinja_arg(a, 0, "reverse");
	const char *attr;
	json_t *list;
	size_t len;
	int rc;

	if (jinja_arg(a, 1, "case_sensitive"))
		return jinja_error(r, -EOPNOTSUPP,
				   "sort(case_sensitive=...) is not supported");
	attr = jinja_arg_string(r, a, 2, "attribute", NULL, &len, &rc);
	if (!rc)
		rc = jinja_items(r, self, &list);
	if (rc)
		return rc;
	rc = sorted(r, list, attr, reverse && jinja_true(reverse), out);
	json_decref(list);
	return rc;
}

/* The entries of a mapping, by name. */
int jinja_do_dictsort(struct jinja_run *r, const struct jinja_val *self,
		      struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val names = { 0 };
	json_t *list, *to, *j;
	size_t i;
	int rc;

	if (a->n)
		return jinja_error(r, -EOPNOTSUPP,
				   "dictsort with arguments is not supported");
	if (self->type != JV_JSON || !json_is_object(self->j))
		return jinja_error(r, -EINVAL, "dictsort of %s",
				   jinja_kind(self));
	rc = jinja_items(r, self, &list);
	if (!rc) {
		rc = sorted(r, list, NULL, false, &names);
		json_decref(list);
	}
	if (rc)
		return rc;
	to = json_array();
	json_array_foreach(names.j, i, j) {
		if (!to || json_array_append_new(to, json_pack("[O, O]", j,
				json_object_get(self->j,
						json_string_value(j))))) {
			rc = tok_nomem(r->err);
			break;
		}
	}
	jinja_clear(&names);
	if (!rc)
		return jinja_json(r, to, out);
	json_decref(to);
	return rc;
}

int jinja_do_unique(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val seen = { .type = JV_JSON }, item = { .type = JV_JSON };
	json_t *list;
	bool in;
	size_t i;
	int rc = jinja_items(r, self, &list);

	if (rc)
		return rc;
	seen.j = json_array();
	if (!seen.j)
		rc = tok_nomem(r->err);
	for (i = 0; !rc && (item.j = json_array_get(list, i)); i++) {
		rc = jinja_contains(r, &seen, &item, &in);
		if (!rc && !in && json_array_append(seen.j, item.j))
			rc = tok_nomem(r->err);
	}
	json_decref(list);
	if (!rc) {
		*out = seen;
		return 0;
	}
	json_decref(seen.j);
	return rc;
}
