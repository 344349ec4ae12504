// SPDX-License-Identifier: MIT
/*
 * Templates to tokens, white space as Jinja with trim_blocks and lstrip_blocks
 * has it: a newline after a {% %} or {# #} goes, and so do blanks before one
 * that begins its line; "-" takes all white space on its side, "+" keeps it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/jinja_ast.h"
#include "libqeff/tok.h"

struct lexer {
	const char *s;
	size_t len, i;
	uint32_t line;
	struct jinja_toks *out;
	struct qaic_err *err;
};

int jinja_fail(struct qaic_err *err, uint32_t line, int code, const char *fmt,
	       ...)
{
	char msg[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	return qaic_fail(err, code, "line %u: %s", line, msg);
}

static int put(struct lexer *l, enum jinja_tok_type type, const char *s,
	       size_t len)
{
	struct jinja_toks *o = l->out;
	char *copy = malloc(len + 1);

	if (!copy || tok_room(&o->v, &o->cap, o->n + 1, sizeof(*o->v))) {
		free(copy);
		return tok_nomem(l->err);
	}
	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	o->v[o->n++] = (struct jinja_tok){ type, l->line, copy, len };
	return 0;
}

static void skip(struct lexer *l, size_t n)
{
	while (n-- && l->i < l->len)
		if (l->s[l->i++] == '\n')
			l->line++;
}

static bool at(const struct lexer *l, const char *s)
{
	size_t n = strlen(s);

	return l->len - l->i >= n && !memcmp(l->s + l->i, s, n);
}

static bool blank(char c)
{
	return isspace((unsigned char)c);
}

/* The text before a tag at @end, without what the tag takes away. */
static int put_text(struct lexer *l, size_t end)
{
	size_t stop = end, from;
	char kind = l->s[end + 1], sign = l->s[end + 2];
	int rc = 0;

	if (end + 2 >= l->len)
		kind = sign = 0;
	if (sign == '-') {
		while (stop > l->i && blank(l->s[stop - 1]))
			stop--;
	} else if (kind != '{' && sign != '+') {
		from = stop;
		while (from > l->i && l->s[from - 1] != '\n' &&
		       blank(l->s[from - 1]))
			from--;
		if (!from || l->s[from - 1] == '\n')
			stop = from;
	}
	if (stop > l->i)
		rc = put(l, JT_TEXT, l->s + l->i, stop - l->i);
	skip(l, end - l->i);
	return rc;
}

/* After a tag: what it takes of the text that follows. */
static void end_tag(struct lexer *l, bool trim, bool newline)
{
	if (trim)
		while (l->i < l->len && blank(l->s[l->i]))
			skip(l, 1);
	else if (newline && l->i < l->len && l->s[l->i] == '\n')
		skip(l, 1);
}

static int lex_comment(struct lexer *l)
{
	const char *p = memmem(l->s + l->i + 2, l->len - l->i - 2, "#}", 2);
	char sign;

	if (!p)
		return jinja_fail(l->err, l->line, -EINVAL,
				  "a comment without #}");
	sign = p[-1];
	skip(l, p + 2 - (l->s + l->i));
	end_tag(l, sign == '-', sign != '+');
	return 0;
}

static int hex(struct lexer *l, size_t n, struct qaic_str *out)
{
	uint32_t cp = 0;
	size_t k;
	char u[4];

	for (k = 1; k <= n; k++) {
		char c = l->i + k < l->len ? l->s[l->i + k] : 0;

		if (!isxdigit((unsigned char)c))
			return jinja_fail(l->err, l->line, -EINVAL,
					  "a \\u or \\x without its digits");
		cp = cp * 16 + (isdigit((unsigned char)c) ? c - '0' :
				(c | 32) - 'a' + 10);
	}
	if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return jinja_fail(l->err, l->line, -EINVAL,
				  "\\u%x is no character", cp);
	l->i += n;
	qaic_str_add(out, u, tok_utf8_put(u, cp));
	return 0;
}

/* At the character after a backslash: Python's escapes. */
static int lex_escape(struct lexer *l, struct qaic_str *out)
{
	static const char from[] = "ntrbfav0\\'\"", to[] = "\n\t\r\b\f\a\v\0\\'\"";
	char c = l->s[l->i];
	const char *p = strchr(from, c);

	if (c == 'x' || c == 'u' || c == 'U')
		return hex(l, c == 'x' ? 2 : c == 'u' ? 4 : 8, out);
	if (c == '\n')
		return 0;
	if (c && p) {
		qaic_str_putc(out, to[p - from]);
	} else {
		qaic_str_putc(out, '\\');
		qaic_str_putc(out, c);
	}
	return 0;
}

static int lex_string(struct lexer *l)
{
	struct qaic_str s = { 0 };
	char quote = l->s[l->i];
	int rc = 0;

	for (skip(l, 1); !rc && l->i < l->len && l->s[l->i] != quote;
	     skip(l, 1)) {
		if (l->s[l->i] == '\\' && l->i + 1 < l->len) {
			l->i++;
			rc = lex_escape(l, &s);
		} else {
			qaic_str_putc(&s, l->s[l->i]);
		}
	}
	if (!rc && l->i >= l->len)
		rc = jinja_fail(l->err, l->line, -EINVAL,
				"a string without its end");
	if (!rc && s.failed)
		rc = tok_nomem(l->err);
	if (!rc)
		rc = put(l, JT_STRING, s.s ? s.s : "", s.len);
	skip(l, 1);
	qaic_str_free(&s);
	return rc;
}

