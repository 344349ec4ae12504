// SPDX-License-Identifier: MIT
/* Methods of Python's strings, lists and mappings that templates call. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

struct method {
	const char *name;
	jinja_filter_fn fn;
};

/* ---- strings ---- */

#define TEXT(self)	json_string_value((self)->j), json_string_length((self)->j)

static int strip_with(struct jinja_run *r, const struct jinja_val *self,
		      struct jinja_args *a, bool left, bool right,
		      struct jinja_val *out)
{
	size_t len;
	int rc;
	const char *set = jinja_arg_string(r, a, 0, "chars", NULL, &len, &rc);

	return rc ? rc : jinja_strip(r, TEXT(self), set, left, right, out);
}

static int do_strip(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	return strip_with(r, self, a, true, true, out);
}

static int do_lstrip(struct jinja_run *r, const struct jinja_val *self,
		     struct jinja_args *a, struct jinja_val *out)
{
	return strip_with(r, self, a, true, false, out);
}

static int do_rstrip(struct jinja_run *r, const struct jinja_val *self,
		     struct jinja_args *a, struct jinja_val *out)
{
	return strip_with(r, self, a, false, true, out);
}

static int do_upper(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	return jinja_case(r, TEXT(self), JINJA_UPPER, out);
}

static int do_lower(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	return jinja_case(r, TEXT(self), JINJA_LOWER, out);
}

static int do_title(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	return jinja_case(r, TEXT(self), JINJA_TITLE, out);
}

static int do_capitalize(struct jinja_run *r, const struct jinja_val *self,
			 struct jinja_args *a, struct jinja_val *out)
{
	return jinja_case(r, TEXT(self), JINJA_CAPITALIZE, out);
}

/* Does the string begin, or end, with the argument or one of a list? */
static int has_end(struct jinja_run *r, const struct jinja_val *self,
		   struct jinja_args *a, bool front, struct jinja_val *out)
{
	const size_t len = json_string_length(self->j);
	const char *s = json_string_value(self->j);
	const struct jinja_val *v = jinja_arg(a, 0, NULL);
	json_t *list, *j;
	bool yes = false;
	size_t i, n;

	if (!v || v->type != JV_JSON ||
	    !(json_is_string(v->j) || json_is_array(v->j)))
		return jinja_error(r, -EINVAL, "%s needs a string",
				   front ? "startswith" : "endswith");
	list = json_is_array(v->j) ? json_incref(v->j) :
	       json_pack("[O]", v->j);
	if (!list)
		return tok_nomem(r->err);
	json_array_foreach(list, i, j) {
		n = json_string_length(j);
		yes |= json_is_string(j) && n <= len &&
		       !memcmp(front ? s : s + len - n, json_string_value(j), n);
	}
	json_decref(list);
	return jinja_json(r, json_boolean(yes), out);
}

static int do_startswith(struct jinja_run *r, const struct jinja_val *self,
			 struct jinja_args *a, struct jinja_val *out)
{
	return has_end(r, self, a, true, out);
}

static int do_endswith(struct jinja_run *r, const struct jinja_val *self,
		       struct jinja_args *a, struct jinja_val *out)
{
	return has_end(r, self, a, false, out);
}

static int do_replace(struct jinja_run *r, const struct jinja_val *self,
		      struct jinja_args *a, struct jinja_val *out)
{
	const struct jinja_val *v = jinja_arg(a, 2, "count");
	const char *from, *to = NULL;
	size_t nf, nt;
	int rc;

	from = jinja_arg_string(r, a, 0, "old", NULL, &nf, &rc);
	if (!rc)
		to = jinja_arg_string(r, a, 1, "new", NULL, &nt, &rc);
	if (rc)
		return rc;
	if (!from || !to)
		return jinja_error(r, -EINVAL, "replace needs two strings");
	return jinja_replace(r, TEXT(self), from, nf, to, nt,
			     v && jinja_is_int(v) ? jinja_int(v) : -1, out);
}

static int do_join(struct jinja_run *r, const struct jinja_val *self,
		   struct jinja_args *a, struct jinja_val *out)
{
	const struct jinja_val *v = jinja_arg(a, 0, NULL);
	json_t *list;
	int rc;

	if (!v)
		return jinja_error(r, -EINVAL, "join needs a list");
	rc = jinja_items(r, v, &list);
	if (rc)
		return rc;
	rc = jinja_join(r, list, TEXT(self), out);
	json_decref(list);
	return rc;
}

/* The place of a string in another, in characters, or -1. */
static int find_text(struct jinja_run *r, const struct jinja_val *self,
		     struct jinja_args *a, int64_t *at)
{
	const char *s = json_string_value(self->j), *what, *hit;
	size_t n;
	int rc;

	what = jinja_arg_string(r, a, 0, NULL, NULL, &n, &rc);
	if (rc)
		return rc;
	if (!what)
		return jinja_error(r, -EINVAL, "a string to find is missing");
	hit = memmem(s, json_string_length(self->j), what, n);
	*at = hit ? (int64_t)jinja_chars(s, hit - s) : -1;
	return jinja_charge(r, json_string_length(self->j));
}

static int do_find(struct jinja_run *r, const struct jinja_val *self,
		   struct jinja_args *a, struct jinja_val *out)
{
	int64_t at = -1;
	int rc = find_text(r, self, a, &at);

