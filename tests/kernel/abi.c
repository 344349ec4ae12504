// SPDX-License-Identifier: MIT
/*
 * The accel ABI by raw ioctls, each argument bad in turn: the errno is that of
 * Linux' qaic driver. Usage: abi NODE, with a card that is online.
 */
#include <signal.h>
#include <sys/time.h>

#include "tests/kernel/client.h"

#define NO_HANDLE	0x7fffffffu
#define QUEUE		8u

static struct client c;

static void create_and_map(void)
{
	struct qaic_create_bo b = { .size = 4096, .pad = 1 };
	struct qaic_mmap_bo m = { .handle = NO_HANDLE };
	unsigned char *p;
	uint32_t h;

	expect("create: pad", io(c.fd, DRM_IOCTL_QAIC_CREATE_BO, &b), EINVAL);
	expect("create: size 0", bo_create(c.fd, 0, &h), EINVAL);
	expect("create: size ~0", bo_create(c.fd, ~0ull, &h), EINVAL);
	expect("create: bad pointer",
	       io(c.fd, DRM_IOCTL_QAIC_CREATE_BO, (void *)8), EFAULT);
	expect("mmap: handle", io(c.fd, DRM_IOCTL_QAIC_MMAP_BO, &m), ENOENT);
	expect("close: handle", gem_close(c.fd, NO_HANDLE), EINVAL);
	expect("create", bo_create(c.fd, 5000, &h), 0);
	m.handle = h;
	expect("mmap", io(c.fd, DRM_IOCTL_QAIC_MMAP_BO, &m), 0);
	p = mmap(NULL, 1 << 20, PROT_READ, MAP_SHARED, c.fd, m.offset);
	expect("mmap() beyond the BO", p == MAP_FAILED ? errno : 0, EINVAL);
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, c.fd, m.offset + (1 << 30));
	expect("mmap() elsewhere", p == MAP_FAILED ? errno : 0, EINVAL);
	p = bo_map(c.fd, h, 8192);
	expect("mmap()", p != NULL, 1);
	if (p) {
		expect("a new BO is zero", p[0] | p[4999] | p[8191], 0);
		p[8191] = 1;
	}
	expect("close", gem_close(c.fd, h), 0);
	expect("closed twice", gem_close(c.fd, h), EINVAL);
	if (p) {
		expect("a mapping outlives the handle", p[8191], 1);
		munmap(p, 8192);
	}
}

static void attach_header(uint32_t h)
{
	struct qaic_attach_slice_entry e = slice_copy(64, 0, c.act.ddr_base);
	uint32_t dbc = c.act.vc_id;

	expect("attach: count 0", bo_attach(c.fd, dbc, h, 1, 4096, &e, 0),
	       EINVAL);
	expect("attach: dir 0", bo_attach(c.fd, dbc, h, 0, 4096, &e, 1), EINVAL);
	expect("attach: dir 3", bo_attach(c.fd, dbc, h, 3, 4096, &e, 1), EINVAL);
	expect("attach: data 0", bo_attach(c.fd, dbc, h, 1, 4096, NULL, 1),
	       EINVAL);
	/* 4 MiB of entries is what the driver takes; it looks at none before */
	expect("attach: 2^32 - 1 entries",
	       bo_attach(c.fd, dbc, NO_HANDLE, 1, 4096, (void *)8, ~0u), ENOMEM);
	expect("attach: one entry too many",
	       bo_attach(c.fd, dbc, h, 1, 4096, &e, (4 << 20) / sizeof(e) + 1),
	       ENOMEM);
	expect("attach: too many, of no dbc",
	       bo_attach(c.fd, 16, h, 1, 4096, &e, ~0u), EINVAL);
	expect("attach: bad data",
	       bo_attach(c.fd, dbc, h, 1, 4096, (void *)8, 1), EFAULT);
	expect("attach: dbc", bo_attach(c.fd, 16, h, 1, 4096, &e, 1), EINVAL);
	expect("attach: dbc ~0", bo_attach(c.fd, ~0u, h, 1, 4096, &e, 1),
	       EINVAL);
	expect("attach: another's dbc",
	       bo_attach(c.fd, (dbc + 1) % 16, h, 1, 4096, &e, 1), EINVAL);
	expect("attach: handle",
	       bo_attach(c.fd, dbc, NO_HANDLE, 1, 4096, &e, 1), ENOENT);
}

