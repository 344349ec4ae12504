// SPDX-License-Identifier: MIT
/* Opening a card port, and the card's way to host memory through it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "soc/port_priv.h"
#include "uapi/qaic_nnc.h"

/* ---- the bus ---- */

static uint8_t *window_at(struct soc_port *p, uint64_t iova, uint64_t len)
{
	if (iova > p->window_size || len > p->window_size - iova)
		return NULL;
	return p->window + iova;
}

static void *bus_map(void *ctx, uint64_t iova, uint64_t len, bool write)
{
	return window_at(ctx, iova, len);
}

static int bus_copy(void *ctx, uint64_t iova, void *card, uint64_t len,
		    bool to_host)
{
	uint8_t *host = window_at(ctx, iova, len);

	if (!host)
		return -EFAULT;
	return to_host ? soc_guard_copy(host, card, len) :
			 soc_guard_copy(card, host, len);
}

static void bus_irq(void *ctx, unsigned int dbc)
{
	soc_port_raise(ctx, dbc);
}

static void bus_stalled(void *ctx, unsigned int dbc, bool stalled)
{
	uint32_t *mask = &((struct soc_port *)ctx)->ctl->dbc_stalled;

	if (stalled)
		__atomic_fetch_or(mask, 1u << dbc, __ATOMIC_RELEASE);
	else
		__atomic_fetch_and(mask, ~(1u << dbc), __ATOMIC_RELEASE);
}

/* Fails only when the driver has cut the card off; read() will say so. */
static void ioctl_irq(struct soc_port *p, unsigned int dbc)
{
	ioctl(p->fd, QAIC_SIM_IOC_IRQ, (unsigned long)dbc);
}

static ssize_t ioctl_read(struct soc_port *p)
{
	struct qaic_sim_irq_read arg = {
		.dbc_mask = p->due,
		.buf = (uintptr_t)p->event,
		.len = sizeof(p->event),
	};

	return ioctl(p->fd, QAIC_SIM_IOC_IRQ_READ, &arg);
}

int soc_port_start(struct soc_port *p, const struct soc_port_config *config,
		   struct qaic_err *err)
{
	struct soc_config c = config->soc;
	struct soc_bus bus = {
		.map = bus_map, .copy = bus_copy, .irq = bus_irq,
		.stalled = bus_stalled, .ctx = p,
	};
	int ret;

	p->log = config->log;
	p->ctx = config->ctx;
	ret = soc_guard_init(p);
	if (ret)
		return qaic_fail(err, ret, "no fault handler: %s",
				 strerror(-ret));
	c.bar2 = p->bar2;
	ret = soc_create(&c, &bus, &p->soc, err);
	if (ret)
		return ret;
	ret = soc_port_report_start(p);
	return ret ? qaic_fail(err, ret, "no thread: %s", strerror(-ret)) : 0;
}

/* ---- the port ---- */

static int attach(struct soc_port *p, const struct soc_config *c,
		  const char *path, struct qaic_err *err)
{
	struct qaic_sim_attach a = {
		.version = QAIC_SIM_VERSION,
		.ddr_size = c->dram,
		.sku = c->sku ? c->sku : QAIC_NNC_SKU_PRO,
		.num_nsp = c->num_nsps ? c->num_nsps : 16,
	};

	if (ioctl(p->fd, QAIC_SIM_IOC_ATTACH, &a)) {
		if (errno == EBUSY)
			return qaic_fail(err, -EBUSY,
					 "%s: another process is this card",
					 path);
		return qaic_fail(err, -errno, "%s: cannot attach: %s", path,
				 strerror(errno));
	}
	if (a.num_dbc != QAIC_HW_NUM_DBC || !a.window_size)
		return qaic_fail(err, -EPROTO,
				 "%s: a driver of another version", path);
	p->window_size = a.window_size;
	return 0;
}

/* MAP_FAILED becomes NULL. */
static void *map(void *at, uint64_t len, int flags, int fd, uint64_t off)
{
	void *m = mmap(at, len, PROT_READ | PROT_WRITE,
		       flags | MAP_NORESERVE | (at ? MAP_FIXED : 0), fd, off);

	return m == MAP_FAILED ? NULL : m;
}

/* A BAR 2 of our own, with the registers' pages in their place. */
static bool map_bar2(struct soc_port *p)
{
	p->bar2 = map(NULL, QAIC_HW_BAR2_SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	return p->bar2 && map((uint8_t *)p->bar2 + QAIC_HW_DBC_BASE,
			      QAIC_SIM_OFF_CTL, MAP_SHARED, p->fd,
			      QAIC_SIM_OFF_REGS);
}

static int map_all(struct soc_port *p, const char *path, struct qaic_err *err)
{
	bool ok = map_bar2(p);

	if (ok)
		p->ctl = map(NULL, 4096, MAP_SHARED, p->fd, QAIC_SIM_OFF_CTL);
	if (ok && p->ctl)
		p->window = map(NULL, p->window_size, MAP_SHARED, p->fd,
				QAIC_SIM_OFF_IOVA);
	if (!p->window)
		return qaic_fail(err, -errno, "%s: cannot map the card: %s",
				 path, strerror(errno));
	/* a core file needs no host memory, nor could it have it */
	madvise(p->window, p->window_size, MADV_DONTDUMP);
	return 0;
}

int soc_port_open(const char *path, const struct soc_port_config *config,
		  struct soc_port **out, struct qaic_err *err)
{
	struct soc_port *p;
	int ret;

	p = calloc(1, sizeof(*p));
	if (!p)
		return qaic_fail(err, -ENOMEM, "no memory for a card");
	p->irq = ioctl_irq;
	p->read = ioctl_read;
	p->fd = open(path, O_RDWR | O_CLOEXEC);
	if (p->fd < 0)
		ret = qaic_fail(err, -errno, "%s: %s", path, strerror(errno));
	else
		ret = attach(p, &config->soc, path, err);
	if (!ret)
		ret = map_all(p, path, err);
	if (!ret)
		ret = soc_port_start(p, config, err);
	if (ret) {
		soc_port_close(p);
		return ret;
	}
	*out = p;
	return 0;
}

void soc_port_close(struct soc_port *p)
{
	if (!p)
		return;
	soc_port_report_stop(p);
	soc_destroy(p->soc);
	if (p->window)
		munmap(p->window, p->window_size);
	if (p->ctl)
		munmap(p->ctl, 4096);
	if (p->bar2)
		munmap(p->bar2, QAIC_HW_BAR2_SIZE);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}
