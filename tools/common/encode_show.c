// SPDX-License-Identifier: MIT
/* Labels, and tokens for gaps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "tools/common/encode_priv.h"

#define MAX_CONFIG (16u << 20)

static double *as_doubles(const float *v, size_t n)
{
	double *d = calloc(n + 1, sizeof(*d));
	size_t i;

	for (i = 0; d && i < n; i++)
		d[i] = v[i];
	return d;
}

static void heading(const struct qaic_enc *g, size_t prompt)
{
	if (!g->e->json)
		printf("%sPrompt : %s\n", prompt ? "\n" : "",
		       g->prompts.v[prompt].text);
}

static int add_result(struct qaic_enc *g, json_t *j)
{
	return json_array_append_new(g->results, j) ? qaic_enc_no_memory(g) : 0;
}

/* Scores of labels from logits, as the pipelines of transformers have them. */
static void scores(const struct qaic_enc *g, double *v, size_t n)
{
	if (g->info.labels_apart)
		qaic_enc_sigmoid(v, n);
	else if (!g->info.labels_raw)
		qaic_enc_softmax(v, n);
}

int qaic_enc_classify(struct qaic_enc *g, size_t text, size_t row)
{
	const struct qaic_enc_text *t = &g->texts[text];
	size_t num = 0, i, k, *top = NULL;
	const float *logits = qaic_enc_row(g, "logits", row, t->num, &num);
	double *v = NULL;
	json_t *list, *j;
	int ret = 0;

	if (!logits || num != g->num_labels)
		return logits ? qaic_fail(g->err, -EINVAL,
					  "%s: %zu logits for %zu labels",
					  g->e->qpc, num, g->num_labels) :
				-EINVAL;
	k = qaic_enc_top(g, num, num);
	v = as_doubles(logits, num);
	top = calloc(num, sizeof(*top));
	list = json_array();
	if (!v || !top || !list) {
		ret = qaic_enc_no_memory(g);
		goto out;
	}
	scores(g, v, num);
	qaic_enc_largest(v, num, top, k);
	heading(g, t->prompt);
	for (i = 0; i < k; i++) {
		if (!g->e->json)
			printf("  %-24s %.6f\n", g->labels[top[i]], v[top[i]]);
		json_array_append_new(list, json_pack("{s:o, s:f}", "label",
			qaic_json_text(g->labels[top[i]]), "score", v[top[i]]));
	}
	j = qaic_enc_object(g, t->prompt);
	json_object_set(j, "labels", list);
	ret = add_result(g, j);
out:
	json_decref(list);
	free(top);
	free(v);
	return ret;
}

/* What a token stands for: the bytes of its text, else as the vocabulary has it. */
static char *token_text(const struct qaic_enc *g, const struct qaic_enc_text *t,
			size_t i)
{
	const struct qeff_token *k = t->tokens ? &t->tokens[i] : NULL;
	const char *s;

	if (k && k->text == 0 && k->end > k->start)
		return strndup(g->prompts.v[t->prompt].text + k->start,
			       k->end - k->start);
	s = g->tok ? qeff_token_text(g->tok, t->ids[i]) : NULL;
	return s ? strdup(s) : qaic_asprintf("%d", t->ids[i]);
}

int qaic_enc_tokens(struct qaic_enc *g, size_t text, size_t row)
{
	const struct qaic_enc_text *t = &g->texts[text];
	size_t num = 0, i, best, n = g->num_labels;
	const float *logits = qaic_enc_row(g, "logits", row, t->num, &num);
	json_t *list, *j;
	double *v;
	char *s;

	if (!logits || num != t->num * n)
		return logits ? qaic_fail(g->err, -EINVAL,
					  "%s: logits are not for %zu labels",
					  g->e->qpc, n) : -EINVAL;
	heading(g, t->prompt);
	list = json_array();
	for (i = 0; i < t->num; i++) {
		if (t->tokens && t->tokens[i].text < 0)
			continue;	/* [CLS], [SEP] */
		v = as_doubles(logits + i * n, n);
		s = token_text(g, t, i);
		if (!v || !s || !list) {
			free(v);
			free(s);
			json_decref(list);
			return qaic_enc_no_memory(g);
		}
		scores(g, v, n);
		qaic_enc_largest(v, n, &best, 1);
		if (!g->e->json)
			printf("  %-24s %-16s %.6f\n", s, g->labels[best],
			       v[best]);
		json_array_append_new(list, json_pack("{s:o, s:i, s:o, s:f}",
			"token", qaic_json_text(s), "index", (int)i, "label",
			qaic_json_text(g->labels[best]), "score", v[best]));
		free(v);
		free(s);
	}
	j = qaic_enc_object(g, t->prompt);
	json_object_set_new(j, "tokens", list);
	return add_result(g, j);
}

