/* SPDX-License-Identifier: MIT */
/*
 * A host that speaks to the card in raw messages and FIFO elements. Its memory
 * is one arena; bus addresses are ARENA_BASE + offset, all others are bad.
 */
#ifndef TESTS_RAWHOST_H
#define TESTS_RAWHOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "soc/soc.h"
#include "tests/unit/soc/handmade.h"
#include "uapi/qaic_accel.h"
#include "uapi/qaic_nnc.h"

#define ARENA_BASE	0x700000000000ull
#define ARENA_SIZE	(16u << 20)
/* what lies where in the arena */
#define A_REQ		0u
#define A_RSP		(64u << 10)
#define A_DATA		(128u << 10)
#define A_CONSTS	(256u << 10)
#define A_ELF		(1u << 20)

#define QUEUE		16u
#define USER		7u

static uint8_t *arena;
static struct soc *soc;
static unsigned int irqs;
static pthread_mutex_t irq_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t irq_cond = PTHREAD_COND_INITIALIZER;
static uint64_t reply[QAIC_NNC_MAX_REPLY / 8];
static size_t elf_size;

static inline void *raw_map(void *ctx, uint64_t iova, uint64_t len, bool write)
{
	uint64_t off = iova - ARENA_BASE;

	if (iova < ARENA_BASE || off > ARENA_SIZE || len > ARENA_SIZE - off)
		return NULL;
	return arena + off;
}

static inline void raw_irq(void *ctx, unsigned int dbc)
{
	pthread_mutex_lock(&irq_lock);
	irqs++;
	pthread_cond_broadcast(&irq_cond);
	pthread_mutex_unlock(&irq_lock);
}

/* The handmade program's ELF and constants, in the arena. */
static inline void raw_fill_arena(void)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char dir[] = "/tmp/qaic-test-XXXXXX";
	struct qpc *qpc;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(hm_write(dir, 4, &err), 0);
	assert_int_equal(qpc_open(dir, &qpc, &err), 0);
	assert_true(qpc->elf_size < ARENA_SIZE - A_ELF);
	elf_size = qpc->elf_size;
	memcpy(arena + A_ELF, qpc->elf, elf_size);
	memcpy(arena + A_CONSTS, qpc->consts, qpc->const_size);
	qpc_close(qpc);
	qaic_rmtree(dir, NULL);
}

/* A card with @config, the program in its memory. */
static inline void raw_start(const struct soc_config *config, bool stable)
{
	struct soc_bus bus = { .map = raw_map, .irq = raw_irq,
			       .stable = stable };
	struct qaic_err err = QAIC_ERR_INIT;

	arena = aligned_alloc(4096, ARENA_SIZE);
	assert_non_null(arena);
	memset(arena, 0, ARENA_SIZE);
	assert_int_equal(soc_create(config, &bus, &soc, &err), 0);
	raw_fill_arena();
	irqs = 0;
}

static inline void raw_stop(void)
{
	soc_destroy(soc);
	free(arena);
	soc = NULL;
}

/* ---- messages ---- */

struct raw_msg {
	uint64_t buf[QAIC_NNC_MAX_REQUEST / 8];
};

static inline struct qaic_nnc_wire_hdr *raw_hdr(struct raw_msg *m)
{
	return (void *)m->buf;
}

static inline void raw_begin(struct raw_msg *m, uint32_t user)
{
	memset(m->buf, 0, sizeof(struct qaic_nnc_wire_hdr));
	raw_hdr(m)->magic = QAIC_NNC_MAGIC;
	raw_hdr(m)->len = sizeof(struct qaic_nnc_wire_hdr);
	raw_hdr(m)->seq = 42;
	raw_hdr(m)->handle = user;
	raw_hdr(m)->partition = ~0u;
}

static inline void *raw_add(struct raw_msg *m, uint32_t type, size_t len)
{
	struct qaic_nnc_trans *t = (void *)((uint8_t *)m->buf +
					    raw_hdr(m)->len);

	len = (len + 7) & ~(size_t)7;
	memset(t, 0, len);
	t->type = type;
	t->len = len;
	raw_hdr(m)->len += len;
	raw_hdr(m)->count++;
	return t;
}