static int lex_number(struct lexer *l)
{
	enum jinja_tok_type type = JT_INT;
	struct qaic_str s = { 0 };
	char c, next;
	int rc;

	for (; l->i < l->len; l->i++) {
		c = l->s[l->i];
		next = l->i + 1 < l->len ? l->s[l->i + 1] : 0;
		if (c == '_')
			continue;
		if ((c == '.' && type == JT_INT &&
		     isdigit((unsigned char)next)) ||
		    ((c == 'e' || c == 'E') &&
		     (isdigit((unsigned char)next) || next == '-' ||
		      next == '+'))) {
			type = JT_FLOAT;
			qaic_str_putc(&s, c);
			if (next == '-' || next == '+')
				qaic_str_putc(&s, l->s[++l->i]);
			continue;
		}
		if (!isdigit((unsigned char)c))
			break;
		qaic_str_putc(&s, c);
	}
	rc = s.failed ? tok_nomem(l->err) : put(l, type, s.s, s.len);
	qaic_str_free(&s);
	return rc;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static int lex_op(struct lexer *l)
{
	static const char *const ops[] = { "**", "//", "==", "!=", "<=", ">=",
		"+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]",
		"{", "}", ",", ".", ":", "|" };
	size_t i;
	int rc;

	for (i = 0; i < QAIC_ARRAY_SIZE(ops); i++)
		if (at(l, ops[i]))
			break;
	if (i == QAIC_ARRAY_SIZE(ops))
		return jinja_fail(l->err, l->line, -EINVAL,
				  "unexpected character '%c'", l->s[l->i]);
	rc = put(l, JT_OP, ops[i], strlen(ops[i]));
	skip(l, strlen(ops[i]));
	return rc;
}

static int lex_word(struct lexer *l)
{
	size_t from = l->i;

	while (l->i < l->len && is_name(l->s[l->i]))
		l->i++;
	return put(l, JT_NAME, l->s + from, l->i - from);
}

/* The inside of {{ }} or {% %}, and its end. */
static int lex_tag(struct lexer *l, bool var)
{
	const char *end = var ? "}}" : "%}";
	unsigned int braces = 0;
	uint32_t line = l->line;
	char c, sign;
	int rc;

	rc = put(l, var ? JT_VAR : JT_TAG, "", 0);
	skip(l, 2);
	if (at(l, "-") || at(l, "+"))
		skip(l, 1);
	while (!rc) {
		if (l->i >= l->len)
			return jinja_fail(l->err, line, -EINVAL,
					  "a tag without %s", end);
		c = l->s[l->i];
		if (blank(c)) {
			skip(l, 1);
			continue;
		}
		sign = 0;
		if (!braces && (c == '-' || c == '+') && l->len - l->i >= 3 &&
		    !memcmp(l->s + l->i + 1, end, 2))
			sign = c;
		if (sign || (!braces && at(l, end))) {
			rc = put(l, var ? JT_VAR_END : JT_TAG_END, "", 0);
			skip(l, sign ? 3 : 2);
			end_tag(l, sign == '-', !var && sign != '+');
			return rc;
		}
		if (c == '{')
			braces++;
		else if (c == '}' && braces)
			braces--;
		if (c == '\'' || c == '"')
			rc = lex_string(l);
		else if (isdigit((unsigned char)c))
			rc = lex_number(l);
		else if (is_name(c))
			rc = lex_word(l);
		else
			rc = lex_op(l);
	}
	return rc;
}

static size_t next_tag(const struct lexer *l)
{
	size_t i;

	for (i = l->i; i + 1 < l->len; i++)
		if (l->s[i] == '{' && (l->s[i + 1] == '{' ||
		    l->s[i + 1] == '%' || l->s[i + 1] == '#'))
			return i;
	return l->len;
}

static int lex_all(struct lexer *l)
{
	size_t end;
	int rc = 0;

	while (!rc && l->i < l->len) {
		end = next_tag(l);
		if (end == l->len) {
			rc = put(l, JT_TEXT, l->s + l->i, end - l->i);
			break;
		}
		rc = put_text(l, end);
		if (rc)
			break;
		if (l->s[l->i + 1] == '#')
			rc = lex_comment(l);
		else
			rc = lex_tag(l, l->s[l->i + 1] == '{');
	}
	return rc ? rc : put(l, JT_EOF, "", 0);
}

int jinja_lex(const char *text, size_t len, struct jinja_toks *out,
	      struct qaic_err *err)
{
	struct lexer l = { .line = 1, .out = out, .err = err };
	struct qaic_str s = { 0 };
	size_t i;
	int rc;

	if (len > JINJA_MAX_TEXT)
		return qaic_fail(err, -E2BIG,
				 "a template of %zu bytes; at most %u are taken",
				 len, JINJA_MAX_TEXT);
	for (i = 0; i < len; i++) {	/* every kind of newline is \n */
		if (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')
			continue;
		qaic_str_putc(&s, text[i] == '\r' ? '\n' : text[i]);
	}
	if (s.len && s.s[s.len - 1] == '\n')	/* one at the end goes */
		s.len--;
	l.s = s.s ? s.s : "";
	l.len = s.len;
	rc = s.failed ? tok_nomem(err) : lex_all(&l);
	qaic_str_free(&s);
	return rc;
}

void jinja_toks_free(struct jinja_toks *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->v[i].s);
	free(t->v);
	memset(t, 0, sizeof(*t));
}
