// SPDX-License-Identifier: MIT
/*
 * The card port against a driver made of a socket pair and a file in memory: the
 * file is the window with the FIFOs and data, the socket carries the events.
 */
#include "tests/unit/soc/rawhost.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "soc/port_priv.h"
#include "tests/unit/soc/spent.h"

#define WINDOW	(2 * ARENA_SIZE)
#define FILE_LEN ARENA_SIZE	/* behind it touching is a fault */

static struct soc_port *port;
static struct qaic_sim_ctl ctl;
static int driver;			/* the driver's end of the socket */
static int memfd;
static pthread_t thread;
static int result;
static char last_log[200];

static void note_irq(struct soc_port *p, unsigned int dbc)
{
	raw_irq(NULL, dbc);
}

static ssize_t note_and_read(struct soc_port *p)
{
	unsigned int i;

	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		if (p->due & 1ull << i)
			note_irq(p, i);
	return read(p->fd, p->event, sizeof(p->event));
}

static void note_log(void *ctx, const char *line)
{
	snprintf(last_log, sizeof(last_log), "%s", line);
}

static void *run(void *arg)
{
	struct qaic_err err = QAIC_ERR_INIT;

	result = soc_port_run(port, &err);
	return NULL;
}

static void nothing(int sig)
{
}

static int up(void **state)
{
	struct soc_port_config config = {
		.soc = { .threads = 1, .sku = QAIC_NNC_SKU_PCIE,
			 .help = true },
		.log = note_log,
	};
	struct sigaction sa = { .sa_handler = nothing };
	struct qaic_err err = QAIC_ERR_INIT;
	int pair[2];

	sigaction(SIGUSR1, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);	/* a driver knows no such thing */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	port = calloc(1, sizeof(*port));
	driver = pair[0];
	port->fd = pair[1];
	memfd = memfd_create("window", MFD_CLOEXEC);
	if (memfd < 0 || ftruncate(memfd, FILE_LEN))
		return -1;
	arena = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED, memfd,
		     0);
	raw_fill_arena();
	/* the arena's addresses do not begin at 0; below them nothing is used */
	port->window_size = ARENA_BASE + WINDOW;
	port->window = (uint8_t *)((uintptr_t)arena - ARENA_BASE);
	port->bar2 = mmap(NULL, QAIC_HW_BAR2_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	port->ctl = &ctl;
	port->irq = note_irq;
	port->read = note_and_read;
	irqs = 0;
	if (soc_port_start(port, &config, &err))
		return -1;
	soc = port->soc;
	return pthread_create(&thread, NULL, run, NULL);
}

static void finish(void)
{
	port->ctl = NULL;		/* not mapped, and not all of this is */
	port->window = NULL;
	munmap(arena, WINDOW);
	soc_port_close(port);
	close(memfd);
}

static int down(void **state)
{
	close(driver);
	pthread_join(thread, NULL);
	finish();
	return 0;
}

static void event(uint32_t type, uint64_t mask, const void *data, size_t len)
{
	struct {
		struct qaic_sim_event head;
		uint8_t data[QAIC_NNC_MAX_REQUEST];
	} e = { .head = { .type = type, .len = len, .dbc_mask = mask } };

	if (len)
		memcpy(e.data, data, len);
	assert_int_equal(send(driver, &e, sizeof(e.head) + len, 0),
			 sizeof(e.head) + len);
}

/* Send the message, take the reply into reply[]. */
static const void *ask(struct raw_msg *m)
{
	static uint64_t buf[(16 + QAIC_NNC_MAX_REPLY) / 8];
	const struct qaic_sim_event *e = (const void *)buf;
	ssize_t n;

	event(QAIC_SIM_EV_NNC, 0, m->buf, raw_hdr(m)->len);
	do {
		n = recv(driver, buf, sizeof(buf), 0);
	} while (n > 0 && e->type == QAIC_SIM_MSG_TELEMETRY);
	assert_true(n > (ssize_t)sizeof(*e));
	assert_int_equal(e->type, QAIC_SIM_MSG_NNC);
	assert_int_equal(e->len, n - sizeof(*e));
	memcpy(reply, e + 1, e->len);
	return reply;
}

