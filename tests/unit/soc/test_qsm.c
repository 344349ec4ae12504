// SPDX-License-Identifier: MIT
/* The control processor: its commands, its accounting, and messages that lie. */
#include "tests/unit/soc/rawhost.h"

static int up(void **state)
{
	raw_start(NULL, false);
	return 0;
}

static int down(void **state)
{
	raw_stop();
	return 0;
}

static void test_status(void **state)
{
	struct qaic_nnc_status_rsp r = raw_status();
	const struct qaic_nnc_status_from_dev *s;
	static struct raw_msg m;

	assert_int_equal(r.format, 12);
	assert_int_equal(r.dev.hw_version, 0x00020000);
	assert_int_equal(r.dev.cmd_major, 17);
	assert_int_equal(r.dev.meta_major, 1);
	assert_int_equal(r.dev.res.nsp_total, 16);
	assert_int_equal(r.dev.res.nsp_free, 16);
	assert_int_equal(r.dev.res.vc_free, 16);
	assert_int_equal(r.dev.res.mcid_total, 3072);
	assert_int_equal(r.dev.res.sem_total, 32);
	assert_int_equal(r.dev.res.dram_total_mb, 32692);
	assert_int_equal(r.dev.res.dram_free_mb, 32692);

	raw_begin(&m, USER);
	raw_add(&m, QAIC_TRANS_STATUS_TO_DEV, 8);
	raw_send(&m);
	s = (const void *)raw_trans(0);
	assert_int_equal(s->hdr.type, QAIC_TRANS_STATUS_FROM_DEV);
	assert_int_equal(s->major, 5);
	assert_int_equal(s->minor, 0);
	assert_int_equal(s->status, 0);
	assert_int_equal(s->flags, 0);
}

static void test_info(void **state)
{
	struct qaic_nnc_resource_info_req req = {
		.type = QAIC_NNC_RESOURCE_INFO, .group_id = -1 };
	struct qaic_nnc_perf_info_req preq = {
		.type = QAIC_NNC_PERFORMANCE_INFO };
	const struct qaic_nnc_resource_info_rsp *r;
	const struct qaic_nnc_perf_info_rsp *p;

	r = raw_cmd(USER, &req, sizeof(req));
	assert_int_equal(r->type, QAIC_NNC_RESOURCE_INFO_RSP);
	assert_int_equal(r->status, 0);
	assert_int_equal(r->group_id, -1);
	assert_int_equal(r->res.nsp_free, 16);
	req.group_id = 77;
	r = raw_cmd(USER, &req, sizeof(req));
	assert_int_equal(r->status, QAIC_NNC_ERR_NOT_FOUND);
	p = raw_cmd(USER, &preq, sizeof(preq));
	assert_int_equal(p->type, QAIC_NNC_PERFORMANCE_INFO_RSP);
	assert_int_equal(p->status, 0);
	assert_true(p->perf.nsp_hz > 0);
}

static void test_unknown_and_short(void **state)
{
	static const uint32_t unknown[] = { 0, 2, 17, 19, 22, 24, 38, 44, 50,
					    0xffffffff };
	static const uint32_t known[] = { 1, 3, 9, 11, 15, 16, 28, 32, 36 };
	const struct qaic_nnc_simple_rsp *r;
	uint32_t cmd[32] = { 0 };
	static struct raw_msg m;
	struct qaic_nnc_trans *t;
	unsigned int i;

	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		cmd[0] = unknown[i];
		r = raw_cmd(USER, cmd, sizeof(cmd));
		assert_int_equal(r->status, QAIC_NNC_ERR_UNDEFINED);
	}
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		raw_begin(&m, USER);
		t = raw_add(&m, QAIC_TRANS_PASSTHROUGH_TO_DEV, 16);
		memcpy(t + 1, &known[i], 4);
		raw_send(&m);
		r = raw_passthrough();
		assert_true(r->type != 0);
		/* somewhere in the first 16 bytes: layouts differ */
		assert_true(r->status == QAIC_NNC_ERR_LENGTH ||
			    ((const int32_t *)r)[2] == QAIC_NNC_ERR_LENGTH ||
			    known[i] == QAIC_NNC_RESOURCE_INFO);
	}
}

static int refusal(struct raw_msg *m)
{
	const struct qaic_nnc_status_from_dev *s;

	raw_send(m);
	s = (const void *)raw_trans(0);
	assert_int_equal(s->hdr.type, QAIC_TRANS_STATUS_FROM_DEV);
	return s->status;
}

