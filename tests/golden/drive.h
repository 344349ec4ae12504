/* SPDX-License-Identifier: MIT */
/*
 * A golden model of any kind with the tokens of its golden.json as input, whatever
 * it would say itself: what comes out is in the order of logits.f32.
 */
#ifndef TESTS_GOLDEN_DRIVE_H
#define TESTS_GOLDEN_DRIVE_H

#include <float.h>

#include "tests/golden/check.h"

enum kind {
	DECODER, ENCODER, SEQ2SEQ,
};

struct golden {
	const char *dir, *name;
	enum kind kind;
	size_t rows, width;	/* of logits: distributions, and how many in each */
	size_t num_input, num_tokens;
	int32_t *input;
	int32_t *tokens;	/* of a decoder behind an encoder, the start first */
	float *logits;
};

/* Rows of logits. */
struct keep {
	float *l;
	size_t n, row;		/* values, and which row comes next */
	const struct golden *g;
	unsigned int step;	/* rows that a call takes; its last one is kept */
};

/* Are its logits those of a text's labels, two numbers and no more? */
static inline bool golden_is_labels(const struct golden *g)
{
	return g->kind == ENCODER && g->rows == 1;
}

static inline void golden_release(struct golden *g)
{
	free(g->input);
	free(g->tokens);
	free(g->logits);
}

static inline int golden_load(struct golden *g, const char *dir)
{
	const char *file = "logits.f32";
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_model_info info;
	json_t *root, *shape;
	int ret;

	memset(g, 0, sizeof(*g));
	g->dir = dir;
	ret = golden_json(dir, &g->name, &root, &err);
	if (!ret && qeff_model_info(dir, &info, &err))
		ret = -1;
	if (ret) {
		result(false, "%s: %s", dir, err.msg);
		return ret;
	}
	g->kind = info.task == QEFF_TASK_TEXT ? DECODER :
		  info.task == QEFF_TASK_TRANSFORM ? SEQ2SEQ : ENCODER;
	shape = json_object_get(root, "logits_f32_shape");
	if (!shape)
		shape = json_object_get(root, "shape");
	g->rows = json_integer_value(json_array_get(shape, 0));
	g->width = json_integer_value(json_array_get(shape, 1));
	if (json_array_size(shape) == 1) {	/* labels of one text */
		g->width = g->rows;
		g->rows = 1;
	}
	qaic_json_str(root, "logits_f32", &file, &err);
	g->logits = load_logits(dir, file, g->rows, g->width);
	g->input = id_array(root, "input_ids", &g->num_input);
	g->tokens = id_array(root, "decoder_greedy_ids", &g->num_tokens);
	if (g->kind == DECODER && g->num_input > g->rows)
		g->num_input = g->rows;
	/* its tenth token is a tie between two experts, see README.md */
	if (!strcmp(g->name, "mixtral"))
		g->num_input = 9;
	json_decref(root);
	ret = g->logits && g->num_input ? 0 : -1;
	result(!ret, "%s: bad golden files", dir);
	return ret;
}

static inline void keep_row(struct keep *k, const float *l, size_t n)
{
	k->l = realloc(k->l, (k->n + n) * sizeof(*l));
	memcpy(k->l + k->n, l, n * sizeof(*l));
	k->n += n;
}

/* The rows that a run with calls of @step tokens gives. */
static inline void golden_want(const struct golden *g, unsigned int step,
			       struct keep *want)
{
	size_t at;

	memset(want, 0, sizeof(*want));
	if (g->kind != DECODER) {
		keep_row(want, g->logits, g->rows * g->width);
		return;
	}
	for (at = step; at < g->num_input + step; at += step)
		keep_row(want, g->logits + ((at < g->num_input ? at :
					     g->num_input) - 1) * g->width,
			 g->width);
}

/*
 * A decoder's rows are its prompt's. One behind an encoder has no prompt: it goes
 * where its largest logit says, and the golden token gets that.
 */
static inline int on_row(void *ctx, size_t row, const float *l, size_t vocab)
{
	struct keep *k = ctx;
	const struct golden *g = k->g;

	if (k->row++ < (g->kind == SEQ2SEQ ? g->rows :
			(g->num_input + k->step - 1) / k->step))
		keep_row(k, l, vocab);
	if (g->kind == SEQ2SEQ && k->row < g->num_tokens)
		((float *)l)[g->tokens[k->row]] = FLT_MAX;
	return 0;
}