static const struct qaic_nnc_trans *first(const void *msg)
{
	return (const void *)((const struct qaic_nnc_wire_hdr *)msg + 1);
}

static void test_handshake(void **state)
{
	const struct qaic_nnc_status_from_dev *s;
	struct raw_msg m;

	raw_begin(&m, 0);
	raw_add(&m, QAIC_TRANS_STATUS_TO_DEV, 8);
	s = (const void *)first(ask(&m));
	assert_int_equal(s->hdr.type, QAIC_TRANS_STATUS_FROM_DEV);
	assert_int_equal(s->major, QAIC_NNC_TRANS_MAJOR);
	assert_int_equal(s->status, 0);
}

static void test_sku(void **state)
{
	struct qaic_nnc_status_req q = { .type = QAIC_NNC_STATUS };
	const struct qaic_nnc_status_rsp *r;
	struct raw_msg m;

	raw_begin(&m, USER);
	raw_add_cmd(&m, &q, sizeof(q));
	r = (const void *)(first(ask(&m)) + 1);
	assert_int_equal(r->status, 0);
	assert_int_equal(r->dev.sku, QAIC_NNC_SKU_PCIE);
}

/* What is no message at all gets a line in the log, the next one an answer. */
static void test_garbage(void **state)
{
	uint8_t junk[64];

	memset(junk, 0xa5, sizeof(junk));
	event(QAIC_SIM_EV_NNC, 0, junk, sizeof(junk));
	event(QAIC_SIM_EV_NNC, 0, NULL, 0);
	event(99, ~0ull, junk, 8);
	event(QAIC_SIM_EV_DOORBELL, ~0ull, NULL, 0);
	event(QAIC_SIM_EV_DBC_RESET, ~0ull, NULL, 0);
	assert_int_equal(send(driver, junk, 3, 0), 3);
	test_handshake(state);
	assert_true(last_log[0]);
}

static int32_t load_elf(uint64_t addr)
{
	struct qaic_nnc_load_elf q = {
		.type = QAIC_NNC_LOAD_ELF, .tag = QAIC_NNC_TAG_ELF,
		.data_length = 4096,
	};
	const struct qaic_nnc_load_rsp *r;
	struct raw_msg m;

	raw_begin(&m, USER);
	raw_add_cmd(&m, &q, sizeof(q));
	raw_add_dma(&m, q.tag, addr, 4096);
	r = (const void *)(first(ask(&m)) + 1);
	return r->status;
}

/* Addresses where nothing is: in the hole, across its edge, outside. */
static void test_bad_addresses(void **state)
{
	/* again: cmocka has handlers of its own during a test */
	assert_int_equal(soc_guard_init(port), 0);
	assert_int_equal(load_elf(ARENA_BASE), QAIC_NNC_ERR_METADATA);
	assert_int_equal(load_elf(ARENA_BASE + FILE_LEN), QAIC_NNC_ERR_DMA);
	assert_int_equal(load_elf(ARENA_BASE + FILE_LEN - 2048),
			 QAIC_NNC_ERR_DMA);
	assert_int_equal(load_elf(ARENA_BASE + WINDOW - 4095),
			 QAIC_NNC_ERR_DMA);
	assert_int_equal(load_elf(ARENA_BASE + WINDOW), QAIC_NNC_ERR_DMA);
	assert_int_equal(load_elf(~0ull - 5), QAIC_NNC_ERR_DMA);
	/* and memory that goes away later */
	assert_int_equal(ftruncate(memfd, 0), 0);
	assert_int_equal(load_elf(ARENA_BASE), QAIC_NNC_ERR_DMA);
	test_handshake(state);
}

