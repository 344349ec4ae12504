// SPDX-License-Identifier: MIT
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static bool str_reserve(struct qaic_str *str, size_t more)
{
	size_t need, cap = str->cap ? str->cap : 64;
	char *s;

	if (str->failed || __builtin_add_overflow(str->len, more, &need) ||
	    need >= SIZE_MAX / 2)
		goto fail;
	if (need + 1 <= str->cap)
		return true;
	while (cap < need + 1)
		cap *= 2;
	s = realloc(str->s, cap);
	if (!s)
		goto fail;
	str->s = s;
	str->cap = cap;
	return true;
fail:
	str->failed = true;
	return false;
}

void qaic_str_add(struct qaic_str *str, const char *data, size_t len)
{
	if (!str_reserve(str, len))
		return;
	memcpy(str->s + str->len, data, len);
	str->len += len;
	str->s[str->len] = '\0';
}

void qaic_str_puts(struct qaic_str *str, const char *text)
{
	qaic_str_add(str, text, strlen(text));
}

void qaic_str_putc(struct qaic_str *str, char c)
{
	qaic_str_add(str, &c, 1);
}

void qaic_str_printf(struct qaic_str *str, const char *fmt, ...)
{
	va_list ap, ap2;
	int n;

	va_start(ap, fmt);
	va_copy(ap2, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0 && str_reserve(str, n)) {
		vsnprintf(str->s + str->len, (size_t)n + 1, fmt, ap2);
		str->len += n;
	}
	va_end(ap2);
}

void qaic_str_shell(struct qaic_str *str, const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,./:@%";

	if (*word && !word[strspn(word, safe)]) {
		qaic_str_puts(str, word);
		return;
	}
	qaic_str_putc(str, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			qaic_str_puts(str, "'\\''");
		else
			qaic_str_putc(str, *word);
	}
	qaic_str_putc(str, '\'');
}

void qaic_str_free(struct qaic_str *str)
{
	free(str->s);
	memset(str, 0, sizeof(*str));
}

char *qaic_asprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}

/* Levenshtein distance; words longer than the buffer are simply far away. */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int row[64], prev, cur;
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la >= QAIC_ARRAY_SIZE(row) || lb >= QAIC_ARRAY_SIZE(row))
		return UINT_MAX;
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		prev = row[0];
		row[0] = i;
		for (j = 1; j <= lb; j++) {
			cur = row[j];
			row[j] = prev + (a[i - 1] != b[j - 1]);
			if (row[j] > cur + 1)
				row[j] = cur + 1;
			if (row[j] > row[j - 1] + 1)
				row[j] = row[j - 1] + 1;
			prev = cur;
		}
	}
	return row[lb];
}

const char *qaic_nearest(const char *word, const char *const *list, size_t n)
{
	unsigned int best = UINT_MAX, d;
	const char *near = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		d = edit_distance(word, list[i]);
		if (d < best) {
			best = d;
			near = list[i];
		}
	}
	/* a third of the word may be wrong, but never all of it */
	return best <= 1 + strlen(word) / 3 && best < strlen(word) ? near : NULL;
}
