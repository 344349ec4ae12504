// SPDX-License-Identifier: MIT
/* Small things that several lowerings share. */
#include <errno.h>
#include <string.h>

#include "compiler/lower.h"

bool qc_node_is(const struct qc_node *n, const char *name)
{
	return !strcmp(n->op->name, name);
}

bool qc_node_is_any(const struct qc_node *n, const char *const *names,
		    size_t num)
{
	size_t i;

	for (i = 0; i < num; i++)
		if (qc_node_is(n, names[i]))
			return true;
	return false;
}

int64_t qc_node_axis(const struct qc_node *n, const char *attr, int64_t dflt,
		     uint32_t rank)
{
	int64_t a = qc_attr_int(n, attr, dflt);

	if (a < 0)
		a += rank;
	return a < 0 ? 0 : a;
}

int qc_node_ints(const struct qc_node *n, const char *attr, uint32_t in,
		 int64_t *out, int max)
{
	const struct qc_attr *a = qc_attr_find(n, attr);
	size_t i;

	if (a && a->type == QC_ATTR_INTS) {
		if (a->n > (size_t)max)
			return -1;
		for (i = 0; i < a->n; i++)
			out[i] = a->ints[i];
		return (int)a->n;
	}
	if (in < n->num_in && n->in[in])
		return qc_const_ints(n->in[in], out, max);
	return -1;
}

void qc_transpose_perm(const struct qc_node *n, uint32_t *perm)
{
	const struct qc_attr *a = qc_attr_find(n, "perm");
	uint32_t rank = n->in[0]->rank, i;

	for (i = 0; i < rank; i++)
		perm[i] = a && a->n == rank ? (uint32_t)a->ints[i]
					    : rank - 1 - i;
}

bool qc_cast_is_free(const struct qc_lower *l, const struct qc_value *in,
		     const struct qc_value *out)
{
	if (in->dtype == out->dtype)
		return true;
	if (!qaic_dtype_is_float(in->dtype) ||
	    !qaic_dtype_is_float(out->dtype))
		return false;
	return l->opt->convert_to_fp16 ||
	       qc_lower_store(l, in) == qc_lower_store(l, out);
}

int qc_lower_reshaped(struct qc_lower *l, struct qc_view *v, uint32_t rank,
		      const int64_t *dim, struct qaic_err *err)
{
	struct qc_view t;
	int rc;

	if (qc_view_reshape(v, rank, dim))
		return 0;
	rc = qc_lower_temp(l, v->dtype, v->rank, v->dim, &t, err);
	if (!rc)
		rc = qc_emit_move(l, &t, v, err);
	if (rc)
		return rc;
	qc_view_reshape(&t, rank, dim);
	*v = t;
	return 0;
}

int qc_lower_as(struct qc_lower *l, struct qc_view *v, enum qaic_dtype dtype,
		struct qaic_err *err)
{
	struct qc_view t;
	int rc;

	if (v->dtype == dtype || (qaic_dtype_is_float(v->dtype) &&
				  qaic_dtype_is_float(dtype)))
		return 0;
	rc = qc_lower_temp(l, dtype, v->rank, v->dim, &t, err);
	if (!rc)
		rc = qc_emit_move(l, &t, v, err);
	if (!rc)
		*v = t;
	return rc;
}

int qc_lower_out_shaped(struct qc_lower *l, struct qc_value *v, uint32_t rank,
			const int64_t *dim, struct qc_view *out,
			struct qaic_err *err)
{
	int rc = qc_lower_out(l, v, out, err);

	if (rc || qc_view_reshape(out, rank, dim))
		return rc;
	return qc_lower_temp(l, out->dtype, rank, dim, out, err);
}

int qc_lower_out_done(struct qc_lower *l, struct qc_value *v,
		      const struct qc_view *made, struct qaic_err *err)
{
	struct qc_view src = *made;

	if (l->view[v->id]->buf == made->buf)
		return 0;
	qc_view_reshape(&src, v->rank, v->dim);	/* dense */
	return qc_emit_move(l, l->view[v->id], &src, err);
}

/* ---- results in place of inputs ---- */

/* A result replaces an input of this size: less is not worth an order of commands. */
#define REPLACE_MIN (1u << 20)

/* May @n, which is being lowered, write its result where its input @v is? */
static bool may_replace(const struct qc_lower *l, const struct qc_node *n,
			const struct qc_value *v)
{
	const struct qc_value *out = n->out[0];
	const struct qc_view *at;
	uint32_t i, uses;

	if (!v || v->cst || v->is_input || v->id >= l->num_values)
		return false;
	at = l->view[v->id];
	if (!at || at->buf->kind != QC_BUF_TEMP || at->buf->shared ||
	    at->buf->owner != v->id + 1 || at->buf->size < REPLACE_MIN ||
	    at->dtype != qc_lower_store(l, out) || !qc_view_dense(at) ||
	    at->off || v->rank != out->rank)
		return false;
	for (i = 0; i < v->rank; i++)
		if (v->dim[i] != out->dim[i])
			return false;
	for (i = 0, uses = l->used[v->id]; i < n->num_in; i++)
		uses += n->in[i] == v;
	return uses == v->num_uses;
}

int qc_lower_out_over(struct qc_lower *l, struct qc_node *n,
		      struct qc_view *out, struct qaic_err *err)
{
	struct qc_value *v = n->out[0];
	uint32_t i;

	for (i = 0; i < n->num_in && !l->dest[v->id]; i++) {
		if (!may_replace(l, n, n->in[i]))
			continue;
		*out = *l->view[n->in[i]->id];
		out->buf->owner = v->id + 1;
		return qc_lower_alias(l, v, out, err);
	}
	return qc_lower_out(l, v, out, err);
}