static void test_broken_messages(void **state)
{
	static const uint32_t lens[] = { 0, 4, 7, 12, 24, 1000, 0xfffffff8,
					 0xffffffff };
	static struct raw_msg m;
	struct qaic_nnc_trans *t;
	unsigned int i;

	raw_begin(&m, USER);
	raw_hdr(&m)->magic = 1;
	assert_int_equal(soc_control(soc, m.buf, 32, reply, sizeof(reply)),
			 -EBADMSG);
	raw_begin(&m, USER);
	assert_int_equal(soc_control(soc, m.buf, 16, reply, sizeof(reply)),
			 -EBADMSG);
	raw_hdr(&m)->len = 40;
	assert_int_equal(soc_control(soc, m.buf, 32, reply, sizeof(reply)),
			 -EBADMSG);
	raw_begin(&m, USER);
	assert_int_not_equal(refusal(&m), 0);		/* no transaction */
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		raw_begin(&m, USER);
		t = raw_add(&m, QAIC_TRANS_PASSTHROUGH_TO_DEV, 16);
		t->len = lens[i];
		assert_int_not_equal(refusal(&m), 0);
	}
	raw_begin(&m, USER);
	raw_add(&m, QAIC_TRANS_PASSTHROUGH_TO_DEV, 16);
	raw_hdr(&m)->count = 2;
	assert_int_not_equal(refusal(&m), 0);
	raw_hdr(&m)->count = 0xffffffff;
	assert_int_not_equal(refusal(&m), 0);
	raw_begin(&m, USER);				/* two commands */
	raw_add(&m, QAIC_TRANS_PASSTHROUGH_TO_DEV, 16);
	raw_add(&m, QAIC_TRANS_PASSTHROUGH_TO_DEV, 16);
	assert_int_not_equal(refusal(&m), 0);
	raw_begin(&m, USER);				/* the user's type */
	raw_add(&m, QAIC_TRANS_PASSTHROUGH_FROM_USR, 16);
	assert_int_not_equal(refusal(&m), 0);
	raw_begin(&m, USER);				/* pairs that are not there */
	raw_add_dma(&m, 100, ARENA_BASE, 8)->count = 0x10000000;
	assert_int_not_equal(refusal(&m), 0);
	raw_begin(&m, USER);				/* more of nothing */
	raw_add_dma(&m, 100, ARENA_BASE, 8);
	assert_int_not_equal(refusal(&m), 0);
}

static void test_load_unload(void **state)
{
	struct qaic_nnc_status_rsp a = raw_status(), b;
	unsigned int i;
	uint32_t id;

	for (i = 0; i < 20; i++) {
		raw_up();
		b = raw_status();
		assert_int_equal(b.dev.res.nsp_free, 12);
		assert_int_equal(b.dev.res.vc_free, 15);
		assert_int_equal(b.dev.res.sem_free, 30);
		assert_int_equal(b.dev.res.mcid_free, 3071);
		assert_true(b.dev.res.dram_free_mb < a.dev.res.dram_free_mb);
		assert_int_equal(b.dev.consts_loaded, 1);
		assert_int_equal(b.dev.consts_in_use, 1);
		assert_int_equal(b.dev.nw_loaded, 1);
		assert_int_equal(b.dev.nw_active, 1);
		/* nothing in use can be unloaded or changed */
		assert_int_equal(raw_id_cmd(USER, QAIC_NNC_UNLOAD_ELF, elf_id),
				 QAIC_NNC_ERR_NOT_PERMITTED);
		assert_int_equal(raw_id_cmd(USER, QAIC_NNC_UNLOAD_CONSTANTS,
					    consts_id),
				 QAIC_NNC_ERR_NOT_PERMITTED);
		assert_int_equal(raw_payload(USER, consts_id, 0,
					     ARENA_BASE + A_CONSTS, 64),
				 QAIC_NNC_ERR_NOT_PERMITTED);
		assert_int_equal(raw_deactivate(USER, act.activation_id), 0);
		assert_int_equal(raw_deactivate(USER, act.activation_id),
				 QAIC_NNC_ERR_NO_ACTIVATION);
		assert_int_equal(raw_id_cmd(USER, QAIC_NNC_UNLOAD_ELF, elf_id),
				 0);
		assert_int_equal(raw_id_cmd(USER, QAIC_NNC_UNLOAD_ELF, elf_id),
				 QAIC_NNC_ERR_NOT_FOUND);
		assert_int_equal(raw_id_cmd(USER, QAIC_NNC_UNLOAD_CONSTANTS,
					    consts_id), 0);
		b = raw_status();
		assert_memory_equal(&a, &b, sizeof(a));
	}
	assert_int_equal(raw_load_elf(USER, ARENA_BASE + A_ELF, elf_size, &id),
			 0);
	assert_int_not_equal(id, 0);
}

