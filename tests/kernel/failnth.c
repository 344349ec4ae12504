// SPDX-License-Identifier: MIT
/*
 * Fault injection: each call of the driver with its first, second, ... allocation
 * or user copy failing, until all of it has been reached. It fails with an errno
 * or succeeds; afterwards everything works. Usage: failnth NODE, in a kernel with
 * FAULT_INJECTION (the debug one) and a card that is online.
 */
#include "tests/kernel/client.h"
#include "tests/kernel/fault.h"

#define MAX_NTH	1000
#define BIG	(17u << 20)	/* more pages than one message can name */

static const char *node;
static struct qpc *qpc;
static struct client c;
static uint32_t bo, in;
static char *big;

static int do_open(void)
{
	int fd = open(node, O_RDWR | O_CLOEXEC), e = errno;

	if (fd < 0)
		return e;
	close(fd);
	return 0;
}

static int do_status(void)
{
	struct qaic_nnc_status_rsp r;

	return card_status(c.fd, &r);
}

static int do_load(void)
{
	uint32_t id;

	return load_elf(c.fd, qpc->elf, qpc->elf_size, &id);
}

static int do_create(void)
{
	uint32_t h = 0;
	int ret = bo_create(c.fd, 8192, &h);

	if (!ret)
		gem_close(c.fd, h);
	return ret;
}

static int do_map(void)
{
	void *p = bo_map(c.fd, bo, 8192);

	if (!p)
		return errno;
	munmap(p, 8192);
	return 0;
}

static int do_share(void)
{
	struct prime_handle out = { .handle = bo, .flags = O_CLOEXEC };
	struct prime_handle back = { 0 };
	int ret = io(c.fd, IOCTL_PRIME_TO_FD, &out);

	if (ret)
		return ret;
	back.fd = out.fd;
	ret = io(c.fd, IOCTL_PRIME_TO_HANDLE, &back);
	close(out.fd);
	return ret;
}

static int do_slices(void)
{
	struct qaic_attach_slice_entry e[2] = {
		slice_copy(64, 0, c.act.ddr_base + HM_JUNK),
		slice_copy(64, 64, c.act.ddr_base + HM_JUNK),
	};
	struct qaic_detach_slice d = { .handle = bo };
	int ret;

	ret = bo_attach(c.fd, c.act.vc_id, bo, QAIC_DIR_TO_DEV, 8192, e, 2);
	if (!ret)
		ret = io(c.fd, DRM_IOCTL_QAIC_DETACH_SLICE_BO, &d);
	if (ret)
		io(c.fd, DRM_IOCTL_QAIC_DETACH_SLICE_BO, &d);
	return ret;
}

static int do_execute(void)
{
	return execute(c.fd, c.act.vc_id, &in, 1);
}

/* The whole buffer, shortened in vain */
static int do_partial(void)
{
	struct qaic_partial_execute_entry e = { .handle = in,
						.resize = HM_BYTES };
	struct qaic_execute x = { .hdr = { .count = 1,
					   .dbc_id = c.act.vc_id },
				  .data = (uintptr_t)&e };

	return io(c.fd, DRM_IOCTL_QAIC_PARTIAL_EXECUTE_BO, &x);
}

static int do_wait(void)
{
	return bo_wait(c.fd, c.act.vc_id, in, 5000);
}

static int do_stats(void)
{
	struct qaic_perf_stats_entry e = { .handle = in };
	struct qaic_perf_stats s = { .hdr = { .count = 1,
					      .dbc_id = c.act.vc_id },
				     .data = (uintptr_t)&e };

	return io(c.fd, DRM_IOCTL_QAIC_PERF_STATS_BO, &s);
}

/* A message larger than one can name: DMA_XFER_CONT. What is loaded goes with it. */
static int do_constants(void)
{
	unsigned int n = fault_disarm();
	int fd = open(node, O_RDWR | O_CLOEXEC), ret;
	uint32_t id;

	fault_arm(n);
	ret = load_constants(fd, big, BIG, &id);
	close(fd);
	return ret;
}

static int do_deactivate(void)
{
	unsigned int n = fault_disarm();
	struct client d;
	int ret;

	expect("to be deactivated", client_up(&d, node, qpc, 8), 0);
	fault_arm(n);
	ret = deactivate(&d);
	close(d.fd);
	return ret;
}

static int do_activate(void)
{
	struct client d;
	int ret = client_up(&d, node, qpc, 8);

	if (d.fd >= 0)
		close(d.fd);
	return ret;
}

static const struct {
	const char *name;
	int (*fn)(void);
} ops[] = {
	{ "open and close", do_open },
	{ "status", do_status },
	{ "load", do_load },
	{ "create and close", do_create },
	{ "map", do_map },
	{ "export and import", do_share },
	{ "attach and detach", do_slices },
	{ "execute", do_execute },
	{ "partial execute", do_partial },
	{ "wait", do_wait },
	{ "stats", do_stats },
	{ "load constants", do_constants },
	{ "deactivate", do_deactivate },
	{ "a whole client", do_activate },
};

static bool sane(int ret)
{
	return !ret || ret == ENOMEM || ret == EFAULT || ret == ENOSPC;
}

static void run(unsigned int op)
{
	unsigned int n, faults = 0, errors = 0;
	int ret = 0;

	for (n = 1; n < MAX_NTH; n++) {
		fault_arm(n);
		ret = ops[op].fn();
		if (!fault_reached())
			break;
		faults++;
		errors += ret != 0;
		if (!sane(ret))
			expect(ops[op].name, ret, ENOMEM);
		expect("wait", bo_wait(c.fd, c.act.vc_id, in, 5000), 0);
	}
	expect(ops[op].name, ret, 0);
	expect("wait", bo_wait(c.fd, c.act.vc_id, in, 5000), 0);
	printf("%s: %u faults, %u errors\n", ops[op].name, faults, errors);
	expect("faults were reached", faults > 0, true);
}

int main(int argc, char **argv)
{
	struct qaic_attach_slice_entry e;
	unsigned int i;

	node = argc > 1 ? argv[1] : "/dev/accel/accel0";
	if (fault_open(false)) {
		printf("failnth: this kernel has no fault injection\n");
		return 2;
	}
	qpc = client_qpc();
	big = mmap(NULL, BIG, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	expect("activate", client_up(&c, node, qpc, 8), 0);
	expect("bo", bo_create(c.fd, 8192, &bo), 0);
	expect("in", bo_create(c.fd, HM_BYTES, &in), 0);
	e = slice_copy(HM_BYTES, 0, c.act.ddr_base + HM_JUNK);
	expect("attach", bo_attach(c.fd, c.act.vc_id, in, QAIC_DIR_TO_DEV,
				   HM_BYTES, &e, 1), 0);
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]) && !failed; i++)
		run(i);
	expect("execute", do_execute(), 0);
	expect("wait", bo_wait(c.fd, c.act.vc_id, in, 5000), 0);
	expect("deactivate", deactivate(&c), 0);
	close(c.fd);
	expect("a client afterwards", do_activate(), 0);
	qpc_close(qpc);
	return report("failnth");
}
