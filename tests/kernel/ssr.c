// SPDX-License-Identifier: MIT
/*
 * What a card tells by itself: subsystem restarts, failed and stuck requests,
 * errors, temperatures. This process is the card, and a thread of it its client.
 * Usage: ssr PORT NODE, of a slot without a card. What the driver tells of it is
 * judged by who listens (guest/port.sh).
 */
#include <poll.h>
#include <pthread.h>
#include <time.h>

#include "tests/kernel/card.h"

#define DBC	3u
#define QUEUE	256u

static const char *node;
static struct client c;
static uint32_t bo;
static uint8_t *window;
static struct qaic_hw_dbc_regs *regs;
static struct qaic_sim_ctl *ctl;
static uint64_t rsp_addr;

/* ---- the client's side, each step a call in a thread of its own ---- */

static int start_client(void)
{
	const struct qaic_attach_slice_entry e = slice_copy(64, 0, 0);
	int ret;

	if (c.fd <= 0)
		c.fd = open(node, O_RDWR | O_CLOEXEC);
	ret = c.fd < 0 ? errno : activate(&c, QUEUE);
	if (!ret)
		ret = bo_create(c.fd, 4096, &bo);
	return ret ? ret : bo_attach(c.fd, DBC, bo, QAIC_DIR_TO_DEV, 4096, &e,
				     1);
}

static int run(void)
{
	int ret = execute(c.fd, DBC, &bo, 1);

	return ret ? ret : bo_wait(c.fd, DBC, bo, 5000);
}

static int close_client(void)
{
	close(c.fd);
	c.fd = 0;
	return 0;
}

static int (*step)(void);

static void *step_thread(void *arg)
{
	return (void *)(intptr_t)step();
}

static pthread_t begin(int (*fn)(void))
{
	pthread_t t;

	step = fn;
	pthread_create(&t, NULL, step_thread, NULL);
	return t;
}

static int end(pthread_t t)
{
	void *ret;

	pthread_join(t, &ret);
	return (intptr_t)ret;
}

/* ---- the card's side ---- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static const struct qaic_nnc_activate_to_dev *find_activate(void)
{
	const struct qaic_nnc_trans *t = (void *)(&in.hdr + 1);
	uint32_t i;

	for (i = 0; i < in.hdr.count; i++) {
		if (t->type == QAIC_TRANS_ACTIVATE_TO_DEV)
			return (void *)t;
		t = (void *)((uint8_t *)t + t->len);
	}
	return NULL;
}

/* Give the client channel DBC. */
static int answer_activate(void)
{
	const struct qaic_nnc_activate_to_dev *a = find_activate();
	struct {
		struct qaic_nnc_wire_hdr hdr;
		struct qaic_nnc_trans pass;
		struct qaic_nnc_activate_rsp rsp;
		struct qaic_nnc_activate_from_dev act;
	} m = { .hdr = in.hdr,
		.pass = { QAIC_TRANS_PASSTHROUGH_FROM_DEV,
			  sizeof(m.pass) + sizeof(m.rsp) },
		.rsp = { .type = QAIC_NNC_ACTIVATE_RSP, .vc_id = DBC },
		.act = { .hdr = { QAIC_TRANS_ACTIVATE_FROM_DEV,
				  sizeof(m.act) }, .dbc_id = DBC } };

	if (!a)
		return EPROTO;
	rsp_addr = a->rsp_addr;
	m.hdr.crc32 = 0;
	m.hdr.count = 2;
	m.hdr.len = sizeof(m);
	return put(QAIC_SIM_MSG_NNC, &m, sizeof(m));
}

/* What sysfs says of the channel. */
static int dbc_state(void)
{
	char path[128], text[8] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/accel/%s/dbc%u_state",
		 strrchr(node, '/') + 1, DBC);
	f = fopen(path, "r");
	if (!f || !fgets(text, sizeof(text), f))
		perror(path);
	if (f)
		fclose(f);
	return text[0] ? atoi(text) : -1;
}

static void ssr(const char *what, uint32_t event, int want)
{
	const struct qaic_sim_ssr s = { .dbc = DBC, .event = event };

	expect(what, put(QAIC_SIM_MSG_SSR, &s, sizeof(s)), 0);
	expect(what, dbc_state(), want);
}

