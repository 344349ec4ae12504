// SPDX-License-Identifier: MIT
/*
 * The card port by raw system calls: this process is the card, and a thread of it
 * the client. Usage: port PORT NODE, of a slot without a card. What the driver
 * cuts off is tested last.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/kernel/card.h"

#define BIG	(3u << 20)	/* of a transfer */

static uint8_t *regs, *window;

/* ---- touching what may not be there ---- */

static sigjmp_buf fault;

static void on_fault(int sig)
{
	siglongjmp(fault, 1);
}

static bool can_read(const volatile uint8_t *p)
{
	if (sigsetjmp(fault, 1))
		return false;
	(void)*p;
	return true;
}

static bool can_write(volatile uint8_t *p)
{
	if (sigsetjmp(fault, 1))
		return false;
	*p = *p;
	return true;
}

/* ---- attaching ---- */

static void *map_port(uint64_t off, uint64_t len, int flags)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE,
		    port, off);
}

static int map_errno(uint64_t off, uint64_t len, int flags)
{
	void *p = map_port(off, len, flags);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, len);
	return 0;
}

static void not_attached(void)
{
	struct qaic_sim_attach a = { .version = QAIC_SIM_VERSION + 1,
		.ddr_size = 1, .sku = QAIC_NNC_SKU_PRO, .num_nsp = 16 };
	struct pollfd p = { .fd = port, .events = POLLIN };

	expect("no card: read", get(sizeof(in)), ENOTCONN);
	expect("no card: write", put(QAIC_SIM_MSG_NNC, "", 0), ENOTCONN);
	expect("no card: irq", io(port, QAIC_SIM_IOC_IRQ, NULL), ENOTCONN);
	expect("no card: mmap", map_errno(0, 4096, MAP_SHARED), ENOTCONN);
	expect("no card: poll", poll(&p, 1, 0) == 1 && p.revents & POLLHUP, 1);
	expect("attach: version", io(port, QAIC_SIM_IOC_ATTACH, &a), EINVAL);
	a.version--;
	a.flags = 1;
	expect("attach: flags", io(port, QAIC_SIM_IOC_ATTACH, &a), EINVAL);
	a.flags = 0;
	a.num_nsp = 17;
	expect("attach: NSPs", io(port, QAIC_SIM_IOC_ATTACH, &a), EINVAL);
	a.num_nsp = 16;
	a.sku = 0;
	expect("attach: SKU", io(port, QAIC_SIM_IOC_ATTACH, &a), EINVAL);
	expect("attach: pointer", io(port, QAIC_SIM_IOC_ATTACH, (void *)8),
	       EFAULT);
	expect("ioctl", io(port, _IO('q', 0x7f), NULL), ENOTTY);
}

static void become_card(const char *path, const char *node)
{
	int other = open(path, O_RDWR | O_CLOEXEC), fd;
	struct pollfd p = { .fd = port, .events = POLLIN };

	expect("attach", attach(port), 0);
	expect("attach: again", attach(port), EBUSY);
	expect("attach: another file", attach(other), EBUSY);
	expect("another file: read", read(other, &in, sizeof(in)) < 0 ? errno : 0,
	       ENOTCONN);
	close(other);

	fd = open(node, O_RDWR);
	expect("booting: open", fd < 0, 1);
	expect("first event", poll(&p, 1, 1000), 1);
	expect("read: no room for a header", get(8), EMSGSIZE);
	expect("read: no room for the message", get(20), EMSGSIZE);
	expect("read", get_nnc(), 0);
	expect("STATUS", in.hdr.magic, QAIC_NNC_MAGIC);
	expect("answer", answer_status(), 0);
	for (int i = 0; i < 100 && (fd = open(node, O_RDWR)) < 0; i++)
		usleep(10000);
	expect("online: open", fd >= 0, 1);
	close(fd);
	expect("closed: terminate", get_nnc(), 0);
	expect("closed: answer", answer_terminate(), 0);
}

/* ---- mappings ---- */

