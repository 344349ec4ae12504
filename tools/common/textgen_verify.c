// SPDX-License-Identifier: MIT
/* --verify: the card's logits against the reference evaluation's. */
#include <errno.h>
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

int qaic_gen_verify_open(struct qaic_gen *g)
{
	struct qeff_verify_options o = {
		.onnx = g->t->onnx, .num_cores = g->t->num_cores,
		.fp32 = g->t->fp32, .qid = g->t->qid,
		.batch = qeff_session_batch(g->s),
		.prompt_len = qeff_session_prompt_len(g->s),
		.ctx_len = qeff_session_ctx_len(g->s),
		.vocab = qeff_session_vocab(g->s),
	};

	g->kept = calloc(o.batch, sizeof(*g->kept));
	if (!g->kept)
		return qaic_fail(g->err, -ENOMEM, "out of memory");
	return qeff_verifier_open(&o, &g->verifier, g->err);
}

int qaic_gen_verify_result(struct qaic_gen *g)
{
	double bound = qaic_verify_bound(g->t);
	struct qeff_verify_output o;
	size_t i;

	for (i = 0; qeff_verifier_output(g->verifier, i, &o); i++)
		if (!(o.rel_rms <= bound))
			return qaic_fail(g->err, -ERANGE,
					 "verification failed: %s of the card differs by %.3g relative RMS, more than %g",
					 o.name, o.rel_rms, bound);
	return 0;
}

int qaic_gen_verify(struct qaic_gen *g, const struct qaic_prompt *prompts,
		    const struct qeff_result *res)
{
	size_t n = res->num_prompts, i, len, vocab = qeff_session_vocab(g->s);
	const int32_t **tokens = calloc(n, sizeof(*tokens));
	const float **logits = calloc(n, sizeof(*logits));
	size_t *num = calloc(3 * n, sizeof(*num));
	struct qeff_verify_batch q = {
		.num_rows = n, .tokens = tokens, .num_tokens = num,
		.num_prompt = num + n, .logits = logits,
		.num_logits = num + 2 * n,
	};
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
		ret = qeff_verifier_run(g->verifier, &q, g->err);
	for (i = 0; tokens && i < n; i++)
		free((void *)tokens[i]);
	free(tokens);
	free(logits);
	free(num);
	return ret;
}