static void bad_slice(uint32_t h, const char *what,
		      const struct qaic_attach_slice_entry *e)
{
	char name[64];

	snprintf(name, sizeof(name), "attach: %s", what);
	expect(name, bo_attach(c.fd, c.act.vc_id, h, 1, 4096, e, 1), EINVAL);
}

static void attach_semaphores(uint32_t h)
{
	static const struct {
		const char *what;
		struct qaic_sem sem;
	} bad[] = {
		{ "sem value", { .cmd = 1, .val = 0x1000 } },
		{ "sem index", { .cmd = 1, .index = 32 } },
		{ "sem presync", { .cmd = 1, .presync = 2 } },
		{ "sem pad", { .cmd = 1, .pad = 1 } },
		{ "sem flags", { .cmd = 1, .flags = 4 } },
		{ "sem cmd", { .cmd = 7 } },
	};
	struct qaic_attach_slice_entry e;
	unsigned int i, k;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (k = 0; k < 4; k++) {
			e = slice_copy(64, 0, c.act.ddr_base);
			(&e.sem0)[k] = bad[i].sem;
			bad_slice(h, bad[i].what, &e);
		}
	e = slice_copy(64, 0, c.act.ddr_base);
	e.sem0 = e.sem3 = sem(QAIC_HW_SEM_INC, 1, 1, true);
	bad_slice(h, "two presyncs", &e);
}

/* As many as the driver takes, more than any queue has room for */
static void attach_most(uint32_t h)
{
	unsigned int i, n = (4 << 20) / sizeof(struct qaic_attach_slice_entry);
	struct qaic_attach_slice_entry *e = calloc(n, sizeof(*e));

	if (!e) {
		expect("memory", ENOMEM, 0);
		return;
	}
	for (i = 0; i < n; i++)
		e[i] = slice_copy(64, 0, c.act.ddr_base + HM_JUNK);
	expect("attach: all that it takes",
	       bo_attach(c.fd, c.act.vc_id, h, 1, 4096, e, n), ENOSPC);
	e[n - 1].db_len = 7;
	expect("attach: the last one is bad",
	       bo_attach(c.fd, c.act.vc_id, h, 1, 4096, e, n), EINVAL);
	free(e);
}

static void attach_slices(uint32_t h)
{
	struct qaic_attach_slice_entry e, many[QUEUE + 1];
	unsigned int i;

	e = slice_copy(64, 0, c.act.ddr_base);
	e.db_len = 7;
	bad_slice(h, "doorbell length", &e);
	e.db_len = 32;
	e.db_addr = c.act.mcid_base + 2;
	bad_slice(h, "doorbell of 32 bits off by 2", &e);
	e.db_len = 16;
	e.db_addr = c.act.mcid_base + 1;
	bad_slice(h, "doorbell of 16 bits off by 1", &e);
	e = slice_copy(4097, 0, c.act.ddr_base);
	bad_slice(h, "slice beyond the BO", &e);
	e = slice_copy(64, 4096 - 63, c.act.ddr_base);
	bad_slice(h, "offset beyond the BO", &e);
	e = slice_copy(~0ull, 64, c.act.ddr_base);
	bad_slice(h, "size + offset wraps", &e);
	for (i = 0; i <= QUEUE; i++)
		many[i] = slice_copy(64, 0, c.act.ddr_base + HM_JUNK);
	expect("attach: more slices than the queue",
	       bo_attach(c.fd, c.act.vc_id, h, 1, 4096, many, QUEUE + 1),
	       ENOSPC);
	expect("attach", bo_attach(c.fd, c.act.vc_id, h, 1, 4096, many, 1), 0);
	expect("attach: twice",
	       bo_attach(c.fd, c.act.vc_id, h, 1, 4096, many, 1), EINVAL);
}