static void test_bad_loads(void **state)
{
	struct qaic_nnc_status_rsp a = raw_status(), b;
	uint64_t big = 1ull << 63;
	uint32_t id;

	assert_int_equal(raw_load_elf(USER, 0, elf_size, &id),
			 QAIC_NNC_ERR_DMA);
	assert_int_equal(raw_load_elf(USER, ~0ull - 10, elf_size, &id),
			 QAIC_NNC_ERR_DMA);
	assert_int_equal(raw_load_elf(USER, ARENA_BASE + A_DATA, 4096, &id),
			 QAIC_NNC_ERR_METADATA);
	assert_int_equal(raw_load_elf(USER, ARENA_BASE + A_ELF, elf_size - 1000,
				      &id), QAIC_NNC_ERR_METADATA);
	assert_int_equal(raw_load_elf(USER, ARENA_BASE + A_ELF, 0, &id),
			 QAIC_NNC_ERR_PARAM);
	assert_int_equal(raw_load_elf(USER, ARENA_BASE + A_ELF, big, &id),
			 QAIC_NNC_ERR_NO_MEM);
	assert_int_equal(raw_consts_ex(USER, big, big, &id),
			 QAIC_NNC_ERR_NO_MEM);
	assert_int_equal(raw_consts_ex(USER, 33ull << 30, 0, &id),
			 QAIC_NNC_ERR_NO_MEM);
	assert_int_equal(raw_consts_ex(USER, 40, 60, &id), 0);
	assert_int_equal(raw_payload(USER, id + 1, 0, ARENA_BASE, 8),
			 QAIC_NNC_ERR_NOT_FOUND);
	assert_int_equal(raw_payload(USER, id, 0, ARENA_BASE, 101),
			 QAIC_NNC_ERR_PARAM);
	assert_int_equal(raw_payload(USER, id, 101, ARENA_BASE, 1),
			 QAIC_NNC_ERR_PARAM);
	assert_int_equal(raw_payload(USER, id, ~0ull, ARENA_BASE, 2),
			 QAIC_NNC_ERR_PARAM);
	assert_int_equal(raw_payload(USER, id, 8, ARENA_BASE, ~0ull),
			 QAIC_NNC_ERR_PARAM);
	assert_int_equal(raw_payload(USER, id, 0, 1, 8), QAIC_NNC_ERR_DMA);
	assert_int_equal(raw_payload(USER, id, 40, ARENA_BASE, 60), 0);
	assert_int_equal(raw_id_cmd(USER, QAIC_NNC_UNLOAD_CONSTANTS, id), 0);
	b = raw_status();
	assert_memory_equal(&a, &b, sizeof(a));
}