static void mappings(void)
{
	const uint64_t end = QAIC_SIM_OFF_IOVA + QAIC_SIM_WINDOW_SIZE;
	void *x;

	expect("mmap: private", map_errno(0, 4096, MAP_PRIVATE), EINVAL);
	expect("mmap: beyond the registers",
	       map_errno(0, QAIC_SIM_REGS_SIZE + 4096, MAP_SHARED), EINVAL);
	expect("mmap: between", map_errno(QAIC_SIM_REGS_SIZE, 4096, MAP_SHARED),
	       EINVAL);
	expect("mmap: beyond the window",
	       map_errno(end - 4096, 8192, MAP_SHARED), EINVAL);
	x = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, port, 0);
	expect("mmap: code", x == MAP_FAILED ? errno : 0, EACCES);

	regs = map_port(0, QAIC_SIM_REGS_SIZE, MAP_SHARED);
	window = map_port(QAIC_SIM_OFF_IOVA, QAIC_SIM_WINDOW_SIZE, MAP_SHARED);
	if (regs == MAP_FAILED || window == MAP_FAILED) {
		expect("mmap", errno, 0);
		exit(1);
	}
	for (unsigned int i = 0; i < QAIC_SIM_REGS_SIZE; i += 4)
		if (*(uint32_t *)(regs + i))
			expect("a register is not 0", i, -1);
	expect("window: 0", can_read(window), 0);
	expect("window: last page",
	       can_read(window + QAIC_SIM_WINDOW_SIZE - 4096), 0);
}

static int resolve(uint64_t iova, uint64_t len, uint32_t access)
{
	struct qaic_sim_resolve r = { .iova = iova, .len = len,
				      .access = access };

	return io(port, QAIC_SIM_IOC_RESOLVE, &r);
}

/* ---- a client's memory through the window ---- */

static struct {
	const char *node;
	uint8_t *data;
	int ret;
} sender;

static void *send_elf(void *arg)
{
	uint32_t id;
	int fd = open(sender.node, O_RDWR | O_CLOEXEC);

	sender.ret = load_elf(fd, sender.data, BIG, &id);
	close(fd);
	return NULL;
}

/* The transfer of the message in @in, or NULL */
static const struct qaic_nnc_dma_xfer *find_dma(void)
{
	const struct qaic_nnc_trans *t = (void *)(&in.hdr + 1);

	for (uint32_t i = 0; i < in.hdr.count; i++) {
		if (t->type == QAIC_TRANS_DMA_XFER_TO_DEV)
			return (void *)t;
		t = (void *)((uint8_t *)t + t->len);
	}
	return NULL;
}

static void check_dma(const struct qaic_nnc_dma_xfer *d)
{
	uint64_t at, size, done = 0;
	unsigned int wrong = 0;

	for (uint32_t i = 0; i < d->count; i++) {
		at = d->data[i].addr;
		size = d->data[i].size;
		if (size > BIG - done || at > QAIC_SIM_WINDOW_SIZE - size ||
		    memcmp(window + at, sender.data + done, size))
			wrong++;
		done += size;
	}
	expect("transfer: wrong pieces", wrong, 0);
	expect("transfer: bytes", done, BIG);
	at = d->data[0].addr;
	size = d->data[0].size;
	expect("resolve", resolve(at, size, QAIC_SIM_READ), 0);
	expect("resolve: to write", resolve(at, size, QAIC_SIM_WRITE), EFAULT);
	expect("resolve: too long", resolve(at, BIG + 8192, QAIC_SIM_READ),
	       EFAULT);
	expect("resolve: access", resolve(at, size, 4), EINVAL);
	expect("the host's memory is read-only", can_write(window + at), 0);
	expect("and still to be read", can_read(window + at), 1);
}

/* A load of @sender.data; while it is in work we see it, then no more. */
static void transfer(const char *node)
{
	struct {
		struct qaic_nnc_trans hdr;
		struct qaic_nnc_load_rsp rsp;
	} r = { .hdr = { QAIC_TRANS_PASSTHROUGH_FROM_DEV, sizeof(r) },
		.rsp = { .type = QAIC_NNC_LOAD_ELF_RSP, .id = 1 } };
	const struct qaic_nnc_dma_xfer *d;
	pthread_t thread;
	uint64_t at = 0;

	sender.node = node;
	sender.data = malloc(BIG);
	for (uint32_t i = 0; i < BIG; i++)
		sender.data[i] = i * 2654435761u >> 24;
	pthread_create(&thread, NULL, send_elf, NULL);
	expect("the load arrives", get_nnc(), 0);
	d = find_dma();
	expect("with its transfer", d && d->count, 1);
	if (d && d->count) {
		at = d->data[0].addr;
		check_dma(d);
	}
	expect("reply", answer(&r, sizeof(r)), 0);
	/* the client closes; its call is done, and so its memory gone */
	expect("terminate arrives", get_nnc(), 0);
	expect("memory is gone", can_read(window + at), 0);
	expect("resolve: gone", resolve(at, 1, QAIC_SIM_READ), EFAULT);
	expect("answer", answer_terminate(), 0);
	pthread_join(thread, NULL);
	expect("load", sender.ret, 0);
	free(sender.data);
}

