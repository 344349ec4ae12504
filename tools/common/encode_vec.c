// SPDX-License-Identifier: MIT
/* Vectors: pooled, kept until the last one, written as .npy or JSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tools/common/encode_priv.h"

int qaic_enc_vector(struct qaic_enc *g, size_t text, size_t row)
{
	const struct qaic_enc_text *t = &g->texts[text];
	size_t num = 0, size;
	const float *h = qaic_enc_row(g, "last_hidden_state", row, t->num, &num);

	if (!h)
		return -EINVAL;
	if (!g->vectors) {
		g->width = num / t->num;
		if (!qaic_mul_size(g->prompts.n, g->width, &size))
			return qaic_enc_no_memory(g);
		g->vectors = calloc(size + 1, sizeof(*g->vectors));
		if (!g->vectors)
			return qaic_enc_no_memory(g);
	}
	qeff_pool(g->pooling, g->normalize, h, t->num, g->width,
		  g->vectors + t->prompt * g->width);
	return 0;
}

/* numpy's format, version 1.0: the header ends on a multiple of 64 bytes. */
static int write_npy(const struct qaic_enc *g, struct qaic_outfile *f)
{
	char head[128];
	size_t len;
	int n, ret;

	memset(head, ' ', sizeof(head));
	memcpy(head, "\x93NUMPY\x01\x00\x76\x00", 10);
	n = snprintf(head + 10, sizeof(head) - 10,
		     "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }",
		     g->prompts.n, g->width);
	head[10 + n] = ' ';
	head[sizeof(head) - 1] = '\n';
	ret = qaic_outfile_write(f, head, sizeof(head), g->err);
	len = g->prompts.n * g->width * sizeof(*g->vectors);
	return ret ? ret : qaic_outfile_write(f, g->vectors, len, g->err);
}

static json_t *vector(const struct qaic_enc *g, size_t prompt)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < g->width; i++)
		json_array_append_new(a, json_real(
			g->vectors[prompt * g->width + i]));
	return a;
}

/* [[...], [...]], with as many digits as float32 has */
static char *all_vectors(const struct qaic_enc *g)
{
	json_t *list = json_array();
	char *text;
	size_t i;

	for (i = 0; i < g->prompts.n; i++)
		json_array_append_new(list, vector(g, i));
	text = json_dumps(list, JSON_REAL_PRECISION(9));
	json_decref(list);
	return text;
}

static int write_file(const struct qaic_enc *g, const char *path)
{
	struct qaic_outfile f = { .fd = -1 };
	size_t n = strlen(path);
	char *text = NULL;
	int ret;

	ret = qaic_outfile_open(&f, path, g->err);
	if (ret)
		return ret;
	if (n > 4 && !strcmp(path + n - 4, ".npy")) {
		ret = write_npy(g, &f);
	} else {
		text = all_vectors(g);
		ret = text ? qaic_outfile_write(&f, text, strlen(text), g->err) :
			     qaic_enc_no_memory(g);
		if (!ret)
			ret = qaic_outfile_write(&f, "\n", 1, g->err);
	}
	free(text);
	if (ret)
		qaic_outfile_abort(&f);
	else
		ret = qaic_outfile_commit(&f, g->err);
	return ret;
}

int qaic_enc_print_vectors(struct qaic_enc *g)
{
	const char *path = g->e->output;
	char *text;
	json_t *j;
	size_t i;
	int ret;

	if (path) {
		ret = write_file(g, path);
		if (ret)
			return ret;
		if (!g->e->json)
			printf("%zu vectors of %zu numbers: %s\n", g->prompts.n,
			       g->width, path);
	}
	for (i = 0; g->e->json && i < g->prompts.n; i++) {
		j = qaic_enc_object(g, i);
		if (!path)
			json_object_set_new(j, "vector", vector(g, i));
		if (json_array_append_new(g->results, j))
			return qaic_enc_no_memory(g);
	}
	if (path || g->e->json)
		return 0;
	text = all_vectors(g);
	if (!text)
		return qaic_enc_no_memory(g);
	printf("%s\n", text);
	free(text);
	return 0;
}
