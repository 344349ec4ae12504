// SPDX-License-Identifier: MIT
/* Lowering a graph: where values live, node by node, and the way out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/consts.h"
#include "compiler/lower.h"

#define MAX_BUF (1ull << 40)

enum qaic_dtype qc_lower_store(const struct qc_lower *l,
			       const struct qc_value *v)
{
	return v->id < l->num_values ? l->store[v->id] : v->dtype;
}

struct qc_view *qc_lower_new_view(struct qc_lower *l, struct qaic_err *err)
{
	struct qc_view *v = qc_alloc(l->g, sizeof(*v));

	if (!v)
		qaic_fail(err, -ENOMEM, "out of memory");
	return v;
}

static struct qc_buf *new_buf(struct qc_lower *l, enum qc_buf_kind kind,
			      uint64_t size, struct qaic_err *err)
{
	struct qc_buf *b = qc_alloc(l->g, sizeof(*b));

	if (!b) {
		qaic_fail(err, -ENOMEM, "out of memory");
		return NULL;
	}
	b->kind = kind;
	b->size = size;
	b->space = kind == QC_BUF_DDR ? NSP_SPACE_DDR : NSP_SPACE_NONE;
	b->next = l->bufs;
	l->bufs = b;
	return b;
}

int qc_lower_temp(struct qc_lower *l, enum qaic_dtype dtype, uint32_t rank,
		  const int64_t *dim, struct qc_view *out,
		  struct qaic_err *err)
{
	size_t size = qaic_dtype_size(dtype);
	uint32_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < rank; i++)
		if (dim[i] < 0 || !qaic_mul_size(size, dim[i], &size) ||
		    size > MAX_BUF)
			return qaic_fail(err, -EOPNOTSUPP,
					 "a tensor is too large for the card");
	out->dtype = dtype;
	qc_view_set_dense(out, rank, dim);
	out->buf = new_buf(l, QC_BUF_TEMP, size, err);
	return out->buf ? 0 : -ENOMEM;
}

static int set_view(struct qc_lower *l, struct qc_value *v,
		    const struct qc_view *view, struct qaic_err *err)
{
	struct qc_view *p = l->view[v->id];

	if (!p)
		p = qc_lower_new_view(l, err);
	if (!p)
		return -ENOMEM;
	*p = *view;
	l->view[v->id] = p;
	if (p->buf && p->buf->owner && p->buf->owner != v->id + 1)
		p->buf->shared = true;
	return 0;
}

/* Matrices take the narrow type; what is small enough to be free stays F32. */
static enum qaic_dtype const_store(const struct qc_lower *l,
				   const struct qc_value *v)
{
	uint32_t i, axes = 0;

	if (!qaic_dtype_is_float(v->dtype))
		return v->dtype;
	for (i = 0; i < v->rank; i++)
		axes += v->dim[i] > 1;
	if (l->node && qc_attr_int(l->node, QC_FP32, 0))
		return QAIC_F32;
	if (axes >= 2 && (l->opt->convert_to_fp16 || v->dtype == QAIC_F16))
		return QAIC_F16;
	return QAIC_F32;
}

int qc_lower_in_as(struct qc_lower *l, struct qc_value *v,
		   enum qaic_dtype dtype, struct qc_view *out,
		   struct qaic_err *err)
{
	if (!v)
		return qaic_fail(err, -EINVAL, "an input is missing");
	if (v->cst) {
		if (!qaic_dtype_is_float(v->dtype))
			dtype = v->dtype;
		return qc_consts_get(l->consts, v->name, v->cst, dtype, false,
				     out, err);
	}
	if (v->id >= l->num_values || !l->view[v->id])
		return qaic_fail(err, -EINVAL, "'%s' has no value yet",
				 v->name);
	*out = *l->view[v->id];
	return 0;
}

int qc_lower_in(struct qc_lower *l, struct qc_value *v, struct qc_view *out,
		struct qaic_err *err)
{
	return qc_lower_in_as(l, v, v && v->cst ? const_store(l, v) : QAIC_F32,
			      out, err);
}

