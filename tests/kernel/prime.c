// SPDX-License-Identifier: MIT
/*
 * Buffers shared as dma-bufs: exported, imported by another client and another
 * driver, and foreign ones that a program reads from and writes to.
 * Usage: prime NODE, with a card that is online.
 */
#include <linux/udmabuf.h>

#include "tests/kernel/client.h"
#include "uapi/qaic_sim.h"

#define SIZE	8192
#define MANY	(32ull << 20)	/* of one dma-buf that is imported many times */
/* Pieces of MANY that each can have: 2 GiB, with an empty page behind each, and
 * page tables begin at multiples of 2 MiB. */
#define SHARE	((unsigned int)((2ull << 30) / (MANY + (2 << 20))))

static struct client c, d;

static int export(int fd, uint32_t handle, int *out)
{
	struct prime_handle p = { .handle = handle,
				  .flags = O_CLOEXEC | O_RDWR };
	int ret = io(fd, IOCTL_PRIME_TO_FD, &p);

	*out = p.fd;
	return ret;
}

static int import(int fd, int buf, uint32_t *handle)
{
	struct prime_handle p = { .fd = buf };
	int ret = io(fd, IOCTL_PRIME_TO_HANDLE, &p);

	*handle = p.handle;
	return ret;
}

static void share(void)
{
	uint32_t h, same, theirs;
	char *p, *q, *r;
	int buf;

	expect("create", bo_create(c.fd, SIZE, &h), 0);
	expect("export: handle", export(c.fd, 0x7fffffff, &buf), ENOENT);
	expect("import: no dma-buf", import(c.fd, c.fd, &same), EINVAL);
	expect("import: no file", import(c.fd, -1, &same), EBADF);
	expect("export", export(c.fd, h, &buf), 0);
	expect("size", lseek(buf, 0, SEEK_END), SIZE);
	expect("import at home", import(c.fd, buf, &same), 0);
	expect("the same handle", same, h);
	expect("import elsewhere", import(d.fd, buf, &theirs), 0);
	p = bo_map(c.fd, h, SIZE);
	q = bo_map(d.fd, theirs, SIZE);
	r = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, buf, 0);
	expect("maps", p && q && r != MAP_FAILED, 1);
	if (p && q && r != MAP_FAILED) {
		p[SIZE - 1] = 7;
		expect("the same page", q[SIZE - 1], 7);
		expect("and in the dma-buf", r[SIZE - 1], 7);
		gem_close(c.fd, h);
		q[0] = 9;
		expect("lives on", r[0], 9);
		munmap(p, SIZE);
		munmap(q, SIZE);
	}
	munmap(r, SIZE);
	close(buf);
	gem_close(d.fd, theirs);
}

