// SPDX-License-Identifier: GPL-2.0-only
/* KUnit: FIFO arithmetic, slices to elements, the IOVA space. */
#include <kunit/test.h>
#include <linux/module.h>

#include "kmod/bus.h"
#include "kmod/fifo.h"
#include "kmod/slice.h"

/* ---- FIFOs ---- */

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

/* ---- slices ---- */

static void slice_checks(struct kunit *test)
{
	struct qaic_attach_slice_entry good = { .size = 64 }, e;

	KUNIT_EXPECT_EQ(test, qaic_slice_check(&good, 64), 0);
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&good, 63), -EINVAL);
	e = good;
	e.offset = 1;
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), -EINVAL);
	e.offset = U64_MAX;
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), -EINVAL);
	e.size = U64_MAX;
	e.offset = 64;
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 4096), -EINVAL);
	e = good;
	e.sem3.val = 4096;
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), -EINVAL);
	e = good;
	e.sem1.presync = 1;
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), 0);
	e.sem2.presync = 1;
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), -EINVAL);
	e = good;
	e.db_len = 24;
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), -EINVAL);
	e.db_len = 16;
	e.db_addr = 3;
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), -EINVAL);
	e.db_addr = 2;
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), 0);
}

static void slice_one_element(struct kunit *test)
{
	struct qaic_attach_slice_entry e = {
		.size = 100, .offset = 28, .dev_addr = 0x1000,
		.sem0 = { .cmd = QAIC_HW_SEM_WAIT_EQ, .val = 4, .index = 3,
			  .presync = 1 },
		.sem1 = { .cmd = QAIC_HW_SEM_INC, .val = 1, .index = 31,
			  .flags = QAIC_SEM_OUTSYNCFENCE },
		.db_addr = 0x88, .db_data = 7, .db_len = 32,
	};
	struct qaic_hw_req r;

	KUNIT_ASSERT_EQ(test, qaic_slice_elements(e.size), 1);
	qaic_slice_encode(&e, QAIC_DIR_TO_DEV, 0x700000, &r, 1);
	KUNIT_EXPECT_EQ(test, r.cmd, QAIC_HW_CMD_BULK | QAIC_HW_CMD_XFER_IN |
			QAIC_HW_CMD_COMPLETION);
	KUNIT_EXPECT_EQ(test, r.src, 0x700000 + 28);
	KUNIT_EXPECT_EQ(test, r.dst, 0x1000);
	KUNIT_EXPECT_EQ(test, r.len, 100);
	KUNIT_EXPECT_EQ(test, r.db_addr, 0x88);
	KUNIT_EXPECT_EQ(test, r.db_data, 7);
	KUNIT_EXPECT_EQ(test, r.db_attr, QAIC_HW_DB_WRITE | QAIC_HW_DB_LEN_32);
	KUNIT_EXPECT_EQ(test, r.sem_cmd[0], QAIC_HW_SEM_ENABLE |
			QAIC_HW_SEM_PRESYNC | 4u << QAIC_HW_SEM_OP_SHIFT |
			3u << QAIC_HW_SEM_INDEX_SHIFT | 4);
	KUNIT_EXPECT_EQ(test, r.sem_cmd[1], QAIC_HW_SEM_ENABLE |
			QAIC_HW_SEM_FENCE_OUT | 2u << QAIC_HW_SEM_OP_SHIFT |
			31u << QAIC_HW_SEM_INDEX_SHIFT | 1);
	KUNIT_EXPECT_EQ(test, r.sem_cmd[2], 0);
	qaic_slice_encode(&e, QAIC_DIR_FROM_DEV, 0x700000, &r, 1);
	KUNIT_EXPECT_EQ(test, r.cmd & QAIC_HW_CMD_XFER_MASK,
			QAIC_HW_CMD_XFER_OUT);
	KUNIT_EXPECT_EQ(test, r.src, 0x1000);
	KUNIT_EXPECT_EQ(test, r.dst, 0x700000 + 28);
	e.size = 0;
	KUNIT_ASSERT_EQ(test, qaic_slice_elements(0), 1);
	qaic_slice_encode(&e, QAIC_DIR_TO_DEV, 0x700000, &r, 1);
	KUNIT_EXPECT_EQ(test, r.cmd & QAIC_HW_CMD_XFER_MASK, 0);
	KUNIT_EXPECT_EQ(test, r.len, 0);
}

