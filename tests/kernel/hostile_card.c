// SPDX-License-Identifier: MIT
/*
 * A card that does anything: it attaches, now and then answers the handshake as
 * it should, and then sends random messages, stores random registers and FIFO
 * contents, raises random interrupts, and goes at any time. The driver must survive
 * it. Usage: hostile_card PORT SECONDS [SEED].
 */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <time.h>

#include "tests/kernel/client.h"
#include "uapi/qaic_sim.h"

static uint64_t seed, steps, attached, answered;
static int fd = -1;
static volatile uint32_t *regs;
static volatile uint8_t *window;
static sigjmp_buf fault;

/* the last message from the driver, to make replies of */
static struct {
	struct qaic_sim_event ev;
	union {
		struct qaic_nnc_wire_hdr hdr;
		uint8_t data[65536];
	};
} in, out;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void on_fault(int sig)
{
	siglongjmp(fault, 1);
}

static void leave(void)
{
	if (regs)
		munmap((void *)regs, QAIC_SIM_REGS_SIZE);
	if (window)
		munmap((void *)window, QAIC_SIM_WINDOW_SIZE);
	regs = NULL;
	window = NULL;
	close(fd);
	fd = -1;
}

static void map_all(void)
{
	void *p;

	p = mmap(NULL, QAIC_SIM_REGS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		 fd, QAIC_SIM_OFF_REGS);
	regs = p == MAP_FAILED ? NULL : p;
	p = mmap(NULL, QAIC_SIM_WINDOW_SIZE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_NORESERVE, fd, QAIC_SIM_OFF_IOVA);
	window = p == MAP_FAILED ? NULL : p;
}

