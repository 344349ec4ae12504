// SPDX-License-Identifier: MIT
/* The DMA Bridge, element by element, with a host that is kind and one that is not. */
#include "tests/unit/soc/rawhost.h"

static int up(void **state)
{
	raw_start(NULL, true);
	raw_up();
	return 0;
}

static int down(void **state)
{
	raw_stop();
	return 0;
}

static float *host_f(uint32_t off)
{
	return (float *)(arena + off);
}

static void test_call(void **state)
{
	unsigned int i, n;
	uint16_t id;

	for (i = 0; i < HM_N; i++)
		host_f(A_DATA)[i] = i + 1;
	for (n = 1; n <= 40; n++) {
		raw_call(0, 2 * n);
		raw_ring();
		assert_int_equal(raw_response(1000, &id), 0);
		assert_int_equal(id, 2 * n);
		assert_int_equal(raw_response(1000, &id), 0);
		assert_int_equal(id, 2 * n + 1);
		for (i = 0; i < HM_N; i++)
			assert_true(host_f(A_DATA + 4096)[i] == 2 * n * (i + 1));
	}
	assert_true(irqs > 0);
}

/* Several calls queued at once run in order, with their state. */
static void test_queued_calls(void **state)
{
	struct soc_dbc_stats stats;
	unsigned int i;

	host_f(A_DATA)[0] = 1;
	for (i = 0; i < 7; i++)
		raw_call(i % 2, 2 * i);
	raw_ring();
	for (i = 0; i < 14; i++)
		assert_int_equal(raw_response(1000, NULL), 0);
	assert_true(host_f(A_DATA + 4096)[0] == 4 * 2 + 3 * 3);
	assert_int_equal(soc_dbc_stats(soc, act.vc_id, &stats), 0);
	assert_int_equal(stats.elements, 14);
	assert_int_equal(stats.bytes_in, 7 * HM_BYTES);
	assert_int_equal(stats.bytes_out, 7 * HM_BYTES);
	assert_int_equal(stats.failed, 0);
}

static int one(struct qaic_hw_req r)
{
	raw_put(&r);
	raw_ring();
	return raw_response(200, NULL);
}

static int one_sem(unsigned int op, unsigned int index, unsigned int value,
		   bool pre)
{
	struct qaic_hw_req r = raw_req(1);

	r.sem_cmd[2] = raw_sem(op, index, value, pre);
	return one(r);
}

static void test_semaphores(void **state)
{
	assert_int_equal(one_sem(QAIC_HW_SEM_INIT, 31, 5, true), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_WAIT_EQ, 31, 5, true), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_INC, 31, 2, false), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_WAIT_GE, 31, 7, false), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_DEC, 31, 6, true), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_WAIT_GT0, 31, 0, true), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_WAIT_EQ, 31, 0, true), 0);
	/* counters of 12 bits stop at their ends */
	assert_int_equal(one_sem(QAIC_HW_SEM_DEC, 31, 9, true), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_WAIT_EQ, 31, 0, true), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_INIT, 31, 4095, true), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_INC, 31, 4095, true), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_WAIT_EQ, 31, 4095, true), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_NOP, 31, 1, true), 0);
	assert_int_equal(one_sem(7, 31, 1, true), QAIC_HW_COMP_CMD);
	assert_false(soc_dbc_stalled(soc, act.vc_id));
}

/* What waits for a semaphore that never fires waits, and can be ended. */
static void test_blocked(void **state)
{
	assert_int_equal(one_sem(QAIC_HW_SEM_WAIT_EQ, 9, 3, true), -1);
	assert_true(soc_dbc_stalled(soc, act.vc_id));
	assert_int_equal(one(raw_req(2)), -1);
	assert_int_equal(raw_deactivate(USER, act.activation_id), 0);
	assert_false(soc_dbc_stalled(soc, act.vc_id));
	raw_ring();
	act = *raw_activate(USER, consts_id, elf_id);
	assert_int_equal(act.status, 0);
	req_tail = 0;
	rsp_head = 0;
	assert_int_equal(one(raw_req(3)), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_WAIT_GT0, 9, 0, false), -1);
	/* raw_stop() now destroys a card that is blocked */
}