/* A transfer in many messages, as a driver sends a large buffer. */
static void test_continued_transfer(void **state)
{
	struct qaic_nnc_load_elf cmd = { .type = QAIC_NNC_LOAD_ELF,
					 .tag = QAIC_NNC_TAG_ELF,
					 .data_length = elf_size };
	const struct qaic_nnc_dma_cont *c;
	const struct qaic_nnc_load_rsp *r;
	uint64_t off = 0, n;
	static struct raw_msg m;
	unsigned int msgs = 0;

	for (;;) {
		n = elf_size - off < 5000 ? elf_size - off : 5000;
		raw_begin(&m, USER);
		if (!msgs++)
			raw_add_cmd(&m, &cmd, sizeof(cmd));
		raw_add_dma(&m, QAIC_NNC_TAG_ELF, ARENA_BASE + A_ELF + off,
			    n)->chunk_id = 5;
		raw_send(&m);
		off += n;
		if (off == elf_size)
			break;
		c = (const void *)raw_trans(0);
		assert_int_equal(c->hdr.type, QAIC_TRANS_DMA_XFER_CONT);
		assert_int_equal(c->chunk_id, 5);
		assert_int_equal(c->done, off);
		/* not another user's, and not another transfer */
		raw_begin(&m, USER + 1);
		raw_add_dma(&m, 100, ARENA_BASE, 8)->chunk_id = 5;
		assert_int_not_equal(refusal(&m), 0);
		raw_begin(&m, USER);
		raw_add_dma(&m, 100, ARENA_BASE, 8)->chunk_id = 6;
		assert_int_not_equal(refusal(&m), 0);
	}
	assert_true(msgs > 1);
	r = raw_passthrough();
	assert_int_equal(r->type, QAIC_NNC_LOAD_ELF_RSP);
	assert_int_equal(r->status, 0);
	assert_int_not_equal(r->id, 0);

	/* one that is never finished goes with its user */
	raw_begin(&m, USER);
	raw_add_cmd(&m, &cmd, sizeof(cmd));
	raw_add_dma(&m, QAIC_NNC_TAG_ELF, ARENA_BASE + A_ELF, 8)->chunk_id = 9;
	raw_send(&m);
	assert_int_equal(raw_trans(0)->type, QAIC_TRANS_DMA_XFER_CONT);
}

/* LOAD_CONSTANTS: descriptor and data in one command. */
static void test_load_constants(void **state)
{
	struct qaic_nnc_load_constants cmd = { .type = QAIC_NNC_LOAD_CONSTANTS,
					       .tag = 1, .data_length = 64 };
	const struct qaic_nnc_load_rsp *r;
	static struct raw_msg m;
	uint32_t elf;

	raw_begin(&m, USER);
	raw_add_cmd(&m, &cmd, sizeof(cmd));
	raw_add_dma(&m, 1, ARENA_BASE + A_CONSTS, 64);
	raw_send(&m);
	r = raw_passthrough();
	assert_int_equal(r->status, 0);
	consts_id = r->id;
	assert_int_equal(raw_load_elf(USER, ARENA_BASE + A_ELF, elf_size, &elf),
			 0);
	assert_int_equal(raw_activate(USER, consts_id, elf)->status, 0);
	/* the wrong tag: nothing stays */
	raw_begin(&m, USER);
	raw_add_cmd(&m, &cmd, sizeof(cmd));
	raw_add_dma(&m, 2, ARENA_BASE + A_CONSTS, 64);
	raw_send(&m);
	r = raw_passthrough();
	assert_int_equal(r->status, QAIC_NNC_ERR_PARAM);
	raw_begin(&m, USER);
	raw_add_cmd(&m, &cmd, sizeof(cmd));
	raw_add_dma(&m, 1, 0, 64);
	raw_send(&m);
	r = raw_passthrough();
	assert_int_equal(r->status, QAIC_NNC_ERR_DMA);
	assert_int_equal(raw_status().dev.consts_loaded, 1);
}

