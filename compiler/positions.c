// SPDX-License-Identifier: MIT
/*
 * Tables that are looked up by position: learned positions, rotary angles. A context
 * that is longer than one of them would reach behind its end.
 */
#include <errno.h>
#include <string.h>

#include "compiler/compile.h"

#define DEPTH 16		/* steps from a table back to the input */

static bool is_position_ids(const struct qc_value *v)
{
	return v->is_input && (!strcmp(v->name, "position_ids") ||
			       !strcmp(v->name, "decoder_position_ids"));
}

/* Are these the positions plus something (*@off), in whatever shape? */
static bool from_positions(const struct qc_value *v, double *off)
{
	static const char *const names[] = { "Cast", "Identity", "Reshape",
					     "Unsqueeze", "Squeeze", "Flatten" };
	const struct qc_node *n;
	unsigned int depth;
	double k;

	*off = 0;
	for (depth = 0; v && depth < DEPTH; depth++) {
		if (is_position_ids(v))
			return true;
		n = v->def;
		if (!n || v->cst)
			return false;
		if (qc_node_is_any(n, names, QAIC_ARRAY_SIZE(names))) {
			v = n->in[0];
		} else if (qc_node_is(n, "Add")) {
			if (qc_const_scalar(n->in[1], &k))
				v = n->in[0];
			else if (qc_const_scalar(n->in[0], &k))
				v = n->in[1];
			else
				return false;
			*off += k;
		} else {
			return false;
		}
	}
	return false;
}

int qc_check_positions(const struct qc_spec *s, struct qaic_err *err)
{
	const struct qc_node *n;
	int64_t ctx_len = 0, rows;
	size_t i;
	double off;

	for (i = 0; i < s->num_symbols; i++)
		if (!strcmp(s->symbols[i].name, "ctx_len"))
			ctx_len = s->symbols[i].value;
	for (n = ctx_len ? s->g->first : NULL; n; n = n->next) {
		if (!qc_node_is(n, "Gather") || n->num_in < 2 || !n->in[0] ||
		    !n->in[0]->cst || !n->in[0]->rank ||
		    qc_attr_int(n, "axis", 0) || !from_positions(n->in[1], &off))
			continue;
		rows = n->in[0]->dim[0];
		if (off >= 0 && ctx_len + off > (double)rows)
			return qaic_fail(err, -EINVAL,
				"ctx_len %lld is more than the %.0f positions of '%s' (%lld rows, node '%s'); compile for fewer",
				(long long)ctx_len,
				off < rows ? rows - off : 0,
				n->in[0]->name, (long long)rows, n->name);
	}
	return 0;
}
