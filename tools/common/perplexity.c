// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "tools/common/perplexity.h"
#include "tools/common/progress.h"

#define MAX_TEXT	(256u << 20)
/* logits of FP32 that are kept until the other formats have seen the text */
#define KEEP		(1u << 30)

const struct qaic_ppl_format qaic_ppl_all[] = {
	{ .fp32 = true },
	{ .fp32 = false },
	{ .weights = QAIC_MXINT8 },
	{ .weights = QAIC_MXINT8, .act_int8 = true },
	{ .weights = QAIC_MXFP6 },
	{ .weights = QAIC_MXFP6, .act_int8 = true },
	{ .weights = QAIC_MXFP4 },
	{ .weights = QAIC_MXFP4, .act_int8 = true },
	{ .kv_mxint8 = true },
};
const size_t qaic_ppl_num_all = QAIC_ARRAY_SIZE(qaic_ppl_all);

struct ppl {
	const struct qaic_ppl *p;
	struct qaic_ppl_text text;
	struct qeff_session **s;	/* of each format */
	struct qaic_ppl_sums *sums;
	float *kept;			/* [group][len][vocab] of the first format */
	size_t group;			/* windows that are run before the next
					 * format is */
	size_t k, first, base;		/* format; first windows of the group and of
					 * the call */
	struct qaic_err *err;
};

static int no_memory(struct ppl *x)
{
	return qaic_fail(x->err, -ENOMEM, "out of memory");
}

/* ---- distributions ---- */

/* Log of the sum of exp(v); NAN if one is not a number. */
static double log_sum(const float *v, size_t n, size_t *top)
{
	double sum = 0;
	size_t i;

	for (i = 1, *top = 0; i < n; i++)
		if (v[i] > v[*top])
			*top = i;
	for (i = 0; i < n; i++)
		sum += exp((double)v[i] - v[*top]);
	return log(sum) + v[*top];
}

/* Sum of p log(p / q), p of @a and q of @b; @la and @lb are their log_sum(). */
static double divergence(const float *a, double la, const float *b, double lb,
			 size_t n)
{
	double kl = 0, p;
	size_t i;

	for (i = 0; i < n; i++) {
		p = exp(a[i] - la);
		if (p > 0)
			kl += p * ((a[i] - la) - (b[i] - lb));
	}
	return kl > 0 ? kl : 0;		/* rounding */
}

static void compare(struct ppl *x, const float *ref, const float *v, double lv,
		    size_t top, size_t vocab)
{
	struct qaic_ppl_sums *s = &x->sums[x->k];
	size_t ref_top;
	double lr = log_sum(ref, vocab, &ref_top), kl;

	kl = divergence(ref, lr, v, lv, vocab);
	s->kl += kl;
	s->kl_max = kl > s->kl_max ? kl : s->kl_max;
	s->top1 += top == ref_top;
}

/* What predicts token @i + 1 of a window. */
static int on_logits(void *ctx, size_t row, size_t i, const float *logits,
		     size_t vocab)
{
	struct ppl *x = ctx;
	size_t w = x->base + row, top;
	float *kept = x->kept ? x->kept + ((w - x->first) * x->text.len + i) *
					  vocab : NULL;
	struct qaic_ppl_sums *s = &x->sums[x->k];
	double sum;

	if (i + 1 >= x->text.len)
		return 0;
	sum = log_sum(logits, vocab, &top);
	if (!isfinite(sum))
		return -EDOM;
	s->nll += sum - logits[x->text.ids[w * x->p->stride + i + 1]];
	s->tokens++;
	if (kept && !x->k)
		memcpy(kept, logits, vocab * sizeof(*kept));
	else if (kept)
		compare(x, kept, logits, sum, top, vocab);
	return 0;
}

/* ---- running ---- */

static int on_call(void *ctx, const struct qeff_watch_call *call,
		   struct qaic_err *err)
{
	struct ppl *x = ctx;
	struct qaic_ppl_sums *s = &x->sums[x->k];
	int i;

	s->seconds += call->ns / 1e9;
	for (i = 0; i < QEFF_NUM_SKUS; i++)
		s->modelled[i] += call->modelled[i];
	return 0;
}

static int open_format(struct ppl *x)
{
	struct qeff_watch watch = { .after = on_call, .ctx = x };
	const struct qaic_ppl_format *f = &x->p->format[x->k];
	struct qeff_build_options o = x->p->build;
	struct qeff_session_options so = {
		.qid = x->p->qid, .progress = o.progress,
	};
	struct qeff_artefacts art;
	int ret;

	o.every_row = true;
	o.fp32 = f->fp32;
	o.weights = f->weights;
	o.act_int8 = f->act_int8;
	o.kv_mxint8 = f->kv_mxint8;
	ret = qeff_build(&o, &art, x->err);
	if (ret)
		return ret;
	so.qpc_dir = art.qpc_dir;
	ret = qeff_session_open(&so, &x->s[x->k], x->err);
	qeff_artefacts_release(&art);
	if (!ret)
		qeff_session_watch(x->s[x->k], &watch);
	return ret;
}

