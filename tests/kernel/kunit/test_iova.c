// SPDX-License-Identifier: GPL-2.0-only
/* KUnit: the IOVA space. */
#include <kunit/test.h>

#include "kmod/bus.h"
#include "suites.h"

static void iova_space(struct kunit *test)
{
	struct qaic_card *card = kunit_kzalloc(test, sizeof(*card), GFP_KERNEL);
	struct page *pages[3] = { NULL };
	struct qaic_iova *m[8], *big;
	u64 pg, len;
	int i, k;

	KUNIT_ASSERT_NOT_NULL(test, card);
	qaic_iova_init(card);
	KUNIT_EXPECT_EQ(test, qaic_bus_iova_map(card, pages, 0, DMA_TO_DEVICE,
			QAIC_IOVA_NO_DBC, &big), -EINVAL);
	KUNIT_EXPECT_EQ(test, qaic_bus_iova_map(card, pages,
			QAIC_SIM_WINDOW_SIZE >> PAGE_SHIFT, DMA_TO_DEVICE,
			QAIC_IOVA_NO_DBC, &big), -EINVAL);
	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, qaic_bus_iova_map(card, pages, 3,
			i % 2 ? DMA_FROM_DEVICE : DMA_TO_DEVICE, i, &m[i]), 0);
	len = 3 * PAGE_SIZE;
	for (i = 0; i < 8; i++) {
		KUNIT_EXPECT_GE(test, m[i]->iova, QAIC_SIM_IOVA_MIN);
		pg = m[i]->iova >> PAGE_SHIFT;
		for (k = 0; k < 3; k++)
			KUNIT_EXPECT_PTR_EQ(test, qaic_iova_find(card, pg + k),
					    m[i]);
		/* nothing right behind */
		KUNIT_EXPECT_NULL(test, qaic_iova_find(card, pg + 3));
		KUNIT_EXPECT_EQ(test, qaic_iova_check(card, m[i]->iova, len,
						      QAIC_SIM_READ), 0);
		KUNIT_EXPECT_EQ(test, qaic_iova_check(card, m[i]->iova + 1, len,
						      QAIC_SIM_READ), -EFAULT);
		KUNIT_EXPECT_EQ(test, qaic_iova_check(card, m[i]->iova, len,
				QAIC_SIM_WRITE), i % 2 ? 0 : -EFAULT);
		KUNIT_EXPECT_EQ(test, qaic_iova_check(card, m[i]->iova + 8,
						      U64_MAX, QAIC_SIM_READ),
				-EFAULT);
	}
	KUNIT_EXPECT_NULL(test, qaic_iova_find(card, 0));
	KUNIT_EXPECT_NULL(test, qaic_iova_find(card, U64_MAX >> PAGE_SHIFT));
	for (i = 0; i < 8; i += 2)
		qaic_bus_iova_unmap(card, m[i]);
	KUNIT_EXPECT_NULL(test, qaic_iova_find(card, m[1]->node.start - 2));
	for (i = 1; i < 8; i += 2)
		qaic_bus_iova_unmap(card, m[i]);
	qaic_bus_iova_unmap(card, NULL);
	KUNIT_EXPECT_TRUE(test, drm_mm_clean(&card->iova.mm));
	qaic_iova_fini(card);
}

#define END	(QAIC_SIM_WINDOW_SIZE >> PAGE_SHIFT)
#define FIRST	(QAIC_SIM_IOVA_MIN >> PAGE_SHIFT)

static int map_pages(struct qaic_card *card, unsigned long n,
		     struct qaic_iova **m)
{
	/* kept, and never looked at without a card process */
	return qaic_bus_iova_map(card, NULL, n, DMA_BIDIRECTIONAL,
				 QAIC_IOVA_NO_DBC, m);
}