static void test_bad_elements(void **state)
{
	const uint64_t ddr = act.ddr_base, mc = act.mcid_base;
	static const uint64_t bad_host[] = { 0, 1, ~0ull, ARENA_BASE - 1,
		ARENA_BASE + ARENA_SIZE - 63, 1ull << 63 };
	const uint64_t bad_dev[] = { 0, ~0ull, ddr - 1, ddr + HM_DDR - 63,
		ddr + HM_DDR, mc - 1, mc + QAIC_HW_L2TCM_SIZE - 63,
		mc + QAIC_HW_MCID_WINDOW, 1ull << 63 };
	struct qaic_hw_req r;
	struct soc_dbc_stats stats;
	unsigned int i;

	for (i = 0; i < sizeof(bad_dev) / sizeof(bad_dev[0]); i++) {
		assert_int_equal(one(raw_in(1, A_DATA, bad_dev[i], 64)),
				 QAIC_HW_COMP_DEV_ADDR);
		assert_int_equal(one(raw_out(1, A_DATA, bad_dev[i], 64)),
				 QAIC_HW_COMP_DEV_ADDR);
	}
	for (i = 0; i < sizeof(bad_host) / sizeof(bad_host[0]); i++) {
		r = raw_in(1, 0, ddr, 64);
		r.src = bad_host[i];
		assert_int_equal(one(r), QAIC_HW_COMP_BUS);
		r = raw_out(1, 0, ddr, 64);
		r.dst = bad_host[i];
		assert_int_equal(one(r), QAIC_HW_COMP_BUS);
	}
	assert_int_equal(one(raw_in(1, A_DATA, ddr, 0xffffffff)),
			 QAIC_HW_COMP_DEV_ADDR);
	r = raw_in(1, A_DATA, ddr, 64);
	r.cmd |= 3;
	assert_int_equal(one(r), QAIC_HW_COMP_CMD);
	r = raw_in(1, A_DATA, ddr, 64);
	r.cmd &= ~QAIC_HW_CMD_BULK;
	assert_int_equal(one(r), QAIC_HW_COMP_CMD);
	assert_int_equal(soc_dbc_stats(soc, act.vc_id, &stats), 0);
	assert_int_equal(stats.bytes_in, 0);
	assert_int_equal(stats.failed, stats.elements);
	/* L2TCM can be written and read back; windows' ends are exact */
	memset(arena + A_DATA, 0x5a, 64);
	assert_int_equal(one(raw_in(1, A_DATA, mc + QAIC_HW_L2TCM_SIZE - 64,
				    64)), 0);
	assert_int_equal(one(raw_out(1, A_DATA + 64,
				     mc + QAIC_HW_L2TCM_SIZE - 64, 64)), 0);
	assert_memory_equal(arena + A_DATA, arena + A_DATA + 64, 64);
	assert_int_equal(one(raw_in(1, A_DATA, ddr + HM_DDR - 64, 64)), 0);
}

static int one_doorbell(uint64_t addr, uint32_t data, uint8_t attr)
{
	struct qaic_hw_req r = raw_req(1);

	raw_doorbell(&r, addr, data);
	r.db_attr = attr;
	return one(r);
}

static void test_bad_doorbells(void **state)
{
	const uint64_t mc = act.mcid_base;
	uint8_t w = QAIC_HW_DB_WRITE;

	assert_int_equal(one_doorbell(0, 1, w), QAIC_HW_COMP_DOORBELL);
	assert_int_equal(one_doorbell(~0ull, 1, w), QAIC_HW_COMP_DOORBELL);
	assert_int_equal(one_doorbell(mc + 2, 1, w), QAIC_HW_COMP_DOORBELL);
	assert_int_equal(one_doorbell(mc - 4, 1, w), QAIC_HW_COMP_DOORBELL);
	assert_int_equal(one_doorbell(mc, 1, w | 3), QAIC_HW_COMP_DOORBELL);
	assert_int_equal(one_doorbell(mc + QAIC_HW_L2TCM_SIZE, 1, w),
			 QAIC_HW_COMP_DOORBELL);
	assert_int_equal(one_doorbell(act.ddr_base, 1, w),
			 QAIC_HW_COMP_DOORBELL);
	/* no such specialization */
	assert_int_equal(one_doorbell(mc, HM_SPECS + 1, w),
			 QAIC_HW_COMP_DOORBELL);
	assert_int_equal(one_doorbell(mc, ~0u, w), QAIC_HW_COMP_DOORBELL);
	/* not a write, or one that nobody watches */
	assert_int_equal(one_doorbell(0, 1, 0), 0);
	assert_int_equal(one_doorbell(mc + QAIC_HW_DOORBELL_EXIT, 1, w), 0);
	assert_int_equal(one_doorbell(mc, 0, w), 0);
	/* narrow doorbells reach the word, too: start and see it done */
	assert_int_equal(one_doorbell(mc, 1, w | QAIC_HW_DB_LEN_8), 0);
	assert_int_equal(one_sem(QAIC_HW_SEM_WAIT_EQ, QPC_SEM_OUTPUT, 0, true),
			 0);
}

/* A doorbell while NSPs run waits in its word; a transfer rings it as well. */
static void test_early_doorbell(void **state)
{
	const uint32_t start = 1;
	struct qaic_hw_req r = raw_req(9);

	assert_int_equal(one_doorbell(act.mcid_base, 3, QAIC_HW_DB_WRITE), 0);
	memcpy(arena + A_DATA, &start, 4);
	assert_int_equal(one(raw_in(1, A_DATA, act.mcid_base, 4)), 0);
	/* four NSPs, ready at first, two runs */
	r.sem_cmd[0] = raw_sem(QAIC_HW_SEM_WAIT_EQ, QPC_SEM_READY, 12, true);
	raw_put(&r);
	raw_ring();
	assert_int_equal(raw_response(5000, NULL), 0);
	assert_false(soc_dbc_stalled(soc, act.vc_id));
}