	return rc ? rc : jinja_json(r, json_integer(at), out);
}

static int do_count(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	const char *s = json_string_value(self->j), *what, *hit;
	size_t len = json_string_length(self->j), n, times = 0;
	int rc;

	what = jinja_arg_string(r, a, 0, NULL, NULL, &n, &rc);
	if (rc)
		return rc;
	if (!what || !n)
		return jinja_error(r, -EINVAL, "a string to count is missing");
	for (; (hit = memmem(s, len, what, n)); times++) {
		len -= hit - s + n;
		s = hit + n;
	}
	rc = jinja_charge(r, json_string_length(self->j));
	return rc ? rc : jinja_json(r, json_integer(times), out);
}

static int all_are(struct jinja_run *r, const struct jinja_val *self,
		   bool (*is)(uint32_t cp), struct jinja_val *out)
{
	const char *s = json_string_value(self->j);
	size_t len = json_string_length(self->j), n;
	bool yes = len;
	uint32_t cp;

	for (; len; s += n, len -= n) {
		if (tok_utf8_next(s, len, &cp, &n) != TOK_UTF8_OK) {
			yes = false;
			break;
		}
		yes &= is(cp);
	}
	return jinja_json(r, json_boolean(yes), out);
}

static int do_isdigit(struct jinja_run *r, const struct jinja_val *self,
		      struct jinja_args *a, struct jinja_val *out)
{
	return all_are(r, self, tok_is_numeric, out);
}

static int do_isalpha(struct jinja_run *r, const struct jinja_val *self,
		      struct jinja_args *a, struct jinja_val *out)
{
	return all_are(r, self, tok_is_letter, out);
}

static int do_isspace(struct jinja_run *r, const struct jinja_val *self,
		      struct jinja_args *a, struct jinja_val *out)
{
	return all_are(r, self, tok_is_space, out);
}

static const struct method of_strings[] = {
	{ "strip", do_strip }, { "lstrip", do_lstrip }, { "rstrip", do_rstrip },
	{ "upper", do_upper }, { "lower", do_lower }, { "title", do_title },
	{ "capitalize", do_capitalize }, { "startswith", do_startswith },
	{ "endswith", do_endswith }, { "split", jinja_do_split },
	{ "rsplit", jinja_do_rsplit }, { "splitlines", jinja_do_splitlines },
	{ "replace", do_replace }, { "join", do_join }, { "find", do_find },
	{ "count", do_count }, { "isdigit", do_isdigit },
	{ "isalpha", do_isalpha }, { "isspace", do_isspace },
};

/* ---- mappings ---- */

static int do_get(struct jinja_run *r, const struct jinja_val *self,
		  struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val *def = jinja_arg(a, 1, NULL);
	const char *key;
	json_t *v = NULL;
	size_t n;
	int rc;

	key = jinja_arg_string(r, a, 0, NULL, NULL, &n, &rc);
	if (rc)
		return rc;
	if (key)
		v = json_object_get(self->j, key);
	if (v)
		return jinja_json(r, json_incref(v), out);
	if (!def)
		return jinja_json(r, json_null(), out);
	*out = jinja_copy(def);
	return 0;
}

static int entries(struct jinja_run *r, const struct jinja_val *self,
		   const char *how, struct jinja_val *out)
{
	json_t *list = json_array(), *v, *item;
	const char *key;
	int rc = list ? 0 : tok_nomem(r->err);

	json_object_foreach(self->j, key, v) {
		/* pairs of what is there already: no deeper than that by two */
		if (!rc)
			rc = jinja_charge(r, 16);
		if (rc)
			break;
		item = *how == 'v' ? json_incref(v) : json_string_nocheck(key);
		if (*how == 'i' && item)
			item = json_pack("[o, O]", item, v);
		if (!item || json_array_append_new(list, item))
			rc = tok_nomem(r->err);
	}
	if (!rc)
		return jinja_json(r, list, out);
	json_decref(list);
	return rc;
}

static int do_items(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	return entries(r, self, "items", out);
}

static int do_keys(struct jinja_run *r, const struct jinja_val *self,
		   struct jinja_args *a, struct jinja_val *out)
{
	return entries(r, self, "keys", out);
}

static int do_values(struct jinja_run *r, const struct jinja_val *self,
		     struct jinja_args *a, struct jinja_val *out)
{
	return entries(r, self, "values", out);
}

static const struct method of_mappings[] = {
	{ "get", do_get }, { "items", do_items }, { "keys", do_keys },
	{ "values", do_values },
};

/* ---- all ---- */

int jinja_method(struct jinja_run *r, const struct jinja_val *self,
		 const char *name, struct jinja_args *a, struct jinja_val *out)
{
	const struct method *m = NULL;
	size_t n = 0, i;

	if (jinja_is_string(self)) {
		m = of_strings;
		n = QAIC_ARRAY_SIZE(of_strings);
	} else if (self->type == JV_JSON && json_is_object(self->j)) {
		m = of_mappings;
		n = QAIC_ARRAY_SIZE(of_mappings);
	}
	for (i = 0; i < n; i++)
		if (!strcmp(m[i].name, name))
			return m[i].fn(r, self, a, out);
	return jinja_error(r, -EOPNOTSUPP, "method \"%.40s\" of %s is not supported",
			   name, jinja_kind(self));
}
