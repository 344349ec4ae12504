// SPDX-License-Identifier: MIT
/* "x | filter": the filters of templates, of single values. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

/* The text of @v, which need not be a string. */
static int text_of(struct jinja_run *r, const struct jinja_val *v,
		   struct qaic_str *s)
{
	int rc;

	qaic_str_puts(s, "");
	rc = jinja_print(r, v, s);
	if (!rc && s->failed)
		rc = tok_nomem(r->err);
	return rc;
}

static int do_string(struct jinja_run *r, const struct jinja_val *self,
		     struct jinja_args *a, struct jinja_val *out)
{
	struct qaic_str s = { 0 };
	int rc = text_of(r, self, &s);

	if (!rc)
		return jinja_take_str(r, &s, out);
	qaic_str_free(&s);
	return rc;
}

static int do_trim(struct jinja_run *r, const struct jinja_val *self,
		   struct jinja_args *a, struct jinja_val *out)
{
	struct qaic_str s = { 0 };
	const char *set;
	size_t len;
	int rc;

	set = jinja_arg_string(r, a, 0, "chars", NULL, &len, &rc);
	if (!rc)
		rc = text_of(r, self, &s);
	if (!rc)
		rc = jinja_strip(r, s.s, s.len, set, true, true, out);
	qaic_str_free(&s);
	return rc;
}

static int change_case(struct jinja_run *r, const struct jinja_val *self,
		       enum jinja_case how, struct jinja_val *out)
{
	struct qaic_str s = { 0 };
	int rc = text_of(r, self, &s);

	if (!rc)
		rc = jinja_case(r, s.s, s.len, how, out);
	qaic_str_free(&s);
	return rc;
}

static int do_upper(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	return change_case(r, self, JINJA_UPPER, out);
}

static int do_lower(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	return change_case(r, self, JINJA_LOWER, out);
}

static int do_title(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	return change_case(r, self, JINJA_TITLE, out);
}

static int do_capitalize(struct jinja_run *r, const struct jinja_val *self,
			 struct jinja_args *a, struct jinja_val *out)
{
	return change_case(r, self, JINJA_CAPITALIZE, out);
}

static int do_replace(struct jinja_run *r, const struct jinja_val *self,
		      struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val text;
	int rc = do_string(r, self, a, &text);

	if (!rc)
		rc = jinja_method(r, &text, "replace", a, out);
	jinja_clear(&text);
	return rc;
}

static int do_default(struct jinja_run *r, const struct jinja_val *self,
		      struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val *def = jinja_arg(a, 0, "default_value");
	struct jinja_val *falsy = jinja_arg(a, 1, "boolean");

	if (self->type == JV_UNDEFINED ||
	    (falsy && jinja_true(falsy) && !jinja_true(self))) {
		if (!def)
			return jinja_string(r, "", 0, out);
		*out = jinja_copy(def);
	} else {
		*out = jinja_copy(self);
	}
	return 0;
}

static int do_length(struct jinja_run *r, const struct jinja_val *self,
		     struct jinja_args *a, struct jinja_val *out)
{
	size_t n = 0;
	int rc = 0;

	if (jinja_is_string(self)) {
		n = jinja_chars(json_string_value(self->j),
				json_string_length(self->j));
		rc = jinja_charge(r, json_string_length(self->j));
	} else if (self->type == JV_JSON && json_is_array(self->j)) {
		n = json_array_size(self->j);
	} else if (self->type == JV_JSON && json_is_object(self->j)) {
		n = json_object_size(self->j);
	} else if (self->type != JV_UNDEFINED) {
		rc = jinja_error(r, -EINVAL, "the length of %s",
				 jinja_kind(self));
	}
	return rc ? rc : jinja_json(r, json_integer(n), out);
}

static int do_tojson(struct jinja_run *r, const struct jinja_val *self,
		     struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val *indent = jinja_arg(a, 1, "indent");
	struct jinja_val *sort = jinja_arg(a, 3, "sort_keys");
	struct jinja_val *ascii = jinja_arg(a, 0, "ensure_ascii");
	struct qaic_str s = { 0 };
	int64_t n = -1;
	int rc;

	if (self->type != JV_JSON)
		return jinja_error(r, -EINVAL, "tojson of %s",
				   jinja_kind(self));
	/* Jinja's own filter has the indent in front, transformers' second */
	if (ascii && !indent && jinja_is_int(ascii) &&
	    !json_is_boolean(ascii->j))
		indent = ascii;
	else if (ascii && jinja_true(ascii))
		return jinja_error(r, -EOPNOTSUPP,
				   "tojson(ensure_ascii=true) is not supported");
	if (jinja_arg(a, 2, "separators"))
		return jinja_error(r, -EOPNOTSUPP,
				   "tojson(separators=...) is not supported");
	if (indent && jinja_is_int(indent)) {
		n = jinja_int(indent);
		if (n < 0 || n > 64)
			return jinja_error(r, -ERANGE, "tojson(indent=%lld)",
					   (long long)n);
	}
	rc = jinja_dump(r, self->j, n, sort && jinja_true(sort), &s);
	if (!rc)
		return jinja_take_str(r, &s, out);
	qaic_str_free(&s);
	return rc;
}