/* Move the tail as a driver does: a word to the card only if it sleeps. */
static void ring(void)
{
	struct qaic_hw_dbc_regs *regs = soc_dbc_regs(soc, act.vc_id);

	__atomic_store_n(&regs->req_tail, req_tail, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(&ctl.card_waiting, 0, __ATOMIC_SEQ_CST))
		event(QAIC_SIM_EV_DOORBELL, 1ull << act.vc_id, NULL, 0);
}

static void test_calls(void **state)
{
	float *x, *y;
	unsigned int i;
	uint16_t id;

	raw_up();
	x = (float *)(arena + A_DATA);
	y = (float *)(arena + A_DATA + 4096);
	for (i = 0; i < 200; i++) {
		x[0] = i;
		raw_call(0, 2 * i);
		ring();
		assert_int_equal(raw_response(2000, &id), 0);
		assert_int_equal(raw_response(2000, &id), 0);
		assert_int_equal(id, 2 * i + 1);
		/* y = 2 x + all y before */
		assert_true(y[0] == (float)(i * (i + 1)));
	}
	assert_true(irqs > 0);
}

/* A client goes away while its output is written: by a thread of the NSPs. */
static void test_output_vanishes(void **state)
{
	struct qaic_hw_req r;

	assert_int_equal(soc_guard_init(port), 0);
	raw_up();
	raw_call(2, 0);
	/* the output again, to where nothing is */
	r = raw_out(7, FILE_LEN, act.ddr_base + HM_Y, HM_BYTES);
	r.sem_cmd[0] = raw_sem(QAIC_HW_SEM_WAIT_EQ, QPC_SEM_READY, 4, true);
	raw_put(&r);
	ring();
	assert_int_equal(raw_response(20000, NULL), 0);
	assert_int_equal(raw_response(20000, NULL), 0);
	assert_int_equal(raw_response(2000, NULL), QAIC_HW_COMP_BUS);
	test_handshake(state);
	/* even the FIFOs: the card goes on, the channel does not */
	raw_call(2, 8);
	ring();
	assert_int_equal(ftruncate(memfd, 0), 0);
	test_handshake(state);
	event(QAIC_SIM_EV_DBC_RESET, ~0ull, NULL, 0);
	test_handshake(state);
}

/* A channel that cannot go on is told at once, in the control page. */
static void test_stalled(void **state)
{
	struct qaic_hw_req r = raw_req(1);
	uint32_t bit;
	int i;

	raw_up();
	bit = 1u << act.vc_id;
	raw_call(2, 7);
	ring();
	assert_int_equal(raw_response(20000, NULL), 0);
	assert_int_equal(raw_response(20000, NULL), 0);
	assert_int_equal(__atomic_load_n(&ctl.dbc_stalled, __ATOMIC_RELAXED),
			 0);
	r.sem_cmd[0] = raw_sem(QAIC_HW_SEM_WAIT_EQ, 9, 3, true);
	raw_put(&r);
	ring();
	for (i = 0; i < 1000 && !__atomic_load_n(&ctl.dbc_stalled,
						 __ATOMIC_RELAXED); i++)
		usleep(1000);
	assert_int_equal(ctl.dbc_stalled, bit);
	event(QAIC_SIM_EV_DBC_RESET, bit, NULL, 0);
	test_handshake(state);
	assert_int_equal(ctl.dbc_stalled, 0);
}

static struct qaic_sim_telemetry get_telemetry(void)
{
	struct {
		struct qaic_sim_event head;
		struct qaic_sim_telemetry t;
	} m;

	assert_int_equal(recv(driver, &m, sizeof(m), 0), sizeof(m));
	assert_int_equal(m.head.type, QAIC_SIM_MSG_TELEMETRY);
	assert_int_equal(m.head.len, sizeof(m.t));
	return m.t;
}

