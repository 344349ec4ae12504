// SPDX-License-Identifier: MIT
/*
 * tok encode FILE-OR-DIR	texts from stdin, each ended by a NUL; for each a
 *				line of ids and a line with what they decode to,
 *				as JSON
 * tok pair FILE-OR-DIR		the same in twos; a line of id/type
 * tok render			templates and JSON objects of variables in turn;
 *				a line of JSON for each: the text, or {"error":}
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/str.h"
#include "libqeff/jinja.h"
#include "libqeff/qeff.h"

static char *text, *second;
static size_t room, room2;

/* The next text, or false at the end. */
static bool next(char **buf, size_t *cap, size_t *len)
{
	ssize_t n = getdelim(buf, cap, '\0', stdin);

	if (n <= 0)
		return false;
	*len = n - 1;
	return true;
}

static int fail(const struct qaic_err *err)
{
	fprintf(stderr, "%s\n", err->msg);
	return 1;
}

static int encode(const struct qeff_tokenizer *tok)
{
	struct qaic_err err = QAIC_ERR_INIT;
	size_t len, n, i, out_len;
	int32_t *ids;
	json_t *js;
	char *out;

	while (next(&text, &room, &len)) {
		if (qeff_encode(tok, text, len, true, &ids, &n, &err))
			return fail(&err);
		for (i = 0; i < n; i++)
			printf("%s%d", i ? " " : "", ids[i]);
		putchar('\n');
		if (qeff_decode(tok, ids, n, true, &out, &out_len, &err))
			return fail(&err);
		js = json_stringn(out, out_len);
		if (!js || json_dumpf(js, stdout, JSON_ENCODE_ANY))
			return 1;
		putchar('\n');
		json_decref(js);
		free(out);
		free(ids);
	}
	return 0;
}

static int pair(const struct qeff_tokenizer *tok)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_encoding e;
	size_t len, len2, i;

	while (next(&text, &room, &len) && next(&second, &room2, &len2)) {
		if (qeff_encode_pair(tok, text, len, second, len2, true, &e,
				     &err))
			return fail(&err);
		for (i = 0; i < e.num; i++)
			printf("%s%d/%d", i ? " " : "", e.tokens[i].id,
			       e.tokens[i].type);
		putchar('\n');
		qeff_encoding_release(&e);
	}
	return 0;
}

static json_t *render_one(const char *vars, size_t len)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_str out = { 0 };
	struct jinja *t = NULL;
	json_t *root = NULL, *js;
	int rc;

	rc = qaic_json_parse(vars, len, "variables", &root, &err);
	if (!rc)
		rc = jinja_parse(text, strlen(text), &t, &err);
	if (!rc)
		rc = jinja_render(t, root, &out, &err);
	js = rc ? json_pack("{s:s}", "error", err.msg) :
		  json_stringn(out.s ? out.s : "", out.len);
	jinja_free(t);
	json_decref(root);
	qaic_str_free(&out);
	return js;
}

static int render(void)
{
	size_t len, len2;
	json_t *js;

	while (next(&text, &room, &len) && next(&second, &room2, &len2)) {
		js = render_one(second, len2);
		if (!js || json_dumpf(js, stdout, JSON_ENCODE_ANY))
			return 1;
		putchar('\n');
		json_decref(js);
	}
	free(text);
	free(second);
	return 0;
}

int main(int argc, char **argv)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok;
	struct stat st;
	int rc;

	if (argc == 2 && !strcmp(argv[1], "render"))
		return render();
	if (argc != 3)
		return 2;
	if (!stat(argv[2], &st) && S_ISDIR(st.st_mode))
		rc = qeff_tokenizer_open(argv[2], &tok, &err);
	else
		rc = qeff_tokenizer_open_file(argv[2], &tok, &err);
	if (rc)
		return fail(&err);
	rc = !strcmp(argv[1], "pair") ? pair(tok) : encode(tok);
	qeff_tokenizer_close(tok);
	free(text);
	free(second);
	return rc;
}
