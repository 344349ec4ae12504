// SPDX-License-Identifier: MIT
/* --verify: the card's logits against the reference evaluation's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/json_out.h"
#include "tools/common/textgen_priv.h"

/*
 * FP32 differs by the order of sums only; FP16 also by the rounding of every
 * intermediate, about 2^-11 each; block formats by that of the weights or of the
 * cache: twice what was measured on a trained model (Documentation/number-formats.md).
 */
double qaic_verify_bound(bool fp32, enum qaic_dtype weights, bool kv_mxint8)
{
	switch (weights) {
	case QAIC_MXFP4:
		return 0.25;
	case QAIC_MXFP6:
		return 0.06;
	case QAIC_MXINT8:
		return 0.025;
	default:
		return kv_mxint8 ? 0.025 : fp32 ? 1e-4 : 1e-2;
	}
}

int qaic_gen_verify_open(struct qaic_gen *g)
{
	struct qeff_verify_options o = {
		.onnx = g->t->onnx, .num_cores = g->t->num_cores,
		.fp32 = g->t->fp32, .weights = g->t->weights,
		.act_int8 = g->t->act_int8, .fp32_nodes = g->t->fp32_nodes,
		.qid = g->t->qid,
		.batch = qeff_session_batch(g->s),
		.prompt_len = qeff_session_prompt_len(g->s),
		.ctx_len = qeff_session_ctx_len(g->s),
	};

	g->kept = calloc(o.batch, sizeof(*g->kept));
	if (!g->kept)
		return qaic_fail(g->err, -ENOMEM, "out of memory");
	return qeff_verifier_open(&o, &g->verifier, g->err);
}

int qaic_gen_verify_result(struct qaic_gen *g)
{
	double bound = qaic_verify_bound(g->t->fp32, g->t->weights,
					 g->t->kv_mxint8), rms;
	struct qeff_verify_output o;
	size_t i;

	for (i = 0; qeff_verifier_output(g->verifier, i, &o); i++) {
		rms = o.pair[QEFF_CARD_ONNX].rel_rms;
		if (!(rms <= bound))
			return qaic_fail(g->err, -ERANGE,
					 "verification failed: %s of the card differs by %.3g relative RMS, more than %g",
					 o.name, rms, bound);
	}
	return 0;
}

int qaic_rows_add(struct qaic_rows *r, const float *logits, size_t n)
{
	size_t cap = r->cap ? r->cap : 16 * n;
	float *v;

	while (cap < r->n + n)
		cap *= 2;
	if (cap != r->cap) {
		v = realloc(r->v, cap * sizeof(*v));
		if (!v)
			return -ENOMEM;
		r->v = v;
		r->cap = cap;
	}
	memcpy(r->v + r->n, logits, n * sizeof(*logits));
	r->n += n;
	return 0;
}

void qaic_rows_free(struct qaic_rows *r, size_t n)
{
	size_t i;

	for (i = 0; r && i < n; i++)
		free(r[i].v);
	free(r);
}

int qaic_verify_batch(struct qeff_verifier *v, struct qeff_session *s,
		      const struct qaic_prompt *prompts,
		      const struct qeff_result *res,
		      const struct qaic_rows *kept,
		      const struct qaic_golden *golden, struct qaic_err *err)
{
	size_t n = res->num_prompts, i, len, vocab = qeff_session_vocab(s);
	const int32_t **tokens = calloc(n, sizeof(*tokens));
	const int32_t **source = calloc(n, sizeof(*source));
	const float **logits = calloc(3 * n, sizeof(*logits));
	size_t *num = calloc(5 * n, sizeof(*num));
	/* an encoder-decoder's generation goes on from its start token */
	bool seq2seq = qeff_session_seq2seq(s);
	int32_t start = qeff_session_start_id(s);
	struct qeff_verify_batch q = {
		.num_rows = n, .tokens = tokens, .num_tokens = num,
		.num_prompt = num + n, .logits = logits,
		.source = seq2seq ? source : NULL, .num_source = num + 4 * n,
		.num_logits = num + 2 * n, .vocab = vocab,
		.golden = golden ? logits + n : NULL,
		.num_golden = num + 3 * n,
		.hidden = golden && golden->hidden ? logits + 2 * n : NULL,
		.num_hidden = golden ? golden->blocks : 0,
		.hidden_width = golden ? golden->width : 0,
	};
	int32_t *t;
	int ret = 0;

	if (!tokens || !logits || !num || !source)
		ret = -ENOMEM;
	for (i = 0; !ret && i < n; i++) {
		source[i] = prompts[i].ids;
		num[4 * n + i] = prompts[i].num_ids;
		len = seq2seq ? 1 : prompts[i].num_ids;
		t = calloc(len + res->num_ids[i] + 1, sizeof(*t));
		if (!t) {
			ret = -ENOMEM;
			break;
		}
		memcpy(t, seq2seq ? &start : prompts[i].ids, len * sizeof(*t));
		memcpy(t + len, res->ids[i], res->num_ids[i] * sizeof(*t));
		tokens[i] = t;
		num[i] = len + res->num_ids[i];
		num[n + i] = len;
		logits[i] = kept[i].v;
		num[2 * n + i] = kept[i].n / vocab;
		if (!golden)
			continue;
		logits[n + i] = golden->logits;
		logits[2 * n + i] = golden->hidden;
		num[3 * n + i] = golden->rows;
	}
	qeff_session_rest(s);	/* both may need all of the card */
	if (ret)
		qaic_fail(err, ret, "out of memory");
	else
		ret = qeff_verifier_run(v, &q, err);
	for (i = 0; tokens && i < n; i++)
		free((void *)tokens[i]);
	free(source);
	free(tokens);
	free(logits);
	free(num);
	return ret;
}

json_t *qaic_json_distance(const struct qeff_distance *d)
{
	json_t *j = json_pack("{s:o, s:o, s:o, s:o}",
			      "mse", qaic_json_number(d->mse),
			      "max", qaic_json_number(d->max_abs),
			      "rel_rms", qaic_json_number(d->rel_rms),
			      "cosine", qaic_json_number(d->cosine));

	if (d->rows) {
		json_object_set_new(j, "top1", json_integer(d->top1));
		json_object_set_new(j, "rows", json_integer(d->rows));
	}
	return j;
}
