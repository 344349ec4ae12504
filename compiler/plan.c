// SPDX-License-Identifier: MIT
/*
 * Where temporaries live. A buffer occupies its bytes from the first phase that
 * touches it to the last (with one NSP: from command to command), and two buffers
 * may share bytes if their lives do not meet. Bytes are thus never handed on
 * within a phase, so sharing needs no barrier.
 *
 * Largest first, each at the lowest offset that is free for its life. If not
 * everything fits in TCM, small buffers go first. The rest is spread over the NSPs
 * if there are several, small ones first again, and what is left spills to DDR.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
		if (p->off >= at && p->off - at >= b->need)
			break;
		if (p->off + p->need > at)
			at = qaic_align(p->off + p->need, ALIGN);
	}
	return at;
}

/* Place @n buffers of @need bytes into a space of @limit; what does not fit is put back
 * at the front of @bufs. Returns how many those are. */
static uint32_t place(struct qc_buf **bufs, uint32_t n, struct qc_buf **placed,
		      enum nsp_space space, uint64_t limit, uint64_t *size)
{
	uint32_t i, left = 0, num = 0;

	*size = 0;
	for (i = 0; i < n; i++) {
		struct qc_buf *b = bufs[i];
		uint64_t at = find_room(placed, num, b);

		if (at > limit || b->need > limit - at) {
			bufs[left++] = b;
			continue;
		}
		b->space = space;
		b->off = at;
		insert(placed, num++, b);
		if (at + b->need > *size)
			*size = at + b->need;
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
		if (b->kind == QC_BUF_TEMP && b->live && b->local == local) {
			b->need = b->size;
			bufs[n++] = b;
		}
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

static double bytes_in(const struct qc_region *r)
{
	double n = r->elem;
	uint32_t i;

	for (i = 0; i < r->n; i++)
		n *= r->dim[i];
	return n;
}

/*
 * Spread, each NSP keeps what it wrote. Offsets are given as if all had the same to
 * keep, so a buffer takes as much as if all had what the busiest NSP wrote: the bytes
 * to reserve. 0: it cannot be spread, few NSPs have most of it.
 */
static uint64_t spread_size(const struct qc_lower *l, const struct qc_buf *b)
{
	double part[NSP_MAX_NSPS] = { 0 }, sum = 0, most = 0;
	const struct qc_access *a;
	uint32_t at, i;

	for (at = b->writes; at; at = a->next) {
		a = &l->acc[at - 1];
		if (a->nsp >= l->num_nsps)
			return 0;
		part[a->nsp] += bytes_in(&a->r);
	}
	for (i = 0; i < l->num_nsps; i++) {
		sum += part[i];
		most = part[i] > most ? part[i] : most;
	}
	if (sum <= 0 || most * l->num_nsps > sum * 2)
		return 0;
	return b->size * (most * l->num_nsps / sum) + 1;
}

/* Those that may be spread to the back; returns how many are not. */
static uint32_t even_last(const struct qc_lower *l, struct qc_buf **bufs,
			  uint32_t n, struct qc_buf **tmp)
{
	uint32_t i, uneven = 0, num = 0;

	for (i = 0; i < n; i++) {
		bufs[i]->need = spread_size(l, bufs[i]);
		if (bufs[i]->need)
			tmp[num++] = bufs[i];
		else
			bufs[uneven++] = bufs[i];
	}
	memcpy(bufs + uneven, tmp, num * sizeof(*tmp));
	return uneven;
}

static double bytes_of(const struct qc_lower *l, uint32_t at)
{
	double sum = 0;

	for (; at; at = l->acc[at - 1].next)
		sum += bytes_in(&l->acc[at - 1].r);
	return sum;
}

static int more_readers_first(const void *a, const void *b)
{
	const struct qc_buf *x = *(struct qc_buf *const *)a;
	const struct qc_buf *y = *(struct qc_buf *const *)b;

	if (x->reread != y->reread)
		return x->reread < y->reread ? 1 : -1;
	return larger_first(b, a);
}

/*
 * Copies in TCM for those that are read most often, byte for byte; what is read about
 * once is better where it was written. What cannot be spread comes first.
 */
static uint32_t place_copies(const struct qc_lower *l, struct qc_buf **bufs,
			     struct qc_buf **placed, uint64_t tcm,
			     uint64_t *size)
{
	uint32_t n = collect(l, false, bufs), i, few = 0;

	for (i = 0; i < n; i++)
		bufs[i]->reread = spread_size(l, bufs[i]) ?
			bytes_of(l, bufs[i]->reads) / bufs[i]->size : 1e9;
	qsort(bufs, n, sizeof(*bufs), more_readers_first);
	while (few < n && bufs[few]->reread > 2)
		few++;
	i = place(bufs, few, placed, NSP_SPACE_TCM, tcm, size);
	memmove(bufs + i, bufs + few, (n - few) * sizeof(*bufs));
	return i + n - few;
}

static uint32_t place_spread(const struct qc_lower *l, struct qc_buf **bufs,
			     uint32_t n, struct qc_buf **placed, uint64_t room,
			     uint64_t *size)
{
	uint32_t uneven, left, i;

	qsort(bufs, n, sizeof(*bufs), larger_first);
	reverse(bufs, n);
	uneven = even_last(l, bufs, n, placed);
	left = place(bufs + uneven, n - uneven, placed, NSP_SPACE_TCM, room,
		     size);
	for (i = 0; i < n - uneven - left; i++)
		placed[i]->spread = true;
	for (i = 0; i < uneven + left; i++)
		bufs[i]->need = bufs[i]->size;
	return uneven + left;
}

int qc_plan_spread(struct qc_lower *l, uint64_t tcm, uint64_t room,
		   struct qc_plan *plan, struct qaic_err *err)
{
	struct qc_buf **bufs, **placed, *b;
	uint32_t n = 0, left;
	int rc = 0;

	memset(plan, 0, sizeof(*plan));
	for (b = l->bufs; b; b = b->next, n++)
		b->spread = false;
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
	left = place(bufs, n, placed, NSP_SPACE_TCM, tcm, &plan->tcm);
	if (left && room) {
		left = place_copies(l, bufs, placed, tcm, &plan->tcm);
		left = place_spread(l, bufs, left, placed, room, &plan->spread);
	} else if (left) {	/* small ones are read as often, byte for byte */
		n = collect(l, false, bufs);
		reverse(bufs, n);
		left = place(bufs, n, placed, NSP_SPACE_TCM, tcm, &plan->tcm);
	}
	qsort(bufs, left, sizeof(*bufs), larger_first);
	place(bufs, left, placed, NSP_SPACE_DDR, UINT64_MAX / 2, &plan->spill);
out:
	free(bufs);
	return rc;
}

int qc_plan(struct qc_lower *l, struct qc_plan *plan, struct qaic_err *err)
{
	return qc_plan_spread(l, QC_TCM_MAX, 0, plan, err);
}
