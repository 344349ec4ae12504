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
#include "tools/common/verify.h"

#define MADE_UP	12		/* tokens of a prompt that nobody gave */

struct verify {
	const struct qaic_verify *o;
	struct qeff_session *s;
	struct qeff_verifier *v;
	struct qaic_prompts prompts;
	struct qaic_rows *kept;
	struct qaic_golden golden;
	size_t generated, same;		/* tokens that could be golden, and are */
	struct qaic_err *err;
};

static const struct {
	const char *title, *key, *what;
} pairs[QEFF_NUM_PAIRS] = {
	[QEFF_REFERENCE_GOLDEN] = { "reference - golden", "reference_golden",
				    "the reference parts from the golden logits" },
	[QEFF_ONNX_REFERENCE] = { "ONNX - reference", "onnx_reference",
				  "the ONNX parts from the reference" },
	[QEFF_CARD_ONNX] = { "card - ONNX", "card_onnx",
			     "the card parts from the ONNX" },
	[QEFF_CARD_REFERENCE] = { "card - reference", "card_reference",
				  "the card parts from the reference" },
};

/* All but the card are FP32, whatever it is. */
static double bound_of(const struct qaic_verify *o, int pair)
{
	return qaic_verify_bound(pair == QEFF_REFERENCE_GOLDEN ||
				 pair == QEFF_ONNX_REFERENCE || o->fp32);
}

