// SPDX-License-Identifier: MIT
/* Text in templates: what values look like, and what strings can do. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

size_t jinja_char(const char *s, size_t len)
{
	uint32_t cp;
	size_t n;

	return tok_utf8_next(s, len, &cp, &n) == TOK_UTF8_OK ? n : 1;
}

size_t jinja_chars(const char *s, size_t len)
{
	size_t n = 0, k;

	for (; len; s += k, len -= k, n++)
		k = jinja_char(s, len);
	return n;
}

/* The shortest that reads back the same, as Python's repr() has it. */
static void put_real(double v, struct qaic_str *out)
{
	char s[40], *e;
	int p;

	for (p = 1; p < 17; p++) {
		snprintf(s, sizeof(s), "%.*g", p, v);
		if (strtod(s, NULL) == v)
			break;
	}
	snprintf(s, sizeof(s), "%.*g", p, v);
	e = strchr(s, 'e');
	if (e && v < 1e16 && v > -1e16 && (v >= 1 || v <= -1))
		snprintf(s, sizeof(s), "%.1f", v);
	else if (!e && !strchr(s, '.'))
		strcat(s, ".0");
	qaic_str_puts(out, s);
}

/* As in Python's repr(): 'it', "it's". */
static void put_quoted(json_t *s, struct qaic_str *out)
{
	const char *p = json_string_value(s);
	size_t len = json_string_length(s), i;
	char quote = memchr(p, '\'', len) && !memchr(p, '"', len) ? '"' : '\'';

	qaic_str_putc(out, quote);
	for (i = 0; i < len; i++) {
		if (p[i] == '\n')
			qaic_str_puts(out, "\\n");
		else if (p[i] == '\t')
			qaic_str_puts(out, "\\t");
		else if (p[i] == '\r')
			qaic_str_puts(out, "\\r");
		else if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			qaic_str_printf(out, "\\x%02x", (unsigned char)p[i]);
		else if (p[i] == '\\' || p[i] == quote)
			qaic_str_printf(out, "\\%c", p[i]);
		else
			qaic_str_putc(out, p[i]);
	}
	qaic_str_putc(out, quote);
}

static void put_json_string(const char *p, size_t len, struct qaic_str *out)
{
	static const char from[] = "\n\t\r\b\f\"\\", to[] = "ntrbf\"\\";
	const char *hit;
	size_t i;

	qaic_str_putc(out, '"');
	for (i = 0; i < len; i++) {
		hit = p[i] ? strchr(from, p[i]) : NULL;
		if (hit)
			qaic_str_printf(out, "\\%c", to[hit - from]);
		else if ((unsigned char)p[i] < ' ')
			qaic_str_printf(out, "\\u%04x", (unsigned char)p[i]);
		else
			qaic_str_putc(out, p[i]);
	}
	qaic_str_putc(out, '"');
}

/* How containers are written: by repr(), or by json.dumps(). */
struct style {
	bool json, sort;
	int indent;
};

static int put_json(struct jinja_run *r, json_t *j, const struct style *st,
		    unsigned int depth, struct qaic_str *out);

static void new_line(const struct style *st, unsigned int depth,
		     struct qaic_str *out)
{
	size_t i;

	if (st->indent < 0)
		return;
	qaic_str_putc(out, '\n');
	for (i = 0; i < (size_t)st->indent * depth; i++)
		qaic_str_putc(out, ' ');
}

static void separate(const struct style *st, bool first, unsigned int depth,
		     struct qaic_str *out)
{
	if (!first)
		qaic_str_puts(out, st->indent < 0 ? ", " : ",");
	new_line(st, depth, out);
}

