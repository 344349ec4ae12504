// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/eval.h"

#define FIXED 64		/* inputs that struct qc_eval has room for */
#define STREAM_MIN (1 << 20)	/* bytes from which reading in pieces pays */

size_t qc_eval_size(const struct qc_value *v)
{
	return qc_numel(v) * qaic_dtype_size(qc_eval_dtype(v->dtype));
}

static bool usable_in_place(const struct qc_tensor *t, enum qaic_dtype dtype)
{
	return t->store == dtype && qc_tensor_contiguous(t) &&
	       !((uintptr_t)t->data % qaic_dtype_size(dtype));
}

/* A constant operand: in place if it can be, else converted into *buf. */
static const void *const_operand(const struct qc_value *v, void **buf)
{
	enum qaic_dtype dtype = qc_eval_dtype(v->dtype);
	size_t size = qc_eval_size(v);

	if (usable_in_place(v->cst, dtype) && v->cst->data)
		return v->cst->data;
	*buf = malloc(size ? size : 1);
	if (*buf)
		qc_tensor_read(v->cst, 0, qc_numel(v), dtype, *buf);
	return *buf;
}

/* Nothing to compute: also keeps loops over dimensions of 0 and 2^40 short. */
static bool all_empty(const struct qc_node *n)
{
	uint32_t i;

	for (i = 0; i < n->num_out; i++)
		if (qc_numel(n->out[i]))
			return false;
	return true;
}

int qc_eval_node(const struct qc_node *n, void *const *in, void *const *out,
		 struct qaic_err *err)
{
	struct qc_eval e = { .node = n };
	const void *operand;
	uint32_t i, more = n->num_in > FIXED ? n->num_in - FIXED : 0;
	void **bufs = calloc(n->num_in + more + 1, sizeof(*bufs));
	int rc = -ENOMEM;

	if (!bufs)
		goto out;
	if (all_empty(n)) {
		rc = 0;
		goto out;
	}
	if (more)
		e.more_in = bufs + n->num_in;
	for (i = 0; i < n->num_in; i++) {
		if (!n->in[i])
			continue;
		operand = in[i];
		if (!operand && i < 32 && (n->op->stream >> i & 1) &&
		    qc_eval_size(n->in[i]) >= STREAM_MIN &&
		    !usable_in_place(n->in[i]->cst, QAIC_F32))
			continue;
		if (!operand)
			operand = const_operand(n->in[i], &bufs[i]);
		if (!operand)
			goto out;
		if (i < FIXED)
			e.in[i] = operand;
		else
			e.more_in[i - FIXED] = (void *)operand;
	}
	for (i = 0; i < n->num_out; i++) {
		if (i >= FIXED) {
			rc = qaic_fail(err, -EOPNOTSUPP,
				       "%u outputs; at most %d are evaluated",
				       n->num_out, FIXED);
			goto out;
		}
		e.out[i] = out[i];
	}
	rc = n->op->eval(&e, err);
out:
	for (i = 0; bufs && i < n->num_in; i++)
		free(bufs[i]);
	free(bufs);
	if (rc == -ENOMEM)
		qaic_fail(err, rc, "out of memory");
	return rc;
}
