// SPDX-License-Identifier: MIT
/*
 * Two evaluations of one ONNX: the card's, which has already run, and the
 * compiler's plain FP32 loops, run here over the same calls. The tokens are the
 * card's in both, so one token that falls the other way does not end it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "compiler/qaicc.h"
#include "libqeff/session.h"

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

struct verify {
	const struct qeff_verify_request *req;
	struct qeff_verify_result *res;
	struct qaic_err *err;
	struct eval prefill, decode_own, *decode;
	void **state;			/* KV cache, by input; NULL elsewhere */
	size_t num_state;
	size_t *next;			/* of each row: next row of card logits */
	double sum_dd, sum_cc, sum_rr, sum_cr;
	uint64_t count;
};

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

static int bind_input(struct verify *v, struct eval *e, size_t i)
{
	size_t n = (size_t)v->req->batch * e->seq_len * sizeof(int64_t);
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
	if (!v->state[i])
		v->state[i] = calloc(1, t.size);
	e->inputs[i] = v->state[i];
	return v->state[i] ? 0 : no_memory(v->err);
}

/* Find the input X of each output X_RetainedState, and the logits. */
static int bind_output(struct verify *v, struct eval *e, size_t i)
{
	struct qaicc_tensor out, in;
	size_t j, n, tail = strlen(RETAINED);

	e->state_of_output[i] = -1;
	if (qaicc_ref_output(e->ref, i, &out))
		return qaic_fail(v->err, -EINVAL, "output %zu is missing", i);
	if (!strcmp(out.name, "logits")) {
		if (out.dtype != QAIC_F32 ||
		    out.size != (size_t)v->req->batch * v->req->vocab * 4)
			return qaic_fail(v->err, -EINVAL,
					 "logits are not float32 [batch, 1, %u]",
					 v->req->vocab);
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

static int eval_open(struct verify *v, struct eval *e, uint32_t seq_len)
{
	struct qaicc_symbol sym[] = {
		{ "batch_size", v->req->batch }, { "seq_len", seq_len },
		{ "ctx_len", v->req->ctx_len },
	};
	size_t i;
	int ret;

	e->seq_len = seq_len;
	ret = qaicc_ref_open(v->req->onnx, sym, QAIC_ARRAY_SIZE(sym), &e->ref,
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
	}
	if (!e->inputs || !e->state_of_output || !v->state)
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

/* Compare the next row of card logits of row @r with @want. */
static int compare(struct verify *v, uint32_t r, const float *want)
{
	const struct qeff_verify_request *q = v->req;
	const float *got;
	double d;
	uint32_t i;

	if (v->next[r] >= q->num_logits[r])
		return qaic_fail(v->err, -EINVAL,
				 "row %u: only %zu rows of logits were kept", r,
				 q->num_logits[r]);
	got = q->logits[r] + v->next[r]++ * q->vocab;
	for (i = 0; i < q->vocab; i++) {
		d = (double)got[i] - want[i];
		/* a NaN must show */
		if (!(fabs(d) <= v->res->max_abs))
			v->res->max_abs = fabs(d);
		v->sum_dd += d * d;
		v->sum_cc += (double)got[i] * got[i];
		v->sum_rr += (double)want[i] * want[i];
		v->sum_cr += (double)got[i] * want[i];
	}
	v->count += q->vocab;
	v->res->rows++;
	v->res->top1 += argmax(got, q->vocab) == argmax(want, q->vocab);
	return 0;
}

/* Run one call; rows with tokens in it are compared. */
static int call(struct verify *v, struct eval *e, const uint32_t *real)
{
	struct qaicc_tensor t;
	size_t i;
	uint32_t r;
	int ret;

	ret = qaicc_ref_run(e->ref, e->inputs, v->err);
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
	for (r = 0; !ret && r < v->req->num_rows; r++)
		if (real[r])
			ret = compare(v, r, (const float *)t.data +
				      (size_t)r * v->req->vocab);
	return ret;
}

/*
 * Fill every row with up to seq_len of its tokens in [first, end of its range);
 * returns whether any row has one.
 */
static bool fill(struct verify *v, struct eval *e, size_t step, bool prefill,
		 uint32_t *real)
{
	const struct qeff_verify_request *q = v->req;
	size_t first, end, off;
	bool any = false;
	uint32_t r;

	for (r = 0; r < q->batch; r++) {
		off = (size_t)r * e->seq_len;
		first = end = 0;
		if (r < q->num_rows && prefill) {
			first = step * e->seq_len;
			end = q->num_prompt[r];
		} else if (r < q->num_rows) {
			first = q->num_prompt[r] + step;
			/* the last token was never an input */
			end = first + 1 < q->num_tokens[r] ? first + 1 : 0;
		}
		real[r] = qeff_fill_row(e->input_ids + off, e->position_ids + off,
					e->seq_len,
					r < q->num_rows ? q->tokens[r] : NULL,
					end, first);
		any |= real[r] > 0;
	}
	return any;
}

static int replay(struct verify *v, uint32_t *real)
{
	size_t step;
	int ret = 0;

	for (step = 0; !ret && fill(v, &v->prefill, step, true, real); step++)
		ret = call(v, &v->prefill, real);
	for (step = 0; !ret && fill(v, v->decode, step, false, real); step++)
		ret = call(v, v->decode, real);
	return ret;
}

int qeff_verify(const struct qeff_verify_request *req,
		struct qeff_verify_result *res, struct qaic_err *err)
{
	struct verify v = { .req = req, .res = res, .err = err };
	uint32_t *real = calloc(req->batch + 1, sizeof(*real));
	size_t i;
	int ret;

	memset(res, 0, sizeof(*res));
	strcpy(res->output, "logits");
	v.next = calloc(req->batch + 1, sizeof(*v.next));
	v.decode = req->prompt_len == 1 ? &v.prefill : &v.decode_own;
	if (!real || !v.next)
		ret = no_memory(err);
	else
		ret = eval_open(&v, &v.prefill, req->prompt_len);
	if (!ret && v.decode != &v.prefill)
		ret = eval_open(&v, v.decode, 1);
	if (!ret)
		ret = replay(&v, real);
	if (!ret && v.count) {
		res->mse = v.sum_dd / v.count;
		res->rel_rms = sqrt(v.sum_dd / (v.sum_rr > 0 ? v.sum_rr : 1));
		res->cosine = v.sum_cr / sqrt(v.sum_cc * v.sum_rr);
	}
	eval_close(&v.prefill);
	eval_close(&v.decode_own);
	for (i = 0; v.state && i < v.num_state; i++)
		free(v.state[i]);
	free(v.state);
	free(v.next);
	free(real);
	return ret;
}