int qc_lower_const(struct qc_lower *l, enum qaic_dtype dtype, uint32_t rank,
		   const int64_t *dim, const void *data, struct qc_view *out,
		   struct qaic_err *err)
{
	return qc_consts_copy(l->consts, dtype, rank, dim, data, out, err);
}

int qc_lower_scalar(struct qc_lower *l, double val, enum qaic_dtype dtype,
		    struct qc_view *out, struct qaic_err *err)
{
	float f = (float)val;
	int64_t i = (int64_t)val;	/* little endian: the low bytes */

	if (qaic_dtype_is_float(dtype))
		return qc_lower_const(l, QAIC_F32, 0, NULL, &f, out, err);
	return qc_lower_const(l, dtype, 0, NULL, &i, out, err);
}

int qc_lower_out(struct qc_lower *l, struct qc_value *v, struct qc_view *out,
		 struct qaic_err *err)
{
	int rc;

	if (l->dest[v->id]) {
		*out = *l->dest[v->id];
	} else {
		rc = qc_lower_temp(l, qc_lower_store(l, v), v->rank, v->dim,
				   out, err);
		if (rc)
			return rc;
		out->buf->owner = v->id + 1;
	}
	return set_view(l, v, out, err);
}

static bool same_view(const struct qc_view *a, const struct qc_view *b)
{
	uint32_t i;

	if (a->buf != b->buf || a->off != b->off || a->dtype != b->dtype)
		return false;
	for (i = 0; i < a->rank; i++)
		if (a->dim[i] > 1 && a->stride[i] != b->stride[i])
			return false;
	return true;
}

int qc_lower_alias(struct qc_lower *l, struct qc_value *v,
		   const struct qc_view *view, struct qaic_err *err)
{
	struct qc_view *dest = l->dest[v->id];
	int rc;

	if (!dest || same_view(dest, view))
		return set_view(l, v, view, err);
	rc = qc_emit_move(l, dest, view, err);
	return rc ? rc : set_view(l, v, dest, err);
}

static struct qc_io *find_pair(struct qc_lower *l, const struct qc_value *out)
{
	uint32_t i;

	for (i = 0; i < l->num_io; i++)
		if (l->io[i].output && l->io[i].val == out &&
		    l->io[i].pair >= 0)
			return &l->io[l->io[i].pair];
	return NULL;
}

int qc_lower_inplace(struct qc_lower *l, struct qc_value *data,
		     struct qc_value *result, struct qc_view *out,
		     struct qaic_err *err)
{
	struct qc_io *state = find_pair(l, result);
	struct qc_view v;
	int rc;

	rc = qc_lower_in(l, data, &v, err);
	if (rc)
		return rc;
	/* the last reader of the old value may overwrite it */
	if (!data->cst && data->num_uses == 1 && !l->dest[result->id] &&
	    ((state && state->val == data) ||
	     (!data->is_input && v.buf->kind == QC_BUF_TEMP &&
	      v.buf->owner == data->id + 1 && qc_view_dense(&v) &&
	      v.dtype == qc_lower_store(l, result)))) {
		*out = v;
		if (!state)
			v.buf->owner = result->id + 1;
		return set_view(l, result, out, err);
	}
	rc = qc_lower_out(l, result, out, err);
	return rc ? rc : qc_emit_move(l, out, &v, err);
}

/* ---- the graph ---- */