static void test_telemetry(void **state)
{
	struct qaic_sim_telemetry idle = get_telemetry(), t;
	unsigned int i;

	assert_int_equal(idle.num_nsp, 16);
	assert_true(idle.temp_mc > 20000 && idle.temp_mc < 100000);
	assert_true(idle.power_uw > 1000000 && idle.power_uw < 150000000);
	assert_true(!idle.ddr_used && idle.ddr_total);
	for (i = 0; i < 16; i++)
		assert_int_equal(idle.nsp_load[i], 0);
	/* a program on four of them */
	raw_up();
	for (i = 0; i < 4; i++) {
		raw_call(2, 2 * i);
		ring();
		assert_int_equal(raw_response(20000, NULL), 0);
		assert_int_equal(raw_response(20000, NULL), 0);
	}
	t = get_telemetry();
	assert_in_range(t.nsp_load[0], 1, 100);
	assert_int_equal(t.nsp_load[3], t.nsp_load[0]);
	assert_int_equal(t.nsp_load[4], 0);
	assert_true(t.temp_mc > idle.temp_mc && t.power_uw > idle.power_uw);
	assert_true(t.ddr_used >= HM_DDR);
}

/* A card without work says so once, and wakes up no more. */
static void test_idle(void **state)
{
	struct pollfd none = { .fd = driver, .events = POLLIN };
	struct qaic_sim_telemetry t;
	struct spent a, b;

	get_telemetry();
	raw_up();
	raw_call(2, 0);
	ring();
	assert_int_equal(raw_response(20000, NULL), 0);
	assert_int_equal(raw_response(20000, NULL), 0);
	/* with its load, then without */
	do {
		t = get_telemetry();
	} while (t.nsp_load[0]);
	assert_true(t.ddr_used >= HM_DDR);
	while (poll(&none, 1, 3000))	/* what came between */
		get_telemetry();
	a = spent();
	assert_int_equal(poll(&none, 1, 2000), 0);
	b = spent();
	/* this thread's own sleep */
	assert_in_range(b.switches - a.switches, 0, 1);
	/* and it goes on */
	raw_call(2, 4);
	ring();
	assert_int_equal(raw_response(20000, NULL), 0);
	assert_int_equal(raw_response(20000, NULL), 0);
	assert_in_range(get_telemetry().nsp_load[0], 1, 100);
}

static void test_shutdown(void **state)
{
	up(state);
	result = -1;
	event(QAIC_SIM_EV_SHUTDOWN, 0, NULL, 0);
	pthread_join(thread, NULL);
	assert_int_equal(result, 0);
	close(driver);
	finish();
}

static void test_cut_off(void **state)
{
	up(state);
	close(driver);
	pthread_join(thread, NULL);
	/* a socket says it in another way if something was not read */
	assert_true(result == -ENOTCONN || result == -ECONNRESET);
	finish();
}

static void test_stop(void **state)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	up(state);
	result = -1;
	while (!__atomic_load_n(&ctl.card_waiting, __ATOMIC_RELAXED))
		nanosleep(&ms, NULL);
	soc_port_stop(port);
	while (pthread_tryjoin_np(thread, NULL)) {
		pthread_kill(thread, SIGUSR1);
		nanosleep(&ms, NULL);
	}
	assert_int_equal(result, 0);
	close(driver);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_handshake, up, down),
		cmocka_unit_test_setup_teardown(test_sku, up, down),
		cmocka_unit_test_setup_teardown(test_garbage, up, down),
		cmocka_unit_test_setup_teardown(test_bad_addresses, up, down),
		cmocka_unit_test_setup_teardown(test_calls, up, down),
		cmocka_unit_test_setup_teardown(test_output_vanishes, up, down),
		cmocka_unit_test_setup_teardown(test_stalled, up, down),
		cmocka_unit_test_setup_teardown(test_telemetry, up, down),
		cmocka_unit_test_setup_teardown(test_idle, up, down),
		cmocka_unit_test(test_shutdown),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
