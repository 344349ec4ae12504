// SPDX-License-Identifier: MIT
/*
 * Einsum, in general form and without cleverness: every output element is a sum of
 * products over the labels that the output does not have.
 */
#include <ctype.h>

#include "compiler/einsum.h"
#include "compiler/op_util.h"

#define MAX_WORK (1ll << 36)

static int label_of(char c)
{
	return islower((unsigned char)c) ? c - 'a' : c - 'A' + 26;
}

static int set_dim(struct qc_einsum *s, int label, int64_t dim,
		   struct qaic_err *err)
{
	if (s->dim[label] < 0 || s->dim[label] == 1)
		s->dim[label] = dim;
	else if (dim != 1 && dim != s->dim[label])
		return qaic_fail(err, -EINVAL,
			"equation gives one label the sizes %lld and %lld",
			(long long)s->dim[label], (long long)dim);
	return 0;
}

/* How many labels a term has; -1 if it is malformed. */
static int term_letters(const char *t, size_t len, bool *dots)
{
	int letters = 0;
	size_t i;

	*dots = false;
	for (i = 0; i < len; i++) {
		if (t[i] == ' ')
			continue;
		if (len - i >= 3 && !memcmp(t + i, "...", 3)) {
			if (*dots)
				return -1;
			*dots = true;
			i += 2;
		} else if (isalpha((unsigned char)t[i])) {
			letters++;
		} else {
			return -1;
		}
	}
	return letters;
}

/* Axis @k of @v, which is dense (@own) unless it is constant, has @label. */
static void add_stride(struct qc_einsum *s, int label, const struct qc_value *v,
		       uint32_t k, int64_t own)
{
	if (v->dim[k] == 1)
		return;
	s->stride[s->num_in][label] += own;
	s->lies[s->num_in][label] += v->cst ? v->cst->stride[k] : own;
}

static int parse_input(struct qc_einsum *s, const char *t, size_t len,
		       const struct qc_value *v, struct qaic_err *err)
{
	int64_t own[QC_MAX_RANK];
	uint32_t k = 0, d, extra;
	int letters, label, rc;
	bool dots;
	size_t i;

	letters = term_letters(t, len, &dots);
	if (letters < 0 || (uint32_t)letters > v->rank ||
	    (!dots && (uint32_t)letters != v->rank))
		return qaic_fail(err, -EINVAL,
				 "equation does not fit the %u dimensions of '%s'",
				 v->rank, v->name);
	extra = v->rank - (uint32_t)letters;
	if (extra > s->ellipsis)
		s->ellipsis = extra;
	qc_strides(v, own);
	for (i = 0; i < len; i++) {
		if (t[i] == ' ')
			continue;
		if (t[i] != '.') {
			label = label_of(t[i]);
			rc = set_dim(s, label, v->dim[k], err);
			if (rc)
				return rc;
			s->seen[label]++;
			add_stride(s, label, v, k, own[k]);
			k++;
			continue;
		}
		/* the last of the "..." is always label 52 + QC_MAX_RANK - 1 */
		for (d = 0; d < extra; d++, k++) {
			label = QC_LABELS - (int)(extra - d);
			rc = set_dim(s, label, v->dim[k], err);
			if (rc)
				return rc;
			s->seen[label]++;
			add_stride(s, label, v, k, own[k]);
		}
		i += 2;
	}
	s->num_in++;
	return 0;
}

static int add_out(struct qc_einsum *s, int label, struct qaic_err *err)
{
	uint32_t i;

	for (i = 0; i < s->num_out; i++)
		if (s->out[i] == label)
			return qaic_fail(err, -EINVAL,
					 "equation repeats an output label");
	if (s->dim[label] < 0)
		return qaic_fail(err, -EINVAL,
				 "equation's output has a label of no input");
	if (s->num_out == QC_MAX_RANK)
		return qaic_fail(err, -EOPNOTSUPP, "more than %d dimensions",
				 QC_MAX_RANK);
	s->out[s->num_out++] = label;
	return 0;
}

/* Without "->": "..." first, then the labels that appear once, in order. */
static int parse_output(struct qc_einsum *s, const char *t, struct qaic_err *err)
{
	uint32_t d;
	int l, rc = 0;

	for (d = 0; !t && d < s->ellipsis && !rc; d++)
		rc = add_out(s, QC_LABELS - (int)(s->ellipsis - d), err);
	if (!t) {
		/* upper case sorts before lower case */
		for (l = 26; l < 52 && !rc; l++)
			if (s->seen[l] == 1)
				rc = add_out(s, l, err);
		for (l = 0; l < 26 && !rc; l++)
			if (s->seen[l] == 1)
				rc = add_out(s, l, err);
		return rc;
	}
	for (; *t && !rc; t++) {
		if (*t == ' ')
			continue;
		if (isalpha((unsigned char)*t)) {
			rc = add_out(s, label_of(*t), err);
		} else if (!strncmp(t, "...", 3)) {
			for (d = 0; d < s->ellipsis && !rc; d++)
				rc = add_out(s, QC_LABELS - (int)(s->ellipsis - d),
					     err);
			t += 2;
		} else {
			rc = qaic_fail(err, -EINVAL, "equation is malformed");
		}
	}
	return rc;
}

