// SPDX-License-Identifier: MIT
/* The flatbuffer builder and reader, and the metadata made with them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qpc/flatbuf.h"
#include "qpc/parts.h"
#include "tests/unit/qpc/sample.h"

/* root { u8, u64, "text", [u32], [table { u16 }], absent, absent u32 } */
static void build(struct qaic_str *b)
{
	static const uint32_t numbers[] = { 7, 0xfffffffe, 9 };
	const struct fb_field root[] = {
		{ 1, 200 }, { 8, 0x123456789abcdef0ull }, { FB_REF, 0 },
		{ FB_REF, 0 }, { FB_REF, 0 }, { 0, 0 }, { 0, 0 },
	};
	struct fb_field leaf = { 2, 0 };
	size_t where[7], none, vec;
	uint32_t i;

	fb_begin(b);
	fb_link(b, 0, fb_put_table(b, root, 7, where));
	fb_link(b, where[2], fb_put_string(b, "text"));
	fb_link(b, where[3], fb_put_vector(b, 4, 3, numbers));
	vec = fb_put_refs(b, 2);
	fb_link(b, where[4], vec);
	for (i = 0; i < 2; i++) {
		leaf.value = 1000 + i;
		fb_link(b, fb_elem(vec, i), fb_put_table(b, &leaf, 1, &none));
	}
	assert_false(b->failed);
}

static void test_round_trip(void **state)
{
	struct qaic_str b = { 0 };
	struct fb_in in;
	size_t root, vec;
	uint32_t n;

	build(&b);
	in = (struct fb_in){ (uint8_t *)b.s, b.len, false };
	root = fb_root(&in);
	assert_int_equal(root % 8, 0);
	assert_int_equal(fb_get(&in, root, 0, 1), 200);
	assert_true(fb_get(&in, root, 1, 8) == 0x123456789abcdef0ull);
	assert_string_equal(fb_string(&in, root, 2), "text");
	vec = fb_vector(&in, root, 3, 4, &n);
	assert_int_equal(n, 3);
	assert_int_equal(fb_u32_at(&in, vec + 4), 0xfffffffe);
	vec = fb_vector(&in, root, 4, 4, &n);
	assert_int_equal(n, 2);
	assert_int_equal(fb_get(&in, fb_vector_table(&in, vec, 1), 0, 2), 1001);
	/* absent fields, also those past the end of the vtable, are 0 */
	assert_int_equal(fb_get(&in, root, 5, 4), 0);
	assert_null(fb_string(&in, root, 6));
	assert_int_equal(fb_vector(&in, root, 60, 4, &n), 0);
	assert_int_equal(n, 0);
	assert_false(in.bad);
	qaic_str_free(&b);
}

/* Read everything; the reader must stay inside whatever the bytes say. */
static bool read_all(const void *data, size_t len)
{
	struct fb_in in = { data, len, false };
	size_t root = fb_root(&in), vec;
	uint32_t n, i;

	fb_get(&in, root, 0, 1);
	fb_get(&in, root, 1, 8);
	fb_string(&in, root, 2);
	vec = fb_vector(&in, root, 3, 4, &n);
	for (i = 0; i < n && !in.bad; i++)
		fb_u32_at(&in, vec + 4 * i);
	vec = fb_vector(&in, root, 4, 4, &n);
	for (i = 0; i < n && !in.bad; i++)
		fb_get(&in, fb_vector_table(&in, vec, i), 0, 2);
	return !in.bad;
}

static void test_damaged(void **state)
{
	struct qaic_str b = { 0 };
	size_t i, n, refused = 0;
	uint8_t *copy;
	int v;

	build(&b);
	assert_true(read_all(b.s, b.len));
	for (n = 0; n < b.len; n++) {	/* every length, ASan watches */
		copy = malloc(n ? n : 1);
		memcpy(copy, b.s, n);
		if (n < b.len - 8)
			assert_false(read_all(copy, n));
		else
			read_all(copy, n);
		free(copy);
	}
	copy = malloc(b.len);
	for (i = 0; i < b.len; i++)
		for (v = 0; v < 256; v += 15) {
			memcpy(copy, b.s, b.len);
			copy[i] = v;
			refused += !read_all(copy, b.len);
		}
	assert_true(refused > b.len);
	free(copy);
	qaic_str_free(&b);
}