static inline void raw_add_cmd(struct raw_msg *m, const void *cmd, size_t len)
{
	struct qaic_nnc_trans *t;

	t = raw_add(m, QAIC_TRANS_PASSTHROUGH_TO_DEV, sizeof(*t) + len + 8);
	memcpy(t + 1, cmd, len);
}

static inline struct qaic_nnc_dma_xfer *
raw_add_dma(struct raw_msg *m, uint32_t tag, uint64_t addr, uint64_t size)
{
	struct qaic_nnc_dma_xfer *d;

	d = raw_add(m, QAIC_TRANS_DMA_XFER_TO_DEV, sizeof(*d) + 16);
	d->tag = tag;
	d->count = 1;
	d->data[0].addr = addr;
	d->data[0].size = size;
	return d;
}

static inline void raw_send(struct raw_msg *m)
{
	const struct qaic_nnc_wire_hdr *r = (void *)reply;
	int n = soc_control(soc, m->buf, raw_hdr(m)->len, reply, sizeof(reply));

	assert_true(n >= (int)sizeof(*r));
	assert_int_equal(r->len, n);
	assert_int_equal(r->seq, 42);
	assert_int_equal(r->magic, QAIC_NNC_MAGIC);
	assert_int_equal(r->handle, raw_hdr(m)->handle);
}

/* Transaction @i of the reply. */
static inline const struct qaic_nnc_trans *raw_trans(unsigned int i)
{
	const struct qaic_nnc_wire_hdr *r = (void *)reply;
	const uint8_t *p = (const uint8_t *)(r + 1);

	assert_true(i < r->count);
	while (i--)
		p += ((const struct qaic_nnc_trans *)p)->len;
	return (const void *)p;
}

static inline const void *raw_passthrough(void)
{
	const struct qaic_nnc_trans *t = raw_trans(0);

	assert_int_equal(t->type, QAIC_TRANS_PASSTHROUGH_FROM_DEV);
	return t + 1;
}

/* Send one command; its reply. */
static inline const void *raw_cmd(uint32_t user, const void *cmd, size_t len)
{
	static struct raw_msg m;

	raw_begin(&m, user);
	raw_add_cmd(&m, cmd, len);
	raw_send(&m);
	return raw_passthrough();
}

static inline int raw_id_cmd(uint32_t user, uint32_t type, uint32_t id)
{
	struct qaic_nnc_id_req req = { type, id };
	const struct qaic_nnc_simple_rsp *r = raw_cmd(user, &req, sizeof(req));

	assert_int_equal(r->type, type + 1);
	return r->status;
}

static inline int raw_load_elf(uint32_t user, uint64_t addr, uint64_t len,
			       uint32_t *id)
{
	struct qaic_nnc_load_elf cmd = { .type = QAIC_NNC_LOAD_ELF,
					 .tag = QAIC_NNC_TAG_ELF,
					 .data_length = len };
	const struct qaic_nnc_load_rsp *r;
	static struct raw_msg m;

	raw_begin(&m, user);
	raw_add_cmd(&m, &cmd, sizeof(cmd));
	raw_add_dma(&m, QAIC_NNC_TAG_ELF, addr, len);
	raw_send(&m);
	r = raw_passthrough();
	assert_int_equal(r->type, QAIC_NNC_LOAD_ELF_RSP);
	*id = r->id;
	return r->status;
}

static inline int raw_consts_ex(uint32_t user, uint64_t stat, uint64_t dyn,
				uint32_t *id)
{
	struct {
		struct qaic_nnc_load_constants_ex ex;
		struct qaic_nnc_const_desc desc;
	} cmd = { .ex = { .type = QAIC_NNC_LOAD_CONSTANTS_EX,
			  .desc_len = 24 },
		  .desc = { .static_size = stat, .dynamic_size = dyn } };
	const struct qaic_nnc_load_rsp *r = raw_cmd(user, &cmd, sizeof(cmd));

	assert_int_equal(r->type, QAIC_NNC_LOAD_CONSTANTS_RSP);
	*id = r->id;
	return r->status;
}

