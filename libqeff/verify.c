// SPDX-License-Identifier: MIT
/*
 * Evaluations of one model over the same calls. The tokens are the card's in all
 * of them, so one token that falls the other way does not end it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "libqeff/session.h"
#include "libqeff/verify.h"

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

/* How many tokens of row @r are inputs: the last one of a generation never is. */
static size_t inputs_of(const struct qeff_verify_batch *b, uint32_t r)
{
	if (r >= b->num_rows)
		return 0;
	return b->num_tokens[r] > b->num_prompt[r] ? b->num_tokens[r] - 1 :
						     b->num_prompt[r];
}

/* Fill every row with its tokens in [@first[r], @end[r]); is there any? */
static bool fill(struct qeff_verifier *v, uint32_t seq_len)
{
	struct qeff_call *c = &v->call;
	bool any = false;
	uint32_t r;

	c->seq_len = seq_len;
	for (r = 0; r < c->batch; r++) {
		c->real[r] = qeff_fill_row(c->ids + (size_t)r * seq_len,
					   c->pos + (size_t)r * seq_len, seq_len,
					   r < v->b->num_rows ?
					   v->b->tokens[r] : NULL,
					   v->end[r], c->first[r]);
		any |= c->real[r] > 0;
	}
	return any;
}

/* The @step th call of the prompts, or of what was generated. */
static bool fill_step(struct qeff_verifier *v, const struct qeff_eval *e,
		      size_t step, bool prefill)
{
	const struct qeff_verify_batch *b = v->b;
	uint32_t r;

	for (r = 0; r < v->opt.batch; r++) {
		size_t prompt = r < b->num_rows ? b->num_prompt[r] : 0;

		v->call.first[r] = prefill ? step * e->seq_len : prompt + step;
		v->end[r] = prefill ? prompt : v->call.first[r] + 1;
		if (v->end[r] > v->whole[r])
			v->end[r] = 0;
	}
	return fill(v, e->seq_len);
}

/* The whole sequences in the reference, in one call. */
static int run_reference(struct qeff_verifier *v)
{
	uint32_t r, n = 1;
	int ret;

	for (r = 0; r < v->opt.batch; r++) {
		v->call.first[r] = 0;
		v->end[r] = v->whole[r];
		if (v->whole[r] > n)
			n = v->whole[r];
	}
	v->call.encoder_len = v->io.seq2seq ? v->opt.prompt_len : 0;
	ret = qeff_eval_open(&v->ref, &v->ref_io, &v->opt, n,
			     v->call.encoder_len, &v->ref_states, v->err);
	if (ret)
		return ret;
	fill(v, n);
	ret = qeff_eval_call(&v->ref, &v->call, v->err);
	return !ret && v->b->golden ? qeff_verify_golden(v) : ret;
}

static int call(struct qeff_verifier *v, struct qeff_eval *e)
{
	int ret;

	v->call.encoder_len = e->encoder_len;
	ret = qeff_eval_call(e, &v->call, v->err);
	if (!ret)
		ret = qeff_card_call(&v->card, &v->call, v->err);
	if (!ret)
		ret = qeff_verify_compare(v, e);
	if (!ret)
		qeff_eval_keep_states(e);
	return ret;
}

/* The encoder's rows, which are the same in every call that has any. */
static int fill_source(struct qeff_verifier *v)
{
	const struct qeff_verify_batch *b = v->b;
	uint32_t r, i, len = v->opt.prompt_len;
	int64_t *ids;
	size_t n;

	if (!v->io.seq2seq)
		return 0;
	if (!b->source || !b->num_source)
		return qaic_fail(v->err, -EINVAL,
				 "the encoder's tokens are missing");
	for (r = 0; r < v->opt.batch; r++) {
		n = r < b->num_rows ? b->num_source[r] : 0;
		if (n > len)
			return qaic_fail(v->err, -EINVAL,
					 "row %u has more tokens than the encoder takes",
					 r);
		ids = v->call.source + (size_t)r * len;
		for (i = 0; i < len; i++)
			ids[i] = i < n ? b->source[r][i] : 0;
		v->call.last[r] = (int64_t)n - 1;
	}
	return 0;
}

