// SPDX-License-Identifier: MIT
/*
 * Destinations: before anything is lowered, decide where values are made, so that
 * outputs and the parts of a Concat need no copy. A view hands the request on to
 * the producer of its source.
 */
#include <errno.h>
#include <string.h>

#include "compiler/lower.h"

static bool dest_free(const struct qc_lower *l, const struct qc_value *u)
{
	return u && !u->cst && !u->is_input && u->def && u->num_uses == 1 &&
	       !l->dest[u->id];
}

static int set_dest(struct qc_lower *l, const struct qc_value *u,
		    const struct qc_view *view, struct qaic_err *err)
{
	struct qc_view *p = qc_lower_new_view(l, err);

	if (!p)
		return -ENOMEM;
	*p = *view;
	l->dest[u->id] = p;
	return 0;
}

static int dest_concat(struct qc_lower *l, struct qc_node *n,
		       struct qaic_err *err)
{
	struct qc_value *out = n->out[0];
	int64_t axis = qc_attr_int(n, "axis", 0), at = 0;
	struct qc_view part;
	uint32_t i;
	int rc;

	if (axis < 0)
		axis += out->rank;
	if (axis < 0 || axis >= (int64_t)out->rank)
		return 0;
	if (!l->dest[out->id]) {
		rc = qc_lower_temp(l, qc_lower_store(l, out), out->rank,
				   out->dim, &part, err);
		if (!rc)
			rc = set_dest(l, out, &part, err);
		if (rc)
			return rc;
	}
	for (i = 0; i < n->num_in; i++) {
		part = *l->dest[out->id];
		qc_view_slice(&part, axis, at, n->in[i]->dim[axis], 1);
		at += n->in[i]->dim[axis];
		if (!dest_free(l, n->in[i]))
			continue;
		rc = set_dest(l, n->in[i], &part, err);
		if (rc)
			return rc;
	}
	return 0;
}

static bool reshapes(const struct qc_node *n)
{
	return qc_node_is(n, "Reshape") || qc_node_is(n, "Squeeze") ||
	       qc_node_is(n, "Unsqueeze") || qc_node_is(n, "Flatten") ||
	       qc_node_is(n, "Identity");
}

/* Ask the producer of a view's source to make it where the view shall be. */
static int dest_node(struct qc_lower *l, struct qc_node *n,
		     struct qaic_err *err)
{
	struct qc_value *out = n->out[0], *in;
	uint32_t perm[QC_MAX_RANK], inv[QC_MAX_RANK], i;
	struct qc_view v;

	if (!out || out->cst)
		return 0;
	if (qc_node_is(n, "Concat"))
		return dest_concat(l, n, err);
	if (!l->dest[out->id] || !n->num_in || !dest_free(l, n->in[0]))
		return 0;
	in = n->in[0];
	v = *l->dest[out->id];
	if (reshapes(n)) {
		if (!qc_view_reshape(&v, in->rank, in->dim))
			return 0;
		return set_dest(l, in, &v, err);
	}
	if (qc_node_is(n, "Transpose")) {
		qc_transpose_perm(n, perm);
		for (i = 0; i < in->rank; i++)
			inv[perm[i]] = i;
		qc_view_permute(&v, inv);
		return set_dest(l, in, &v, err);
	}
	if (qc_node_is(n, "Cast") && qc_cast_is_free(l, in, out))
		return set_dest(l, in, &v, err);
	return 0;
}

int qc_make_dests(struct qc_lower *l, struct qaic_err *err)
{
	struct qc_node *n;
	uint32_t i;
	int rc;

	for (i = 0; i < l->num_io; i++) {
		struct qc_io *io = &l->io[i];
		struct qc_view v = { .buf = io->buf, .dtype = io->dtype };

		if (!io->output || io->pair >= 0 || io->val->cst ||
		    io->val->is_input || l->dest[io->val->id])
			continue;
		qc_view_set_dense(&v, io->val->rank, io->val->dim);
		rc = set_dest(l, io->val, &v, err);
		if (rc)
			return rc;
	}
	for (n = l->g->last; n; n = n->prev) {
		rc = n->dead ? 0 : dest_node(l, n, err);
		if (rc)
			return rc;
	}
	return 0;
}