static inline int raw_payload(uint32_t user, uint32_t id, uint64_t off,
			      uint64_t addr, uint64_t len)
{
	struct qaic_nnc_load_constants_payload cmd = {
		.type = QAIC_NNC_LOAD_CONSTANTS_PAYLOAD,
		.tag = QAIC_NNC_TAG_CONSTANTS, .constants_id = id,
		.data_length = len, .offset = off };
	const struct qaic_nnc_load_rsp *r;
	static struct raw_msg m;

	raw_begin(&m, user);
	raw_add_cmd(&m, &cmd, sizeof(cmd));
	raw_add_dma(&m, QAIC_NNC_TAG_CONSTANTS, addr, len);
	raw_send(&m);
	r = raw_passthrough();
	assert_int_equal(r->type, QAIC_NNC_LOAD_CONSTANTS_RSP);
	return r->status;
}

static inline struct qaic_nnc_activate raw_activate_cmd(uint32_t consts,
							uint32_t elf)
{
	return (struct qaic_nnc_activate){
		.type = QAIC_NNC_ACTIVATE, .constants_id = consts,
		.elf_id = elf, .group_id = -1, .vc_setup = 1, .vc_id = -1,
		.initial_state = QAIC_NNC_STATE_READY };
}

static inline const struct qaic_nnc_activate_rsp *
raw_activate_with(uint32_t user, const struct qaic_nnc_activate *cmd,
		  uint64_t req, uint64_t rsp, uint32_t n)
{
	const struct qaic_nnc_activate_from_dev *from;
	const struct qaic_nnc_activate_rsp *r;
	struct qaic_nnc_activate_to_dev *a;
	static struct raw_msg m;

	raw_begin(&m, user);
	raw_add_cmd(&m, cmd, sizeof(*cmd));
	a = raw_add(&m, QAIC_TRANS_ACTIVATE_TO_DEV, sizeof(*a));
	a->req_addr = req;
	a->rsp_addr = rsp;
	a->req_count = n;
	a->rsp_count = n;
	raw_send(&m);
	r = raw_passthrough();
	from = (const void *)raw_trans(1);
	assert_int_equal(from->hdr.type, QAIC_TRANS_ACTIVATE_FROM_DEV);
	assert_int_equal((int32_t)from->status, r->status);
	if (!r->status)
		assert_int_equal(from->dbc_id, r->vc_id);
	return r;
}

static inline const struct qaic_nnc_activate_rsp *
raw_activate(uint32_t user, uint32_t consts, uint32_t elf)
{
	struct qaic_nnc_activate cmd = raw_activate_cmd(consts, elf);

	return raw_activate_with(user, &cmd, ARENA_BASE + A_REQ,
				 ARENA_BASE + A_RSP, QUEUE);
}

static inline int raw_deactivate(uint32_t user, uint32_t id)
{
	struct qaic_nnc_deactivate cmd = { .type = QAIC_NNC_DEACTIVATE,
					   .activation_id = id,
					   .vc_teardown = 1 };
	const struct qaic_nnc_simple_rsp *r = raw_cmd(user, &cmd, sizeof(cmd));

	assert_int_equal(r->type, QAIC_NNC_DEACTIVATE_RSP);
	if (!r->status)
		assert_int_equal(raw_trans(1)->type,
				 QAIC_TRANS_DEACTIVATE_FROM_DEV);
	return r->status;
}

static inline struct qaic_nnc_status_rsp raw_status(void)
{
	struct qaic_nnc_status_req req = { .type = QAIC_NNC_STATUS };
	const struct qaic_nnc_status_rsp *r = raw_cmd(USER, &req, sizeof(req));

	assert_int_equal(r->type, QAIC_NNC_STATUS_RSP);
	assert_int_equal(r->status, 0);
	return *r;
}

/* ---- an activated program ---- */

static struct qaic_nnc_activate_rsp act;
static uint32_t elf_id, consts_id;
static uint32_t req_tail, rsp_head;

static inline void raw_load_all(void)
{
	assert_int_equal(raw_load_elf(USER, ARENA_BASE + A_ELF, elf_size,
				      &elf_id), 0);
	assert_int_equal(raw_consts_ex(USER, 64, 0, &consts_id), 0);
	assert_int_equal(raw_payload(USER, consts_id, 0,
				     ARENA_BASE + A_CONSTS, 64), 0);
}

static inline void raw_up(void)
{
	raw_load_all();
	act = *raw_activate(USER, consts_id, elf_id);
	assert_int_equal(act.status, 0);
	req_tail = 0;
	rsp_head = 0;
}

/* ---- elements ---- */