static int check_batch(struct qeff_verifier *v)
{
	uint32_t r;

	if (v->b->num_rows > v->opt.batch)
		return qaic_fail(v->err, -EINVAL,
				 "more rows than the batch has");
	for (r = 0; r < v->opt.batch; r++) {
		v->whole[r] = inputs_of(v->b, r);
		if (v->whole[r] > v->opt.ctx_len)
			return qaic_fail(v->err, -EINVAL,
					 "row %u has more tokens than the context",
					 r);
		if (!v->io.cached && v->whole[r] > v->opt.prompt_len)
			return qaic_fail(v->err, -EINVAL,
					 "text %u has %zu tokens; %u were made room for",
					 r + 1, v->whole[r], v->opt.prompt_len);
	}
	return fill_source(v);
}

int qeff_verifier_run(struct qeff_verifier *v,
		      const struct qeff_verify_batch *b, struct qaic_err *err)
{
	size_t step;
	int ret;

	v->b = b;
	v->err = err;
	memset(v->next, 0, v->opt.batch * sizeof(*v->next));
	qeff_states_clear(&v->states);
	ret = check_batch(v);
	if (!ret)
		ret = qeff_card_load(&v->card, err);
	if (!ret && v->opt.model_dir)
		ret = run_reference(v);
	for (step = 0; !ret && fill_step(v, &v->prefill, step, true); step++)
		ret = call(v, &v->prefill);
	for (step = 0; !ret && fill_step(v, v->decode, step, false); step++)
		ret = call(v, v->decode);
	if (!ret)
		qeff_verify_states(v);
	qeff_eval_close(&v->ref);
	qeff_states_release(&v->ref_states);
	qeff_card_unload(&v->card);
	return ret;
}

static int make_dir(struct qeff_verifier *v)
{
	const char *tmp = getenv("TMPDIR");
	int ret;

	v->dir = qaic_asprintf("%s/qeff-verify-XXXXXX",
			       tmp && *tmp ? tmp : "/tmp");
	if (!v->dir)
		return no_memory(v->err);
	if (mkdtemp(v->dir))
		return 0;
	ret = qaic_fail(v->err, -errno, "%s: %s", v->dir, strerror(errno));
	free(v->dir);
	v->dir = NULL;
	return ret;
}

/* The checkpoint once more, with the results of every token. */
static int export_reference(struct qeff_verifier *v)
{
	struct qeff_export_options eo = {
		.model_dir = v->opt.model_dir, .every_row = true,
	};
	char *onnx = qaic_path(v->dir, "reference.onnx");
	int ret;

	if (!onnx)
		return no_memory(v->err);
	eo.onnx_path = onnx;
	ret = qeff_export(&eo, v->err);
	if (!ret)
		ret = qeff_io_open(&v->ref_io, onnx, v->opt.per_block, v->err);
	free(onnx);
	return ret;
}

/* The ONNX names blocks that the reference must have as well. */
static int check_blocks(const struct qeff_verifier *v)
{
	size_t i;

	for (i = 0; v->opt.model_dir && i < v->io.n; i++)
		if (v->io.v[i].kind == QEFF_OUTPUT_BLOCK &&
		    !qeff_io_find(&v->ref_io, v->io.v[i].label))
			return qaic_fail(v->err, -EINVAL,
					 "%s has a block %s, the model has none of that name",
					 v->opt.onnx, v->io.v[i].label);
	return 0;
}

