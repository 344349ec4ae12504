// SPDX-License-Identifier: MIT
/*
 * Types: what crosses the bus, what values are stored in, and where columns are
 * cut so that heads stay whole.
 *
 * With convert_to_fp16 floats are stored F16, except: model inputs and outputs
 * (their own type unless custom IO says otherwise), values of the nodes that
 * node-precision-info names, and the residual stream: what a norm reads. That
 * stream is the sum of all layers, its rounding errors would add up, and it is
 * small. Arithmetic is F32 everywhere.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/lower.h"
#include "qpc/panel.h"

#define RETAINED "_RetainedState"

static int io_dtype(struct qc_lower *l, struct qc_io *io, struct qaic_err *err)
{
	size_t i;

	io->dtype = io->val->dtype;
	if (io->dtype == QAIC_F64 || io->dtype == QAIC_BF16)
		io->dtype = QAIC_F32;	/* the card has neither */
	if (io->pair >= 0 && qaic_dtype_is_float(io->dtype) &&
	    l->opt->convert_to_fp16)
		io->dtype = QAIC_F16;	/* never seen by the host */
	for (i = 0; i < l->opt->num_custom_io; i++) {
		const struct qaicc_custom_io *c = &l->opt->custom_io[i];

		if (strcmp(c->name, io->val->name))
			continue;
		if (!qaic_dtype_is_float(io->dtype))
			return qaic_fail(err, -EINVAL,
					 "custom IO: '%s' is %s, not a float",
					 c->name, qaic_dtype_name(io->dtype));
		if (c->precision == QAIC_MXINT8 && io->pair < 0)
			return qaic_fail(err, -EINVAL,
					 "custom IO: '%s': mxint8 is for retained state (-retained-state)",
					 c->name);
		io->dtype = c->precision;
	}
	return 0;
}

static int io_size(struct qc_io *io, struct qaic_err *err)
{
	const struct qc_value *v = io->val;
	bool mx = qaic_dtype_is_mx(io->dtype);
	size_t size = mx ? qaic_dtype_block(io->dtype) :
		      qaic_dtype_size(io->dtype), n;
	uint32_t i;

	if (io->output && v->is_input)
		return qaic_fail(err, -EOPNOTSUPP,
			"output '%s' is an input too; put an Identity between, a buffer goes one way",
			v->name);
	if (mx && !v->rank)
		return qaic_fail(err, -EINVAL, "'%s': one number in mxint8",
				 v->name);
	for (i = 0; i < v->rank; i++) {
		n = mx && i == v->rank - 1 ?
		    qpc_panel_k(v->dim[i]) / QAIC_MX_BLOCK : (size_t)v->dim[i];
		if (v->dim[i] <= 0 || v->dim[i] > UINT32_MAX ||
		    !qaic_mul_size(size, n, &size) ||
		    size > 1ull << 40)
			return qaic_fail(err, -EOPNOTSUPP,
				"%s '%s': dimension %u is %lld; the card needs 1 or more and less than 2^32",
				io->output ? "output" : "input", v->name, i,
				(long long)v->dim[i]);
	}
	io->size = size;
	return 0;
}

static bool same_shape(const struct qc_value *a, const struct qc_value *b)
{
	return a->dtype == b->dtype && a->rank == b->rank &&
	       !memcmp(a->dim, b->dim, a->rank * sizeof(a->dim[0]));
}

static int find_pairs(struct qc_lower *l, uint32_t ni, struct qaic_err *err)
{
	uint32_t i, k;

	for (i = ni; i < l->num_io; i++) {
		const char *out = l->io[i].val->name;
		size_t len = strlen(out), tail = strlen(RETAINED);

		if (len <= tail || strcmp(out + len - tail, RETAINED))
			continue;
		for (k = 0; k < ni; k++) {
			const char *in = l->io[k].val->name;

			if (strlen(in) != len - tail ||
			    memcmp(in, out, len - tail))
				continue;
			if (!same_shape(l->io[i].val, l->io[k].val))
				return qaic_fail(err, -EINVAL,
					"'%s' and '%s' differ in type or shape: they cannot be one retained state",
					in, out);
			l->io[i].pair = k;
			l->io[k].pair = i;
		}
	}
	return 0;
}

/* Inputs, then outputs. */
static struct qc_value *model_io(const struct qc_graph *g, uint32_t i)
{
	return i < g->num_inputs ? g->inputs[i] : g->outputs[i - g->num_inputs];
}

static int check_custom_io(const struct qc_lower *l, struct qaic_err *err)
{
	size_t i, k;

	for (i = 0; i < l->opt->num_custom_io; i++) {
		const struct qaicc_custom_io *c = &l->opt->custom_io[i];
		uint32_t n = l->g->num_inputs + l->g->num_outputs;

		if (c->precision != QAIC_F16 && c->precision != QAIC_F32 &&
		    c->precision != QAIC_MXINT8)
			return qaic_fail(err, -EINVAL,
				"custom IO: '%s': precision %s is not supported, use float16, float32 or mxint8",
				c->name, qaic_dtype_name(c->precision));
		for (k = 0; k < n; k++)
			if (!strcmp(c->name, model_io(l->g, k)->name))
				break;
		if (k == n)
			return qaic_fail(err, -EINVAL,
				"custom IO: the model has no input or output '%s'",
				c->name);
	}
	return 0;
}