static void execute_args(uint32_t sliced, uint32_t plain)
{
	struct qaic_execute_entry e = { .handle = sliced, .dir = 1 };
	struct qaic_partial_execute_entry p = { .handle = sliced, .dir = 1 };
	struct qaic_execute x = { .hdr = { 0, c.act.vc_id },
				  .data = (uintptr_t)&e };
	uint32_t bad[2] = { sliced, NO_HANDLE }, dbc = c.act.vc_id;

	expect("execute: count 0", io(c.fd, DRM_IOCTL_QAIC_EXECUTE_BO, &x),
	       EINVAL);
	x.hdr.count = 1;
	x.data = 8;
	expect("execute: bad data", io(c.fd, DRM_IOCTL_QAIC_EXECUTE_BO, &x),
	       EFAULT);
	expect("execute: dbc 16", execute(c.fd, 16, &sliced, 1), EINVAL);
	expect("execute: another's dbc",
	       execute(c.fd, (dbc + 1) % 16, &sliced, 1), EPERM);
	expect("execute: handle", execute(c.fd, dbc, &bad[1], 1), ENOENT);
	expect("execute: no slices", execute(c.fd, dbc, &plain, 1), EINVAL);
	/* all or nothing: the good one is not queued either */
	expect("execute: one of two", execute(c.fd, dbc, bad, 2), ENOENT);
	expect("execute", execute(c.fd, dbc, &sliced, 1), 0);
	expect("wait", bo_wait(c.fd, dbc, sliced, 5000), 0);
	x.data = (uintptr_t)&p;
	p.resize = 4097;
	expect("partial: resize", io(c.fd, DRM_IOCTL_QAIC_PARTIAL_EXECUTE_BO,
				     &x), EINVAL);
	p.resize = 0;
	expect("partial: nothing", io(c.fd, DRM_IOCTL_QAIC_PARTIAL_EXECUTE_BO,
				      &x), 0);
	expect("wait", bo_wait(c.fd, dbc, sliced, 5000), 0);
	p.resize = 32;
	expect("partial: half", io(c.fd, DRM_IOCTL_QAIC_PARTIAL_EXECUTE_BO,
				   &x), 0);
	expect("wait", bo_wait(c.fd, dbc, sliced, 5000), 0);
}

static void wait_args(uint32_t sliced)
{
	struct qaic_wait w = { .handle = sliced, .dbc_id = c.act.vc_id,
			       .pad = 1, .timeout = 1000 };

	expect("wait: pad", io(c.fd, DRM_IOCTL_QAIC_WAIT_BO, &w), EINVAL);
	expect("wait: dbc 16", bo_wait(c.fd, 16, sliced, 1000), EINVAL);
	expect("wait: another's dbc",
	       bo_wait(c.fd, (c.act.vc_id + 1) % 16, sliced, 1000), EPERM);
	expect("wait: handle", bo_wait(c.fd, c.act.vc_id, NO_HANDLE, 1000),
	       ENOENT);
	expect("wait: idle", bo_wait(c.fd, c.act.vc_id, sliced, 1000), 0);
}

static int stats(uint32_t dbc, uint32_t handle,
		 struct qaic_perf_stats_entry *e)
{
	struct qaic_perf_stats s = { .hdr = { .count = 1, .dbc_id = dbc },
				     .data = (uintptr_t)e };

	memset(e, 0, sizeof(*e));
	e->handle = handle;
	return io(c.fd, DRM_IOCTL_QAIC_PERF_STATS_BO, &s);
}