/* The list of anything that has items, for what works on lists. */
static int with_items(struct jinja_run *r, const struct jinja_val *self,
		      int (*fn)(struct jinja_run *r, json_t *list,
				struct jinja_args *a, struct jinja_val *out),
		      struct jinja_args *a, struct jinja_val *out)
{
	json_t *list;
	int rc = jinja_items(r, self, &list);

	if (rc)
		return rc;
	rc = fn(r, list, a, out);
	json_decref(list);
	return rc;
}

static int first(struct jinja_run *r, json_t *list, struct jinja_args *a,
		 struct jinja_val *out)
{
	json_t *v = json_array_get(list, 0);

	memset(out, 0, sizeof(*out));
	return v ? jinja_json(r, json_incref(v), out) : 0;
}

static int last(struct jinja_run *r, json_t *list, struct jinja_args *a,
		struct jinja_val *out)
{
	size_t n = json_array_size(list);
	json_t *v = n ? json_array_get(list, n - 1) : NULL;

	memset(out, 0, sizeof(*out));
	return v ? jinja_json(r, json_incref(v), out) : 0;
}

static int all(struct jinja_run *r, json_t *list, struct jinja_args *a,
	       struct jinja_val *out)
{
	return jinja_json(r, json_incref(list), out);
}

static int reversed(struct jinja_run *r, json_t *list, struct jinja_args *a,
		    struct jinja_val *out)
{
	json_t *back = json_array();
	size_t i = json_array_size(list);
	int rc = back ? jinja_charge(r, i * 16) : tok_nomem(r->err);

	while (!rc && i--)
		if (json_array_append(back, json_array_get(list, i)))
			rc = tok_nomem(r->err);
	if (!rc)
		return jinja_json(r, back, out);
	json_decref(back);
	return rc;
}

static int joined(struct jinja_run *r, json_t *list, struct jinja_args *a,
		  struct jinja_val *out)
{
	struct jinja_val *attr = jinja_arg(a, 1, "attribute"), mapped = { 0 };
	const struct jinja_val self = { .type = JV_JSON, .j = list };
	struct jinja_args one = { .n = 1, .name = { "attribute" } };
	const char *sep;
	size_t len;
	int rc;

	sep = jinja_arg_string(r, a, 0, "d", "", &len, &rc);
	if (rc)
		return rc;
	if (!attr)
		return jinja_join(r, list, sep, len, out);
	one.v[0] = *attr;
	rc = jinja_do_map(r, &self, &one, &mapped);
	if (!rc)
		rc = jinja_join(r, mapped.j, sep, len, out);
	jinja_clear(&mapped);
	return rc;
}

static int do_first(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	return with_items(r, self, first, a, out);
}

static int do_last(struct jinja_run *r, const struct jinja_val *self,
		   struct jinja_args *a, struct jinja_val *out)
{
	return with_items(r, self, last, a, out);
}

static int do_list(struct jinja_run *r, const struct jinja_val *self,
		   struct jinja_args *a, struct jinja_val *out)
{
	return with_items(r, self, all, a, out);
}

static int do_reverse(struct jinja_run *r, const struct jinja_val *self,
		      struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val list;
	int rc = with_items(r, self, reversed, a, &list);

	if (rc || !jinja_is_string(self)) {
		*out = list;
		return rc;
	}
	rc = jinja_join(r, list.j, "", 0, out);
	jinja_clear(&list);
	return rc;
}

static int do_join(struct jinja_run *r, const struct jinja_val *self,
		   struct jinja_args *a, struct jinja_val *out)
{
	return with_items(r, self, joined, a, out);
}

static int do_items(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	if (self->type == JV_UNDEFINED)
		return jinja_json(r, json_array(), out);
	return jinja_method(r, self, "items", a, out);
}