static inline bool run_text(const struct golden *g,
			    const struct qeff_build_options *o, struct keep *k)
{
	const int32_t *p = g->input;
	struct qeff_request q = {
		.prompts = &p, .prompt_len = &g->num_input, .num_prompts = 1,
		.generation_len = g->kind == SEQ2SEQ ? g->rows : 1,
		.logits = on_row, .ctx = k,
	};
	struct qeff_session *s = open_model(g->name, o);
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_model_info info;
	struct qeff_result res;
	int ret;

	if (!s)
		return false;
	ret = qeff_model_info(o->model_dir, &info, &err);
	if (!ret && g->kind == SEQ2SEQ)
		qeff_session_set_rules(s, &info.rules);
	if (!ret)
		ret = qeff_generate(s, &q, &res, &err);
	if (ret)
		result(false, "%s: %s", g->name, err.msg);
	else
		qeff_result_release(&res);
	qeff_session_close(s);
	return !ret;
}

static inline bool run_encoder(const struct golden *g,
			       const struct qeff_build_options *o,
			       struct keep *k)
{
	struct qeff_text text = { g->input, NULL, g->num_input };
	struct qeff_encoder_options eo = { 0 };
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_encoder *e = NULL;
	struct qeff_artefacts art;
	struct qeff_output out;
	size_t i;
	int ret;

	ret = qeff_build(o, &art, &err);
	if (!ret) {
		eo.qpc_dir = art.qpc_dir;
		ret = qeff_encoder_open(&eo, &e, &err);
		qeff_artefacts_release(&art);
	}
	if (!ret)
		ret = qeff_encoder_run(e, &text, 1, 0, &err);
	if (ret)
		result(false, "%s: %s", g->name, err.msg);
	/* rows of tokens are longer than the text */
	for (i = 0; !ret && qeff_encoder_output(e, i, &out); i++)
		keep_row(k, out.data, out.rank == 3 ? g->num_input * out.dim[2] :
			 strcmp(out.name, "logits") ? g->num_input : out.dim[1]);
	if (e)
		qeff_encoder_close(e);
	return !ret;
}

/*
 * Run it, in calls of @step tokens; an encoder, with or without an end behind it,
 * takes the whole text and up to @step more. @o says what else is asked for.
 */
static inline bool golden_run(const struct golden *g, unsigned int cores,
			      unsigned int step,
			      const struct qeff_build_options *o,
			      struct keep *k)
{
	struct qeff_build_options b = *o;
	unsigned int len = g->num_input + step;

	memset(k, 0, sizeof(*k));
	k->g = g;
	k->step = step;
	b.model_dir = b.model_dir ? b.model_dir : g->dir;
	b.cache_dir = cache;
	b.num_cores = cores;
	b.batch_size = 1;
	if (g->kind == ENCODER) {
		b.seq_lens = &len;
		b.num_seq_lens = 1;
		return run_encoder(g, &b, k);
	}
	b.prompt_len = g->kind == SEQ2SEQ ? len : step;
	b.ctx_len = g->kind == SEQ2SEQ ? g->rows + 1 :
		    g->num_input < 64 ? 64 : 128;
	return run_text(g, &b, k);
}

/* How far two runs are apart: relative RMS, and mean KL divergence of the rows. */
struct apart {
	double rms, kl;
};

static inline double log_sum(const float *l, size_t n)
{
	double top = -INFINITY, sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		top = l[i] > top ? l[i] : top;
	for (i = 0; i < n; i++)
		sum += exp(l[i] - top);
	return top + log(sum);
}

static inline struct apart apart(const struct keep *got,
				 const struct keep *want, size_t width)
{
	struct apart a = { INFINITY, INFINITY };
	double dd = 0, rr = 0, kl = 0, x, p, q;
	size_t i, r;

	if (got->n != want->n || !want->n)
		return a;
	for (r = 0; r < want->n; r += width) {
		p = log_sum(want->l + r, width);
		q = log_sum(got->l + r, width);
		for (i = r; i < r + width; i++) {
			x = (double)got->l[i] - want->l[i];
			dd += x * x;
			rr += (double)want->l[i] * want->l[i];
			kl += exp(want->l[i] - p) * (want->l[i] - p -
						     (got->l[i] - q));
		}
	}
	/* NaN is far away too */
	if (rr > 0 && dd == dd) {
		a.rms = sqrt(dd / rr);
		a.kl = kl * width / want->n;
	}
	return a;
}

#endif