int qc_einsum_parse(const struct qc_node *n, struct qc_einsum *s,
		    struct qaic_err *err)
{
	const struct qc_attr *a = qc_attr_find(n, "equation");
	const char *t, *arrow;
	size_t len, left;
	uint32_t i, k;
	int l, rc;

	memset(s, 0, sizeof(*s));
	for (l = 0; l < QC_LABELS; l++)
		s->dim[l] = -1;
	if (!a || a->type != QC_ATTR_STR)
		return qaic_fail(err, -EINVAL, "equation is missing");
	if (n->num_in > QC_EINSUM_IN)
		return qaic_fail(err, -EOPNOTSUPP, "more than %d inputs", QC_EINSUM_IN);
	t = a->s;
	arrow = strstr(t, "->");
	left = arrow ? (size_t)(arrow - t) : strlen(t);
	for (i = 0; i < n->num_in; i++) {
		for (len = 0; len < left && t[len] != ','; len++)
			;
		if ((len == left) != (i + 1 == n->num_in))
			return qaic_fail(err, -EINVAL,
				"equation does not have %u terms", n->num_in);
		rc = parse_input(s, t, len, n->in[i], err);
		if (rc)
			return rc;
		if (len < left)
			len++;
		t += len;
		left -= len;
	}
	rc = parse_output(s, arrow ? arrow + 2 : NULL, err);
	for (l = 0; l < QC_LABELS && !rc; l++) {
		for (k = 0; k < s->num_out && s->out[k] != l; k++)
			;
		if (s->dim[l] >= 0 && k == s->num_out)
			s->sum[s->num_sum++] = l;
	}
	return rc;
}

QC_SHAPE(einsum)
{
	int64_t dim[QC_MAX_RANK], work = 1;
	struct qc_einsum s;
	uint32_t i;
	int rc = qc_einsum_parse(n, &s, err);

	if (rc)
		return rc;
	for (i = 1; i < n->num_in; i++)
		if (n->in[i]->dtype != n->in[0]->dtype)
			return qaic_fail(err, -EINVAL, "operand types differ");
	for (i = 0; i < s.num_out; i++) {
		dim[i] = s.dim[s.out[i]];
		work = qc_mul(work, dim[i]);
	}
	for (i = 0; i < s.num_sum; i++)
		work = qc_mul(work, s.dim[s.sum[i]]);
	if (work < 0 || work > MAX_WORK)
		return qaic_fail(err, -EOPNOTSUPP, "too large for Einsum");
	qc_set_out(n, 0, n->in[0]->dtype, s.num_out, dim);
	return 0;
}

/* Step an odometer over labels; false when it is round. */
static bool step(const struct qc_einsum *s, const int *labels, uint32_t n,
		 int64_t *at, int64_t *off)
{
	uint32_t i, o;
	int l;

	for (i = n; i-- > 0;) {
		l = labels[i];
		for (o = 0; o < s->num_in; o++)
			off[o] += s->stride[o][l];
		if (++at[l] < s->dim[l])
			return true;
		for (o = 0; o < s->num_in; o++)
			off[o] -= s->stride[o][l] * s->dim[l];
		at[l] = 0;
	}
	return false;
}

QC_EVAL(einsum)
{
	const struct qc_value *y = e->node->out[0];
	enum qaic_dtype t = qc_eval_dtype(y->dtype);
	int64_t at[QC_LABELS] = { 0 }, off[QC_EINSUM_IN] = { 0 }, size = qc_esize(y);
	bool empty = false, is_float = qaic_dtype_is_float(t);
	uint8_t *out = e->out[0];
	struct qc_einsum s;
	uint64_t isum, iprod;
	double sum, prod;
	uint32_t o;
	int rc;

	rc = qc_einsum_parse(e->node, &s, err);
	if (rc)
		return rc;
	for (o = 0; o < s.num_sum; o++)
		empty |= !s.dim[s.sum[o]];
	do {
		sum = 0;
		isum = 0;
		do {
			prod = 1;
			iprod = 1;
			for (o = 0; o < s.num_in && !empty; o++) {
				const uint8_t *p = (const uint8_t *)e->in[o] +
						   off[o] * size;

				if (is_float)
					prod *= *(const float *)p;
				else
					iprod *= (uint64_t)qc_load_i64(p, t);
			}
			sum += empty ? 0 : prod;
			isum += empty ? 0 : iprod;
		} while (!empty && step(&s, s.sum, s.num_sum, at, off));
		if (is_float)
			*(float *)out = (float)sum;
		else
			qc_store_i64(out, t, (int64_t)isum);
		out += size;
	} while (step(&s, s.out, s.num_out, at, off));
	return 0;
}