static void test_bad_activations(void **state)
{
	const uint64_t q = ARENA_BASE + A_REQ, p = ARENA_BASE + A_RSP;
	struct qaic_nnc_status_rsp a, b;
	struct qaic_nnc_activate cmd;
	uint32_t small;

	raw_load_all();
	assert_int_equal(raw_consts_ex(USER, 32, 31, &small), 0);
	a = raw_status();
#define TRY(u, c, req, rsp, n) raw_activate_with(u, &(c), req, rsp, n)->status
	cmd = raw_activate_cmd(consts_id, 12345);
	assert_int_equal(TRY(USER, cmd, q, p, 16), QAIC_NNC_ERR_NOT_FOUND);
	cmd = raw_activate_cmd(elf_id, elf_id);
	assert_int_equal(TRY(USER, cmd, q, p, 16), QAIC_NNC_ERR_NOT_FOUND);
	/* too few constants */
	cmd = raw_activate_cmd(0, elf_id);
	assert_int_equal(TRY(USER, cmd, q, p, 16), QAIC_NNC_ERR_PARAM);
	cmd = raw_activate_cmd(small, elf_id);
	assert_int_equal(TRY(USER, cmd, q, p, 16), QAIC_NNC_ERR_PARAM);
	cmd = raw_activate_cmd(consts_id, elf_id);
	assert_int_equal(TRY(USER + 1, cmd, q, p, 16),
			 QAIC_NNC_ERR_NOT_PERMITTED);
	assert_int_equal(TRY(USER, cmd, q, p, 0), QAIC_NNC_ERR_QUEUE);
	assert_int_equal(TRY(USER, cmd, q, p, 1), QAIC_NNC_ERR_QUEUE);
	assert_int_equal(TRY(USER, cmd, q, p, 0xffffffff), QAIC_NNC_ERR_PARAM);
	assert_int_equal(TRY(USER, cmd, q + 4, p, 16), QAIC_NNC_ERR_PARAM);
	assert_int_equal(TRY(USER, cmd, q, p + 2, 16), QAIC_NNC_ERR_PARAM);
	assert_int_equal(TRY(USER, cmd, 64, p, 16), QAIC_NNC_ERR_DMA);
	assert_int_equal(TRY(USER, cmd, q, ~63ull, 16), QAIC_NNC_ERR_DMA);
	assert_int_equal(TRY(USER, cmd, ARENA_BASE + ARENA_SIZE - 64, p, 16),
			 QAIC_NNC_ERR_DMA);
	cmd.vc_id = 99;
	assert_int_equal(TRY(USER, cmd, q, p, 16), QAIC_NNC_ERR_VC);
	cmd.vc_id = -1;
	cmd.group_id = 5555;
	assert_int_equal(TRY(USER, cmd, q, p, 16), QAIC_NNC_ERR_NOT_FOUND);
	cmd.group_id = -1;
	cmd.initial_state = 2;
	assert_int_equal(TRY(USER, cmd, q, p, 16), QAIC_NNC_ERR_PARAM);
	cmd.initial_state = 1;
	cmd.vc_setup = 0;
	assert_int_equal(TRY(USER, cmd, q, p, 16), QAIC_NNC_ERR_PARAM);
	b = raw_status();
	assert_memory_equal(&a, &b, sizeof(a));
	cmd.vc_setup = 1;
	cmd.vc_id = 11;
	assert_int_equal(raw_activate_with(USER, &cmd, q, p, 16)->vc_id, 11);
	assert_int_equal(TRY(USER, cmd, q, p, 16), QAIC_NNC_ERR_VC);
}

static void test_exhaustion(void **state)
{
	uint32_t id, mask = 0, ids[4];
	unsigned int i;

	raw_load_all();
	for (i = 0; i < 4; i++) {
		act = *raw_activate(USER, consts_id, elf_id);
		assert_int_equal(act.status, 0);
		assert_int_equal(mask & act.nsp_mask, 0);
		assert_int_equal(__builtin_popcount(act.nsp_mask), 4);
		mask |= act.nsp_mask;
		ids[i] = act.activation_id;
	}
	assert_int_equal(mask, 0xffff);
	assert_int_equal(raw_activate(USER, consts_id, elf_id)->status,
			 QAIC_NNC_ERR_NSP);
	assert_int_equal(raw_deactivate(USER + 1, ids[2]),
			 QAIC_NNC_ERR_NOT_PERMITTED);
	assert_int_equal(raw_deactivate(USER, ids[2]), 0);
	assert_int_equal(raw_activate(USER, consts_id, elf_id)->status, 0);
	for (i = 0; i < 1000; i++)
		if (raw_consts_ex(USER, 8, 0, &id))
			break;
	assert_true(i < 1000);
	assert_int_equal(raw_status().dev.nw_active, 1);
}

static void test_small_dram(void **state)
{
	struct soc_config config = { .dram = 32u << 20, .num_nsps = 8 };
	uint32_t id;

	raw_stop();
	raw_start(&config, false);
	assert_int_equal(raw_status().dev.res.nsp_total, 8);
	assert_int_equal(raw_consts_ex(USER, (32u << 20) + 1, 0, &id),
			 QAIC_NNC_ERR_NO_MEM);
	raw_load_all();
	/* all that is left but a little: no room for the program's DDR */
	assert_int_equal(raw_consts_ex(USER, config.dram - elf_size - 64 -
				       HM_DDR / 2, 0, &id), 0);
	assert_int_equal(raw_activate(USER, consts_id, elf_id)->status,
			 QAIC_NNC_ERR_NO_MEM);
	assert_int_equal(raw_id_cmd(USER, QAIC_NNC_UNLOAD_CONSTANTS, id), 0);
	assert_int_equal(raw_activate(USER, consts_id, elf_id)->status, 0);
}

