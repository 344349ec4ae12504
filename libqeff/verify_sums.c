// SPDX-License-Identifier: MIT
/* The comparison of the evaluations, output by output. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "libqeff/verify.h"

static size_t argmax(const float *x, size_t n)
{
	size_t i, at = 0;

	for (i = 1; i < n; i++)
		if (x[i] > x[at])
			at = i;
	return at;
}

void qeff_sums_add(struct qeff_sums *s, const float *a, const float *b, size_t n)
{
	size_t i;
	double d;

	for (i = 0; i < n; i++) {
		d = (double)a[i] - b[i];
		/* a NaN must show */
		if (!(fabs(d) <= s->max))
			s->max = fabs(d);
		s->dd += d * d;
		s->aa += (double)a[i] * a[i];
		s->bb += (double)b[i] * b[i];
		s->ab += (double)a[i] * b[i];
	}
	s->n += n;
}

void qeff_sums_distance(const struct qeff_sums *s, struct qeff_distance *d)
{
	*d = (struct qeff_distance) {
		.num = s->n, .rows = s->rows, .top1 = s->top1,
		.max_abs = s->max,
		.mse = s->n ? s->dd / s->n : 0,
		.rel_rms = sqrt(s->dd / (s->bb > 0 ? s->bb : 1)),
		.cosine = s->aa == 0 && s->bb == 0 ? 1 :
			  s->ab / sqrt(s->aa * s->bb),
	};
}

static void add_row(struct qeff_sums *s, const float *a, const float *b,
		    size_t n, bool result)
{
	if (!a || !b)
		return;
	qeff_sums_add(s, a, b, n);
	if (!result || n < 2)
		return;
	s->rows++;
	s->top1 += argmax(a, n) == argmax(b, n);
}

/* An output of one evaluation: rows of @width, of each token or of each row. */
struct side {
	const float *data;
	uint32_t seq_len;		/* 0: a row each */
	size_t width;
};

static int side_init(struct qeff_verifier *v, struct side *s, const char *name,
		     const float *data, size_t num, bool per_token,
		     uint32_t seq_len)
{
	size_t rows = (size_t)v->opt.batch * (per_token ? seq_len : 1);

	if (!data || num % rows)
		return qaic_fail(v->err, -EINVAL,
				 "output %s is not there, or has another shape",
				 name);
	s->data = data;
	s->seq_len = per_token ? seq_len : 0;
	s->width = num / rows;
	return 0;
}

/* Of row @r the token that is the @j th of this evaluation's call; NULL: no side */
static const float *at(const struct side *s, uint32_t r, size_t j)
{
	return s->data ? s->data + (s->seq_len ? r * s->seq_len + j : r) *
				   s->width : NULL;
}

/* The generation's own logits stand for the card's. */
static int generated(struct qeff_verifier *v, uint32_t r, const float **card)
{
	const struct qeff_verify_batch *b = v->b;

	if (v->next[r] >= b->num_logits[r])
		return qaic_fail(v->err, -EINVAL,
				 "row %u: only %zu rows of logits were kept", r,
				 b->num_logits[r]);
	*card = b->logits[r] + v->next[r]++ * b->vocab;
	return 0;
}

static int compare_row(struct qeff_verifier *v, size_t k, uint32_t r,
		       const struct side *onnx, const struct side *card,
		       const struct side *ref)
{
	const struct qeff_io_out *o = &v->io.v[k];
	bool own = v->b->logits && !strcmp(o->label, "logits") &&
		   !onnx->seq_len && onnx->width == v->b->vocab;
	bool result = o->kind == QEFF_OUTPUT_RESULT;
	const float *a, *b, *c;
	size_t j, p;
	int ret;

	/* where there is a row each, it is that of the last token */
	for (j = onnx->seq_len ? 0 : v->call.real[r] - 1; j < v->call.real[r];
	     j++) {
		p = v->call.first[r] + j;
		a = at(onnx, r, j);
		b = at(card, r, j);
		ret = own ? generated(v, r, &b) : 0;
		if (ret)
			return ret;
		/* of a whole sequence it is that of its end */
		c = ref->seq_len || p + 1 == v->whole[r] ? at(ref, r, p) : NULL;
		add_row(&v->sums[k][QEFF_ONNX_REFERENCE], a, c, onnx->width,
			result);
		add_row(&v->sums[k][QEFF_CARD_ONNX], b, a, onnx->width, result);
		add_row(&v->sums[k][QEFF_CARD_REFERENCE], b, c, onnx->width,
			result);
	}
	return 0;
}