/* A dma-buf of the kernel's own, and the memory it is made of */
static int foreign(uint64_t size, float **map)
{
	struct udmabuf_create u = { .size = size };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), buf;

	if (dev < 0)
		return -1;
	u.memfd = memfd_create("foreign", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (ftruncate(u.memfd, size) ||
	    fcntl(u.memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -1;
	*map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, u.memfd, 0);
	buf = ioctl(dev, UDMABUF_CREATE, &u);
	close(u.memfd);
	close(dev);
	return buf;
}

static void run_on_foreign(void)
{
	struct qaic_attach_slice_entry e;
	uint32_t h[2], dbc = c.act.vc_id;
	int in, out, n;
	unsigned int i, bad = 0;
	float *x, *y;

	in = foreign(4096, &x);
	out = foreign(4096, &y);
	expect("foreign dma-bufs", in >= 0 && out >= 0, 1);
	if (in < 0 || out < 0)
		return;
	expect("import x", import(c.fd, in, &h[0]), 0);
	expect("import y", import(c.fd, out, &h[1]), 0);
	e = slice_x(&c, 0);
	expect("attach x", bo_attach(c.fd, dbc, h[0], QAIC_DIR_TO_DEV, 4096, &e,
				     1), 0);
	e = slice_y(&c);
	expect("attach y", bo_attach(c.fd, dbc, h[1], QAIC_DIR_FROM_DEV, 4096,
				     &e, 1), 0);
	for (i = 0; i < HM_N; i++)
		x[i] = i;
	for (n = 1; n <= 3; n++) {
		expect("execute", execute(c.fd, dbc, h, 2), 0);
		expect("wait", bo_wait(c.fd, dbc, h[1], 5000), 0);
		for (i = 0; i < HM_N; i++)
			bad += y[i] != 2.0f * n * i;
	}
	expect("results", bad, 0);
	/* the file goes before the handle, the channel before both */
	close(in);
	expect("deactivate", deactivate(&c), 0);
	gem_close(c.fd, h[0]);
	gem_close(c.fd, h[1]);
	close(out);
	munmap(x, 4096);
	munmap(y, 4096);
}

/*
 * One dma-buf again and again, each time as another buffer object: a queue whose
 * first element never ends keeps what is behind it when its handle is closed.
 * Up to @max, or what the card's address space has; returns how many.
 */
static unsigned int import_many(struct client *k, int buf, unsigned int max)
{
	struct qaic_attach_slice_entry e = slice_stuck(k);
	uint32_t h, dbc = k->act.vc_id;
	unsigned int n;
	int ret;

	expect("create", bo_create(k->fd, 4096, &h), 0);
	expect("attach", bo_attach(k->fd, dbc, h, 1, 4096, &e, 1), 0);
	expect("execute", execute(k->fd, dbc, &h, 1), 0);
	gem_close(k->fd, h);
	e = slice_copy(64, 0, k->act.ddr_base + HM_JUNK);
	for (n = 0; n < max; n++) {
		if (import(k->fd, buf, &h)) {
			expect("import", errno, 0);
			break;
		}
		ret = bo_attach(k->fd, dbc, h, QAIC_DIR_TO_DEV, MANY, &e, 1);
		if (!ret)
			expect("execute", execute(k->fd, dbc, &h, 1), 0);
		gem_close(k->fd, h);
		if (ret) {
			expect("no room", ret, ENOSPC);
			break;
		}
	}
	return n;
}

/* Who imports all he can leaves room for the others. */
static void fill_window(const char *node, struct qpc *qpc)
{
	const unsigned int fits = QAIC_SIM_WINDOW_SIZE / MANY;
	struct client greedy, other;
	unsigned int turn, n;
	float *x;
	int buf = foreign(MANY, &x);

	expect("foreign dma-buf", buf >= 0, 1);
	if (buf < 0)
		return;
	for (turn = 0; turn < 2; turn++) {
		expect("greedy", client_up(&greedy, node, qpc, 2 * fits), 0);
		expect("other", client_up(&other, node, qpc, 2 * fits), 0);
		n = import_many(&greedy, buf, fits);
		printf("greedy: %u of %u\n", n, fits);
		expect("more than his share", n > 2 * SHARE, 1);
		expect("not all", n < fits - 14 * SHARE, 1);
		expect("the other's", import_many(&other, buf, SHARE), SHARE);
		/* what is left of them is gone with them */
		close(greedy.fd);
		close(other.fd);
	}
	close(buf);
	munmap(x, MANY);
}

static void other_driver(void)
{
	int vgem = open("/dev/dri/card0", O_RDWR | O_CLOEXEC), buf;
	uint32_t h, theirs;

	if (vgem < 0)
		return;
	bo_create(c.fd, SIZE, &h);
	expect("export", export(c.fd, h, &buf), 0);
	expect("import by vgem", import(vgem, buf, &theirs), 0);
	close(buf);
	gem_close(c.fd, h);
	close(vgem);
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/accel/accel0";
	struct qpc *qpc = client_qpc();
	int ret = client_up(&c, node, qpc, 16);

	expect("activate", ret, 0);
	d.fd = open(node, O_RDWR | O_CLOEXEC);
	if (!ret && d.fd >= 0) {
		share();
		other_driver();
		run_on_foreign();
	}
	close(d.fd);
	close(c.fd);
	fill_window(node, qpc);
	qpc_close(qpc);
	return report("prime");
}