static void join(const char *port)
{
	struct qaic_sim_attach a = { .version = QAIC_SIM_VERSION,
		.ddr_size = 1ull << 30, .sku = QAIC_NNC_SKU_PRO,
		.num_nsp = 16 };

	fd = open(port, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	switch (rnd() % 16) {
	case 0: a.version = rnd(); break;
	case 1: a.flags = rnd(); break;
	case 2: a.sku = rnd(); break;
	case 3: a.num_nsp = rnd() % 20; break;
	case 4: a.ddr_size = rnd(); break;
	}
	if (io(fd, QAIC_SIM_IOC_ATTACH, &a)) {
		leave();
		return;
	}
	attached++;
	map_all();
}

static void send_out(uint32_t type, size_t len)
{
	out.ev.type = type;
	out.ev.len = len;
	out.ev.dbc_mask = rnd() % 2 ? 0 : rnd();
	if (write(fd, &out, sizeof(out.ev) + len) < 0 && errno == ENOTCONN)
		leave();
}

/* What a card says to STATUS */
static size_t good_status(void)
{
	struct qaic_nnc_status_from_dev *s = (void *)(&out.hdr + 1);

	out.hdr = in.hdr;
	out.hdr.crc32 = 0;
	out.hdr.count = 1;
	out.hdr.len = sizeof(out.hdr) + sizeof(*s);
	*s = (struct qaic_nnc_status_from_dev){
		.hdr = { QAIC_TRANS_STATUS_FROM_DEV, sizeof(*s) },
		.major = QAIC_NNC_TRANS_MAJOR, .minor = QAIC_NNC_TRANS_MINOR };
	return out.hdr.len;
}

/* A program is active, the host should believe: with the DBC of our choice */
static size_t good_activate(void)
{
	struct qaic_nnc_trans *t = (void *)(&out.hdr + 1);
	struct qaic_nnc_activate_rsp *r = (void *)(t + 1);
	struct qaic_nnc_activate_from_dev *a;

	memset(t, 0, 256);
	out.hdr = in.hdr;
	out.hdr.crc32 = 0;
	out.hdr.count = 2;
	*t = (struct qaic_nnc_trans){ QAIC_TRANS_PASSTHROUGH_FROM_DEV,
				      sizeof(*t) + sizeof(*r) };
	r->type = QAIC_NNC_ACTIVATE_RSP;
	r->activation_id = 1;
	r->vc_id = rnd() % 16;
	r->ddr_base = 0x100000000ull;
	r->mcid_base = 0x4000000000ull;
	a = (void *)((uint8_t *)t + t->len);
	*a = (struct qaic_nnc_activate_from_dev){
		.hdr = { QAIC_TRANS_ACTIVATE_FROM_DEV, sizeof(*a) },
		.dbc_id = rnd() % 8 ? r->vc_id : rnd() };
	out.hdr.len = sizeof(out.hdr) + t->len + sizeof(*a);
	return out.hdr.len;
}

/* A load went well */
static size_t good_load(void)
{
	struct qaic_nnc_trans *t = (void *)(&out.hdr + 1);
	const uint32_t *cmd = (const void *)(in.data + sizeof(in.hdr) + 8);
	struct qaic_nnc_load_rsp *r = (void *)(t + 1);

	out.hdr = in.hdr;
	out.hdr.crc32 = 0;
	out.hdr.count = 1;
	*t = (struct qaic_nnc_trans){ QAIC_TRANS_PASSTHROUGH_FROM_DEV,
				      sizeof(*t) + sizeof(*r) };
	*r = (struct qaic_nnc_load_rsp){
		.type = *cmd == QAIC_NNC_LOAD_ELF ? QAIC_NNC_LOAD_ELF_RSP :
		QAIC_NNC_LOAD_CONSTANTS_RSP, .id = 1 };
	out.hdr.len = sizeof(out.hdr) + t->len;
	return out.hdr.len;
}

static size_t good_answer(void)
{
	const struct qaic_nnc_trans *t = (const void *)(&in.hdr + 1);
	const uint32_t *cmd = (const void *)(t + 1);

	if (t->type == QAIC_TRANS_STATUS_TO_DEV)
		return good_status();
	return *cmd == QAIC_NNC_ACTIVATE ? good_activate() : good_load();
}

/* Bytes of a good answer changed, its end cut or drawn out */
static size_t mangle(size_t len)
{
	unsigned int i, n = rnd() % 4;

	for (i = 0; i < n; i++)
		out.data[rnd() % (rnd() % 2 ? 64 : len)] = rnd();
	switch (rnd() % 8) {
	case 0: return rnd() % (len + 1);
	case 1: return rnd() % 4200;
	case 2: return 4096;
	}
	return len;
}

static void answer(void)
{
	size_t len = good_answer();

	answered++;
	if (rnd() % 3 == 0)
		len = mangle(len);
	if (rnd() % 16)
		send_out(QAIC_SIM_MSG_NNC, len);
}

static void listen_once(void)
{
	struct qaic_sim_irq_read r = { .dbc_mask = rnd() % (1 << 17),
		.buf = (uintptr_t)&in, .len = sizeof(in) };
	ssize_t n = rnd() % 2 ? read(fd, &in, sizeof(in)) :
				ioctl(fd, QAIC_SIM_IOC_IRQ_READ, &r);

	if (n < 0 && errno == ENOTCONN)
		leave();
	if (n >= (ssize_t)(sizeof(in.ev) + sizeof(in.hdr)) &&
	    in.ev.type == QAIC_SIM_EV_NNC)
		answer();
}

/* Addresses that the host has told, and any others */
static uint64_t iova(void)
{
	uint64_t a = *(const uint64_t *)(in.data + 8 * (rnd() % 32));

	return rnd() % 2 ? a + rnd() % 8192 :
	       QAIC_SIM_IOVA_MIN + rnd() % (1 << 22);
}

static void touch(void)
{
	struct qaic_sim_resolve r = { .iova = iova(), .len = rnd() % 8192,
				      .access = rnd() % 5 };
	uint64_t a = iova();

	io(fd, QAIC_SIM_IOC_RESOLVE, &r);
	if (!window || a >= QAIC_SIM_WINDOW_SIZE)
		return;
	if (rnd() % 2)
		window[a] = rnd();
	else
		(void)window[a];
}

static void step(void)
{
	unsigned int i;

	/* what was mapped may be gone, also the registers */
	if (sigsetjmp(fault, 1))
		return;
	switch (rnd() % 8) {
	case 0:
		io(fd, QAIC_SIM_IOC_IRQ, (void *)(uintptr_t)(rnd() % 20));
		break;
	case 1:
		/* gone when the driver has cut us off */
		if (regs && !sigsetjmp(fault, 1))
			regs[rnd() % 17 * 1024 + rnd() % 4] =
				rnd() % 2 ? rnd() % 64 : rnd();
		break;
	case 2:
		touch();
		break;
	case 3:
		for (i = 0; i < 128; i++)
			out.data[i] = rnd() % 2 ? 0 : rnd() % 32;
		send_out(rnd() % 4 + 16, (size_t[]){ 8, 80, 56, 32,
			 rnd() % 200 }[rnd() % 5]);
		break;
	default:
		listen_once();
	}
}

int main(int argc, char **argv)
{
	const char *port = argc > 1 ? argv[1] : "/dev/qaic_sim0";
	time_t end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 5);
	struct sigaction sa = { .sa_handler = on_fault };

	seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 88172645463325252ull;
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	for (; time(NULL) < end; steps++) {
		if (fd < 0)
			join(port);
		else if (rnd() % 400 == 0)
			leave();
		else
			step();
		if (rnd() % 16 == 0)
			usleep(500);
	}
	printf("hostile_card: %lu steps, attached %lu times, %lu answers\n",
	       (unsigned long)steps, (unsigned long)attached,
	       (unsigned long)answered);
	return 0;
}
