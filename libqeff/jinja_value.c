// SPDX-License-Identifier: MIT
/* Values of templates: what they are, and how they compare. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

int jinja_error(struct jinja_run *r, int code, const char *fmt, ...)
{
	char msg[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	return jinja_fail(r->err, r->line, code, "%s", msg);
}

int jinja_charge(struct jinja_run *r, size_t bytes)
{
	r->work += 1 + bytes / 16;
	if (r->work > JINJA_MAX_WORK)
		return jinja_error(r, -E2BIG,
				   "the template does not come to an end: too much work");
	return 0;
}

void jinja_clear(struct jinja_val *v)
{
	json_decref(v->j);
	memset(v, 0, sizeof(*v));
}

struct jinja_val jinja_copy(const struct jinja_val *v)
{
	json_incref(v->j);
	return *v;
}

int jinja_json(struct jinja_run *r, json_t *j, struct jinja_val *out)
{
	memset(out, 0, sizeof(*out));
	if (!j)
		return tok_nomem(r->err);
	out->type = JV_JSON;
	out->j = j;
	return 0;
}

int jinja_string(struct jinja_run *r, const char *s, size_t len,
		 struct jinja_val *out)
{
	int rc = jinja_charge(r, len);

	memset(out, 0, sizeof(*out));
	return rc ? rc : jinja_json(r, json_stringn_nocheck(s ? s : "", len),
				    out);
}

int jinja_take_str(struct jinja_run *r, struct qaic_str *s,
		   struct jinja_val *out)
{
	int rc;

	memset(out, 0, sizeof(*out));
	rc = s->failed ? tok_nomem(r->err) : jinja_string(r, s->s, s->len, out);
	qaic_str_free(s);
	return rc;
}

bool jinja_true(const struct jinja_val *v)
{
	if (v->type != JV_JSON)
		return v->type != JV_UNDEFINED;
	switch (json_typeof(v->j)) {
	case JSON_NULL:
	case JSON_FALSE:
		return false;
	case JSON_TRUE:
		return true;
	case JSON_INTEGER:
		return json_integer_value(v->j);
	case JSON_REAL:
		return json_real_value(v->j) != 0;
	case JSON_STRING:
		return json_string_length(v->j);
	case JSON_ARRAY:
		return json_array_size(v->j);
	case JSON_OBJECT:
		return json_object_size(v->j);
	}
	return false;
}

bool jinja_is_string(const struct jinja_val *v)
{
	return v->type == JV_JSON && json_is_string(v->j);
}

bool jinja_is_int(const struct jinja_val *v)
{
	return v->type == JV_JSON &&
	       (json_is_integer(v->j) || json_is_boolean(v->j));
}

bool jinja_is_number(const struct jinja_val *v)
{
	return jinja_is_int(v) || (v->type == JV_JSON && json_is_real(v->j));
}

int64_t jinja_int(const struct jinja_val *v)
{
	return json_is_boolean(v->j) ? json_is_true(v->j) :
	       json_integer_value(v->j);
}

double jinja_number(const struct jinja_val *v)
{
	return json_is_real(v->j) ? json_real_value(v->j) :
	       (double)jinja_int(v);
}

const char *jinja_kind(const struct jinja_val *v)
{
	switch (v->type) {
	case JV_UNDEFINED:
		return "undefined";
	case JV_MACRO:
		return "a macro";
	case JV_FUNCTION:
		return "a function";
	case JV_SPACE:
		return "a namespace";
	case JV_LOOP:
		return "a loop";
	case JV_JSON:
		break;
	}
	switch (json_typeof(v->j)) {
	case JSON_NULL:
		return "none";
	case JSON_FALSE:
	case JSON_TRUE:
		return "a boolean";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_STRING:
		return "a string";
	case JSON_ARRAY:
		return "a list";
	case JSON_OBJECT:
		return "a mapping";
	}
	return "a value";
}

static int compare_strings(json_t *a, json_t *b)
{
	size_t na = json_string_length(a), nb = json_string_length(b);
	int c = memcmp(json_string_value(a), json_string_value(b),
		       na < nb ? na : nb);

	return c ? c : na < nb ? -1 : na > nb;
}

int jinja_compare(struct jinja_run *r, const struct jinja_val *a,
		  const struct jinja_val *b, int *order)
{
	double x, y;

	if (jinja_is_string(a) && jinja_is_string(b)) {
		*order = compare_strings(a->j, b->j);
		return jinja_charge(r, json_string_length(a->j));
	}
	if (!jinja_is_number(a) || !jinja_is_number(b))
		return jinja_error(r, -EINVAL, "%s and %s have no order",
				   jinja_kind(a), jinja_kind(b));
	if (jinja_is_int(a) && jinja_is_int(b)) {
		*order = jinja_int(a) < jinja_int(b) ? -1 :
			 jinja_int(a) > jinja_int(b);
		return 0;
	}
	x = jinja_number(a);
	y = jinja_number(b);
	*order = x < y ? -1 : x > y;
	return 0;
}

static int equal(struct jinja_run *r, json_t *a, json_t *b, bool *eq)
{
	const struct jinja_val x = { .type = JV_JSON, .j = a };
	const struct jinja_val y = { .type = JV_JSON, .j = b };
	const char *key;
	json_t *v, *w;
	size_t i;
	int rc = jinja_charge(r, 0), order;

	*eq = false;
	if (rc)
		return rc;
	if (jinja_is_number(&x) && jinja_is_number(&y)) {
		rc = jinja_compare(r, &x, &y, &order);
		*eq = !rc && !order;
		return rc;
	}
	if (json_typeof(a) != json_typeof(b))
		return 0;
	*eq = true;
	switch (json_typeof(a)) {
	case JSON_STRING:
		*eq = json_string_length(a) == json_string_length(b) &&
		      !compare_strings(a, b);
		return jinja_charge(r, json_string_length(a));
	case JSON_ARRAY:
		*eq = json_array_size(a) == json_array_size(b);
		json_array_foreach(a, i, v) {
			if (!*eq)
				break;
			rc = equal(r, v, json_array_get(b, i), eq);
			if (rc)
				return rc;
		}
		return 0;
	case JSON_OBJECT:
		*eq = json_object_size(a) == json_object_size(b);
		json_object_foreach(a, key, v) {
			w = json_object_get(b, key);
			if (!*eq || !w) {
				*eq = false;
				break;
			}
			rc = equal(r, v, w, eq);
			if (rc)
				return rc;
		}
		return 0;
	default:
		return 0;
	}
}

int jinja_equal(struct jinja_run *r, const struct jinja_val *a,
		const struct jinja_val *b, bool *eq)
{
	if (a->type == JV_JSON && b->type == JV_JSON)
		return equal(r, a->j, b->j, eq);
	*eq = a->type == b->type && a->macro == b->macro &&
	      a->space == b->space && a->loop == b->loop &&
	      a->function == b->function;
	return 0;
}

int jinja_contains(struct jinja_run *r, const struct jinja_val *box,
		   const struct jinja_val *v, bool *in)
{
	struct jinja_val item = { .type = JV_JSON };
	size_t i;
	int rc;

	*in = false;
	if (jinja_is_string(box) && jinja_is_string(v)) {
		*in = memmem(json_string_value(box->j),
			     json_string_length(box->j),
			     json_string_value(v->j),
			     json_string_length(v->j));
		return jinja_charge(r, json_string_length(box->j));
	}
	if (box->type == JV_JSON && json_is_object(box->j)) {
		*in = jinja_is_string(v) &&
		      json_object_get(box->j, json_string_value(v->j));
		return 0;
	}
	if (box->type == JV_UNDEFINED)
		return 0;
	if (box->type != JV_JSON || !json_is_array(box->j))
		return jinja_error(r, -EINVAL, "%s in %s?", jinja_kind(v),
				   jinja_kind(box));
	json_array_foreach(box->j, i, item.j) {
		rc = jinja_equal(r, &item, v, in);
		if (rc || *in)
			return rc;
	}
	return 0;
}

int jinja_append(struct jinja_run *r, json_t *list, json_t *v)
{
	int rc = jinja_charge(r, 0);

	if (rc)
		return rc;
	if ((json_is_array(v) || json_is_object(v)) &&
	    ++r->nest > JINJA_MAX_NEST)
		return jinja_error(r, -E2BIG, "too many lists inside lists");
	return json_array_append(list, v) ? tok_nomem(r->err) : 0;
}

static int list_chars(struct jinja_run *r, json_t *s, json_t *list)
{
	const char *p = json_string_value(s);
	size_t len = json_string_length(s), n;
	json_t *c;
	int rc = 0;

	for (; !rc && len; p += n, len -= n) {
		n = jinja_char(p, len);
		c = json_stringn_nocheck(p, n);
		rc = c ? jinja_append(r, list, c) : tok_nomem(r->err);
		json_decref(c);
	}
	return rc;
}

static int list_keys(struct jinja_run *r, json_t *obj, json_t *list)
{
	const char *key;
	json_t *v, *s;
	int rc = 0;

	json_object_foreach(obj, key, v) {
		s = json_string_nocheck(key);
		rc = s ? jinja_append(r, list, s) : tok_nomem(r->err);
		json_decref(s);
		if (rc)
			break;
	}
	return rc;
}

int jinja_items(struct jinja_run *r, const struct jinja_val *v, json_t **list)
{
	int rc = 0;

	if (v->type == JV_JSON && json_is_array(v->j)) {
		*list = json_incref(v->j);
		return jinja_charge(r, 0);
	}
	*list = json_array();
	if (!*list)
		return tok_nomem(r->err);
	if (jinja_is_string(v))
		rc = list_chars(r, v->j, *list);
	else if (v->type == JV_JSON && json_is_object(v->j))
		rc = list_keys(r, v->j, *list);
	else if (v->type != JV_UNDEFINED)
		rc = jinja_error(r, -EINVAL, "%s has no items", jinja_kind(v));
	if (rc) {
		json_decref(*list);
		*list = NULL;
	}
	return rc;
}
