// SPDX-License-Identifier: MIT
/*
 * Two evaluations of one ONNX over the same calls: the card's and the compiler's
 * plain FP32 loops. The tokens are the card's in both, so one token that falls
 * the other way does not end it.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/f16.h"
#include "libqeff/session.h"
#include "libqeff/verify.h"

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

static uint32_t argmax(const float *x, uint32_t n)
{
	uint32_t i, at = 0;

	for (i = 1; i < n; i++)
		if (x[i] > x[at])
			at = i;
	return at;
}

static void add(struct qeff_sums *s, double card, double ref)
{
	double d = card - ref;

	/* a NaN must show */
	if (!(fabs(d) <= s->max))
		s->max = fabs(d);
	s->dd += d * d;
	s->cc += card * card;
	s->rr += ref * ref;
	s->cr += card * ref;
	s->n++;
}

/* Compare the next row of card logits of row @r with @want. */
static int compare(struct qeff_verifier *v, uint32_t r, const float *want)
{
	const float *got;
	uint32_t i, n = v->opt.vocab;

	if (v->next[r] >= v->b->num_logits[r])
		return qaic_fail(v->err, -EINVAL,
				 "row %u: only %zu rows of logits were kept", r,
				 v->b->num_logits[r]);
	got = v->b->logits[r] + v->next[r]++ * n;
	for (i = 0; i < n; i++)
		add(&v->logits, got[i], want[i]);
	v->rows++;
	v->top1 += argmax(got, n) == argmax(want, n);
	return 0;
}

/* The whole cache, when the batch is done. */
static void compare_states(struct qeff_verifier *v)
{
	const struct qeff_card_state *st;
	const float *want;
	size_t i, j, k, n;

	for (i = 0; i < v->card.num_state; i++) {
		st = &v->card.state[i];
		for (j = 0; j < v->num_state; j++)
			if (v->state_name[j] &&
			    !strcmp(v->state_name[j], st->name))
				break;
		n = st->size / qaic_dtype_size(st->dtype);
		if (j == v->num_state || v->state_size[j] != n * sizeof(float))
			continue;
		want = v->state[j];
		for (k = 0; k < n; k++)
			add(&v->kv[i], st->dtype == QAIC_F32 ?
			    ((const float *)st->data)[k] :
			    qaic_f16_to_f32(((const uint16_t *)st->data)[k]),
			    want[k]);
	}
}

/* Run one call; rows with tokens in it are compared. */
static int call(struct qeff_verifier *v, struct qeff_eval *e)
{
	struct qaicc_tensor t;
	size_t i;
	uint32_t r;
	int ret;

	ret = qaicc_ref_run(e->ref, e->inputs, v->err);
	if (!ret)
		ret = qeff_card_call(&v->card, e->seq_len, e->input_ids,
				     e->position_ids, v->err);
	if (ret)
		return ret;
	for (i = 0; i < e->num_outputs; i++) {
		if (e->state_of_output[i] < 0)
			continue;
		if (qaicc_ref_output(e->ref, i, &t))
			return -EINVAL;
		memcpy(v->state[e->state_of_output[i]], t.data, t.size);
	}
	if (qaicc_ref_output(e->ref, e->logits, &t))
		return -EINVAL;
	for (r = 0; !ret && r < v->b->num_rows; r++)
		if (v->real[r])
			ret = compare(v, r, (const float *)t.data +
				      (size_t)r * v->opt.vocab);
	return ret;
}

/*
 * Fill every row with up to seq_len of its tokens in [first, end of its range);
 * returns whether any row has one.
 */
