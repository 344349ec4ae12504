// SPDX-License-Identifier: GPL-2.0-only
/* KUnit: slices to request elements. */
#include <kunit/test.h>
#include <linux/math64.h>

#include "kmod/slice.h"
#include "suites.h"

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

static void bad_sem(struct kunit *test, struct qaic_sem sem)
{
	struct qaic_attach_slice_entry e = { .size = 64 };
	struct qaic_sem *const at[] = { &e.sem0, &e.sem1, &e.sem2, &e.sem3 };
	int i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		*at[i] = sem;
		KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), -EINVAL);
		*at[i] = (struct qaic_sem){};
	}
}

/* Each limit of a semaphore, and one beyond it, in each of the four places */
static void slice_semaphores(struct kunit *test)
{
	struct qaic_sem all = { .val = 4095, .index = 31, .presync = 1,
				.cmd = QAIC_HW_SEM_WAIT_GT0,
				.flags = QAIC_SEM_INSYNCFENCE |
					 QAIC_SEM_OUTSYNCFENCE };
	struct qaic_attach_slice_entry e = { .size = 64 };
	struct qaic_sem *const at[] = { &e.sem0, &e.sem1, &e.sem2, &e.sem3 };
	int i, k;

	bad_sem(test, (struct qaic_sem){ .val = 4096 });
	bad_sem(test, (struct qaic_sem){ .val = U16_MAX });
	bad_sem(test, (struct qaic_sem){ .index = 32 });
	bad_sem(test, (struct qaic_sem){ .presync = 2 });
	bad_sem(test, (struct qaic_sem){ .cmd = QAIC_HW_SEM_WAIT_GT0 + 1 });
	bad_sem(test, (struct qaic_sem){ .flags = 4 });
	bad_sem(test, (struct qaic_sem){ .pad = 1 });
	for (i = 0; i < 4; i++)
		for (k = 0; k < 4; k++) {
			memset(&e, 0, sizeof(e));
			e.size = 64;
			*at[i] = all;
			*at[k] = all;
			KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64),
					i == k ? 0 : -EINVAL);
		}
}

/* Sums of what a client gives must not wrap into what is allowed. */
static void slice_bounds(struct kunit *test)
{
	struct qaic_attach_slice_entry e = { .offset = 64 };
	static const u32 lens[] = { 1, 7, 9, 15, 24, 31, 33, 64, 256, U32_MAX };
	int i;

	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), 0);
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 63), -EINVAL);
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 0), -EINVAL);
	e.size = U64_MAX - 63;			/* offset + size is 0 */
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), -EINVAL);
	e.size = U64_MAX - 62;
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), -EINVAL);
	e.offset = 0;
	e.size = U64_MAX;
	KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, U64_MAX), 0);
	e.size = 0;
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		e.db_len = lens[i];
		KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64), -EINVAL);
	}
	e.db_addr = U64_MAX;
	for (e.db_len = 0; e.db_len <= 32; e.db_len += 8)
		if (e.db_len != 24)
			KUNIT_EXPECT_EQ(test, qaic_slice_check(&e, 64),
					e.db_len > 8 ? -EINVAL : 0);
}

static void slice_counts(struct kunit *test)
{
	const u64 c = QAIC_SLICE_CHUNK;

	KUNIT_EXPECT_EQ(test, qaic_slice_elements(1), 1);
	KUNIT_EXPECT_EQ(test, qaic_slice_elements(c - 1), 1);
	KUNIT_EXPECT_EQ(test, qaic_slice_elements(c + 1), 2);
	KUNIT_EXPECT_EQ(test, qaic_slice_elements(2 * c), 2);
	KUNIT_EXPECT_EQ(test, qaic_slice_elements(2 * c + 1), 3);
	KUNIT_EXPECT_EQ(test, qaic_slice_elements(U64_MAX),
			div64_u64(U64_MAX, c) + 1);
}

