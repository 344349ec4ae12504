// SPDX-License-Identifier: MIT
/* The memory plan: buffers that live at one time never share a byte. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/plan.h"

#define NUM 300

static struct qc_buf bufs[NUM];

static void make(struct qc_lower *l, uint64_t max_size, bool local)
{
	uint32_t i;

	memset(l, 0, sizeof(*l));
	memset(bufs, 0, sizeof(bufs));
	srand(1);
	for (i = 0; i < NUM; i++) {
		struct qc_buf *b = &bufs[i];

		b->kind = QC_BUF_TEMP;
		b->live = i % 17 != 0;
		b->local = local && i % 3 == 0;
		b->size = 1 + rand() % (b->local ? 4096 : max_size);
		b->first = rand() % 100;
		b->last = b->first + rand() % 8;
		b->next = l->bufs;
		l->bufs = b;
	}
}

#define SPREAD NSP_SPACE_COUNT	/* a space of its own for the plan */

static unsigned int space_of(const struct qc_buf *b)
{
	return b->spread ? SPREAD : b->space;
}

static void check(const struct qc_plan *p)
{
	uint64_t limit[SPREAD + 1] = {
		[NSP_SPACE_TCM] = p->tcm, [NSP_SPACE_LOCAL] = p->local,
		[NSP_SPACE_DDR] = p->spill, [SPREAD] = p->spread,
	};
	uint32_t i, k;

	assert_true(p->tcm + p->local <= NSP_VTCM_SIZE);
	for (i = 0; i < NUM; i++) {
		const struct qc_buf *a = &bufs[i];

		if (!a->live)
			continue;
		assert_int_equal(a->off % 64, 0);
		assert_true(a->off + a->size <= limit[space_of(a)]);
		assert_int_equal(a->local, a->space == NSP_SPACE_LOCAL);
		for (k = 0; k < i; k++) {
			const struct qc_buf *b = &bufs[k];

			if (!b->live || space_of(a) != space_of(b) ||
			    a->last < b->first || b->last < a->first)
				continue;
			assert_true(a->off + a->need <= b->off ||
				    b->off + b->need <= a->off);
		}
	}
}

static void fits(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_plan p = { 0 };
	struct qc_lower l;
	uint64_t sum = 0;
	uint32_t i;

	make(&l, 60000, true);
	assert_int_equal(qc_plan(&l, &p, &err), 0);
	check(&p);
	assert_int_equal(p.spill, 0);
	for (i = 0; i < NUM; i++)
		sum += bufs[i].size;
	assert_true(p.tcm < sum / 4);	/* bytes are shared over time */
}

static void spills(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_plan p = { 0 };
	struct qc_lower l;

	make(&l, 4 << 20, false);
	assert_int_equal(qc_plan(&l, &p, &err), 0);
	check(&p);
	assert_true(p.spill > 0);
}

#define NSPS 4

/*
 * Every buffer is written by all NSPs alike, but each fifth by one and each seventh by
 * all but one; every third is read by all of them.
 */
static void share_out(struct qc_lower *l)
{
	uint32_t i, n;

	l->num_nsps = NSPS;
	l->acc = calloc(2 * NUM * NSPS, sizeof(*l->acc));
	assert_non_null(l->acc);
	for (i = 0; i < NUM; i++) {
		struct qc_buf *b = &bufs[i];

		for (n = 0; n < NSPS; n++) {
			struct qc_access *w = &l->acc[l->num_acc++];
			struct qc_access *r = &l->acc[l->num_acc++];

			w->nsp = !(i % 5) ? 0 : n == 3 && !(i % 7) ? 2 : n;
			r->nsp = n;
			w->r.elem = (b->size + NSPS - 1) / NSPS;
			r->r.elem = i % 3 ? w->r.elem : (int64_t)b->size;
			w->next = b->writes;
			b->writes = l->num_acc - 1;
			r->next = b->reads;
			b->reads = l->num_acc;
		}
	}
}

static void spreads(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	uint64_t in_tcm = 0, room = 40 << 20;
	struct qc_plan all = { 0 }, p = { 0 };
	struct qc_lower l;
	uint32_t i, num = 0;

	make(&l, 4 << 20, true);
	share_out(&l);
	assert_int_equal(qc_plan(&l, &all, &err), 0);
	assert_int_equal(all.spread, 0);
	assert_int_equal(qc_plan_spread(&l, 1 << 20, room, &p, &err), 0);
	check(&p);
	assert_true(p.tcm <= 1 << 20 && p.spread <= room && p.spread > room / 2);
	assert_true(p.spill < all.spill);
	for (i = 0; i < NUM; i++) {
		if (bufs[i].spread) {	/* as if all had what one has */
			assert_int_not_equal(i % 5, 0);
			assert_true(bufs[i].need >= bufs[i].size &&
				    (i % 7 || bufs[i].need / 2 >=
						      bufs[i].size - 8));
		}
		num += bufs[i].live && bufs[i].spread;
		/* copies are for those who read all of it, or cannot be spread */
		if (bufs[i].live && bufs[i].space == NSP_SPACE_TCM &&
		    !bufs[i].spread) {
			in_tcm += bufs[i].size;
			assert_true(i % 3 == 0 || i % 5 == 0);
		}
	}
	assert_true(num > 20 && in_tcm > 0);
	/* and back */
	assert_int_equal(qc_plan(&l, &p, &err), 0);
	check(&p);
	assert_int_equal(p.spread, 0);
	free(l.acc);
}

static void too_much_local(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_plan p = { 0 };
	struct qc_lower l;

	make(&l, 4096, true);
	bufs[3].size = QC_LOCAL_MAX + 1;
	assert_int_equal(qc_plan(&l, &p, &err), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fits),
		cmocka_unit_test(spills),
		cmocka_unit_test(spreads),
		cmocka_unit_test(too_much_local),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
