// SPDX-License-Identifier: MIT
/*
 * The card's life: read an event, act, look at the registers, sleep.
 *
 * While the card is awake nobody tells it of moved tails; it looks before it
 * sleeps. It never spins: the host may have just one CPU.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "soc/port_priv.h"
#include "uapi/qaic_nnc.h"

struct message {
	struct qaic_sim_event head;
	uint64_t data[QAIC_NNC_MAX_REPLY / 8];
};

static void say(struct soc_port *p, const char *line)
{
	if (p->log)
		p->log(p->ctx, line);
}

/* This thread looks at the channels: a read() comes soon. */
static _Thread_local bool looking;

void soc_port_raise(struct soc_port *p, unsigned int dbc)
{
	if (looking)
		p->due |= 1ull << dbc;
	else
		p->irq(p, dbc);
}

static void raise_due(struct soc_port *p)
{
	unsigned int i;

	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		if (p->due & 1ull << i)
			p->irq(p, i);
	p->due = 0;
}

static bool has_requests(struct soc_port *p, unsigned int dbc)
{
	const struct qaic_hw_dbc_regs *r = soc_dbc_regs(p->soc, dbc);

	return __atomic_load_n(&r->req_head, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&r->req_tail, __ATOMIC_RELAXED);
}

/* The head moves when a request has been answered: one in work is seen here. */
static void look(struct soc_port *p)
{
	unsigned int i;

	looking = true;
	for (i = 0; i < QAIC_HW_NUM_DBC; i++) {
		if (!has_requests(p, i))
			continue;
		soc_port_report_due(p);
		/* who has an answer does not wait for others' work */
		raise_due(p);
		soc_ring(p->soc, i);
	}
	looking = false;
}

static int send_message(struct soc_port *p, struct message *m)
{
	size_t len = sizeof(m->head) + m->head.len;
	ssize_t n;

	do {
		n = write(p->fd, m, len);
	} while (n < 0 && errno == EINTR && !p->stop);
	return n < 0 ? -errno : 0;
}

static void nnc(struct soc_port *p, const void *msg, size_t len)
{
	struct message m = { .head.type = QAIC_SIM_MSG_NNC };
	char line[80];
	int ret;

	ret = soc_control(p->soc, msg, len, m.data, sizeof(m.data));
	if (ret < 0) {
		say(p, "a message that is none was dropped");
		return;
	}
	m.head.len = ret;
	ret = send_message(p, &m);
	if (ret && ret != -ENOTCONN) {
		snprintf(line, sizeof(line), "a reply was not taken: %s",
			 strerror(-ret));
		say(p, line);
	}
}

static void reset(struct soc_port *p, uint64_t mask)
{
	unsigned int i;

	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		if (mask & 1ull << i)
			soc_dbc_reset(p->soc, i);
}

/* 1: the card has to go. */
static int act(struct soc_port *p, size_t n)
{
	const struct qaic_sim_event *e = (const void *)p->event;

	if (n < sizeof(*e) || e->len > n - sizeof(*e)) {
		say(p, "an event that is none was dropped");
		return 0;
	}
	switch (e->type) {
	case QAIC_SIM_EV_NNC:
		nnc(p, e + 1, e->len);
		return 0;
	case QAIC_SIM_EV_DOORBELL:
		return 0;		/* the loop looks at all of them */
	case QAIC_SIM_EV_DBC_RESET:
		reset(p, e->dbc_mask);
		return 0;
	case QAIC_SIM_EV_SHUTDOWN:
		say(p, "the driver asks the card to go");
		return 1;
	}
	return 0;
}

/* One event, in p->event; 0 when a signal came. */
static ssize_t sleep_and_read(struct soc_port *p)
{
	ssize_t n;

	/*
	 * All the work first: a host that comes with the next call before the
	 * card has said that it sleeps needs not wake it.
	 */
	look(p);
	__atomic_store_n(&p->ctl->card_waiting, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	look(p);
	n = p->read(p);
	p->due = 0;
	/* a card that was cut off has no control page any more */
	if (n < 0 && errno != EINTR)
		return -errno;
	if (!n)
		return -ENOTCONN;
	__atomic_store_n(&p->ctl->card_waiting, 0, __ATOMIC_RELAXED);
	return n < 0 ? 0 : n;
}

int soc_port_run(struct soc_port *p, struct qaic_err *err)
{
	ssize_t n;

	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
		n = sleep_and_read(p);
		if (n == -ENOTCONN)
			return qaic_fail(err, n,
					 "the driver has cut the card off");
		if (n < 0)
			return qaic_fail(err, n, "no events: %s",
					 strerror(-n));
		if (n && act(p, n))
			break;
		soc_port_report_due(p);
	}
	return 0;
}

void soc_port_stop(struct soc_port *p)
{
	__atomic_store_n(&p->stop, true, __ATOMIC_RELAXED);
}