static int do_int(struct jinja_run *r, const struct jinja_val *self,
		  struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val *def = jinja_arg(a, 0, "default");
	double v = 0;
	char *end;

	if (jinja_is_int(self))
		return jinja_json(r, json_integer(jinja_int(self)), out);
	if (jinja_is_number(self)) {
		v = jinja_number(self);
	} else if (jinja_is_string(self)) {
		v = strtod(json_string_value(self->j), &end);
		if (end == json_string_value(self->j) || *end)
			v = NAN;
	} else {
		v = NAN;
	}
	if (isnan(v) || v >= 9e18 || v <= -9e18)
		return jinja_json(r, json_integer(def && jinja_is_int(def) ?
						  jinja_int(def) : 0), out);
	return jinja_json(r, json_integer((int64_t)v), out);
}

static int do_float(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	double v = 0;
	char *end;

	if (jinja_is_number(self)) {
		v = jinja_number(self);
	} else if (jinja_is_string(self)) {
		v = strtod(json_string_value(self->j), &end);
		if (end == json_string_value(self->j) || *end || !isfinite(v))
			v = 0;
	}
	return jinja_json(r, json_real(v), out);
}

static int do_abs(struct jinja_run *r, const struct jinja_val *self,
		  struct jinja_args *a, struct jinja_val *out)
{
	if (!jinja_is_number(self))
		return jinja_error(r, -EINVAL, "abs of %s", jinja_kind(self));
	if (jinja_is_int(self) && jinja_int(self) != INT64_MIN)
		return jinja_json(r, json_integer(llabs(jinja_int(self))), out);
	return jinja_json(r, json_real(fabs(jinja_number(self))), out);
}

/* Spaces before every line but the first and the empty ones. */
static int do_indent(struct jinja_run *r, const struct jinja_val *self,
		     struct jinja_args *a, struct jinja_val *out)
{
	struct jinja_val *width = jinja_arg(a, 0, "width");
	struct jinja_val *head = jinja_arg(a, 1, "first");
	struct jinja_val *blank = jinja_arg(a, 2, "blank");
	struct qaic_str s = { 0 }, text = { 0 };
	bool due = head && jinja_true(head), empty = blank && jinja_true(blank);
	int64_t n = 4, k;
	size_t i;
	int rc;

	if (width && (!jinja_is_int(width) || jinja_int(width) < 0 ||
		      jinja_int(width) > 256))
		return jinja_error(r, -EINVAL, "indent by %s",
				   jinja_kind(width));
	if (width)
		n = jinja_int(width);
	rc = text_of(r, self, &s);
	for (i = 0; !rc && i < s.len; i++) {
		if (due && (empty || s.s[i] != '\n')) {
			for (k = 0; k < n; k++)
				qaic_str_putc(&text, ' ');
			rc = jinja_charge(r, n);
		}
		qaic_str_putc(&text, s.s[i]);
		due = s.s[i] == '\n';
	}
	qaic_str_free(&s);
	if (!rc)
		return jinja_take_str(r, &text, out);
	qaic_str_free(&text);
	return rc;
}

/* Nothing is escaped here, so nothing is unsafe. */
static int do_safe(struct jinja_run *r, const struct jinja_val *self,
		   struct jinja_args *a, struct jinja_val *out)
{
	*out = jinja_copy(self);
	return 0;
}

static const struct {
	const char *name;
	jinja_filter_fn fn;
} filters[] = {
	{ "trim", do_trim }, { "length", do_length }, { "count", do_length },
	{ "upper", do_upper }, { "lower", do_lower }, { "title", do_title },
	{ "capitalize", do_capitalize }, { "replace", do_replace },
	{ "default", do_default }, { "d", do_default },
	{ "tojson", do_tojson }, { "join", do_join }, { "first", do_first },
	{ "last", do_last }, { "list", do_list }, { "reverse", do_reverse },
	{ "string", do_string }, { "int", do_int }, { "float", do_float },
	{ "abs", do_abs }, { "items", do_items }, { "indent", do_indent },
	{ "safe", do_safe }, { "map", jinja_do_map },
	{ "select", jinja_do_select }, { "reject", jinja_do_reject },
	{ "selectattr", jinja_do_selectattr },
	{ "rejectattr", jinja_do_rejectattr }, { "sort", jinja_do_sort },
	{ "dictsort", jinja_do_dictsort }, { "unique", jinja_do_unique },
};

int jinja_find_filter(const char *name)
{
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(filters); i++)
		if (!strcmp(filters[i].name, name))
			return i;
	return -1;
}

int jinja_filter(struct jinja_run *r, int which, const struct jinja_val *self,
		 struct jinja_args *a, struct jinja_val *out)
{
	return filters[which].fn(r, self, a, out);
}