static void test_groups(void **state)
{
	struct qaic_nnc_create_group req = {
		.type = QAIC_NNC_CREATE_RESOURCE_GROUP, .src_group = -1,
		.num_nsp = 6, .num_mcid = 10, .num_sem = 4, .num_vc = 2,
		.mem = 64u << 20 };
	struct qaic_nnc_activate cmd;
	const struct qaic_nnc_create_group_rsp *r;
	uint32_t group, one;

	raw_load_all();
	r = raw_cmd(USER, &req, sizeof(req));
	assert_int_equal(r->type, QAIC_NNC_CREATE_RESOURCE_GROUP_RSP);
	assert_int_equal(r->status, 0);
	group = r->group_id;
	assert_int_equal(raw_status().dev.res.nsp_free, 10);
	cmd = raw_activate_cmd(consts_id, elf_id);
	cmd.group_id = group;
	act = *raw_activate_with(USER, &cmd, ARENA_BASE, ARENA_BASE + A_RSP,
				 16);
	assert_int_equal(act.status, 0);
	one = act.activation_id;
	assert_int_equal(raw_status().dev.res.nsp_free, 10);
	assert_int_equal(raw_activate_with(USER, &cmd, ARENA_BASE,
					   ARENA_BASE + A_RSP, 16)->status,
			 QAIC_NNC_ERR_NSP);
	assert_int_equal(raw_id_cmd(USER, QAIC_NNC_RELEASE_RESOURCE_GROUP,
				    group), QAIC_NNC_ERR_NOT_PERMITTED);
	assert_int_equal(raw_deactivate(USER, one), 0);
	assert_int_equal(raw_id_cmd(USER + 1, QAIC_NNC_RELEASE_RESOURCE_GROUP,
				    group), QAIC_NNC_ERR_NOT_PERMITTED);
	assert_int_equal(raw_id_cmd(USER, QAIC_NNC_RELEASE_RESOURCE_GROUP,
				    group), 0);
	assert_int_equal(raw_status().dev.res.nsp_free, 16);
	req.num_nsp = 17;
	r = raw_cmd(USER, &req, sizeof(req));
	assert_int_equal(r->status, QAIC_NNC_ERR_NSP);
	req.num_nsp = 1;
	req.src_group = 4;
	r = raw_cmd(USER, &req, sizeof(req));
	assert_int_equal(r->status, QAIC_NNC_ERR_UNSUPPORTED);
}

static int set_state(uint32_t id, uint32_t to)
{
	struct qaic_nnc_activate_state cmd = {
		.type = QAIC_NNC_ACTIVATE_STATE, .num = 1, .s = { { id, to } } };
	const struct qaic_nnc_simple_rsp *r = raw_cmd(USER, &cmd, sizeof(cmd));

	assert_int_equal(r->type, QAIC_NNC_ACTIVATE_STATE_RSP);
	return r->status;
}

static void test_states(void **state)
{
	struct qaic_hw_req r = raw_req(1);

	raw_up();
	assert_int_equal(set_state(act.activation_id, 0), 0);
	raw_put(&r);
	raw_ring();
	assert_int_equal(raw_response(20, NULL), -1);
	assert_int_equal(set_state(act.activation_id, 1), 0);
	assert_int_equal(raw_response(100, NULL), 0);
	assert_int_equal(set_state(act.activation_id, 3), QAIC_NNC_ERR_PARAM);
	assert_int_equal(set_state(act.activation_id + 1, 1),
			 QAIC_NNC_ERR_NO_ACTIVATION);
	assert_int_equal(set_state(act.activation_id, 2), 0);
	assert_int_equal(raw_status().dev.res.nsp_free, 16);
}

static void test_terminate(void **state)
{
	struct qaic_nnc_status_rsp a = raw_status(), b;
	struct qaic_nnc_terminate_to_dev *t;
	static struct raw_msg m;
	uint32_t other;

	assert_int_equal(raw_consts_ex(USER + 1, 64, 0, &other), 0);
	raw_up();
	raw_call(2, 1);
	raw_ring();
	raw_begin(&m, 0);
	t = raw_add(&m, QAIC_TRANS_TERMINATE_TO_DEV, sizeof(*t));
	t->handle = USER;
	raw_send(&m);
	assert_int_equal(raw_trans(0)->type, QAIC_TRANS_TERMINATE_FROM_DEV);
	b = raw_status();
	assert_int_equal(b.dev.consts_loaded, 1);
	assert_int_equal(raw_id_cmd(USER + 1, QAIC_NNC_UNLOAD_CONSTANTS, other),
			 0);
	b = raw_status();
	assert_memory_equal(&a, &b, sizeof(a));
}