/* ---- messages that are none ---- */

static void bad_messages(void)
{
	struct qaic_sim_telemetry t = { .num_nsp = 17 };
	struct qaic_sim_ras ras = { .count = 1, .source = 7 };
	struct qaic_sim_ssr ssr = { .dbc = 16, .event = 2 };
	struct qaic_sim_irq_read r = { .dbc_mask = 1 << 3 };
	static const uint8_t zeros[5000];

	expect("write: type", put(15, zeros, 0), EINVAL);
	expect("write: long reply", put(QAIC_SIM_MSG_NNC, zeros, 4097),
	       EMSGSIZE);
	expect("write: short header", write(port, zeros, 15) < 0 ? errno : 0,
	       EINVAL);
	expect("telemetry: length", put(QAIC_SIM_MSG_TELEMETRY, &t, 8), EINVAL);
	expect("telemetry: NSPs", put(QAIC_SIM_MSG_TELEMETRY, &t, sizeof(t)),
	       EINVAL);
	expect("RAS: source", put(QAIC_SIM_MSG_RAS, &ras, sizeof(ras)), EINVAL);
	expect("SSR: DBC", put(QAIC_SIM_MSG_SSR, &ssr, sizeof(ssr)), EINVAL);
	ssr.dbc = 0;
	ssr.event = 3;
	expect("SSR: event", put(QAIC_SIM_MSG_SSR, &ssr, sizeof(ssr)), EINVAL);
	expect("irq: DBC", io(port, QAIC_SIM_IOC_IRQ, (void *)16), EINVAL);
	expect("irq: no activation", io(port, QAIC_SIM_IOC_IRQ, (void *)3), 0);
	expect("irq and read: buffer", io(port, QAIC_SIM_IOC_IRQ_READ, &r),
	       EMSGSIZE);
	r.dbc_mask = 1 << 16;
	expect("irq and read: DBC", io(port, QAIC_SIM_IOC_IRQ_READ, &r),
	       EINVAL);
	expect("irq and read: pointer",
	       io(port, QAIC_SIM_IOC_IRQ_READ, (void *)8), EFAULT);
}

/* ---- being cut off ---- */

static void cut_off(void)
{
	struct qaic_sim_ras ras = { .type = QAIC_SIM_RAS_UE,
				    .source = QAIC_SIM_RAS_DDR, .count = 1 };
	struct qaic_sim_irq_read r = { .dbc_mask = 1,
		.buf = (uintptr_t)&in, .len = sizeof(in) };
	struct pollfd p = { .fd = port, .events = 0 };
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		(void)*(volatile uint8_t *)regs;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	expect("a child inherits nothing",
	       WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, 1);
	expect("registers", can_write(regs), 1);
	expect("fatal error", put(QAIC_SIM_MSG_RAS, &ras, sizeof(ras)), 0);
	expect("cut off: poll", poll(&p, 1, 1000) == 1 && p.revents & POLLHUP,
	       1);
	expect("cut off: read", get(sizeof(in)), ENOTCONN);
	for (int i = 0; i < 100 && can_read(regs); i++)
		usleep(10000);
	expect("cut off: registers", can_read(regs), 0);
	expect("cut off: irq", io(port, QAIC_SIM_IOC_IRQ, NULL), ENOTCONN);
	expect("cut off: irq and read", io(port, QAIC_SIM_IOC_IRQ_READ, &r),
	       ENOTCONN);
}

/* A card that says nothing is cut off after mhi_timeout_ms. */
static void silent(void)
{
	struct pollfd p = { .fd = port, .events = 0 };

	expect("attach after that", attach(port), 0);
	expect("registers are back", can_read(regs), 1);
	expect("silent: cut off", poll(&p, 1, 5000) == 1 && p.revents & POLLHUP,
	       1);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: port PORT NODE\n");
		return 2;
	}
	signal(SIGBUS, on_fault);
	signal(SIGSEGV, on_fault);
	port = open(argv[1], O_RDWR | O_CLOEXEC);
	if (port < 0) {
		perror(argv[1]);
		return 1;
	}
	not_attached();
	become_card(argv[1], argv[2]);
	mappings();
	transfer(argv[2]);
	bad_messages();
	cut_off();
	silent();
	printf("%u checks, %u failed\n", passed + failed, failed);
	return failed != 0;
}
