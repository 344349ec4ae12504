// SPDX-License-Identifier: MIT
/*
 * Where temporaries live. A buffer occupies its bytes from the first phase that
 * touches it to the last (with one NSP: from command to command), and two buffers
 * may share bytes if their lives do not meet. Bytes are thus never handed on
 * within a phase, so sharing needs no barrier.
 *
 * Largest first, each at the lowest offset that is free for its life. If not
 * everything fits in TCM, small buffers go first, and the rest spills to DDR.
 */
#include <errno.h>
#include <stdlib.h>

#include "compiler/plan.h"

#define ALIGN 64

static int larger_first(const void *a, const void *b)
{
	const struct qc_buf *x = *(struct qc_buf *const *)a;
	const struct qc_buf *y = *(struct qc_buf *const *)b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return (x->first > y->first) - (x->first < y->first);
}

/* Insert into placed[], which is sorted by offset. */
static void insert(struct qc_buf **placed, uint32_t n, struct qc_buf *b)
{
	for (; n && placed[n - 1]->off > b->off; n--)
		placed[n] = placed[n - 1];
	placed[n] = b;
}

static uint64_t find_room(struct qc_buf *const *placed, uint32_t n,
			  const struct qc_buf *b)
{
	uint64_t at = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct qc_buf *p = placed[i];

		if (p->last < b->first || p->first > b->last)
			continue;
		if (p->off >= at && p->off - at >= b->size)
			break;
		if (p->off + p->size > at)
			at = qaic_align(p->off + p->size, ALIGN);
	}
	return at;
}

/* Place @n buffers into a space of @limit bytes; what does not fit is put back
 * at the front of @bufs. Returns how many those are. */
static uint32_t place(struct qc_buf **bufs, uint32_t n, struct qc_buf **placed,
		      enum nsp_space space, uint64_t limit, uint64_t *size)
{
	uint32_t i, left = 0, num = 0;

	*size = 0;
	for (i = 0; i < n; i++) {
		struct qc_buf *b = bufs[i];
		uint64_t at = find_room(placed, num, b);

		if (at > limit || b->size > limit - at) {
			bufs[left++] = b;
			continue;
		}
		b->space = space;
		b->off = at;
		insert(placed, num++, b);
		if (at + b->size > *size)
			*size = at + b->size;
	}
	*size = qaic_align(*size, ALIGN);
	return left;
}

static uint32_t collect(const struct qc_lower *l, bool local,
			struct qc_buf **bufs)
{
	struct qc_buf *b;
	uint32_t n = 0;

	for (b = l->bufs; b; b = b->next)
		if (b->kind == QC_BUF_TEMP && b->live && b->local == local)
			bufs[n++] = b;
	qsort(bufs, n, sizeof(*bufs), larger_first);
	return n;
}

static void reverse(struct qc_buf **bufs, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n / 2; i++) {
		struct qc_buf *t = bufs[i];

		bufs[i] = bufs[n - 1 - i];
		bufs[n - 1 - i] = t;
	}
}

int qc_plan(struct qc_lower *l, struct qc_plan *plan, struct qaic_err *err)
{
	struct qc_buf **bufs, **placed, *b;
	uint32_t n = 0, left;
	int rc = 0;

	for (b = l->bufs; b; b = b->next)
		n++;
	bufs = calloc(n + 1, 2 * sizeof(*bufs));
	if (!bufs)
		return qaic_fail(err, -ENOMEM, "out of memory");
	placed = bufs + n;
	n = collect(l, true, bufs);
	if (place(bufs, n, placed, NSP_SPACE_LOCAL, QC_LOCAL_MAX,
		  &plan->local)) {
		rc = -E2BIG;
		goto out;
	}
	n = collect(l, false, bufs);
	left = place(bufs, n, placed, NSP_SPACE_TCM, QC_TCM_MAX, &plan->tcm);
	if (left) {	/* small ones are read as often, byte for byte */
		n = collect(l, false, bufs);
		reverse(bufs, n);
		left = place(bufs, n, placed, NSP_SPACE_TCM, QC_TCM_MAX,
			     &plan->tcm);
	}
	qsort(bufs, left, sizeof(*bufs), larger_first);
	place(bufs, left, placed, NSP_SPACE_DDR, UINT64_MAX / 2, &plan->spill);
out:
	free(bufs);
	return rc;
}