static void come_online(const char *path)
{
	int i, fd;

	port = open(path, O_RDWR | O_CLOEXEC);
	expect("attach", attach(port), 0);
	window = mmap(NULL, QAIC_SIM_WINDOW_SIZE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_NORESERVE, port, QAIC_SIM_OFF_IOVA);
	regs = mmap(NULL, QAIC_SIM_REGS_SIZE, PROT_READ | PROT_WRITE,
		    MAP_SHARED, port, 0);
	if (window == MAP_FAILED || (void *)regs == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	ctl = (void *)((uint8_t *)regs + QAIC_SIM_OFF_CTL);
	regs = (void *)((uint8_t *)regs + DBC * 4096);
	expect("STATUS", get_nnc(), 0);
	expect("answer", answer_status(), 0);
	for (i = 0; i < 200 && (fd = open(node, O_RDWR)) < 0; i++)
		usleep(10000);
	expect("online", fd >= 0, 1);
	close(fd);
	expect("closed", get_nnc(), 0);
	expect("answer", answer_terminate(), 0);
}

static void come_up(void)
{
	pthread_t t = begin(start_client);

	expect("ACTIVATE", get_nnc(), 0);
	expect("answer", answer_activate(), 0);
	expect("client", end(t), 0);
	expect("assigned", dbc_state(), 1);
}

/* The tail moves when the client has submitted. */
static void wait_tail(uint32_t tail)
{
	int i;

	for (i = 0; i < 500 && __atomic_load_n(&regs->req_tail,
					       __ATOMIC_ACQUIRE) != tail; i++)
		usleep(2000);
	expect("submitted", regs->req_tail, tail);
}

static void restart(void)
{
	pthread_t t;
	double t0;

	ssr("a DBC nobody has", QAIC_SIM_SSR_BEFORE_SHUTDOWN, 0);
	come_up();
	t = begin(run);
	wait_tail(1);
	t0 = now();
	ssr("before shutdown", QAIC_SIM_SSR_BEFORE_SHUTDOWN, 2);
	expect("a waiter", end(t), EPERM);
	expect("hears at once", now() - t0 < 1, 1);
	expect("while it restarts", run(), EPERM);
	ssr("after shutdown", QAIC_SIM_SSR_AFTER_SHUTDOWN, 3);
	ssr("backwards", QAIC_SIM_SSR_BEFORE_SHUTDOWN, 3);
	ssr("before power up", QAIC_SIM_SSR_BEFORE_POWER_UP, 4);
	ssr("after power up", QAIC_SIM_SSR_AFTER_POWER_UP, 0);
	expect("after it", run(), EPERM);
	ssr("again", QAIC_SIM_SSR_AFTER_POWER_UP, 0);
	/* the client activates anew */
	come_up();
}

/* ---- what WAIT_BO tells to who wants to know ---- */

static uint32_t wait_status(int want)
{
	struct qaic_wait w = { .handle = bo, .timeout = 50, .dbc_id = DBC };

	expect("wait: status", io(c.fd, DRM_IOCTL_QAIC_WAIT_BO_STATUS, &w),
	       want);
	return w.pad;
}

static void respond(uint16_t code)
{
	struct qaic_hw_rsp *rsp = (void *)(window + rsp_addr);
	uint32_t tail = regs->rsp_tail;

	rsp[tail].req_id = tail;	/* the driver counts from 0 */
	rsp[tail].code = code;
	__atomic_store_n(&regs->rsp_tail, tail + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&regs->req_head, tail + 1, __ATOMIC_RELEASE);
	expect("irq", io(port, QAIC_SIM_IOC_IRQ, (void *)(uintptr_t)DBC), 0);
}

static void results(void)
{
	struct qaic_wait w = { .handle = bo, .timeout = 50, .dbc_id = DBC };

	expect("execute", execute(c.fd, DBC, &bo, 1), 0);
	expect("not done", wait_status(ETIMEDOUT), QAIC_WAIT_TOLD);
	ctl->dbc_stalled = 1u << DBC;
	expect("stalled", wait_status(ETIMEDOUT),
	       QAIC_WAIT_TOLD | QAIC_WAIT_STALLED);
	ctl->dbc_stalled = ~(1u << DBC);
	expect("others are", wait_status(ETIMEDOUT), QAIC_WAIT_TOLD);
	respond(5);
	expect("failed", wait_status(0), QAIC_WAIT_TOLD | 5);
	/* upstream's call tells nothing, and writes nothing */
	expect("as upstream", io(c.fd, DRM_IOCTL_QAIC_WAIT_BO, &w), 0);
	expect("nothing is written", w.pad, 0);
	w.pad = 1;
	expect("pad", io(c.fd, DRM_IOCTL_QAIC_WAIT_BO_STATUS, &w), EINVAL);
	expect("execute", execute(c.fd, DBC, &bo, 1), 0);
	respond(0);
	expect("good again", wait_status(0), QAIC_WAIT_TOLD);
}

static int try_deactivate(void)
{
	return deactivate(&c);
}

/* What is answered while a DEACTIVATE waits for its refusal is not lost. */
static void refusal(void)
{
	struct qaic_nnc_deactivate_from_dev d = {
		.hdr = { QAIC_TRANS_DEACTIVATE_FROM_DEV, sizeof(d) },
		.status = 1, .dbc_id = DBC };
	pthread_t t;

	expect("execute", execute(c.fd, DBC, &bo, 1), 0);
	t = begin(try_deactivate);
	expect("DEACTIVATE", get_nnc(), 0);
	respond(0);
	expect("answer", answer(&d, sizeof(d)), 0);
	expect("refused", end(t), ECANCELED);
	expect("done all the same", wait_status(0), QAIC_WAIT_TOLD);
}

/* A card that sleeps because its response FIFO is full is told of space. */
static void full(void)
{
	const struct qaic_attach_slice_entry e = slice_copy(64, 0, 0);
	struct qaic_hw_rsp *rsp = (void *)(window + rsp_addr);
	struct pollfd pfd = { .fd = port, .events = POLLIN };
	uint32_t i, tail = regs->rsp_tail;
	int ret = 0;

	for (i = 0; i < QUEUE - 1 && !ret; i++) {
		ret = bo_create(c.fd, 4096, &bo);
		if (!ret)
			ret = bo_attach(c.fd, DBC, bo, QAIC_DIR_TO_DEV, 4096,
					&e, 1);
		if (!ret)
			ret = execute(c.fd, DBC, &bo, 1);
		rsp[(tail + i) % QUEUE] = (struct qaic_hw_rsp){ tail + i, 0 };
	}
	expect("many requests", ret, 0);
	tail = (tail + QUEUE - 1) % QUEUE;
	__atomic_store_n(&regs->rsp_tail, tail, __ATOMIC_RELEASE);
	__atomic_store_n(&regs->req_head, tail, __ATOMIC_RELEASE);
	__atomic_store_n(&ctl->card_waiting, 1, __ATOMIC_SEQ_CST);
	expect("irq", io(port, QAIC_SIM_IOC_IRQ, (void *)(uintptr_t)DBC), 0);
	expect("woken", poll(&pfd, 1, 0), 1);
	if (pfd.revents & POLLIN)
		expect("by", get(sizeof(in)) ? 0 : in.ev.type,
		       QAIC_SIM_EV_DOORBELL);
	expect("the last is done", wait_status(0), QAIC_WAIT_TOLD);
}

/* ---- errors and temperatures ---- */

static void degrees(int mc)
{
	const struct qaic_sim_telemetry t = { .temp_mc = mc, .power_uw = 1000000,
		.ddr_total = 1 << 30, .ddr_used = 1 << 20, .num_nsp = 16,
		.nsp_mhz = 825, .nsp_load = { 7, 100 } };

	expect("telemetry", put(QAIC_SIM_MSG_TELEMETRY, &t, sizeof(t)), 0);
}

static void reports(void)
{
	static const int mc[] = {
		-5000, 84999, 85000, 96000, 90001, 90000, 80001, 80000
	};
	const struct qaic_sim_ras ras = { .type = QAIC_SIM_RAS_UE_NONFATAL,
		.source = QAIC_SIM_RAS_NSP_MEM, .count = 4711, .threshold = 9,
		.syndrome = { 0xca, 0xfe } };
	unsigned int i;

	expect("errors", put(QAIC_SIM_MSG_RAS, &ras, sizeof(ras)), 0);
	for (i = 0; i < sizeof(mc) / sizeof(mc[0]); i++)
		degrees(mc[i]);
}

int main(int argc, char **argv)
{
	pthread_t t;

	if (argc != 3) {
		fprintf(stderr, "usage: ssr PORT NODE\n");
		return 2;
	}
	node = argv[2];
	come_online(argv[1]);
	restart();
	results();
	refusal();
	full();
	reports();
	t = begin(close_client);
	expect("TERMINATE", get_nnc(), 0);
	expect("answer", answer_terminate(), 0);
	expect("closed", end(t), 0);
	expect("idle", dbc_state(), 0);
	return report("ssr");
}