/* The same ids every time, other ones in every row. */
static int make_up(struct verify *x)
{
	uint32_t vocab = qeff_session_vocab(x->s), r, i, seed = 12345;
	uint32_t ctx = qeff_session_ctx_len(x->s), n = MADE_UP;
	struct qaic_str s = { 0 };
	int ret;

	if (qeff_session_seq2seq(x->s))
		ctx = qeff_session_prompt_len(x->s) + 1;
	if (n >= ctx)
		n = ctx > 1 ? ctx - 1 : 1;
	for (r = 0; r < qeff_session_batch(x->s); r++) {
		for (i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			qaic_str_printf(&s, "%s%u",
					i ? " " : r ? "|" : "",
					(seed >> 8) % vocab);
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

static int read_prompts(struct verify *x)
{
	const struct qaic_verify *o = x->o;
	const char *note = NULL;
	size_t i;
	int ret;

	if (o->golden && x->golden.vocab != qeff_session_vocab(x->s))
		return qaic_fail(x->err, -EINVAL,
				 "%s: golden logits have %zu columns, the model's %u",
				 o->golden, x->golden.vocab,
				 qeff_session_vocab(x->s));
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
		ret = qaic_prompts_fit(&x->prompts, qeff_session_batch(x->s),
				       &note, x->err);
	/* that one golden prompt fills a batch is no news */
	if (!ret && note && !o->golden)
		fprintf(stderr, "%s: warning: %s\n", o->prog, note);
	for (i = 0; !ret && i < x->prompts.n; i++)
		ret = qeff_check_prompt(x->s, i, x->prompts.v[i].ids,
					x->prompts.v[i].num_ids, x->err);
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

static int open_all(struct verify *x)
{
	const struct qaic_verify *o = x->o;
	struct qeff_session_options so = {
		.qpc_dir = o->qpc, .qid = o->qid,
		.progress = qaic_progress_terminal(),
	};
	struct qeff_verify_options vo = {
		.onnx = o->onnx, .model_dir = o->model_dir,
		.per_block = o->per_block, .num_cores = o->num_cores,
		.fp32 = o->fp32, .qid = o->qid,
	};
	struct qeff_model_info info;
	int ret = o->golden ? qaic_golden_load(&x->golden, o->golden, x->err) : 0;

	if (!ret)
		ret = qeff_session_open(&so, &x->s, x->err);
	if (!ret)
		ret = qeff_model_info(o->model_dir, &info, x->err);
	qaic_progress_clear();
	if (ret)
		return ret;
	/* the tokens are the model's own, of whatever is generated */
	qeff_session_set_rules(x->s, &info.rules);
	ret = read_prompts(x);
	if (ret)
		return ret;
	vo.batch = qeff_session_batch(x->s);
	vo.prompt_len = qeff_session_prompt_len(x->s);
	vo.ctx_len = qeff_session_ctx_len(x->s);
	x->kept = calloc(vo.batch, sizeof(*x->kept));
	if (!x->kept)
		return qaic_fail(x->err, -ENOMEM, "out of memory");
	return qeff_verifier_open(&vo, &x->v, x->err);
}

static void print_line(const char *name, const char *pair,
		       const struct qeff_distance *d)
{
	char top1[48] = "-";

	if (d->rows)
		snprintf(top1, sizeof(top1), "%zu/%zu", d->top1, d->rows);
	printf("%-28s %-18s %10.3g %10.3g %10.3g %12.9f %s\n", name, pair,
	       d->mse, d->max_abs, d->rel_rms, d->cosine, top1);
}

static void print_table(struct verify *x)
{
	struct qeff_verify_output o;
	const char *name;
	size_t i;
	int p;

	printf("reference: %s\nONNX:      %s\ncard:      %s (%s)\n\n"
	       "%-28s %-18s %10s %10s %10s %12s %s\n", x->o->model_dir,
	       x->o->onnx, x->o->qpc, x->o->fp32 ? "fp32" : "fp16", "output",
	       "pair", "MSE", "max", "rel RMS", "cosine", "top-1");
	for (i = 0; qeff_verifier_output(x->v, i, &o); i++) {
		name = o.name;
		for (p = 0; p < QEFF_NUM_PAIRS; p++) {
			if (!o.pair[p].num)
				continue;
			print_line(name, pairs[p].title, &o.pair[p]);
			name = "";
		}
	}
	printf("\n");
	if (x->generated)
		printf("greedy tokens as the golden ones: %zu/%zu\n", x->same,
		       x->generated);
	for (p = 0; x->o->per_block && p < QEFF_NUM_PAIRS; p++) {
		if (qeff_verifier_parting(x->v, p, bound_of(x->o, p), &o))
			printf("%s in %s\n", pairs[p].what, o.name);
	}
}

static json_t *json_outputs(struct verify *x)
{
	static const char *const kinds[] = { "result", "block", "state" };
	json_t *list = json_array(), *j;
	struct qeff_verify_output o;
	size_t i;
	int p;

	for (i = 0; qeff_verifier_output(x->v, i, &o); i++) {
		j = json_pack("{s:s, s:s}", "output", o.name, "kind",
			      kinds[o.kind]);
		for (p = 0; p < QEFF_NUM_PAIRS; p++)
			if (o.pair[p].num)
				json_object_set_new(j, pairs[p].key,
					qaic_json_distance(&o.pair[p]));
		json_array_append_new(list, j);
	}
	return list;
}

static void print_json(struct verify *x, bool agree)
{
	json_t *bounds = json_object(), *parting = json_object(), *j;
	struct qeff_verify_output o;
	int p;

	for (p = 0; p < QEFF_NUM_PAIRS; p++) {
		double bound = bound_of(x->o, p);

		json_object_set_new(bounds, pairs[p].key, json_real(bound));
		json_object_set_new(parting, pairs[p].key,
			qeff_verifier_parting(x->v, p, bound, &o) ?
			json_string(o.name) : json_null());
	}
	j = json_pack("{s:s?, s:s?, s:s?, s:s, s:o, s:o, s:b}",
		      "model", x->o->model_dir, "onnx", x->o->onnx,
		      "qpc", x->o->qpc, "precision",
		      x->o->fp32 ? "fp32" : "fp16", "bounds", bounds,
		      "outputs", json_outputs(x), "agree", agree);
	if (x->o->per_block)
		json_object_set(j, "parting", parting);
	if (x->generated)
		json_object_set_new(j, "golden_tokens",
			json_pack("{s:I, s:I}", "same", (json_int_t)x->same,
				  "of", (json_int_t)x->generated));
	json_decref(parting);
	json_dumpf(j, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	printf("\n");
	json_decref(j);
}

/* The results and the cache of one pair. */
static int judge_outputs(struct verify *x, int p, double bound)
{
	struct qeff_verify_output o;
	size_t i;

	for (i = 0; qeff_verifier_output(x->v, i, &o); i++)
		if (o.pair[p].num && !(o.pair[p].rel_rms <= bound))
			return qaic_fail(x->err, -ERANGE,
					 "verification failed: %s in %s (%.3g relative RMS, more than %g)%s",
					 pairs[p].what, o.name,
					 o.pair[p].rel_rms, bound,
					 x->o->per_block ? "" :
					 "; --per-block finds where");
	return 0;
}

/* Agreement, or an error that says where there is none. */
static int judge(struct verify *x)
{
	struct qeff_verify_output o;
	double bound;
	int p, ret = 0;

	for (p = 0; p < QEFF_NUM_PAIRS && !ret; p++) {
		bound = bound_of(x->o, p);
		if (qeff_verifier_parting(x->v, p, bound, &o))
			return qaic_fail(x->err, -ERANGE,
					 "verification failed: %s in %s (%.3g relative RMS, more than %g)",
					 pairs[p].what, o.name,
					 o.pair[p].rel_rms, bound);
		ret = judge_outputs(x, p, bound);
	}
	/* where two tokens are as good as each other, either will do */
	if (!ret && x->same < x->generated &&
	    x->golden.gap >= (x->o->fp32 ? 0.002 : 0.01))
		ret = qaic_fail(x->err, -ERANGE,
				"verification failed: %zu of %zu generated tokens are the golden ones",
				x->same, x->generated);
	return ret;
}

int qaic_verify_run(const struct qaic_verify *o, struct qaic_err *err)
{
	struct verify x = { .o = o, .err = err };
	size_t i, batch;
	int ret;

	ret = open_all(&x);
	batch = ret ? 0 : qeff_session_batch(x.s);
	for (i = 0; !ret && i + batch <= x.prompts.n; i += batch)
		ret = run_batch(&x, x.prompts.v + i, batch);
	if (!ret) {
		ret = judge(&x);
		if (o->json)
			print_json(&x, !ret);
		else
			print_table(&x);
	}
	qeff_verifier_close(x.v);
	qaic_rows_free(x.kept, x.s ? qeff_session_batch(x.s) : 0);
	qaic_prompts_release(&x.prompts);
	qaic_golden_release(&x.golden);
	if (x.s)
		qeff_session_close(x.s);
	return ret;
}
