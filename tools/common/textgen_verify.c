// SPDX-License-Identifier: MIT
/* --verify: the card's logits against the reference evaluation's. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/textgen_priv.h"

/*
 * FP32 differs by the order of sums only; FP16 also by the rounding of every
 * intermediate, about 2^-11 each.
 */
double qaic_verify_bound(const struct qaic_textgen *t)
{
	return t->fp32 ? 1e-4 : 1e-2;
}

/* Weighted by the rows compared, so several batches give one result. */
static void accumulate(struct qaic_gen *g, const struct qeff_verify_result *v)
{
	struct qeff_verify_result *a = &g->verify;
	double wa = g->sum_weight, wv = v->rows, w = wa + wv;

	if (w == 0)
		return;
	memcpy(a->output, v->output, sizeof(a->output));
	a->mse = (a->mse * wa + v->mse * wv) / w;
	a->cosine = (a->cosine * wa + v->cosine * wv) / w;
	a->rel_rms = sqrt((a->rel_rms * a->rel_rms * wa +
			   v->rel_rms * v->rel_rms * wv) / w);
	if (!(v->max_abs <= a->max_abs))
		a->max_abs = v->max_abs;
	a->rows += v->rows;
	a->top1 += v->top1;
	g->sum_weight = w;
}

int qaic_gen_verify(struct qaic_gen *g, const struct qaic_prompt *prompts,
		    const struct qeff_result *res)
{
	size_t n = res->num_prompts, i, len, vocab = qeff_session_vocab(g->s);
	const int32_t **tokens = calloc(n, sizeof(*tokens));
	const float **logits = calloc(n, sizeof(*logits));
	size_t *num = calloc(3 * n, sizeof(*num));
	struct qeff_verify_request q = {
		.onnx = g->t->onnx, .batch = qeff_session_batch(g->s),
		.prompt_len = qeff_session_prompt_len(g->s),
		.ctx_len = qeff_session_ctx_len(g->s), .vocab = vocab,
		.num_rows = n, .tokens = tokens, .num_tokens = num,
		.num_prompt = num + n, .logits = logits, .num_logits = num + 2 * n,
	};
	struct qeff_verify_result v;
	int32_t *t;
	int ret = 0;

	if (!tokens || !logits || !num)
		ret = -ENOMEM;
	for (i = 0; !ret && i < n; i++) {
		len = prompts[i].num_ids;
		t = calloc(len + res->num_ids[i] + 1, sizeof(*t));
		if (!t) {
			ret = -ENOMEM;
			break;
		}
		memcpy(t, prompts[i].ids, len * sizeof(*t));
		memcpy(t + len, res->ids[i], res->num_ids[i] * sizeof(*t));
		tokens[i] = t;
		num[i] = len + res->num_ids[i];
		num[n + i] = len;
		logits[i] = g->kept[i].v;
		num[2 * n + i] = g->kept[i].n / vocab;
	}
	if (ret)
		qaic_fail(g->err, ret, "out of memory");
	else
		ret = qeff_verify(&q, &v, g->err);
	if (!ret)
		accumulate(g, &v);
	for (i = 0; tokens && i < n; i++)
		free((void *)tokens[i]);
	free(tokens);
	free(logits);
	free(num);
	return ret;
}