static void slice_many_elements(struct kunit *test)
{
	struct qaic_attach_slice_entry e = {
		.size = 2ull * QAIC_SLICE_CHUNK + 5, .dev_addr = 1ull << 33,
		.db_len = 8, .db_addr = 1,
	};
	struct qaic_hw_req r[3], cut;
	u32 len;

	KUNIT_EXPECT_EQ(test, qaic_slice_elements(QAIC_SLICE_CHUNK), 1);
	KUNIT_ASSERT_EQ(test, qaic_slice_elements(e.size), 3);
	qaic_slice_encode(&e, QAIC_DIR_TO_DEV, 0x100000, r, 3);
	KUNIT_EXPECT_EQ(test, r[0].len, QAIC_SLICE_CHUNK);
	KUNIT_EXPECT_EQ(test, r[1].src, 0x100000ull + QAIC_SLICE_CHUNK);
	KUNIT_EXPECT_EQ(test, r[2].dst,
			(1ull << 33) + 2ull * QAIC_SLICE_CHUNK);
	KUNIT_EXPECT_EQ(test, r[2].len, 5);
	KUNIT_EXPECT_EQ(test, r[0].cmd & QAIC_HW_CMD_COMPLETION, 0);
	KUNIT_EXPECT_EQ(test, r[1].db_attr, 0);
	KUNIT_EXPECT_TRUE(test, r[2].cmd & QAIC_HW_CMD_COMPLETION);
	KUNIT_EXPECT_TRUE(test, r[2].sem_cmd[0] & QAIC_HW_SEM_FENCE_IN);

	KUNIT_EXPECT_EQ(test, qaic_slice_shorten(r, 3, e.size, &len), 3);
	KUNIT_EXPECT_EQ(test, len, 5);
	KUNIT_EXPECT_EQ(test, qaic_slice_shorten(r, 3, 10, &len), 1);
	KUNIT_EXPECT_EQ(test, len, 10);
	KUNIT_EXPECT_EQ(test, qaic_slice_shorten(r, 3,
			(u64)QAIC_SLICE_CHUNK + 1, &len), 2);
	KUNIT_EXPECT_EQ(test, len, 1);
	qaic_slice_cut(&r[1], &r[2], 1, &cut);
	KUNIT_EXPECT_EQ(test, cut.src, r[1].src);
	KUNIT_EXPECT_EQ(test, cut.len, 1);
	KUNIT_EXPECT_EQ(test, cut.db_addr, 1);
	KUNIT_EXPECT_EQ(test, qaic_slice_shorten(r, 3, 0, &len), 1);
	qaic_slice_cut(&r[0], &r[2], 0, &cut);
	KUNIT_EXPECT_EQ(test, cut.cmd & QAIC_HW_CMD_XFER_MASK, 0);
}

/* ---- IOVA space ---- */

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
						&big), -EINVAL);
	KUNIT_EXPECT_EQ(test, qaic_bus_iova_map(card, pages,
			QAIC_SIM_WINDOW_SIZE >> PAGE_SHIFT, DMA_TO_DEVICE, &big),
			-EINVAL);
	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, qaic_bus_iova_map(card, pages, 3,
			i % 2 ? DMA_FROM_DEVICE : DMA_TO_DEVICE, &m[i]), 0);
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

static struct kunit_case cases[] = {
	KUNIT_CASE(fifo_counts),
	KUNIT_CASE(fifo_layout),
	KUNIT_CASE(slice_checks),
	KUNIT_CASE(slice_one_element),
	KUNIT_CASE(slice_many_elements),
	KUNIT_CASE(iova_space),
	{}
};

static struct kunit_suite suite = {
	.name = "qaic_sim",
	.test_cases = cases,
};
kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit tests of qaic_sim");
MODULE_LICENSE("GPL");