/* Results do not depend on whether constants were copied or used in place. */
static void test_constants_in_place(void **state)
{
	unsigned int way;

	for (way = 0; way < 5; way++) {
		raw_stop();
		raw_start(NULL, way != 0);
		assert_int_equal(raw_load_elf(USER, ARENA_BASE + A_ELF,
					      elf_size, &elf_id), 0);
		assert_int_equal(raw_consts_ex(USER, 64, 0, &consts_id), 0);
		memmove(arena + A_CONSTS + 65536 + 4, arena + A_CONSTS, 64);
#define PUT(off, addr, len) assert_int_equal(raw_payload(USER, consts_id, off, \
				ARENA_BASE + A_CONSTS + (addr), len), 0)
		switch (way) {
		case 0:
		case 1:
			PUT(0, 0, 64);
			break;
		case 2:				/* in place, in two parts */
			PUT(0, 0, 12);
			PUT(12, 12, 52);
			break;
		case 3:				/* not aligned */
			PUT(0, 65536 + 4, 64);
			break;
		case 4:				/* torn: copied at the second */
			PUT(0, 0, 4);
			PUT(4, 65536 + 8, 4);
			break;
		}
		act = *raw_activate(USER, consts_id, elf_id);
		assert_int_equal(act.status, 0);
		req_tail = 0;
		rsp_head = 0;
		((float *)(arena + A_DATA))[1] = 5;
		raw_call(1, 1);
		raw_ring();
		assert_int_equal(raw_response(1000, NULL), 0);
		assert_int_equal(raw_response(1000, NULL), 0);
		assert_true(((float *)(arena + A_DATA + 4096))[1] == 15);
	}
}

static uint32_t rnd;

static uint32_t rand32(void)
{
	rnd = rnd * 1664525 + 1013904223;
	return rnd >> 8 | rnd << 24;
}

/* Commands with fields that lie, in messages that may do so as well. */
static void test_random_messages(void **state)
{
	static struct raw_msg m;
	uint32_t cmd[32], len;
	unsigned int i, k;

	rnd = 99;
	for (i = 0; i < 30000; i++) {
		raw_begin(&m, USER + rand32() % 2);
		for (k = 0; k < 32; k++)
			cmd[k] = rand32() % 3 ? rand32() % 9 :
				 rand32() % 3 ? ~0u : rand32();
		cmd[0] = rand32() % 40;
		raw_add_cmd(&m, cmd, rand32() % sizeof(cmd));
		if (rand32() % 2)
			raw_add_dma(&m, cmd[1 + rand32() % 3], ARENA_BASE +
				    (rand32() % 2 ? A_ELF : rand32() % 64),
				    rand32() % 2 ? elf_size : rand32() % 99)
				->chunk_id = rand32() % 3;
		if (rand32() % 3 == 0) {
			struct qaic_nnc_activate_to_dev *a;

			a = raw_add(&m, QAIC_TRANS_ACTIVATE_TO_DEV, sizeof(*a));
			a->req_addr = ARENA_BASE;
			a->rsp_addr = ARENA_BASE + A_RSP;
			a->req_count = a->rsp_count = rand32() % 20;
		}
		if (rand32() % 50 == 0) {
			struct qaic_nnc_terminate_to_dev *t;

			t = raw_add(&m, QAIC_TRANS_TERMINATE_TO_DEV,
				    sizeof(*t));
			t->handle = USER + rand32() % 2;
		}
		len = raw_hdr(&m)->len;
		if (rand32() % 4 == 0)
			((uint8_t *)m.buf)[32 + rand32() % (len - 32)] ^=
				1u << rand32() % 8;
		soc_control(soc, m.buf, len, reply, sizeof(reply));
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
	const struct CMUnitTest tests[] = {
		T(test_status), T(test_info), T(test_unknown_and_short),
		T(test_broken_messages), T(test_load_unload), T(test_bad_loads),
		T(test_continued_transfer), T(test_load_constants),
		T(test_bad_activations), T(test_exhaustion), T(test_small_dram),
		T(test_groups), T(test_states), T(test_terminate),
		T(test_constants_in_place), T(test_random_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