/* Two elements that are full, and all ways to shorten them */
static void slice_exact(struct kunit *test)
{
	const u64 c = QAIC_SLICE_CHUNK;
	struct qaic_attach_slice_entry e = { .size = 2 * c, .dev_addr = 4096 };
	struct qaic_hw_req r[2];
	u32 len;

	qaic_slice_encode(&e, QAIC_DIR_FROM_DEV, 0x100000, r, 2);
	KUNIT_EXPECT_EQ(test, r[0].len, QAIC_SLICE_CHUNK);
	KUNIT_EXPECT_EQ(test, r[1].len, QAIC_SLICE_CHUNK);
	KUNIT_EXPECT_EQ(test, r[1].src, 4096 + c);
	KUNIT_EXPECT_EQ(test, r[1].dst, 0x100000 + c);
	/* without a presync what comes from the card is held back outwards */
	KUNIT_EXPECT_EQ(test, r[0].sem_cmd[0], 0);
	KUNIT_EXPECT_TRUE(test, r[1].sem_cmd[0] & QAIC_HW_SEM_FENCE_OUT);
	KUNIT_EXPECT_FALSE(test, r[1].sem_cmd[0] & QAIC_HW_SEM_FENCE_IN);

	KUNIT_EXPECT_EQ(test, qaic_slice_shorten(r, 2, 1, &len), 1);
	KUNIT_EXPECT_EQ(test, len, 1);
	KUNIT_EXPECT_EQ(test, qaic_slice_shorten(r, 2, c, &len), 1);
	KUNIT_EXPECT_EQ(test, len, QAIC_SLICE_CHUNK);
	KUNIT_EXPECT_EQ(test, qaic_slice_shorten(r, 2, c + 1, &len), 2);
	KUNIT_EXPECT_EQ(test, len, 1);
	KUNIT_EXPECT_EQ(test, qaic_slice_shorten(r, 2, 2 * c, &len), 2);
	KUNIT_EXPECT_EQ(test, len, QAIC_SLICE_CHUNK);
	/* never more than there is */
	KUNIT_EXPECT_EQ(test, qaic_slice_shorten(r, 2, U64_MAX, &len), 2);
	KUNIT_EXPECT_EQ(test, len, QAIC_SLICE_CHUNK);
}

/* Each transfer waits for the presync, what comes after it is at the end alone. */
static void slice_presync(struct kunit *test)
{
	struct qaic_attach_slice_entry e = {
		.size = (u64)QAIC_SLICE_CHUNK + 1, .db_len = 16, .db_data = 9,
		.sem1 = { .cmd = QAIC_HW_SEM_INC, .index = 5, .val = 1 },
		.sem2 = { .cmd = QAIC_HW_SEM_WAIT_GE, .index = 4, .val = 2,
			  .presync = 1, .flags = QAIC_SEM_INSYNCFENCE },
	};
	struct qaic_hw_req r[2];

	qaic_slice_encode(&e, QAIC_DIR_TO_DEV, 0x100000, r, 2);
	KUNIT_EXPECT_TRUE(test, r[0].sem_cmd[2] & QAIC_HW_SEM_PRESYNC);
	KUNIT_EXPECT_TRUE(test, r[0].sem_cmd[2] & QAIC_HW_SEM_FENCE_IN);
	KUNIT_EXPECT_EQ(test, r[0].sem_cmd[2], r[1].sem_cmd[2]);
	KUNIT_EXPECT_EQ(test, r[0].sem_cmd[1], 0);
	KUNIT_EXPECT_TRUE(test, r[1].sem_cmd[1] & QAIC_HW_SEM_ENABLE);
	/* the presync keeps the order: no fence of ours */
	KUNIT_EXPECT_EQ(test, r[1].sem_cmd[0], 0);
	KUNIT_EXPECT_EQ(test, r[0].db_attr, 0);
	KUNIT_EXPECT_EQ(test, r[1].db_attr,
			QAIC_HW_DB_WRITE | QAIC_HW_DB_LEN_16);
	KUNIT_EXPECT_EQ(test, r[0].req_id, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(slice_checks),
	KUNIT_CASE(slice_semaphores),
	KUNIT_CASE(slice_bounds),
	KUNIT_CASE(slice_counts),
	KUNIT_CASE(slice_one_element),
	KUNIT_CASE(slice_many_elements),
	KUNIT_CASE(slice_exact),
	KUNIT_CASE(slice_presync),
	{}
};

struct kunit_suite qaic_slice_suite = {
	.name = "qaic_slice",
	.test_cases = cases,
};