static int detach(uint32_t handle, uint32_t pad)
{
	struct qaic_detach_slice d = { .handle = handle, .pad = pad };

	return io(c.fd, DRM_IOCTL_QAIC_DETACH_SLICE_BO, &d);
}

static void stats_and_detach(uint32_t sliced, uint32_t plain)
{
	struct qaic_perf_stats s = { .hdr = { .count = 1,
					      .dbc_id = c.act.vc_id },
				     .data = 8 };
	struct qaic_perf_stats_entry e;

	expect("stats: dbc 16", stats(16, sliced, &e), EINVAL);
	expect("stats: handle", stats(c.act.vc_id, NO_HANDLE, &e), ENOENT);
	expect("stats: bad data", io(c.fd, DRM_IOCTL_QAIC_PERF_STATS_BO, &s),
	       EFAULT);
	expect("stats", stats(c.act.vc_id, sliced, &e), 0);
	expect("stats: elements", e.num_queue_element, 1);
	expect("detach: pad", detach(sliced, 1), EINVAL);
	expect("detach: handle", detach(NO_HANDLE, 0), ENOENT);
	expect("detach: no slices", detach(plain, 0), EINVAL);
	expect("detach", detach(sliced, 0), 0);
	expect("detach: twice", detach(sliced, 0), EINVAL);
}

/* y = 2 x + state, five times: bytes go in, a program runs, bytes come out. */
static void run_program(void)
{
	struct qaic_attach_slice_entry e;
	uint32_t h[2], dbc = c.act.vc_id;
	unsigned int i, n, bad = 0;
	float *x, *y;

	expect("x", bo_create(c.fd, HM_BYTES, &h[0]), 0);
	expect("y", bo_create(c.fd, HM_BYTES, &h[1]), 0);
	x = bo_map(c.fd, h[0], 4096);
	y = bo_map(c.fd, h[1], 4096);
	if (!x || !y) {
		expect("maps", 0, 1);
		return;
	}
	e = slice_x(&c, 0);
	expect("attach x", bo_attach(c.fd, dbc, h[0], QAIC_DIR_TO_DEV, 4096,
				     &e, 1), 0);
	e = slice_y(&c);
	expect("attach y", bo_attach(c.fd, dbc, h[1], QAIC_DIR_FROM_DEV, 4096,
				     &e, 1), 0);
	for (i = 0; i < HM_N; i++)
		x[i] = i + 1;
	for (n = 1; n <= 5; n++) {
		expect("execute", execute(c.fd, dbc, h, 2), 0);
		expect("wait", bo_wait(c.fd, dbc, h[1], 5000), 0);
		for (i = 0; i < HM_N; i++)
			bad += y[i] != 2.0f * n * (i + 1);
	}
	expect("results", bad, 0);
	munmap(x, 4096);
	munmap(y, 4096);
	gem_close(c.fd, h[0]);
	gem_close(c.fd, h[1]);
}

static void on_alarm(int sig)
{
}

