// SPDX-License-Identifier: GPL-2.0-only
/* KUnit: FIFO arithmetic. */
#include <kunit/test.h>

#include "kmod/fifo.h"
#include "suites.h"
#include "uapi/qaic_hw.h"

static void fifo_counts(struct kunit *test)
{
	u32 n, head, used, i, tail;

	for (n = 1; n < 10; n++)
		for (head = 0; head < n; head++)
			for (used = 0; used < n; used++) {
				tail = head;
				for (i = 0; i < used; i++)
					tail = qaic_fifo_advance(tail, 1, n);
				KUNIT_EXPECT_EQ(test, tail,
					qaic_fifo_advance(head, used, n));
				KUNIT_EXPECT_EQ(test, used,
					qaic_fifo_used(head, tail, n));
				KUNIT_EXPECT_EQ(test, n - 1 - used,
					qaic_fifo_space(head, tail, n));
			}
	KUNIT_EXPECT_EQ(test, qaic_fifo_advance(3, 8, 8), 3);
}

static void fifo_layout(struct kunit *test)
{
	static const u32 sizes[] = { 1, 2, 8, 63, 64, 512, 1000, 65536 };
	struct qaic_fifo_layout l;
	size_t end;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_ASSERT_EQ(test, qaic_fifo_layout(sizes[i], &l), 0);
		KUNIT_EXPECT_EQ(test, l.size % PAGE_SIZE, 0);
		KUNIT_EXPECT_GE(test, l.rsp_offset,
				sizes[i] * sizeof(struct qaic_hw_req) +
				QAIC_HW_Q_GAP);
		end = l.rsp_offset + sizes[i] * sizeof(struct qaic_hw_rsp);
		KUNIT_EXPECT_EQ(test, end, l.size);
	}
	KUNIT_EXPECT_EQ(test, qaic_fifo_layout(0, &l), -EINVAL);
	KUNIT_EXPECT_EQ(test, qaic_fifo_layout(QAIC_FIFO_MAX + 1, &l), -ENOMEM);
	KUNIT_EXPECT_EQ(test, qaic_fifo_layout(U32_MAX, &l), -ENOMEM);
}

/* The largest FIFO, near its end: no product or sum may wrap. */
static void fifo_large(struct kunit *test)
{
	const u32 n = QAIC_FIFO_MAX;
	struct qaic_fifo_layout l;

	KUNIT_ASSERT_EQ(test, qaic_fifo_layout(n, &l), 0);
	KUNIT_EXPECT_GE(test, l.size, (size_t)n * 68 + QAIC_HW_Q_GAP);
	KUNIT_EXPECT_EQ(test, qaic_fifo_advance(n - 1, 1, n), 0);
	KUNIT_EXPECT_EQ(test, qaic_fifo_advance(n - 1, n, n), n - 1);
	KUNIT_EXPECT_EQ(test, qaic_fifo_advance(0, n - 1, n), n - 1);
	KUNIT_EXPECT_EQ(test, qaic_fifo_advance(0, n, n), 0);
	/* full: the tail is right behind the head, also over the end */
	KUNIT_EXPECT_EQ(test, qaic_fifo_used(0, n - 1, n), n - 1);
	KUNIT_EXPECT_EQ(test, qaic_fifo_space(0, n - 1, n), 0);
	KUNIT_EXPECT_EQ(test, qaic_fifo_used(n - 1, n - 2, n), n - 1);
	KUNIT_EXPECT_EQ(test, qaic_fifo_space(n - 1, n - 2, n), 0);
	/* empty, wherever */
	KUNIT_EXPECT_EQ(test, qaic_fifo_used(n - 1, n - 1, n), 0);
	KUNIT_EXPECT_EQ(test, qaic_fifo_space(n - 1, n - 1, n), n - 1);
	KUNIT_EXPECT_EQ(test, qaic_fifo_used(n - 1, 0, n), 1);
	/* of one element: always both empty and full */
	KUNIT_EXPECT_EQ(test, qaic_fifo_space(0, 0, 1), 0);
	KUNIT_EXPECT_EQ(test, qaic_fifo_advance(0, 1, 1), 0);
}

/* Every size: the queues do not touch, and no page is there for nothing. */
static void fifo_layout_all(struct kunit *test)
{
	struct qaic_fifo_layout l;
	size_t need;
	u32 n;

	for (n = 1; n <= QAIC_FIFO_MAX; n++) {
		if (qaic_fifo_layout(n, &l))
			break;
		need = (size_t)n * (sizeof(struct qaic_hw_req) +
				    sizeof(struct qaic_hw_rsp)) + QAIC_HW_Q_GAP;
		if (l.size < need || l.size - need >= QAIC_HW_Q_ALIGN ||
		    l.size % QAIC_HW_Q_ALIGN || l.rsp_offset % 4 ||
		    l.rsp_offset + n * sizeof(struct qaic_hw_rsp) != l.size)
			break;
	}
	KUNIT_EXPECT_EQ(test, n, QAIC_FIFO_MAX + 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(fifo_counts),
	KUNIT_CASE(fifo_large),
	KUNIT_CASE(fifo_layout),
	KUNIT_CASE(fifo_layout_all),
	{}
};

struct kunit_suite qaic_fifo_suite = {
	.name = "qaic_fifo",
	.test_cases = cases,
};