/* ---- the metadata ---- */

struct packed {
	struct qpc_program prog;
	struct qpc_io io;
	struct qaic_str bytes;
};

static void pack(struct packed *p)
{
	struct qaic_err err = QAIC_ERR_INIT;

	memset(p, 0, sizeof(*p));
	sample_program(&p->prog, 3);
	assert_int_equal(qpc_io_build(&p->prog, 1, &p->io, &err), 0);
	assert_int_equal(qpc_metadata_pack(&p->prog, &p->io, &p->bytes), 0);
}

static void unpack_and_free(struct packed *p)
{
	qpc_program_release(&p->prog);
	qpc_io_release(&p->io);
	qaic_str_free(&p->bytes);
}

static int unpack(const struct packed *p, struct qpc_io *io,
		  struct qaic_err *err)
{
	struct qpc_blob blob = { p->bytes.s, p->bytes.len };

	memset(io, 0, sizeof(*io));
	return qpc_metadata_unpack(&blob, &p->prog, io, err);
}

static void test_metadata(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct packed p;
	struct qpc_io io;
	uint32_t i, j;

	pack(&p);
	if (unpack(&p, &io, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(io.num_reqs, p.io.num_reqs);
	for (i = 0; i < io.num_reqs; i++) {
		assert_int_equal(io.reqs[i].dev_off, p.io.reqs[i].dev_off);
		assert_int_equal(io.reqs[i].size, p.io.reqs[i].size);
		assert_int_equal(io.reqs[i].num, i);
		assert_int_equal(io.reqs[i].dev_space, 1);
		assert_int_equal(io.reqs[i].num_sems, p.io.reqs[i].num_sems);
		for (j = 0; j < io.reqs[i].num_sems; j++)
			assert_int_equal(io.reqs[i].sems[j].value,
					 p.io.reqs[i].sems[j].value);
	}
	assert_int_equal(io.reqs[1].doorbell.data, 2);
	qpc_io_release(&io);
	unpack_and_free(&p);
}

/* Field 0 is versionMajor, ... as in the public schema: at 4 + 2 * i. */
static void test_slots(void **state)
{
	static const struct { int field, size; uint64_t value; } want[] = {
		{ 0, 2, 1 }, { 11, 8, SAMPLE_DDR }, { 13, 8, SAMPLE_CONSTS },
		{ 15, 8, 0x460 }, { 18, 2, 4 }, { 19, 2, 3 }, { 20, 2, 2 },
		{ 21, 1, 2 }, { 22, 1, 0 },
		/* of the last quarter, a third part */
		{ 30, 4, SAMPLE_TCM * 3 / 4 + SAMPLE_LOCAL + 1024 / 3 + 1 },
	};
	struct packed p;
	struct fb_in in;
	size_t root, i;
	uint32_t n;

	pack(&p);
	in = (struct fb_in){ (uint8_t *)p.bytes.s, p.bytes.len, false };
	root = fb_root(&in);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_true(fb_get(&in, root, want[i].field, want[i].size) ==
			    want[i].value);
	assert_string_equal(fb_string(&in, root, 2), "sample");
	assert_true(fb_vector(&in, root, 7, 4, &n) && n == 3);	/* NSP tables */
	assert_true(fb_table(&in, root, 8) != 0);		/* host table */
	assert_false(in.bad);
	unpack_and_free(&p);
}

/* Changed scalars are named. */
static void test_metadata_refused(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct packed p;
	struct qpc_io io;

	pack(&p);
	p.prog.num_nsps = 2;
	assert_int_equal(unpack(&p, &io, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "numNSPs"));
	p.prog.num_nsps = 3;
	p.prog.ddr_size += 64;
	assert_int_equal(unpack(&p, &io, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "staticSharedDDRSize"));
	p.prog.ddr_size -= 64;
	p.prog.name[0] = 'S';
	assert_int_equal(unpack(&p, &io, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "networkName"));
	unpack_and_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_metadata),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_metadata_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