static int open_evals(struct qeff_verifier *v)
{
	bool both = v->io.seq2seq;	/* sides; the decoder's prompt is a token */
	uint32_t len = v->opt.prompt_len;
	int ret;

	ret = qeff_eval_open(&v->prefill, &v->io, &v->opt, both ? 1 : len,
			     both ? len : 0, &v->states, v->err);
	v->decode = !v->io.cached || (len == 1 && !both) ? &v->prefill :
							   &v->decode_own;
	if (!ret && v->decode != &v->prefill)
		ret = qeff_eval_open(v->decode, &v->io, &v->opt, 1, 0,
				     &v->states, v->err);
	return ret;
}

static int allocate(struct qeff_verifier *v)
{
	size_t batch = v->opt.batch, len = v->opt.ctx_len;

	if (len < v->opt.prompt_len)
		len = v->opt.prompt_len;
	v->call.batch = batch;
	v->call.seq2seq = v->io.seq2seq;
	v->call.source = calloc(batch * v->opt.prompt_len + 1,
				sizeof(*v->call.source));
	v->call.last = calloc(batch + 1, sizeof(*v->call.last));
	v->call.ids = calloc(batch * len + 1, sizeof(*v->call.ids));
	v->call.pos = calloc(batch * len + 1, sizeof(*v->call.pos));
	v->call.first = calloc(batch + 1, sizeof(*v->call.first));
	v->call.real = calloc(batch + 1, sizeof(*v->call.real));
	v->next = calloc(batch + 1, sizeof(*v->next));
	v->end = calloc(batch + 1, sizeof(*v->end));
	v->whole = calloc(batch + 1, sizeof(*v->whole));
	v->sums = calloc(v->io.n + 1, sizeof(*v->sums));
	return v->call.source && v->call.last && v->call.ids && v->call.pos && v->call.first && v->call.real &&
	       v->next && v->end && v->whole && v->sums ? 0 : no_memory(v->err);
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
	ret = make_dir(v);
	if (!ret)
		ret = qeff_io_open(&v->io, opt->onnx, opt->per_block, err);
	if (!ret && opt->model_dir)
		ret = export_reference(v);
	if (!ret)
		ret = check_blocks(v);
	if (!ret)
		ret = allocate(v);
	if (!ret)
		ret = open_evals(v);
	if (!ret)
		ret = qeff_card_open(&v->card, opt, &v->io, v->dir, err);
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
	unsigned int p;

	memset(out, 0, sizeof(*out));
	if (i >= v->io.n)
		return false;
	snprintf(out->name, sizeof(out->name), "%s", v->io.v[i].label);
	out->kind = v->io.v[i].kind;
	for (p = 0; p < QEFF_NUM_PAIRS; p++)
		qeff_sums_distance(&v->sums[i][p], &out->pair[p]);
	return true;
}

bool qeff_verifier_parting(const struct qeff_verifier *v,
			   enum qeff_verify_pair pair, double bound,
			   struct qeff_verify_output *out)
{
	size_t i;

	for (i = 0; qeff_verifier_output(v, i, out); i++)
		if (out->kind == QEFF_OUTPUT_BLOCK && out->pair[pair].num &&
		    !(out->pair[pair].rel_rms <= bound))
			return true;
	return false;
}

void qeff_verifier_close(struct qeff_verifier *v)
{
	struct qaic_err ignored = QAIC_ERR_INIT;

	if (!v)
		return;
	qeff_eval_close(&v->prefill);
	qeff_eval_close(&v->decode_own);
	qeff_states_release(&v->states);
	qeff_card_close(&v->card);
	qeff_io_close(&v->io);
	qeff_io_close(&v->ref_io);
	free(v->call.source);
	free(v->call.last);
	free(v->call.ids);
	free(v->call.pos);
	free(v->call.first);
	free(v->call.real);
	free(v->next);
	free(v->end);
	free(v->whole);
	free(v->sums);
	if (v->dir)
		qaic_rmtree(v->dir, &ignored);
	free(v->dir);
	free(v);
}
