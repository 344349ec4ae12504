// SPDX-License-Identifier: MIT
/*
 * A client that does anything: random ioctls with arguments that are often nearly
 * right, random manage messages, mappings, exports, files closed at any time.
 * The driver must survive it. Usage: hostile_client NODE SECONDS [SEED].
 */
#include <time.h>

#include "tests/kernel/client.h"

#define HANDLES	16

static uint64_t seed;
static struct client c;
static bool up;
static uint32_t handles[HANDLES];
static unsigned long done;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* A number below @n, mostly; sometimes one that nobody expects */
static uint64_t about(uint64_t n)
{
	static const uint64_t odd[] = { 0, 1, 15, 16, 4095, 4096, 4097,
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000ull,
		0x7fffffffffffffffull, ~0ull };

	if (rnd() % 8 == 0)
		return odd[rnd() % (sizeof(odd) / sizeof(odd[0]))];
	return rnd() % n;
}

static uint32_t handle(void)
{
	return rnd() % 8 ? handles[rnd() % HANDLES] : about(64);
}

static uint32_t dbc(void)
{
	return rnd() % 4 ? c.act.vc_id : about(16);
}

static void new_bo(void)
{
	uint64_t size = about(1 << 20);

	/* what the guest has is not the question here */
	if (size > (64 << 20) && size < (1ull << 40))
		size = 4096;
	bo_create(c.fd, size, &handles[rnd() % HANDLES]);
}

static void map_bo(void)
{
	uint32_t h = handle();
	size_t len = rnd() % 4 ? 4096 : 4096 * (rnd() % 300 + 1);
	char *p = bo_map(c.fd, h, len);

	if (!p)
		return;
	p[0] = 1;
	if (rnd() % 2)
		gem_close(c.fd, h);
	munmap(p, len);
}

static struct qaic_attach_slice_entry slice(void)
{
	struct qaic_attach_slice_entry e = {
		.size = about(4097), .offset = rnd() % 4 ? 0 : about(4096),
		.dev_addr = rnd() % 4 ? c.act.ddr_base + about(HM_DDR) : rnd(),
		.db_len = rnd() % 2 ? 0 : 8 << rnd() % 3,
		.db_addr = rnd() % 2 ? c.act.mcid_base + 4 * about(16) : rnd(),
		.db_data = about(8),
	};

	if (rnd() % 2)
		e.sem0 = sem(about(8), about(33), about(5), rnd() % 2);
	if (rnd() % 4 == 0)
		e.sem2 = sem(about(8), about(33), about(4097), false);
	return e;
}

static void attach(void)
{
	struct qaic_attach_slice_entry e[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		e[i] = slice();
	bo_attach(c.fd, dbc(), handle(), 1 + rnd() % 2, 4096, e,
		  rnd() % 8 ? rnd() % 4 + 1 : about(5) % 5);
}

static void run(void)
{
	struct qaic_partial_execute_entry p[4];
	struct qaic_execute x = { .hdr = { rnd() % 5, dbc() },
				  .data = (uintptr_t)p };
	uint32_t h[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		h[i] = handle();
		p[i] = (struct qaic_partial_execute_entry){
			.handle = h[i], .dir = rnd() % 3,
			.resize = about(4097) };
	}
	if (rnd() % 4)
		execute(c.fd, dbc(), h, rnd() % 4 + 1);
	else
		io(c.fd, DRM_IOCTL_QAIC_PARTIAL_EXECUTE_BO, &x);
	if (rnd() % 8 == 0)
		bo_wait(c.fd, dbc(), handle(), rnd() % 20 + 1);
}

static void query(void)
{
	struct qaic_detach_slice d = { .handle = handle() };
	struct qaic_perf_stats_entry e[4];
	struct qaic_perf_stats s = { .hdr = { .count = about(5),
					      .dbc_id = dbc() },
				     .data = (uintptr_t)e };
	unsigned int i;

	for (i = 0; i < 4; i++)
		e[i].handle = handle();
	if (s.hdr.count > 4)
		s.hdr.count = 4;
	io(c.fd, rnd() % 2 ? DRM_IOCTL_QAIC_DETACH_SLICE_BO :
	   DRM_IOCTL_QAIC_PERF_STATS_BO, rnd() % 2 ? (void *)&d : &s);
}

/* Transactions with types and lengths that may be right, and random insides */
static void manage(void)
{
	static const uint8_t types[] = { 1, 5, 7, 10, 12 };
	struct msg m = { .len = 0 };
	unsigned int i, n = rnd() % 4 + 1;
	uint64_t *w;
	size_t len;

	for (i = 0; i < n; i++) {
		len = 8 + 8 * (rnd() % 20);
		w = msg_add(&m, rnd() % 8 ? types[rnd() % 5] : about(24), len);
		for (len = len / 8 - 1; len; len--)
			w[len] = rnd() % 2 ? about(64) : 0;
		if (rnd() % 2)
			((uint32_t *)w)[2] = rnd() % 48;
		if (rnd() % 16 == 0)
			((uint32_t *)w)[1] = about(64);
	}
	/* an address that is there */
	if (rnd() % 2)
		w[2] = (uintptr_t)&m;
	if (rnd() % 16 == 0)
		m.len = about(5000);
	if (rnd() % 16 == 0)
		m.count = about(5000);
	msg_send(c.fd, &m);
}

static void export(void)
{
	struct prime_handle p = { .handle = handle(), .flags = 02000002 };

	if (io(c.fd, IOCTL_PRIME_TO_FD, &p))
		return;
	if (rnd() % 2)
		gem_close(c.fd, p.handle);
	if (!io(c.fd, IOCTL_PRIME_TO_HANDLE, &p))
		handles[rnd() % HANDLES] = p.handle;
	close(p.fd);
}

static void activation(void)
{
	if (rnd() % 2 && up)
		up = deactivate(&c) != 0;
	else
		up = !activate(&c, about(64) % 1024 + 1);
}

static void reopen(const char *node, struct qpc *qpc)
{
	if (c.fd >= 0)
		close(c.fd);
	memset(handles, 0, sizeof(handles));
	up = !client_up(&c, node, qpc, 8 + rnd() % 64);
	if (c.fd < 0)
		usleep(5000);
}

static void step(void)
{
	switch (rnd() % 16) {
	case 0: case 1: case 2:
		new_bo();
		break;
	case 3:
		gem_close(c.fd, handle());
		break;
	case 4:
		map_bo();
		break;
	case 5: case 6: case 7:
		attach();
		break;
	case 8: case 9: case 10: case 11:
		run();
		break;
	case 12:
		query();
		break;
	case 13:
		manage();
		break;
	case 14:
		export();
		break;
	default:
		if (rnd() % 4 == 0)
			activation();
	}
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/accel/accel0";
	time_t end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 5);
	struct qpc *qpc = client_qpc();

	seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 88172645463325252ull;
	c.fd = -1;
	while (time(NULL) < end) {
		if (c.fd < 0 || rnd() % 100 == 0)
			reopen(node, qpc);
		else
			step();
		done++;
	}
	printf("hostile_client: %lu steps\n", done);
	return 0;
}
