// SPDX-License-Identifier: MIT
/*
 * qeff verify: the checkpoint, its export and the card, side by side.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tools/common/progress.h"
#include "tools/common/verify_priv.h"

#define MADE_UP	12		/* tokens of a prompt that nobody gave */

/* The same ids every time, other ones in every row. */
static int make_up(struct verify *x)
{
	uint32_t r, i, seed = 12345, n = MADE_UP;
	struct qaic_str s = { 0 };
	int ret;

	if (n > x->room)
		n = x->room;
	for (r = 0; r < x->batch; r++) {
		for (i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			qaic_str_printf(&s, "%s%u",
					i ? " " : r ? "|" : "",
					(seed >> 8) % x->vocab);
		}
	}
	ret = s.failed ? qaic_fail(x->err, -ENOMEM, "out of memory") :
			 qaic_prompts_ids(&x->prompts, s.s, x->err);
	qaic_str_free(&s);
	return ret;
}

static int encode(struct verify *x)
{
	struct qeff_tokenizer *tok;
	int ret = qeff_tokenizer_open(x->o->model_dir, &tok, x->err);

	if (ret)
		return ret;
	ret = qaic_prompts_encode(&x->prompts, tok, x->err);
	qeff_tokenizer_close(tok);
	return ret;
}

static int check_prompt(struct verify *x, size_t i, const int32_t *ids, size_t n)
{
	size_t k;

	if (x->s)
		return qeff_check_prompt(x->s, i, ids, n, x->err);
	if (!n || n > x->room)
		return qaic_fail(x->err, -EINVAL,
				 "text %zu has %zu tokens; 1 to %u fit (--seq-len)",
				 i + 1, n, x->room);
	for (k = 0; k < n; k++)
		if (ids[k] < 0 || (uint32_t)ids[k] >= x->vocab)
			return qaic_fail(x->err, -EINVAL,
					 "token id %d of text %zu is outside the vocabulary of %u",
					 ids[k], i + 1, x->vocab);
	return 0;
}

static int read_prompts(struct verify *x)
{
	const struct qaic_verify *o = x->o;
	const char *note = NULL;
	size_t i;
	int ret;

	if (o->golden && x->golden.vocab != x->vocab)
		return qaic_fail(x->err, -EINVAL,
				 "%s: golden logits have %zu columns, the model's %u",
				 o->golden, x->golden.vocab, x->vocab);
	if (o->golden)
		ret = qaic_golden_prompt(&x->golden, &x->prompts, x->err);
	else if (o->input_ids)
		ret = qaic_prompts_ids(&x->prompts, o->input_ids, x->err);
	else if (o->prompts_file)
		ret = qaic_prompts_file(&x->prompts, o->prompts_file, x->err);
	else if (o->prompt)
		ret = qaic_prompts_split(&x->prompts, o->prompt, x->err);
	else
		ret = make_up(x);
	if (!ret && !o->golden && !o->input_ids && (o->prompt || o->prompts_file))
		ret = encode(x);
	if (!ret)
		ret = qaic_prompts_fit(&x->prompts, x->batch, &note, x->err);
	/* that one golden prompt fills a batch is no news */
	if (!ret && note && !o->golden)
		fprintf(stderr, "%s: warning: %s\n", o->prog, note);
	for (i = 0; !ret && i < x->prompts.n; i++)
		ret = check_prompt(x, i, x->prompts.v[i].ids,
				   x->prompts.v[i].num_ids);
	return ret;
}

static int on_logits(void *ctx, size_t row, const float *logits, size_t vocab)
{
	struct verify *x = ctx;

	return qaic_rows_add(&x->kept[row], logits, vocab);
}

/*
 * Logits that are no numbers end a generation, but where they come from is what
 * somebody wants to know: without it the prompts alone are looked at.
 */
static int without(struct verify *x, struct qeff_result *res, size_t n)
{
	size_t i;

	fprintf(stderr, "%s: warning: %s\n", x->o->prog, x->err->msg);
	memset(x->err, 0, sizeof(*x->err));
	res->ids = calloc(n, sizeof(*res->ids));
	res->num_ids = calloc(n, sizeof(*res->num_ids));
	res->num_prompts = n;
	for (i = 0; res->ids && i < n; i++)
		res->ids[i] = calloc(1, sizeof(**res->ids));
	return res->ids && res->num_ids && res->ids[n - 1] ? 0 :
	       qaic_fail(x->err, -ENOMEM, "out of memory");
}