static int put_array(struct jinja_run *r, json_t *j, const struct style *st,
		     unsigned int depth, struct qaic_str *out)
{
	json_t *v;
	size_t i;
	int rc;

	qaic_str_putc(out, '[');
	json_array_foreach(j, i, v) {
		separate(st, !i, depth + 1, out);
		rc = put_json(r, v, st, depth + 1, out);
		if (rc)
			return rc;
	}
	if (json_array_size(j))
		new_line(st, depth, out);
	qaic_str_putc(out, ']');
	return 0;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int put_object(struct jinja_run *r, json_t *j, const struct style *st,
		      unsigned int depth, struct qaic_str *out)
{
	size_t n = json_object_size(j), i = 0;
	const char **keys = reallocarray(NULL, n + 1, sizeof(*keys));
	const char *key;
	json_t *v, *name;
	int rc = 0;

	if (!keys)
		return tok_nomem(r->err);
	json_object_foreach(j, key, v)
		keys[i++] = key;
	if (st->sort)
		qsort(keys, n, sizeof(*keys), by_key);
	qaic_str_putc(out, '{');
	for (i = 0; !rc && i < n; i++) {
		separate(st, !i, depth + 1, out);
		name = json_string_nocheck(keys[i]);
		rc = name ? put_json(r, name, st, depth, out) :
			    tok_nomem(r->err);
		json_decref(name);
		qaic_str_puts(out, ": ");
		if (!rc)
			rc = put_json(r, json_object_get(j, keys[i]), st,
				      depth + 1, out);
	}
	if (n)
		new_line(st, depth, out);
	qaic_str_putc(out, '}');
	free(keys);
	return rc;
}

static int put_json(struct jinja_run *r, json_t *j, const struct style *st,
		    unsigned int depth, struct qaic_str *out)
{
	size_t had = out->len;
	int rc;

	if (depth > JINJA_MAX_NEST)
		return jinja_error(r, -E2BIG, "a value nested too deep");
	switch (json_typeof(j)) {
	case JSON_NULL:
		qaic_str_puts(out, st->json ? "null" : "None");
		break;
	case JSON_TRUE:
		qaic_str_puts(out, st->json ? "true" : "True");
		break;
	case JSON_FALSE:
		qaic_str_puts(out, st->json ? "false" : "False");
		break;
	case JSON_INTEGER:
		qaic_str_printf(out, "%" JSON_INTEGER_FORMAT,
				json_integer_value(j));
		break;
	case JSON_REAL:
		put_real(json_real_value(j), out);
		break;
	case JSON_STRING:
		if (st->json)
			put_json_string(json_string_value(j),
					json_string_length(j), out);
		else
			put_quoted(j, out);
		break;
	case JSON_ARRAY:
		rc = put_array(r, j, st, depth, out);
		return rc ? rc : jinja_charge(r, 0);
	case JSON_OBJECT:
		rc = put_object(r, j, st, depth, out);
		return rc ? rc : jinja_charge(r, 0);
	}
	if (out->failed)
		return tok_nomem(r->err);
	return jinja_charge(r, out->len - had + (st->indent > 0 ?
			    (size_t)st->indent * depth : 0));
}

int jinja_dump(struct jinja_run *r, json_t *j, int indent, bool sort,
	       struct qaic_str *out)
{
	const struct style st = { true, sort, indent };

	return put_json(r, j, &st, 0, out);
}

int jinja_print(struct jinja_run *r, const struct jinja_val *v,
		struct qaic_str *out)
{
	static const struct style st = { false, false, -1 };

	if (v->type == JV_UNDEFINED)
		return 0;
	if (v->type != JV_JSON)
		return jinja_error(r, -EINVAL, "%s cannot be written",
				   jinja_kind(v));
	if (!json_is_string(v->j))
		return put_json(r, v->j, &st, 0, out);
	qaic_str_add(out, json_string_value(v->j), json_string_length(v->j));
	if (out->failed)
		return tok_nomem(r->err);
	return jinja_charge(r, json_string_length(v->j));
}

/* Is the character at @s one of @set, or white space where that is NULL? */
static bool strippable(const char *s, size_t n, const char *set)
{
	uint32_t cp;
	size_t k;

	if (!set)
		return tok_utf8_next(s, n, &cp, &k) == TOK_UTF8_OK &&
		       (tok_is_space(cp) || (cp >= 0x1c && cp <= 0x1f));
	return memmem(set, strlen(set), s, n);
}

int jinja_strip(struct jinja_run *r, const char *s, size_t len, const char *set,
		bool left, bool right, struct jinja_val *out)
{
	size_t n;

	while (left && len) {
		n = jinja_char(s, len);
		if (!strippable(s, n, set))
			break;
		s += n;
		len -= n;
	}
	while (right && len) {
		for (n = 1; n < len && n < 4 &&
		     (s[len - n] & 0xc0) == 0x80; n++)
			;
		if (!strippable(s + len - n, n, set))
			break;
		len -= n;
	}
	return jinja_string(r, s, len, out);
}

int jinja_replace(struct jinja_run *r, const char *s, size_t len,
		  const char *from, size_t from_len, const char *to,
		  size_t to_len, int64_t count, struct jinja_val *out)
{
	struct qaic_str text = { 0 };
	const char *hit;
	size_t n;
	int rc = jinja_charge(r, len);

	if (!from_len && !to_len)
		count = 0;
	while (!rc && count--) {
		if (from_len) {
			hit = memmem(s, len, from, from_len);
			if (!hit)
				break;
			n = hit - s;
		} else {	/* nothing is before each character */
			n = text.len && len ? jinja_char(s, len) : 0;
		}
		qaic_str_add(&text, s, n);
		s += n;
		len -= n;
		qaic_str_add(&text, to, to_len);
		rc = jinja_charge(r, n + to_len);
		if (!from_len && !len)
			break;
		s += from_len;
		len -= from_len;
	}
	if (!rc && len)
		qaic_str_add(&text, s, len);
	if (!rc)
		return jinja_take_str(r, &text, out);
	qaic_str_free(&text);
	return rc;
}

int jinja_case(struct jinja_run *r, const char *s, size_t len,
	       enum jinja_case how, struct jinja_val *out)
{
	struct qaic_str text = { 0 };
	bool start = true, word;
	uint32_t cp;
	size_t n;
	char u[4];

	for (; len; s += n, len -= n) {
		if (tok_utf8_next(s, len, &cp, &n) != TOK_UTF8_OK) {
			n = 1;
			qaic_str_add(&text, s, n);
			continue;
		}
		word = tok_is_letter(cp);
		cp = tok_change_case(cp, how == JINJA_UPPER ||
				     (start && how != JINJA_LOWER));
		qaic_str_add(&text, u, tok_utf8_put(u, cp));
		start = how == JINJA_TITLE && !word;
	}
	return jinja_take_str(r, &text, out);
}

int jinja_join(struct jinja_run *r, json_t *list, const char *sep, size_t sep_len,
	       struct jinja_val *out)
{
	struct jinja_val v = { .type = JV_JSON };
	struct qaic_str text = { 0 };
	size_t i;
	int rc = 0;

	json_array_foreach(list, i, v.j) {
		if (i && sep_len)
			qaic_str_add(&text, sep, sep_len);
		rc = jinja_print(r, &v, &text);
		if (!rc)
			rc = jinja_charge(r, sep_len);
		if (rc)
			break;
	}
	if (!rc)
		return jinja_take_str(r, &text, out);
	qaic_str_free(&text);
	return rc;
}