/* "[MASK]", or {"content": "[MASK]", ...} */
static const char *mask_token(json_t *root)
{
	json_t *v = json_object_get(root, "mask_token");

	return json_string_value(json_is_object(v) ?
				 json_object_get(v, "content") : v);
}

int32_t qaic_enc_mask_id(const struct qaic_enc *g)
{
	static const char *const files[] = {
		"tokenizer_config.json", "special_tokens_map.json",
	};
	static const char *const usual[] = { "[MASK]", "<mask>" };
	int32_t id = -1;
	size_t i;

	if (!g->tok)
		return -1;
	for (i = 0; id < 0 && i < QAIC_ARRAY_SIZE(files); i++) {
		struct qaic_err ignored = QAIC_ERR_INIT;
		char *path = qaic_path(g->e->model_dir, files[i]);
		json_t *root = NULL;

		if (path && qaic_is_file(path) &&
		    !qaic_json_load(path, MAX_CONFIG, &root, &ignored) &&
		    mask_token(root))
			id = qeff_token_id(g->tok, mask_token(root));
		json_decref(root);
		free(path);
	}
	for (i = 0; id < 0 && i < QAIC_ARRAY_SIZE(usual); i++)
		id = qeff_token_id(g->tok, usual[i]);
	return id;
}

/* The text with @id in place @at. */
static char *filled(const struct qaic_enc *g, const struct qaic_enc_text *t,
		    size_t at, int32_t id)
{
	int32_t old = t->ids[at];
	char *text = NULL;
	size_t len;

	if (!g->tok)
		return NULL;
	t->ids[at] = id;
	if (qeff_decode(g->tok, t->ids, t->num, true, &text, &len, g->err))
		text = NULL;
	t->ids[at] = old;
	return text;
}

static void show_token(const struct qaic_enc *g, const struct qaic_enc_text *t,
		       size_t at, int32_t id, double score, json_t *list)
{
	const char *name = g->tok ? qeff_token_text(g->tok, id) : NULL;
	char *text = filled(g, t, at, id);

	if (!g->e->json)
		printf("  %8d %-20s %.6f%s%s\n", id, name ? name : "", score,
		       text ? "  " : "", text ? text : "");
	json_array_append_new(list, json_pack("{s:i, s:o, s:f, s:o}", "id",
		(int)id, "token", name ? qaic_json_text(name) : json_null(),
		"score", score, "text", text ? qaic_json_text(text) :
					       json_null()));
	free(text);
}

int qaic_enc_fill(struct qaic_enc *g, size_t text, size_t row)
{
	const struct qaic_enc_text *t = &g->texts[text];
	size_t num = 0, vocab, i, k, n, *top = NULL;
	const float *logits = qaic_enc_row(g, "logits", row, t->num, &num);
	json_t *masks, *list, *j;
	double *v;

	if (!logits)
		return -EINVAL;
	vocab = num / t->num;
	n = qaic_enc_top(g, 5, vocab);
	heading(g, t->prompt);
	masks = json_array();
	top = calloc(n + 1, sizeof(*top));
	for (i = 0; top && i < t->num; i++) {
		if (g->mask_id >= 0 && t->ids[i] != g->mask_id)
			continue;
		v = as_doubles(logits + i * vocab, vocab);
		list = json_array();
		if (!v || !list) {
			free(v);
			json_decref(list);
			break;
		}
		qaic_enc_softmax(v, vocab);
		qaic_enc_largest(v, vocab, top, n);
		if (!g->e->json)
			printf(" token %zu:\n", i);
		for (k = 0; k < n; k++)
			show_token(g, t, i, top[k], v[top[k]], list);
		json_array_append_new(masks, json_pack("{s:i, s:o}", "index",
						       (int)i, "tokens", list));
		free(v);
	}
	free(top);
	j = qaic_enc_object(g, t->prompt);
	json_object_set_new(j, "masks", masks);
	return add_result(g, j);
}