static int make_io(struct qc_lower *l, struct qaic_err *err)
{
	uint32_t i;

	for (i = 0; i < l->num_io; i++) {
		struct qc_io *io = &l->io[i];
		struct qc_view v = { .dtype = io->dtype };
		int rc;

		if (io->output && io->pair >= 0)
			continue;
		io->buf = new_buf(l, QC_BUF_DDR, io->size, err);
		if (!io->buf)
			return -ENOMEM;
		io->buf->off = io->off;
		if (io->output)
			continue;
		v.buf = io->buf;
		qc_view_set_dense(&v, io->val->rank, io->val->dim);
		qc_view_pad_blocks(&v);
		rc = set_view(l, io->val, &v, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* The place of an output; a retained one's is that of its input. */
static void output_place(const struct qc_lower *l, const struct qc_io *io,
			 struct qc_view *v)
{
	const struct qc_io *at = io->pair >= 0 ? &l->io[io->pair] : io;

	memset(v, 0, sizeof(*v));
	v->buf = at->buf;
	v->dtype = at->dtype;
	qc_view_set_dense(v, io->val->rank, io->val->dim);
	qc_view_pad_blocks(v);
}

/*
 * Outputs that are not in their place yet: inputs, constants, second names, states
 * that could not be changed in place. An output may be the old value of a state,
 * and states may be exchanged, so no state is written before every old value was
 * read: plain outputs first, then copies of states, then states.
 */
static int finish_io(struct qc_lower *l, struct qaic_err *err)
{
	struct qc_view v, src, *from;
	uint32_t i, pass;
	int rc = 0;

	l->node = NULL;
	from = qc_alloc(l->g, (l->num_io + 1) * sizeof(*from));
	if (!from)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (i = 0; i < l->num_io * 3; i++) {
		struct qc_io *io = &l->io[i % l->num_io];
		struct qc_view *f = &from[i % l->num_io];

		pass = i / l->num_io;
		if (!io->output || (pass == 0) != (io->pair < 0))
			continue;
		output_place(l, io, &v);
		if (pass < 2)
			rc = qc_lower_in(l, io->val, f, err);
		if (!rc && same_view(&v, f))
			continue;
		if (!rc && pass == 1 && f->buf->kind == QC_BUF_DDR) {
			src = *f;
			rc = qc_lower_temp(l, src.dtype, src.rank, src.dim, f,
					   err);
			if (!rc)
				rc = qc_emit_move(l, f, &src, err);
		} else if (!rc && pass != 1) {
			rc = qc_emit_move(l, &v, f, err);
		}
		if (rc)
			return qaic_fail_in(err, "output '%s'", io->val->name);
	}
	return 0;
}

static bool all_const(const struct qc_node *n)
{
	uint32_t i;

	for (i = 0; i < n->num_out; i++)
		if (n->out[i] && !n->out[i]->cst && n->out[i]->num_uses)
			return false;
	return true;
}

static void count_uses(struct qc_lower *l, const struct qc_node *n)
{
	uint32_t i;

	for (i = 0; i < n->num_in; i++)
		if (n->in[i] && n->in[i]->id < l->num_values)
			l->used[n->in[i]->id]++;
}

static int lower_nodes(struct qc_lower *l, struct qaic_err *err)
{
	struct qc_node *n;
	int rc;

	for (n = l->g->first; n; n = n->next) {
		if (l->node)
			count_uses(l, l->node);
		l->node = n->dead ? NULL : n;
		if (n->dead || all_const(n))
			continue;
		if (!n->op->lower) {
			qaic_fail(err, -EOPNOTSUPP,
				  "operator %s%s%s cannot be compiled with these inputs",
				  n->op->domain, *n->op->domain ? "." : "",
				  n->op->name);
			return qaic_fail_in(err, "node '%s'", n->name);
		}
		rc = n->op->lower(l, n, err);
		if (rc) {
			qaic_fail_in(err, "node '%s' (%s)", n->name,
				     n->op->name);
			return rc;
		}
	}
	return 0;
}

int qc_lower_graph(struct qc_lower *l, struct qaic_err *err)
{
	size_t n = l->g->num_values;
	int rc;

	l->num_values = n;
	l->view = qc_alloc(l->g, (n + 1) * sizeof(*l->view));
	l->dest = qc_alloc(l->g, (n + 1) * sizeof(*l->dest));
	l->align = qc_alloc(l->g, (n + 1) * sizeof(*l->align));
	l->used = qc_alloc(l->g, (n + 1) * sizeof(*l->used));
	if (!l->view || !l->dest || !l->align || !l->used)
		return qaic_fail(err, -ENOMEM, "out of memory");
	qc_find_aligns(l);
	rc = make_io(l, err);
	if (!rc)
		rc = qc_make_dests(l, err);
	if (!rc)
		rc = lower_nodes(l, err);
	return rc ? rc : finish_io(l, err);
}

void qc_lower_free(struct qc_lower *l)
{
	free(l->acc);
	free(l->cmds);
	l->acc = NULL;
	l->cmds = NULL;
}