static inline void raw_put(const struct qaic_hw_req *req)
{
	memcpy(arena + A_REQ + req_tail * sizeof(*req), req, sizeof(*req));
	req_tail = (req_tail + 1) % QUEUE;
}

static inline void raw_ring(void)
{
	struct qaic_hw_dbc_regs *regs = soc_dbc_regs(soc, act.vc_id);

	__atomic_store_n(&regs->req_tail, req_tail, __ATOMIC_RELEASE);
	soc_ring(soc, act.vc_id);
}

/* Wait up to @ms for a response; its code, or -1. */
static inline int raw_response(unsigned int ms, uint16_t *id)
{
	struct qaic_hw_dbc_regs *regs = soc_dbc_regs(soc, act.vc_id);
	struct qaic_hw_rsp rsp;
	unsigned int i;

	for (i = 0; i < ms * 10; i++) {
		if (__atomic_load_n(&regs->rsp_tail, __ATOMIC_ACQUIRE) !=
		    rsp_head)
			break;
		usleep(100);
	}
	if (__atomic_load_n(&regs->rsp_tail, __ATOMIC_ACQUIRE) == rsp_head)
		return -1;
	memcpy(&rsp, arena + A_RSP + rsp_head * sizeof(rsp), sizeof(rsp));
	rsp_head = (rsp_head + 1) % QUEUE;
	__atomic_store_n(&regs->rsp_head, rsp_head, __ATOMIC_RELEASE);
	soc_ring(soc, act.vc_id);
	if (id)
		*id = rsp.req_id;
	return rsp.code;
}

static inline struct qaic_hw_req raw_req(uint16_t id)
{
	return (struct qaic_hw_req){ .req_id = id,
		.cmd = QAIC_HW_CMD_BULK | QAIC_HW_CMD_COMPLETION };
}

static inline struct qaic_hw_req raw_in(uint16_t id, uint64_t host_off,
					uint64_t dev, uint32_t len)
{
	struct qaic_hw_req r = raw_req(id);

	r.cmd |= QAIC_HW_CMD_XFER_IN;
	r.src = ARENA_BASE + host_off;
	r.dst = dev;
	r.len = len;
	return r;
}

static inline struct qaic_hw_req raw_out(uint16_t id, uint64_t host_off,
					 uint64_t dev, uint32_t len)
{
	struct qaic_hw_req r = raw_req(id);

	r.cmd |= QAIC_HW_CMD_XFER_OUT;
	r.src = dev;
	r.dst = ARENA_BASE + host_off;
	r.len = len;
	return r;
}

static inline uint32_t raw_sem(unsigned int op, unsigned int index,
			       unsigned int value, bool pre)
{
	return QAIC_HW_SEM_ENABLE | op << QAIC_HW_SEM_OP_SHIFT |
	       index << QAIC_HW_SEM_INDEX_SHIFT | value |
	       (pre ? QAIC_HW_SEM_PRESYNC : 0);
}

static inline void raw_doorbell(struct qaic_hw_req *r, uint64_t addr,
				uint32_t data)
{
	r->db_addr = addr;
	r->db_data = data;
	r->db_attr = QAIC_HW_DB_WRITE | QAIC_HW_DB_LEN_32;
}

/* The two requests of a call, as the program's metadata asks for them. */
static inline void raw_call(uint32_t spec, uint16_t id)
{
	struct qaic_hw_req r;

	r = raw_in(id, A_DATA, act.ddr_base + HM_X, HM_BYTES);
	r.sem_cmd[0] = raw_sem(QAIC_HW_SEM_WAIT_EQ, QPC_SEM_READY, 4, true);
	r.sem_cmd[1] = raw_sem(QAIC_HW_SEM_INIT, QPC_SEM_READY, 0, false);
	raw_doorbell(&r, act.mcid_base, spec + 1);
	raw_put(&r);
	r = raw_out(id + 1, A_DATA + 4096, act.ddr_base + HM_Y, HM_BYTES);
	r.sem_cmd[0] = raw_sem(QAIC_HW_SEM_WAIT_EQ, QPC_SEM_OUTPUT, 0, true);
	r.sem_cmd[1] = raw_sem(QAIC_HW_SEM_INIT, QPC_SEM_OUTPUT, 4, false);
	raw_put(&r);
}

#endif