/* A queue whose first element never ends */
static void stuck_queue(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval in = { .it_value.tv_usec = 100000 };
	struct qaic_perf_stats_entry st;
	struct qaic_attach_slice_entry e = slice_stuck(&c), many[4];
	uint32_t h[4], dbc = c.act.vc_id, i;

	for (i = 0; i < 4; i++) {
		bo_create(c.fd, 4096, &h[i]);
		many[i] = slice_copy(64, 64 * i, c.act.ddr_base + HM_JUNK);
	}
	expect("attach stuck", bo_attach(c.fd, dbc, h[0], 1, 4096, &e, 1), 0);
	for (i = 1; i < 4; i++)
		expect("attach 3", bo_attach(c.fd, dbc, h[i], 1, 4096, many, 3),
		       0);
	expect("execute stuck", execute(c.fd, dbc, h, 1), 0);
	expect("wait stuck", bo_wait(c.fd, dbc, h[0], 50), ETIMEDOUT);
	expect("execute again", execute(c.fd, dbc, h, 1), EINVAL);
	expect("detach queued", detach(h[0], 0), EBUSY);
	expect("stats queued", stats(dbc, h[0], &st), 0);
	expect("device latency", st.device_latency_us, 0);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &in, NULL);
	expect("wait interrupted", bo_wait(c.fd, dbc, h[0], 10000), EINTR);
	/* 7 of 8 elements are in use after the second */
	expect("fills", execute(c.fd, dbc, &h[1], 2), 0);
	expect("full", execute(c.fd, dbc, &h[3], 1), EAGAIN);
	expect("still full", execute(c.fd, dbc, &h[3], 1), EAGAIN);
	expect("close queued", gem_close(c.fd, h[1]), 0);
	expect("deactivate stuck", deactivate(&c), 0);
	expect("wait after it", bo_wait(c.fd, dbc, h[0], 1000), EPERM);
	expect("execute after it", execute(c.fd, dbc, h, 1), EPERM);
	for (i = 0; i < 4; i++)
		gem_close(c.fd, h[i]);
}

/* What one client has another cannot reach */
static void isolation(const char *node, struct qpc *qpc)
{
	struct qaic_attach_slice_entry e;
	uint32_t mine, theirs = 0;
	struct client d;

	expect("second client", client_up(&d, node, qpc, QUEUE), 0);
	e = slice_copy(64, 0, d.act.ddr_base + HM_JUNK);
	expect("other channels", d.act.vc_id != c.act.vc_id, 1);
	/* handles are numbers of one client */
	bo_create(c.fd, 4096, &mine);
	do {
		bo_create(d.fd, 4096, &theirs);
	} while (theirs <= mine);
	expect("handle", bo_attach(c.fd, c.act.vc_id, theirs, 1, 4096, &e, 1),
	       ENOENT);
	expect("attach", bo_attach(d.fd, d.act.vc_id, theirs, 1, 4096, &e, 1),
	       0);
	expect("execute theirs", execute(c.fd, d.act.vc_id, &theirs, 1), EPERM);
	expect("wait theirs", bo_wait(c.fd, d.act.vc_id, theirs, 10), EPERM);
	expect("deactivate theirs",
	       deactivate(&(struct client){ .fd = c.fd, .act = d.act }), EPERM);
	expect("still theirs", execute(d.fd, d.act.vc_id, &theirs, 1), 0);
	expect("wait", bo_wait(d.fd, d.act.vc_id, theirs, 5000), 0);
	close(d.fd);
	gem_close(c.fd, mine);
}

static void unknown_ioctls(void)
{
	static char arg[256];
	unsigned int nr;

	for (nr = 0x49; nr < 0x60; nr++)
		expect("unknown ioctl",
		       io(c.fd, _IOC(_IOC_READ | _IOC_WRITE, 'd', nr, 16), arg),
		       EINVAL);
	expect("unknown type", io(c.fd, _IOWR('Q', 1, int), arg), ENOTTY);
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/accel/accel0";
	struct qpc *qpc = client_qpc();
	uint32_t sliced, plain;
	int ret;

	ret = client_up(&c, node, qpc, QUEUE);
	expect("activate", ret, 0);
	if (ret)
		return report("abi");
	bo_create(c.fd, 4096, &sliced);
	bo_create(c.fd, 4096, &plain);
	create_and_map();
	attach_header(sliced);
	attach_semaphores(sliced);
	attach_most(sliced);
	attach_slices(sliced);
	execute_args(sliced, plain);
	wait_args(sliced);
	stats_and_detach(sliced, plain);
	unknown_ioctls();
	run_program();
	isolation(node, qpc);
	stuck_queue();
	close(c.fd);
	/* nothing of it is left */
	ret = client_up(&c, node, qpc, QUEUE);
	expect("activate again", ret, 0);
	if (!ret)
		run_program();
	close(c.fd);
	qpc_close(qpc);
	return report("abi");
}