static int compare_output(struct qeff_verifier *v, const struct qeff_eval *e,
			  size_t k)
{
	const struct qeff_io_out *o = &v->io.v[k], *ro;
	struct side onnx = { 0 }, card = { 0 }, ref = { 0 };
	const float *data;
	size_t num = 0;
	uint32_t r;
	int ret;

	data = qeff_eval_output(e, o->value, &num);
	ret = side_init(v, &onnx, o->label, data, num, o->per_token, e->seq_len);
	data = qeff_card_output(&v->card, o->value, &num);
	if (!ret)
		ret = side_init(v, &card, o->label, data, num, o->per_token,
				e->seq_len);
	ro = v->ref.ref ? qeff_io_find(&v->ref_io, o->label) : NULL;
	if (!ret && ro) {
		data = qeff_eval_output(&v->ref, ro->value, &num);
		ret = side_init(v, &ref, o->label, data, num, ro->per_token,
				v->ref.seq_len);
	}
	if (!ret && (card.width != onnx.width ||
		     (ref.data && ref.width != onnx.width)))
		ret = qaic_fail(v->err, -EINVAL,
				"output %s does not have the same width everywhere",
				o->label);
	for (r = 0; !ret && r < v->b->num_rows; r++)
		if (v->call.real[r])
			ret = compare_row(v, k, r, &onnx, &card, &ref);
	return ret;
}

int qeff_verify_compare(struct qeff_verifier *v, const struct qeff_eval *e)
{
	size_t k;
	int ret = 0;

	for (k = 0; k < v->io.n && !ret; k++)
		if (v->io.v[k].kind != QEFF_OUTPUT_STATE)
			ret = compare_output(v, e, k);
	return ret;
}

/* An output of the reference, of every row of the batch, against @want. */
static int compare_golden(struct qeff_verifier *v, size_t k,
			  const float *const *want, size_t skip, size_t width)
{
	const struct qeff_io_out *own = &v->io.v[k];
	const struct qeff_io_out *o = qeff_io_find(&v->ref_io, own->label);
	const struct qeff_verify_batch *b = v->b;
	struct side ref = { 0 };
	size_t num = 0, j;
	const float *data;
	uint32_t r;
	int ret;

	data = o ? qeff_eval_output(&v->ref, o->value, &num) : NULL;
	ret = side_init(v, &ref, own->label, data, num, o && o->per_token,
			v->ref.seq_len);
	if (!ret && ref.width != width)
		ret = qaic_fail(v->err, -EINVAL,
				"golden %s have %zu columns, the model's %zu",
				own->label, width, ref.width);
	for (r = 0; !ret && r < b->num_rows; r++)
		for (j = ref.seq_len ? 0 : b->num_golden[r] - 1;
		     j < b->num_golden[r] && j < v->whole[r]; j++)
			add_row(&v->sums[k][QEFF_REFERENCE_GOLDEN],
				at(&ref, r, j),
				want[r] + (skip * b->num_golden[r] + j) * width,
				width, own->kind == QEFF_OUTPUT_RESULT);
	return ret;
}

int qeff_verify_golden(struct qeff_verifier *v)
{
	const struct qeff_verify_batch *b = v->b;
	bool logits = false;
	size_t k, block = 0;
	int ret = 0;

	for (k = 0; k < v->io.n && !ret; k++) {
		if (!strcmp(v->io.v[k].label, "logits")) {
			ret = compare_golden(v, k, b->golden, 0, b->vocab);
			logits = true;
		} else if (v->io.v[k].kind == QEFF_OUTPUT_BLOCK && b->hidden &&
			   block < b->num_hidden) {
			ret = compare_golden(v, k, b->hidden, block++,
					     b->hidden_width);
		}
	}
	if (ret || logits)
		return ret;
	return qaic_fail(v->err, -EOPNOTSUPP,
			 "this model has no logits to compare with golden ones");
}

static void add_state(struct qeff_sums *s, const float *a, size_t na,
		      const float *b, size_t nb)
{
	if (a && b && na == nb)
		qeff_sums_add(s, a, b, na);
}

void qeff_verify_states(struct qeff_verifier *v)
{
	const float *onnx, *card, *ref = NULL;
	const struct qeff_io_out *o;
	size_t k, len, n = 0, nc = 0, nr = 0;

	for (k = 0; k < v->io.n; k++) {
		o = &v->io.v[k];
		if (o->kind != QEFF_OUTPUT_STATE)
			continue;
		len = strlen(o->value) - strlen(QEFF_RETAINED);
		onnx = qeff_states_find(&v->states, o->value, len, &n);
		card = qeff_card_state(&v->card, o->value, len, &nc);
		if (v->ref.ref)
			ref = qeff_eval_output(&v->ref, o->value, &nr);
		add_state(&v->sums[k][QEFF_ONNX_REFERENCE], onnx, n, ref, nr);
		add_state(&v->sums[k][QEFF_CARD_ONNX], card, nc, onnx, n);
		add_state(&v->sums[k][QEFF_CARD_REFERENCE], card, nc, ref, nr);
	}
}