int qc_lower_io(struct qc_lower *l, struct qaic_err *err)
{
	uint32_t i, ni = 0, n = l->g->num_inputs + l->g->num_outputs;
	int rc = 0;

	l->io = qc_alloc(l->g, (n + 1) * sizeof(*l->io));
	if (!l->io)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		struct qc_io *io = &l->io[l->num_io];

		io->val = model_io(l->g, i);
		io->output = i >= l->g->num_inputs;
		io->pair = -1;
		/* there is nothing to bring: no binding */
		if (!io->output && !qc_numel(io->val))
			continue;
		l->num_io++;
		ni += !io->output;
	}
	if (l->opt->retained_state)
		rc = find_pairs(l, ni, err);
	if (!rc)
		rc = check_custom_io(l, err);
	for (i = 0; i < l->num_io && !rc; i++) {
		rc = io_dtype(l, &l->io[i], err);
		if (!rc)
			rc = io_size(&l->io[i], err);
	}
	for (i = 0; i < l->num_io && !rc; i++)
		if (l->io[i].pair >= 0 &&
		    l->io[i].dtype != l->io[l->io[i].pair].dtype)
			rc = qaic_fail(err, -EINVAL,
				"custom IO: '%s' and '%s' are one retained state and need one precision",
				l->io[i].val->name,
				l->io[l->io[i].pair].val->name);
	return rc;
}

/* ---- stored types ---- */

static bool is_norm(const struct qc_node *n)
{
	return n->op == &qc_op_rmsnorm || n->op == &qc_op_layernorm ||
	       qc_node_is(n, "LayerNormalization") ||
	       qc_node_is(n, "CustomRMSNorm");
}

/* Sums over many elements, and powers: out of F16's range or precision soon. */
static bool is_wide(const struct qc_node *n)
{
	return !strncmp(n->op->name, "Reduce", 6) || qc_node_is(n, "Pow") ||
	       qc_node_is(n, "CumSum") || qc_node_is(n, "Exp");
}

static bool passes_through(const struct qc_node *n)
{
	static const char *const names[] = { "Reshape", "Transpose", "Squeeze",
		"Unsqueeze", "Identity", "GatherND", "GatherElements", "Slice",
		"Add", "Cast" };

	return qc_node_is_any(n, names, QAIC_ARRAY_SIZE(names));
}

static enum qaic_dtype plain_store(const struct qc_lower *l,
				   enum qaic_dtype dt)
{
	if (!qaic_dtype_is_float(dt))
		return dt;
	if (l->opt->convert_to_fp16 || dt == QAIC_F16)
		return QAIC_F16;
	return QAIC_F32;
}

int qc_lower_precision(struct qc_lower *l, struct qaic_err *err)
{
	struct qc_node *n;
	uint32_t i;

	l->num_values = l->g->num_values;
	l->store = qc_alloc(l->g, l->num_values + 1);
	if (!l->store)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (i = 0; i < l->num_values; i++)
		l->store[i] = plain_store(l, l->g->values[i]->dtype);
	if (!l->opt->convert_to_fp16)
		return 0;
	/* backwards: a reader that wants F32 is seen before the producer */
	for (n = l->g->last; n; n = n->prev) {
		bool wide = is_wide(n) || qc_attr_int(n, QC_FP32, 0);

		for (i = 0; i < n->num_out; i++)
			if (wide && n->out[i] &&
			    l->store[n->out[i]->id] == QAIC_F16)
				l->store[n->out[i]->id] = QAIC_F32;
		if (!n->num_in || !n->in[0])
			continue;
		if (!is_norm(n) && !(passes_through(n) && n->out[0] &&
				     l->store[n->out[0]->id] == QAIC_F32))
			continue;
		for (i = 0; i < n->num_in && i < 2; i++)
			if (n->in[i] && l->store[n->in[i]->id] == QAIC_F16)
				l->store[n->in[i]->id] = QAIC_F32;
	}
	return 0;
}

/* ---- where to cut columns ---- */

static bool keeps_columns(const struct qc_node *n)
{
	static const char *const names[] = { "Add", "Mul", "Transpose", "Cast",
					     "Identity", "Clip" };

	return n->op == &qc_op_rope ||
	       qc_node_is_any(n, names, QAIC_ARRAY_SIZE(names));
}

/* Query heads that one NSP takes at once, as the splitter cuts attention. */
static uint32_t attention_unit(const struct qc_lower *l,
			       const struct qc_node *n)
{
	int64_t hkv = n->in[1]->dim[1], g = n->in[0]->dim[1] / hkv, parts;

	if (hkv >= l->num_nsps || g == 1)
		return g;
	parts = l->num_nsps / hkv;
	return (g + parts - 1) / parts;
}

void qc_find_aligns(struct qc_lower *l)
{
	struct qc_node *n;
	uint32_t i;

	for (n = l->g->last; n; n = n->prev) {
		struct qc_value *o = n->num_out ? n->out[0] : NULL, *in;

		if (n->dead || !o || !n->num_in || !n->in[0])
			continue;
		in = n->in[0];
		if (n->op == &qc_op_attention)
			l->align[in->id] = attention_unit(l, n);
		else if (qc_node_is(n, "Reshape") && o->rank == in->rank + 1 &&
			 in->rank && in->dim[in->rank - 1] ==
			 o->dim[o->rank - 1] * o->dim[o->rank - 2])
			l->align[in->id] = o->dim[o->rank - 1] *
				(l->align[o->id] ? l->align[o->id] : 1);
		else if (l->align[o->id] && keeps_columns(n))
			for (i = 0; i < n->num_in && i < 2; i++)
				if (n->in[i] && !n->in[i]->cst &&
				    n->in[i]->rank == o->rank)
					l->align[n->in[i]->id] =
						l->align[o->id];
	}
}