static void test_bad_registers(void **state)
{
	struct qaic_hw_dbc_regs *regs = soc_dbc_regs(soc, act.vc_id);

	assert_int_equal(one(raw_req(1)), 0);
	regs->req_tail = QUEUE;
	soc_ring(soc, act.vc_id);
	regs->req_tail = ~0u;
	soc_ring(soc, act.vc_id);
	assert_true(soc_dbc_stalled(soc, act.vc_id));
	/* what the host writes into the card's registers is not read back */
	regs->req_head = 99;
	regs->rsp_tail = 99;
	soc_ring(soc, act.vc_id);
	soc_ring(soc, 16);
	soc_ring(soc, ~0u);
	assert_null(soc_dbc_regs(soc, 16));
	assert_int_equal(raw_deactivate(USER, act.activation_id), 0);
	soc_ring(soc, act.vc_id);
}

/* A host that does not take its responses stops its own channel only. */
static void test_responses_full(void **state)
{
	unsigned int i, n = 0, put = 0;
	struct qaic_hw_req r;
	uint16_t id;

	for (i = 0; i < 2; i++) {
		while ((req_tail + 1) % QUEUE !=
		       soc_dbc_regs(soc, act.vc_id)->req_head) {
			r = raw_req(put++);
			raw_put(&r);
		}
		raw_ring();
	}
	/* 15 responses fit; the next request waits in its place */
	assert_true(put > QUEUE);
	while (raw_response(10, &id) == 0)
		assert_int_equal(id, n++);
	assert_int_equal(n, put);
}

static void test_interrupts(void **state)
{
	struct qaic_hw_req r = raw_req(1);
	unsigned int before = irqs;

	r.cmd = 0;
	raw_put(&r);
	raw_ring();
	assert_int_equal(irqs, before);
	r.cmd = QAIC_HW_CMD_FORCE_MSI;
	raw_put(&r);
	raw_ring();
	assert_int_equal(irqs, before + 1);
	assert_int_equal(raw_response(1, NULL), -1);
	/* a failure without a response is told with the next one */
	r = raw_in(1, A_DATA, 0, 64);
	r.cmd &= ~QAIC_HW_CMD_COMPLETION;
	raw_put(&r);
	raw_ring();
	assert_int_equal(raw_response(1, NULL), -1);
	assert_int_equal(one(raw_req(2)), QAIC_HW_COMP_DEV_ADDR);
	assert_int_equal(one(raw_req(3)), 0);
}

static void test_stop_while_running(void **state)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		raw_call(2, 1);
		raw_call(2, 3);
		raw_ring();
		usleep(i * 100);
		assert_int_equal(raw_deactivate(USER, act.activation_id), 0);
		assert_int_equal(raw_status().dev.res.nsp_free, 16);
		act = *raw_activate(USER, consts_id, elf_id);
		assert_int_equal(act.status, 0);
		req_tail = 0;
		rsp_head = 0;
	}
	raw_call(2, 1);
	raw_ring();
	/* raw_stop() now destroys a card that runs */
}

static uint32_t rnd;

static uint32_t rand32(void)
{
	rnd = rnd * 1664525 + 1013904223;
	return rnd >> 8 | rnd << 24;
}

/* Near to valid requests with fields that lie. */
static void test_random_elements(void **state)
{
	struct qaic_hw_dbc_regs *regs;
	struct qaic_hw_req r;
	unsigned int i, k;

	rnd = 12345;
	for (i = 0; i < 20000; i++) {
		regs = soc_dbc_regs(soc, act.vc_id);
		r = rand32() % 2 ? raw_in(i, rand32() % ARENA_SIZE,
					  act.ddr_base + rand32() % HM_DDR,
					  rand32() % 8192) :
				   raw_out(i, A_DATA + rand32() % 4096,
					   act.mcid_base + rand32() % 4096,
					   rand32() % 4096);
		if (rand32() % 4 == 0)
			raw_doorbell(&r, act.mcid_base, rand32() % 3);
		for (k = rand32() % 3; k; k--)
			((uint8_t *)&r)[rand32() % sizeof(r)] = rand32();
		if (rand32() % 2)
			r.sem_cmd[rand32() % 4] = raw_sem(rand32() % 8,
				rand32() % 32, rand32() % 6, rand32() % 2);
		/* never over the FIFOs, which are this test's own */
		if (r.dst - ARENA_BASE < A_DATA)
			r.dst += A_DATA;
		raw_put(&r);
		raw_ring();
		regs->rsp_head = regs->rsp_tail;
		soc_ring(soc, act.vc_id);
		if (soc_dbc_stalled(soc, act.vc_id) || i % 1000 == 999) {
			raw_deactivate(USER, act.activation_id);
			act = *raw_activate(USER, consts_id, elf_id);
			assert_int_equal(act.status, 0);
			req_tail = 0;
			rsp_head = 0;
		}
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
	const struct CMUnitTest tests[] = {
		T(test_call), T(test_queued_calls), T(test_semaphores),
		T(test_blocked), T(test_bad_elements), T(test_bad_doorbells),
		T(test_early_doorbell), T(test_bad_registers),
		T(test_responses_full), T(test_interrupts),
		T(test_stop_while_running), T(test_random_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
