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

static void check(const struct qc_plan *p)
{
	uint64_t limit[NSP_SPACE_COUNT] = {
		[NSP_SPACE_TCM] = p->tcm, [NSP_SPACE_LOCAL] = p->local,
		[NSP_SPACE_DDR] = p->spill,
	};
	uint32_t i, k;

	assert_true(p->tcm + p->local <= NSP_VTCM_SIZE);
	for (i = 0; i < NUM; i++) {
		const struct qc_buf *a = &bufs[i];

		if (!a->live)
			continue;
		assert_int_equal(a->off % 64, 0);
		assert_true(a->off + a->size <= limit[a->space]);
		assert_int_equal(a->local, a->space == NSP_SPACE_LOCAL);
		for (k = 0; k < i; k++) {
			const struct qc_buf *b = &bufs[k];

			if (!b->live || a->space != b->space ||
			    a->last < b->first || b->last < a->first)
				continue;
			assert_true(a->off + a->size <= b->off ||
				    b->off + b->size <= a->off);
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
		cmocka_unit_test(too_much_local),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