static bool fill(struct qeff_verifier *v, struct qeff_eval *e, size_t step,
		 bool prefill)
{
	const struct qeff_verify_batch *b = v->b;
	size_t first, end, off;
	bool any = false;
	uint32_t r;

	for (r = 0; r < v->opt.batch; r++) {
		off = (size_t)r * e->seq_len;
		first = end = 0;
		if (r < b->num_rows && prefill) {
			first = step * e->seq_len;
			end = b->num_prompt[r];
		} else if (r < b->num_rows) {
			first = b->num_prompt[r] + step;
			/* the last token was never an input */
			end = first + 1 < b->num_tokens[r] ? first + 1 : 0;
		}
		v->real[r] = qeff_fill_row(e->input_ids + off,
					   e->position_ids + off, e->seq_len,
					   r < b->num_rows ? b->tokens[r] : NULL,
					   end, first);
		any |= v->real[r] > 0;
	}
	return any;
}

int qeff_verifier_run(struct qeff_verifier *v,
		      const struct qeff_verify_batch *b, struct qaic_err *err)
{
	size_t i, step;
	int ret = 0;

	if (b->num_rows > v->opt.batch)
		return qaic_fail(err, -EINVAL, "more rows than the batch has");
	v->b = b;
	v->err = err;
	memset(v->next, 0, v->opt.batch * sizeof(*v->next));
	for (i = 0; i < v->num_state; i++)
		if (v->state[i])
			memset(v->state[i], 0, v->state_size[i]);
	qeff_card_reset(&v->card);
	for (step = 0; !ret && fill(v, &v->prefill, step, true); step++)
		ret = call(v, &v->prefill);
	for (step = 0; !ret && fill(v, v->decode, step, false); step++)
		ret = call(v, v->decode);
	if (!ret)
		compare_states(v);
	return ret;
}

int qeff_verifier_open(const struct qeff_verify_options *opt,
		       struct qeff_verifier **out, struct qaic_err *err)
{
	struct qeff_verifier *v = calloc(1, sizeof(*v));
	int ret;

	*out = NULL;
	if (!v)
		return no_memory(err);
	v->opt = *opt;
	v->err = err;
	v->next = calloc(opt->batch + 1, sizeof(*v->next));
	v->real = calloc(opt->batch + 1, sizeof(*v->real));
	v->decode = opt->prompt_len == 1 ? &v->prefill : &v->decode_own;
	if (!v->next || !v->real)
		ret = no_memory(err);
	else
		ret = qeff_eval_open(v, &v->prefill, opt->prompt_len);
	if (!ret && v->decode != &v->prefill)
		ret = qeff_eval_open(v, v->decode, 1);
	if (!ret)
		ret = qeff_card_open(&v->card, opt, err);
	if (!ret) {
		v->kv = calloc(v->card.num_state + 1, sizeof(*v->kv));
		if (!v->kv)
			ret = no_memory(err);
	}
	if (ret) {
		qeff_verifier_close(v);
		return ret;
	}
	*out = v;
	return 0;
}

bool qeff_verifier_output(const struct qeff_verifier *v, size_t i,
			  struct qeff_verify_output *out)
{
	const struct qeff_sums *s;

	memset(out, 0, sizeof(*out));
	if (i > v->card.num_state)
		return false;
	s = i ? &v->kv[i - 1] : &v->logits;
	snprintf(out->name, sizeof(out->name), "%s%s",
		 i ? v->card.state[i - 1].name : "logits", i ? QEFF_RETAINED : "");
	if (!i) {
		out->rows = v->rows;
		out->top1 = v->top1;
	}
	out->max_abs = s->max;
	out->mse = s->n ? s->dd / s->n : 0;
	out->rel_rms = sqrt(s->dd / (s->rr > 0 ? s->rr : 1));
	out->cosine = s->cc > 0 && s->rr > 0 ? s->cr / sqrt(s->cc * s->rr) : 1;
	return true;
}

void qeff_verifier_close(struct qeff_verifier *v)
{
	size_t i;

	if (!v)
		return;
	qeff_eval_close(&v->prefill);
	qeff_eval_close(&v->decode_own);
	qeff_card_close(&v->card);
	for (i = 0; i < v->num_state; i++) {
		if (v->state)
			free(v->state[i]);
		if (v->state_name)
			free(v->state_name[i]);
	}
	free(v->state);
	free(v->state_name);
	free(v->state_size);
	free(v->next);
	free(v->real);
	free(v->kv);
	free(v);
}
