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
#include "base/str.h"
#include "compiler/qaicc.h"
#include "libqeff/session.h"
#include "libqeff/verify_card.h"

#define RETAINED	"_RetainedState"

/* The model at one seq_len. */
struct eval {
	struct qaicc_ref *ref;
	uint32_t seq_len;
	int64_t *input_ids, *position_ids;
	const void **inputs;
	int *state_of_output;		/* input that an output feeds, or -1 */
	size_t num_inputs, num_outputs, logits;
};

/* Sums of an output over all that was compared. */
struct sums {
	double dd, cc, rr, cr, max;	/* difference, card, reference */
	uint64_t n;
};

struct qeff_verifier {
	struct qeff_verify_options opt;
	const struct qeff_verify_batch *b;	/* the one that is run */
	struct qaic_err *err;
	struct eval prefill, decode_own, *decode;
	void **state;			/* KV cache, by input; NULL elsewhere */
	size_t *state_size;
	char **state_name;
	size_t num_state;
	struct qeff_card card;
	size_t *next;			/* of each row: next row of card logits */
	uint32_t *real;			/* of each row: tokens in this call */
	size_t rows, top1;
	struct sums logits;
	struct sums *kv;		/* of each card.state */
};

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

static int bind_input(struct qeff_verifier *v, struct eval *e, size_t i)
{
	size_t n = (size_t)v->opt.batch * e->seq_len * sizeof(int64_t);
	struct qaicc_tensor t;
	int64_t **ids = NULL;

	if (qaicc_ref_input(e->ref, i, &t))
		return qaic_fail(v->err, -EINVAL, "input %zu is missing", i);
	if (!strcmp(t.name, "input_ids"))
		ids = &e->input_ids;
	else if (!strcmp(t.name, "position_ids"))
		ids = &e->position_ids;
	if (ids) {
		if (t.dtype != QAIC_I64 || t.size != n || *ids)
			return qaic_fail(v->err, -EINVAL,
					 "%s is not int64 [batch, seq_len]",
					 t.name);
		*ids = calloc(1, n);
		e->inputs[i] = *ids;
		return *ids ? 0 : no_memory(v->err);
	}
	if (strncmp(t.name, "past_", 5))
		return qaic_fail(v->err, -EOPNOTSUPP,
				 "input %s is not supported here", t.name);
	if (!v->state[i]) {
		v->state[i] = calloc(1, t.size);
		v->state_name[i] = strdup(t.name);
		v->state_size[i] = t.size;
	}
	e->inputs[i] = v->state[i];
	if (!v->state[i] || !v->state_name[i])
		return no_memory(v->err);
	if (t.size != v->state_size[i] || t.dtype != QAIC_F32)
		return qaic_fail(v->err, -EINVAL,
				 "%s is not float32, or differs by seq_len",
				 t.name);
	return 0;
}

/* Find the input X of each output X_RetainedState, and the logits. */
static int bind_output(struct qeff_verifier *v, struct eval *e, size_t i)
{
	struct qaicc_tensor out, in;
	size_t j, n, tail = strlen(RETAINED);

	e->state_of_output[i] = -1;
	if (qaicc_ref_output(e->ref, i, &out))
		return qaic_fail(v->err, -EINVAL, "output %zu is missing", i);
	if (!strcmp(out.name, "logits")) {
		if (out.dtype != QAIC_F32 ||
		    out.size != (size_t)v->opt.batch * v->opt.vocab * 4)
			return qaic_fail(v->err, -EINVAL,
					 "logits are not float32 [batch, 1, %u]",
					 v->opt.vocab);
		e->logits = i;
		return 0;
	}
	n = strlen(out.name);
	if (n <= tail || strcmp(out.name + n - tail, RETAINED))
		return 0;
	for (j = 0; j < e->num_inputs; j++) {
		if (qaicc_ref_input(e->ref, j, &in) ||
		    strlen(in.name) != n - tail ||
		    strncmp(in.name, out.name, n - tail))
			continue;
		if (in.size != out.size || !v->state[j])
			break;
		e->state_of_output[i] = j;
		return 0;
	}
	return qaic_fail(v->err, -EINVAL, "output %s has no input of its shape",
			 out.name);
}

static int eval_open(struct qeff_verifier *v, struct eval *e, uint32_t seq_len)
{
	struct qaicc_symbol sym[] = {
		{ "batch_size", v->opt.batch }, { "seq_len", seq_len },
		{ "ctx_len", v->opt.ctx_len },
	};
	size_t i;
	int ret;

	e->seq_len = seq_len;
	ret = qaicc_ref_open(v->opt.onnx, sym, QAIC_ARRAY_SIZE(sym), &e->ref,
			     v->err);
	if (ret)
		return ret;
	e->num_inputs = qaicc_ref_num_inputs(e->ref);
	e->num_outputs = qaicc_ref_num_outputs(e->ref);
	e->logits = e->num_outputs;
	e->inputs = calloc(e->num_inputs + 1, sizeof(*e->inputs));
	e->state_of_output = calloc(e->num_outputs + 1, sizeof(int));
	if (!v->state) {
		v->num_state = e->num_inputs;
		v->state = calloc(e->num_inputs + 1, sizeof(*v->state));
		v->state_name = calloc(e->num_inputs + 1, sizeof(char *));
		v->state_size = calloc(e->num_inputs + 1, sizeof(size_t));
	}
	if (!e->inputs || !e->state_of_output || !v->state || !v->state_name ||
	    !v->state_size)
		return no_memory(v->err);
	if (v->num_state != e->num_inputs)
		return qaic_fail(v->err, -EINVAL, "the inputs differ by seq_len");
	for (i = 0; !ret && i < e->num_inputs; i++)
		ret = bind_input(v, e, i);
	for (i = 0; !ret && i < e->num_outputs; i++)
		ret = bind_output(v, e, i);
	if (ret)
		return ret;
	if (!e->input_ids || !e->position_ids || e->logits == e->num_outputs)
		return qaic_fail(v->err, -EINVAL,
				 "input_ids, position_ids or logits is missing");
	return 0;
}

static void eval_close(struct eval *e)
{
	if (e->ref)
		qaicc_ref_close(e->ref);
	free(e->input_ids);
	free(e->position_ids);
	free(e->inputs);
	free(e->state_of_output);
}

static uint32_t argmax(const float *x, uint32_t n)
{
	uint32_t i, at = 0;

	for (i = 1; i < n; i++)
		if (x[i] > x[at])
			at = i;
	return at;
}

static void add(struct sums *s, double card, double ref)
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
static int call(struct qeff_verifier *v, struct eval *e)
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
static bool fill(struct qeff_verifier *v, struct eval *e, size_t step,
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
		ret = eval_open(v, &v->prefill, opt->prompt_len);
	if (!ret && v->decode != &v->prefill)
		ret = eval_open(v, v->decode, 1);
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
	const struct sums *s;

	memset(out, 0, sizeof(*out));
	if (i > v->card.num_state)
		return false;
	s = i ? &v->kv[i - 1] : &v->logits;
	snprintf(out->name, sizeof(out->name), "%s%s",
		 i ? v->card.state[i - 1].name : "logits", i ? RETAINED : "");
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
	eval_close(&v->prefill);
	eval_close(&v->decode_own);
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
