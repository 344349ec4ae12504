// SPDX-License-Identifier: MIT
/* Weights of a list of modules as one tensor: experts, norms of heads. */
#include <errno.h>
#include <string.h>

#include "libqeff/build.h"

/* Their tensors, one after the other. */
struct stack {
	uint64_t each;			/* elements of one */
	size_t elem;
	const uint8_t *data[];
};

static void fill(const void *ctx, uint64_t first, uint64_t count, void *dst)
{
	const struct stack *s = ctx;
	uint8_t *out = dst;

	while (count) {
		uint64_t at = first % s->each, n = s->each - at;

		if (n > count)
			n = count;
		memcpy(out, s->data[first / s->each] + at * s->elem,
		       n * s->elem);
		out += n * s->elem;
		first += n;
		count -= n;
	}
}

/* Tensor @i of the list; all of them must have the type of the first. */
static const struct qf_tensor *take(struct qf_build *b, const char *list,
				    const char *name, uint32_t i, uint32_t rank,
				    int64_t d0, int64_t d1,
				    enum qaic_dtype *dtype)
{
	size_t mark = qf_enter(b, "%s.%u%s%s", list, i, name ? "." : "",
			       name ? name : "");
	const struct qf_tensor *t = qf_take_weight(b, "weight", rank, d0, d1);

	qf_leave(b, mark);
	if (t && !i)
		*dtype = t->dtype;
	if (!t || t->dtype == *dtype)
		return t;
	qf_onnx_fail(&b->o, -EOPNOTSUPP,
		     "weight %s is %s, that of the first in its list %s; they must have one type",
		     t->name, qaic_dtype_name(t->dtype),
		     qaic_dtype_name(*dtype));
	return NULL;
}

qf_val qf_stacked(struct qf_build *b, const char *list, const char *name,
		  uint32_t n, uint32_t rank, int64_t d0, int64_t d1,
		  enum qaic_dtype *dtype)
{
	const int64_t dim[3] = { n, d0, d1 };
	struct stack *s;
	const char *label;
	uint32_t i;

	*dtype = QAIC_F32;
	s = qf_onnx_alloc(&b->o, sizeof(*s) + n * sizeof(s->data[0]));
	for (i = 0; s && i < n; i++) {
		const struct qf_tensor *t = take(b, list, name, i, rank, d0, d1,
						 dtype);

		if (!t)
			return "";
		s->data[i] = t->data;
	}
	label = qf_onnx_printf(&b->o, "%s.%s%s%s", b->scope + 1, list,
			       name ? "." : "", name ? name : "");
	if (!s || !label)
		return "";
	s->each = (uint64_t)d0 * d1;
	s->elem = qaic_dtype_size(*dtype);
	return qf_onnx_fill(&b->o, label, *dtype, 3, dim, fill, s);
}