/* The whole space, to the page: nothing more fits, and all can be used again. */
static void iova_full(struct kunit *test)
{
	struct qaic_card *card = kunit_kzalloc(test, sizeof(*card), GFP_KERNEL);
	struct qaic_iova *big, *small, *none = NULL;
	unsigned long big_at;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, card);
	qaic_iova_init(card);
	KUNIT_EXPECT_EQ(test, map_pages(card, END, &none), -EINVAL);
	KUNIT_EXPECT_EQ(test, map_pages(card, ULONG_MAX, &none), -EINVAL);
	KUNIT_EXPECT_EQ(test, qaic_bus_iova_map(card, NULL, 1, DMA_NONE, 0, &none),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, qaic_bus_iova_map(card, NULL, 1, DMA_TO_DEVICE,
			QAIC_IOVA_NO_DBC + 1, &none), -EINVAL);
	KUNIT_EXPECT_EQ(test, map_pages(card, END - 1, &none), -ENOSPC);

	/* big ones begin where a page table does, and end with an empty page */
	big_at = ALIGN(FIRST, PTRS_PER_PTE);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, map_pages(card, END - big_at - 1, &big), 0);
		KUNIT_EXPECT_EQ(test, big->iova, (u64)big_at << PAGE_SHIFT);
		KUNIT_EXPECT_PTR_EQ(test, qaic_iova_find(card, END - 2), big);
		KUNIT_EXPECT_NULL(test, qaic_iova_find(card, END - 1));
		KUNIT_EXPECT_NULL(test, qaic_iova_find(card, END));
		KUNIT_EXPECT_NULL(test, qaic_iova_find(card, big_at - 1));

		/* what is left before it */
		KUNIT_EXPECT_EQ(test, map_pages(card, big_at - FIRST, &none),
				-ENOSPC);
		KUNIT_ASSERT_EQ(test, map_pages(card, big_at - FIRST - 1,
						&small), 0);
		KUNIT_EXPECT_EQ(test, small->iova, QAIC_SIM_IOVA_MIN);
		KUNIT_EXPECT_EQ(test, map_pages(card, 1, &none), -ENOSPC);
		qaic_bus_iova_unmap(card, small);
		qaic_bus_iova_unmap(card, big);
		KUNIT_EXPECT_TRUE(test, drm_mm_clean(&card->iova.mm));
	}
	KUNIT_EXPECT_NULL(test, none);
	qaic_iova_fini(card);
}

/* First and last byte, one beyond, and lengths that wrap */
static void iova_bounds(struct kunit *test)
{
	struct qaic_card *card = kunit_kzalloc(test, sizeof(*card), GFP_KERNEL);
	const u64 len = 2 * PAGE_SIZE;
	const u32 rw = QAIC_SIM_READ | QAIC_SIM_WRITE;
	struct qaic_iova *m;
	u64 at;

	KUNIT_ASSERT_NOT_NULL(test, card);
	qaic_iova_init(card);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, QAIC_SIM_IOVA_MIN, 1, rw),
			-EFAULT);
	KUNIT_ASSERT_EQ(test, map_pages(card, 2, &m), 0);
	at = m->iova;
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, at, len, rw), 0);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, at, 0, rw), 0);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, at + len - 1, 1, rw), 0);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, at + len - 1, 2, rw),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, at + len, 1, rw), -EFAULT);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, at - 1, 1, rw), -EFAULT);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, at - 1, 2, rw), -EFAULT);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, at, U64_MAX, rw), -EFAULT);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, at, -at, rw), -EFAULT);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, U64_MAX, 1, rw), -EFAULT);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, U64_MAX, U64_MAX, rw),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, QAIC_SIM_WINDOW_SIZE, 1, rw),
			-EFAULT);
	/* the same page of the next window is another one */
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, at + QAIC_SIM_WINDOW_SIZE, 1,
					      rw), -EFAULT);
	qaic_bus_iova_unmap(card, m);
	KUNIT_EXPECT_EQ(test, qaic_iova_check(card, at, 1, QAIC_SIM_READ),
			-EFAULT);
	qaic_iova_fini(card);
}

#define BIG	(1ul << 18)	/* pages: 1 GiB */

/* As many of @n pages as @dbc gets, at most @max. */
static int take(struct kunit *test, struct qaic_card *card, unsigned int dbc,
		unsigned long n, struct qaic_iova **m, int max)
{
	int i;

	for (i = 0; i < max; i++)
		if (qaic_bus_iova_map(card, NULL, n, DMA_TO_DEVICE, dbc, &m[i]))
			break;
	return i;
}

