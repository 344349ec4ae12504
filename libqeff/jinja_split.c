// SPDX-License-Identifier: MIT
/* Strings of templates taken apart: split, rsplit, splitlines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_value.h"
#include "libqeff/tok.h"

static int put_part(struct jinja_run *r, json_t *list, const char *s, size_t len)
{
	json_t *j = json_stringn_nocheck(s, len);
	int rc = jinja_charge(r, len);

	if (!rc)
		rc = j ? jinja_append(r, list, j) : tok_nomem(r->err);
	json_decref(j);
	return rc;
}

/* Words between white space; @max < 0: all of them. */
static int split_words(struct jinja_run *r, const char *s, size_t len,
		       int64_t max, json_t *list)
{
	size_t i = 0, from;
	int rc = 0;

	while (!rc) {
		while (i < len && strchr(" \t\n\r\v\f", s[i]) && s[i])
			i++;
		if (i == len)
			break;
		from = i;
		while (i < len && !(s[i] && strchr(" \t\n\r\v\f", s[i])))
			i++;
		if (!max--) {
			for (i = len; i > from && s[i - 1] &&
			     strchr(" \t\n\r\v\f", s[i - 1]); i--)
				;
			return put_part(r, list, s + from, i - from);
		}
		rc = put_part(r, list, s + from, i - from);
	}
	return rc;
}

static int split_at(struct jinja_run *r, const char *s, size_t len,
		    const char *sep, size_t n, int64_t max, json_t *list)
{
	const char *hit;
	int rc = 0;

	while (!rc && max-- && (hit = memmem(s, len, sep, n))) {
		rc = put_part(r, list, s, hit - s);
		len -= hit - s + n;
		s = hit + n;
	}
	return rc ? rc : put_part(r, list, s, len);
}

/* From the back: the last @max separators count. */
static int rsplit_at(struct jinja_run *r, const char *s, size_t len,
		     const char *sep, size_t n, int64_t max, json_t *list)
{
	const char *hit, *p;
	int64_t found = 0;
	size_t left;

	for (p = s, left = len; (hit = memmem(p, left, sep, n)); found++) {
		left -= hit - p + n;
		p = hit + n;
	}
	for (p = s, left = len; max >= 0 && found > max; found--) {
		hit = memmem(p, left, sep, n);
		left -= hit - p + n;
		p = hit + n;
	}
	if (p > s) {		/* what comes before stays one part */
		hit = memmem(p, left, sep, n);
		if (!hit)
			return put_part(r, list, s, len);
		left = s + len - (hit + n);
		found = put_part(r, list, s, hit - s);
		return found ? found : split_at(r, hit + n, left, sep, n, -1,
						list);
	}
	return split_at(r, s, len, sep, n, -1, list);
}

static int split_with(struct jinja_run *r, const struct jinja_val *self,
		      struct jinja_args *a, bool back, struct jinja_val *out)
{
	const struct jinja_val *v = jinja_arg(a, 1, "maxsplit");
	int64_t max = v && jinja_is_int(v) ? jinja_int(v) : -1;
	const size_t len = json_string_length(self->j);
	const char *s = json_string_value(self->j), *sep;
	json_t *list;
	size_t n;
	int rc;

	sep = jinja_arg_string(r, a, 0, "sep", NULL, &n, &rc);
	if (rc)
		return rc;
	if (sep && !n)
		return jinja_error(r, -EINVAL, "split by nothing");
	if (!sep && back && max >= 0)
		return jinja_error(r, -EOPNOTSUPP,
				   "rsplit of words with a maximum is not supported");
	list = json_array();
	if (!list)
		return tok_nomem(r->err);
	if (!sep)
		rc = split_words(r, s, len, max, list);
	else if (back)
		rc = rsplit_at(r, s, len, sep, n, max, list);
	else
		rc = split_at(r, s, len, sep, n, max, list);
	if (!rc)
		return jinja_json(r, list, out);
	json_decref(list);
	return rc;
}

int jinja_do_split(struct jinja_run *r, const struct jinja_val *self,
		    struct jinja_args *a, struct jinja_val *out)
{
	return split_with(r, self, a, false, out);
}

int jinja_do_rsplit(struct jinja_run *r, const struct jinja_val *self,
		     struct jinja_args *a, struct jinja_val *out)
{
	return split_with(r, self, a, true, out);
}

int jinja_do_splitlines(struct jinja_run *r, const struct jinja_val *self,
			 struct jinja_args *a, struct jinja_val *out)
{
	const char *s = json_string_value(self->j), *hit;
	size_t len = json_string_length(self->j), n;
	json_t *list = json_array();
	int rc = list ? 0 : tok_nomem(r->err);

	for (; !rc && len; s += n, len -= n) {
		hit = memchr(s, '\n', len);
		n = hit ? (size_t)(hit - s) : len;
		rc = put_part(r, list, s, n && hit && s[n - 1] == '\r' ?
			      n - 1 : n);
		n += hit != NULL;
	}
	if (!rc)
		return jinja_json(r, list, out);
	json_decref(list);
	return rc;
}
