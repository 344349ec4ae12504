// SPDX-License-Identifier: MIT
/* Constant matrices of products: as what they are stored. */
#include "compiler/consts.h"
#include "compiler/lower.h"
#include "qpc/panel.h"

/* The input of a product that is stored as weights. */
static bool is_weights(const struct qc_node *n, uint32_t input)
{
	static const char *const products[] = { "MatMul", "MatMulBias", "Gemm" };

	return qc_node_is_any(n, products, 3) ? input == 1 :
	       input == 0 && qc_node_is(n, "Experts");
}

/*
 * Is this constant, or a part of it that begins where it does, stored as rows too (a
 * table that is gathered)? Then it is not stored a second time as panels. @node, which
 * is being lowered, wants it as weights (an Einsum may, of either input).
 */
static bool also_rows(const struct qc_graph *g, const struct qc_node *node,
		      const struct qc_tensor *t)
{
	const struct qc_node *n;
	uint32_t i;

	for (n = g->first; n; n = n->next)
		for (i = 0; i < n->num_in; i++)
			if (n != node && n->in[i] && n->in[i]->cst &&
			    n->in[i]->cst->data == t->data && !is_weights(n, i))
				return true;
	return false;
}

int qc_lower_weights(struct qc_lower *l, const struct qc_value *v,
		     const struct qc_tensor *t, bool rows, struct qc_view *out,
		     struct qaic_err *err)
{
	enum qaic_dtype dt = l->opt->convert_to_fp16 || v->dtype == QAIC_F16 ?
			     QAIC_F16 : QAIC_F32;

	if (qc_attr_int(l->node, QC_FP32, 0))
		dt = QAIC_F32;
	else if (l->opt->weights && qc_panels_pay(t, l->opt->weights))
		dt = l->opt->weights;
	else if (dt == QAIC_F16 && qc_panels_pay(t, QAIC_F16_PANELS) &&
		 !also_rows(l->g, l->node, t))
		dt = QAIC_F16_PANELS;
	if (qaic_dtype_is_panels(dt))
		return qc_consts_panels(l->consts, v->name, t, dt, out, err);
	return qc_consts_get(l->consts, v->name, t, dt, rows, out, err);
}

void qc_vcmd_weights(const struct qc_lower *l, struct qc_vcmd *v,
		     const struct qc_view *w)
{
	if (!qaic_dtype_is_panels(w->dtype))
		return;
	v->unit[3] = QPC_PANEL_ROWS;
	v->c.o[2].stride[3] = w->stride[w->rank - 2];
	v->c.o[2].stride[4] = 1;
	if (l->opt->act_int8 && qaic_dtype_is_mx(w->dtype))
		v->c.flags |= NSP_MM_ACT8;
}