static int run_windows(struct ppl *x, size_t n)
{
	const int32_t **rows = calloc(n, sizeof(*rows));
	size_t *len = calloc(n, sizeof(*len)), i;
	struct qeff_score_request req = {
		.tokens = rows, .num_tokens = len, .num_rows = n,
		.logits = on_logits, .ctx = x,
	};
	int ret;

	for (i = 0; rows && len && i < n; i++) {
		rows[i] = x->text.ids + (x->base + i) * x->p->stride;
		len[i] = x->text.len;
	}
	ret = rows && len ? qeff_score(x->s[x->k], &req, x->err) : no_memory(x);
	free(rows);
	free(len);
	return ret;
}

/* The windows of a group through a format, then leave the card to the next. */
static int run_group(struct ppl *x, size_t end)
{
	size_t n, batch = x->p->build.batch_size;
	int ret = 0;

	if (!x->s[x->k])
		ret = open_format(x);
	for (x->base = x->first; !ret && x->base < end; x->base += n) {
		n = end - x->base < batch ? end - x->base : batch;
		ret = run_windows(x, n);
	}
	if (!ret && x->p->num_formats > 1)
		qeff_session_rest(x->s[x->k]);
	return ret;
}

/* The first format must be open: it knows the vocabulary. */
static int make_group(struct ppl *x)
{
	size_t batch = x->p->build.batch_size, vocab, row;

	x->group = x->text.windows;
	if (!x->p->against_fp32)
		return 0;
	vocab = qeff_session_vocab(x->s[0]);
	row = x->text.len * vocab * sizeof(float);
	if (x->group > KEEP / row)
		x->group = KEEP / row / batch * batch;
	if (x->group < batch)
		x->group = batch;
	x->kept = malloc(x->group * row);
	return x->kept ? 0 : no_memory(x);
}

static int run_all(struct ppl *x)
{
	size_t end, n = x->text.windows, done = 0;
	int ret = open_format(x);

	if (!ret)
		ret = make_group(x);
	for (; !ret && x->first < n; x->first += x->group) {
		end = n - x->first < x->group ? n : x->first + x->group;
		for (x->k = 0; !ret && x->k < x->p->num_formats; x->k++) {
			ret = run_group(x, end);
			done += end - x->first;
			qaic_progress_update(&x->p->build.progress, "text", done,
					     n * x->p->num_formats);
		}
	}
	qaic_progress_clear();
	return ret;
}

/* ---- the text ---- */

static int read_text(struct ppl *x)
{
	const struct qaic_ppl *p = x->p;
	struct qeff_tokenizer *tok;
	char *text;
	size_t len;
	int ret;

	ret = qaic_read_input(p->text, MAX_TEXT, &text, &len, x->err);
	if (ret)
		return ret;
	ret = qeff_tokenizer_open(p->build.model_dir, &tok, x->err);
	if (!ret) {
		ret = qeff_encode(tok, text, len, true, &x->text.ids,
				  &x->text.num, x->err);
		qeff_tokenizer_close(tok);
	}
	free(text);
	if (ret)
		return ret;
	if (x->text.num < 2)
		return qaic_fail(x->err, -EINVAL,
				 "%s: a text of %zu tokens predicts nothing",
				 p->text, x->text.num);
	x->text.len = p->build.ctx_len;
	if (x->text.len > x->text.num)
		x->text.len = x->text.num;
	x->text.windows = (x->text.num - x->text.len) / p->stride + 1;
	return 0;
}

int qaic_ppl_run(const struct qaic_ppl *p, struct qaic_err *err)
{
	struct ppl x = { .p = p, .err = err };
	size_t i;
	int ret;

	if (p->build.ctx_len < 2)
		return qaic_fail(err, -EINVAL,
				 "--ctx-len 1 leaves no token to be predicted");
	x.s = calloc(p->num_formats, sizeof(*x.s));
	x.sums = calloc(p->num_formats, sizeof(*x.sums));
	ret = x.s && x.sums ? read_text(&x) : no_memory(&x);
	if (!ret)
		ret = run_all(&x);
	if (!ret && p->json)
		ret = qaic_ppl_json(p, &x.text, x.sums, err);
	else if (!ret)
		qaic_ppl_print(p, &x.text, x.sums);
	for (i = 0; x.s && i < p->num_formats; i++)
		qeff_session_close(x.s[i]);
	free(x.s);
	free(x.sums);
	free(x.kept);
	free(x.text.ids);
	return ret;
}