static void give(struct qaic_card *card, struct qaic_iova **m, int n)
{
	while (n--)
		qaic_bus_iova_unmap(card, m[n]);
}

/*
 * One DBC takes what it gets; every other one still has its share, and messages
 * their room; and it gets no more when they have given theirs back.
 */
static void iova_shares(struct kunit *test)
{
	struct qaic_card *card = kunit_kzalloc(test, sizeof(*card), GFP_KERNEL);
	struct qaic_iova *all[64], *m[QAIC_HW_NUM_DBC], *rest[4], *one;
	int i, n;

	KUNIT_ASSERT_NOT_NULL(test, card);
	qaic_iova_init(card);
	/* 28 GiB that all compete for and 2 of its own, less what is between */
	n = take(test, card, 3, BIG - 1, all, ARRAY_SIZE(all));
	KUNIT_EXPECT_EQ(test, n, 30);
	KUNIT_EXPECT_EQ(test, take(test, card, 3, 1, &one, 1), 0);
	for (i = 0; i < QAIC_HW_NUM_DBC; i++) {
		if (i == 3)
			continue;
		KUNIT_EXPECT_EQ(test, take(test, card, i, 2 * BIG - 1, &m[i],
					   1), 1);
		/* the common part is gone */
		KUNIT_EXPECT_EQ(test, take(test, card, i, 1, &one, 1), 0);
	}
	KUNIT_EXPECT_GE(test, take(test, card, QAIC_IOVA_NO_DBC, BIG - 1, rest,
				   3), 3);
	give(card, rest, 3);
	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		if (i != 3)
			qaic_bus_iova_unmap(card, m[i]);
	KUNIT_EXPECT_EQ(test, take(test, card, 3, 1, &one, 1), 0);
	/* what it gives back another one can have */
	give(card, all + 28, 2);
	n = take(test, card, 4, BIG - 1, rest, ARRAY_SIZE(rest));
	KUNIT_EXPECT_EQ(test, n, 4);
	give(card, rest, n);
	give(card, all, 28);
	KUNIT_EXPECT_TRUE(test, drm_mm_clean(&card->iova.mm));
	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		KUNIT_EXPECT_EQ(test, card->iova.used[i], 0ul);
	qaic_iova_fini(card);
}

/* Many small ones cost what they take, with the empty page behind each. */
static void iova_small_shares(struct kunit *test)
{
	struct qaic_card *card = kunit_kzalloc(test, sizeof(*card), GFP_KERNEL);
	struct qaic_iova *big, *none, *m[8];

	KUNIT_ASSERT_NOT_NULL(test, card);
	qaic_iova_init(card);
	KUNIT_ASSERT_EQ(test, take(test, card, 0, 30 * BIG - PTRS_PER_PTE - 1,
				   &big, 1), 1);
	KUNIT_EXPECT_EQ(test, take(test, card, 0, PTRS_PER_PTE - 1, &m[0], 1),
			1);
	KUNIT_EXPECT_EQ(test, take(test, card, 0, 1, &m[1], 1), 0);
	qaic_bus_iova_unmap(card, m[0]);
	/* one page more is aligned, and would cost as much again */
	KUNIT_EXPECT_EQ(test, take(test, card, 0, PTRS_PER_PTE, &m[0], 1), 0);
	KUNIT_EXPECT_EQ(test, take(test, card, 0, PTRS_PER_PTE / 8 - 1, m, 8),
			8);
	KUNIT_EXPECT_EQ(test, take(test, card, 0, 1, &none, 1), 0);
	give(card, m, 8);
	qaic_bus_iova_unmap(card, big);
	KUNIT_EXPECT_TRUE(test, drm_mm_clean(&card->iova.mm));
	qaic_iova_fini(card);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(iova_space),
	KUNIT_CASE(iova_shares),
	KUNIT_CASE(iova_small_shares),
	KUNIT_CASE(iova_full),
	KUNIT_CASE(iova_bounds),
	{}
};

struct kunit_suite qaic_iova_suite = {
	.name = "qaic_iova",
	.test_cases = cases,
};
