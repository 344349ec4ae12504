// SPDX-License-Identifier: MIT
/*
 * Fault injection on the card's side: each call of the card port with its first,
 * second, ... allocation or user copy failing. It fails with an errno or works;
 * afterwards a card can come and a client open the node. Usage: failport PORT NODE,
 * of a slot without a card, in a kernel with FAULT_INJECTION.
 */
#include <poll.h>

#include "tests/kernel/card.h"
#include "tests/kernel/fault.h"

#define MAX_NTH	1000

static const char *path, *node;

static int map(uint64_t off, uint64_t len, bool touch)
{
	volatile uint32_t *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_NORESERVE, port, off);

	if (p == MAP_FAILED)
		return errno;
	if (touch)
		(void)*p;
	munmap((void *)p, len);
	return 0;
}

/* ---- one call, of a card that is online ---- */

static int do_open(void)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), e = errno;

	if (fd < 0)
		return e;
	close(fd);
	return 0;
}

static int do_map(void)
{
	int ret = map(QAIC_SIM_OFF_REGS, QAIC_SIM_REGS_SIZE, true);

	return ret ? ret : map(QAIC_SIM_OFF_IOVA, QAIC_SIM_WINDOW_SIZE, false);
}

static int do_ras(void)
{
	struct qaic_sim_ras r = { .type = QAIC_SIM_RAS_CE,
				  .source = QAIC_SIM_RAS_DDR, .count = 1 };

	return put(QAIC_SIM_MSG_RAS, &r, sizeof(r));
}

static int do_telemetry(void)
{
	struct qaic_sim_telemetry t = { .num_nsp = 16 };

	return put(QAIC_SIM_MSG_TELEMETRY, &t, sizeof(t));
}

static int do_ssr(void)
{
	struct qaic_sim_ssr s = { .dbc = 3, .event = 2 };

	return put(QAIC_SIM_MSG_SSR, &s, sizeof(s));
}

/* An answer that nobody waits for; lost for want of memory it ends the card */
static int do_answer(void)
{
	return answer_status();
}

static int do_irq(void)
{
	return io(port, QAIC_SIM_IOC_IRQ, (void *)3);
}

static int do_irq_read(void)
{
	struct qaic_sim_irq_read r = { .dbc_mask = 1 << 3 };
	int ret = io(port, QAIC_SIM_IOC_IRQ_READ, &r);

	return ret == EMSGSIZE ? 0 : ret;	/* nothing fits into nothing */
}

static int do_resolve(void)
{
	struct qaic_sim_resolve r = { .iova = 1ull << 20, .len = 4096,
				      .access = QAIC_SIM_READ };
	int ret = io(port, QAIC_SIM_IOC_RESOLVE, &r);

	return ret == EFAULT ? 0 : ret;		/* nothing is there */
}

static int do_poll(void)
{
	struct pollfd p = { .fd = port, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? errno : 0;
}

/* ---- a whole card, up to being online, and the message of a client ---- */

static int boot(void)
{
	struct pollfd p = { .events = POLLIN };
	int ret;

	port = open(path, O_RDWR | O_CLOEXEC);
	if (port < 0)
		return errno;
	ret = attach(port);
	if (!ret)
		ret = do_map();
	if (!ret) {
		p.fd = port;
		ret = poll(&p, 1, 2000) == 1 ? get_nnc() : errno;
	}
	return ret ? ret : answer_status();
}

static bool goes_online(void)
{
	int i, fd = -1;

	for (i = 0; i < 200 && fd < 0; i++) {
		fd = open(node, O_RDWR);
		if (fd < 0)
			usleep(10000);
	}
	close(fd);
	return fd >= 0 && !get_nnc() && !answer_terminate();
}

static int do_card(void)
{
	int ret = boot();

	if (port >= 0)
		close(port);
	port = -1;
	return ret;
}

static const struct op {
	const char *name;
	int (*fn)(void);
} whole = { "a whole card", do_card }, ops[] = {
	{ "open and close", do_open },
	{ "map", do_map },
	{ "correctable error", do_ras },
	{ "telemetry", do_telemetry },
	{ "restart event", do_ssr },
	{ "answer", do_answer },
	{ "irq", do_irq },
	{ "irq and read", do_irq_read },
	{ "resolve", do_resolve },
	{ "poll", do_poll },
};

static bool cut_off(void)
{
	struct pollfd p = { .fd = port };

	return poll(&p, 1, 0) == 1 && p.revents & POLLHUP;
}

static void come_back(void)
{
	close(port);
	expect("a card", boot(), 0);
	expect("it goes online", goes_online(), true);
}

static void run(const struct op *op)
{
	unsigned int n, faults = 0, errors = 0;
	int ret = 0;

	for (n = 1; n < MAX_NTH && !failed; n++) {
		fault_arm(n);
		ret = op->fn();
		if (!fault_reached())
			break;
		faults++;
		errors += ret != 0;
		if (ret && ret != ENOMEM && ret != EFAULT && ret != ENOTCONN)
			expect(op->name, ret, ENOMEM);
		if (port >= 0 && cut_off())
			come_back();
	}
	expect(op->name, ret, 0);
	printf("%s: %u faults, %u errors\n", op->name, faults, errors);
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc != 3 || fault_open(false))
		return 2;
	path = argv[1];
	node = argv[2];
	run(&whole);
	come_back();
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]) && !failed; i++)
		run(&ops[i]);
	come_back();
	close(port);
	return report("failport");
}
