// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <string.h>

#include "compiler/fuse.h"

struct qc_node *qc_def(const struct qc_value *v, const char *name, bool shared)
{
	if (!v || !v->def || v->cst || v->def->dead ||
	    !qc_node_is(v->def, name) || (!shared && v->num_uses != 1))
		return NULL;
	return v->def;
}

struct qc_value *qc_skip_casts(struct qc_value *v)
{
	unsigned int depth;

	for (depth = 0; v && v->def && !v->cst && depth < 64; depth++) {
		struct qc_node *n = v->def;

		if (!qc_node_is(n, "Identity") && !qc_node_is(n, "Cast"))
			break;
		if (qaic_dtype_is_float(n->in[0]->dtype) !=
		    qaic_dtype_is_float(v->dtype))
			break;
		if (n->in[0]->dtype == QAIC_BOOL || v->dtype == QAIC_BOOL)
			break;
		v = n->in[0];
	}
	return v;
}

bool qc_is_scalar(const struct qc_value *v, double want)
{
	double k;

	return v && qc_const_scalar(v, &k) &&
	       fabs(k - want) <= 1e-3 * fabs(want);
}

bool qc_scalar_operand(const struct qc_node *n, double *k,
		       struct qc_value **other)
{
	int i;

	for (i = 0; i < 2; i++)
		if (n->num_in == 2 && n->in[i] && n->in[1 - i] &&
		    qc_const_scalar(n->in[i], k) && !n->in[1 - i]->cst) {
			*other = n->in[1 - i];
			return true;
		}
	return false;
}

struct qc_node *qc_fused(struct qc_graph *g, struct qc_node *at,
			 const struct qc_op *op, struct qc_value *const *in,
			 uint32_t num_in, struct qc_value *out)
{
	struct qc_value *v = qc_value_new(g, out->name, out->dtype, out->rank,
					  out->dim);
	struct qc_node *n;

	if (!v)
		return NULL;
	n = qc_node_new(g, at, op, at->name, in, num_in, &v, 1);
	if (!n || qc_replace_uses(g, out, v) < 0)
		return NULL;
	return n;
}

int qc_fuse(struct qc_graph *g, struct qaic_err *err)
{
	static int (*const pass[])(struct qc_graph *) = {
		NULL,
	};
	size_t i;
	int rc;

	for (i = 0; i < QAIC_ARRAY_SIZE(pass) && pass[i]; i++) {
		rc = pass[i](g);
		if (rc)
			return qaic_fail(err, rc, "out of memory");
		qc_remove_dead(g);
	}
	return 0;
}