static int run_batch(struct verify *x, const struct qaic_prompt *p, size_t n)
{
	const int32_t **ids = calloc(n, sizeof(*ids));
	size_t *len = calloc(n, sizeof(*len)), i;
	struct qeff_request req = {
		.prompts = ids, .prompt_len = len, .num_prompts = n,
		.generation_len = x->golden.num_greedy ?
				  x->golden.num_greedy : x->o->generation_len,
		.logits = on_logits, .ctx = x,
	};
	struct qeff_result res = { 0 };
	int ret = 0;

	if (!ids || !len)
		ret = qaic_fail(x->err, -ENOMEM, "out of memory");
	for (i = 0; !ret && i < n; i++) {
		ids[i] = p[i].ids;
		len[i] = p[i].num_ids;
		x->kept[i].n = 0;
	}
	if (!ret)
		ret = qeff_generate(x->s, &req, &res, x->err);
	if (ret == -EDOM)
		ret = without(x, &res, n);
	for (i = 0; !ret && i < n; i++) {
		x->same += qaic_golden_same(&x->golden, res.ids[i],
					    res.num_ids[i]);
		x->generated += res.num_ids[i] < x->golden.num_greedy ?
				res.num_ids[i] : x->golden.num_greedy;
	}
	if (!ret)
		ret = qaic_verify_batch(x->v, x->s, p, &res, x->kept,
					x->o->golden ? &x->golden : NULL,
					x->err);
	qeff_result_release(&res);
	free(ids);
	free(len);
	return ret;
}

/* Texts, in one call. */
static int run_texts(struct verify *x, const struct qaic_prompt *p, size_t n)
{
	const int32_t **tokens = calloc(n, sizeof(*tokens));
	size_t *num = calloc(n, sizeof(*num)), i;
	struct qeff_verify_batch q = {
		.num_rows = n, .tokens = tokens, .num_tokens = num,
		.num_prompt = num,
	};
	int ret;

	for (i = 0; tokens && num && i < n; i++) {
		tokens[i] = p[i].ids;
		num[i] = p[i].num_ids;
	}
	ret = tokens && num ? qeff_verifier_run(x->v, &q, x->err) :
			      qaic_fail(x->err, -ENOMEM, "out of memory");
	free(tokens);
	free(num);
	return ret;
}

static int open_session(struct verify *x, const struct qeff_model_info *info)
{
	const struct qaic_verify *o = x->o;
	struct qeff_session_options so = {
		.qpc_dir = o->qpc, .qid = o->qid,
		.progress = qaic_progress_terminal(),
	};
	int ret = qeff_session_open(&so, &x->s, x->err);

	qaic_progress_clear();
	if (ret)
		return ret;
	/* the tokens are the model's own, of whatever is generated */
	qeff_session_set_rules(x->s, &info->rules);
	x->batch = qeff_session_batch(x->s);
	x->vocab = qeff_session_vocab(x->s);
	x->room = qeff_session_seq2seq(x->s) ? qeff_session_prompt_len(x->s) :
		  qeff_session_ctx_len(x->s) - 1;
	x->room += !x->room;
	x->kept = calloc(x->batch, sizeof(*x->kept));
	return x->kept ? 0 : qaic_fail(x->err, -ENOMEM, "out of memory");
}

static int open_all(struct verify *x)
{
	const struct qaic_verify *o = x->o;
	struct qeff_verify_options vo = {
		.onnx = o->onnx, .model_dir = o->model_dir,
		.per_block = o->per_block, .num_cores = o->num_cores,
		.fp32 = o->fp32, .weights = o->weights,
		.act_int8 = o->act_int8, .fp32_nodes = o->fp32_nodes,
		.qid = o->qid,
	};
	struct qeff_model_info info;
	int ret;

	if (o->golden && o->seq_len)
		return qaic_fail(x->err, -EOPNOTSUPP,
				 "--golden is for models that generate text");
	ret = o->golden ? qaic_golden_load(&x->golden, o->golden, x->err) : 0;
	if (!ret)
		ret = qeff_model_info(o->model_dir, &info, x->err);
	if (ret)
		return ret;
	x->batch = o->batch_size;
	x->vocab = info.vocab_size;
	x->room = o->seq_len;
	if (!o->seq_len)
		ret = open_session(x, &info);
	if (!ret)
		ret = read_prompts(x);
	if (ret)
		return ret;
	vo.batch = x->batch;
	vo.prompt_len = x->s ? qeff_session_prompt_len(x->s) : o->seq_len;
	vo.ctx_len = x->s ? qeff_session_ctx_len(x->s) : o->seq_len;
	return qeff_verifier_open(&vo, &x->v, x->err);
}

int qaic_verify_run(const struct qaic_verify *o, struct qaic_err *err)
{
	struct verify x = { .o = o, .err = err };
	const struct qaic_prompt *p;
	size_t i;
	int ret;

	ret = open_all(&x);
	for (i = 0; !ret && i + x.batch <= x.prompts.n; i += x.batch) {
		p = x.prompts.v + i;
		ret = x.s ? run_batch(&x, p, x.batch) :
			    run_texts(&x, p, x.batch);
	}
	if (!ret) {
		ret = qaic_verify_judge(&x);
		if (o->json)
			ret = qaic_verify_json(&x, !ret) ?: ret;
		else
			qaic_verify_table(&x);
	}
	qeff_verifier_close(x.v);
	qaic_rows_free(x.kept, x.batch);
	qaic_prompts_release(&x.prompts);
	qaic_golden_release(&x.golden);
	if (x.s)
		qeff_session_close(x.s);
	return ret;
}
