// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the driver tells the card: messages, doorbells, resets. The card process
 * reads one event at a time.
 */
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kmod/bus.h"

#define MAX_MSGS	64		/* that a card leaves unread */

struct msg {
	struct list_head node;
	size_t len;
	u8 data[];
};

void qaic_event_init(struct qaic_card *card)
{
	spin_lock_init(&card->ev_lock);
	INIT_LIST_HEAD(&card->msgs);
	init_waitqueue_head(&card->ev_wait);
}

void qaic_event_connect(struct qaic_card *card, bool on)
{
	struct msg *msg, *next;
	LIST_HEAD(drop);

	spin_lock_irq(&card->ev_lock);
	card->connected = on;
	card->kicked = false;
	card->shutdown = false;
	card->db_mask = 0;
	card->reset_mask = 0;
	card->num_msgs = 0;
	list_splice_init(&card->msgs, &drop);
	spin_unlock_irq(&card->ev_lock);

	wake_up_interruptible(&card->ev_wait);
	list_for_each_entry_safe(msg, next, &drop, node)
		kvfree(msg);
}

bool qaic_bus_connected(struct qaic_card *card)
{
	return READ_ONCE(card->connected);
}

int qaic_bus_send(struct qaic_card *card, const void *data, size_t len)
{
	struct msg *msg;
	int ret = 0;

	if (len > QAIC_NNC_MAX_REQUEST)
		return -EMSGSIZE;
	msg = kvmalloc(struct_size(msg, data, len), GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	msg->len = len;
	memcpy(msg->data, data, len);

	spin_lock_irq(&card->ev_lock);
	if (!card->connected)
		ret = -ENODEV;
	else if (card->num_msgs == MAX_MSGS)
		ret = -ENOBUFS;
	if (!ret) {
		list_add_tail(&msg->node, &card->msgs);
		card->num_msgs++;
	}
	spin_unlock_irq(&card->ev_lock);

	if (ret)
		kvfree(msg);
	else
		wake_up_interruptible(&card->ev_wait);
	return ret;
}

void qaic_bus_ring(struct qaic_card *card, unsigned int dbc)
{
	struct qaic_sim_ctl *ctl = page_address(card->ctl);
	unsigned long flags;

	/*
	 * The tail is stored before this looks; the card stores card_waiting
	 * before it looks at the tails. One of both sees the other's.
	 */
	smp_mb();
	if (!READ_ONCE(ctl->card_waiting))
		return;
	WRITE_ONCE(ctl->card_waiting, 0);

	spin_lock_irqsave(&card->ev_lock, flags);
	if (card->connected)
		card->db_mask |= BIT(dbc);
	spin_unlock_irqrestore(&card->ev_lock, flags);
	wake_up_interruptible(&card->ev_wait);
}

bool qaic_bus_stalled(struct qaic_card *card, unsigned int dbc)
{
	struct qaic_sim_ctl *ctl = page_address(card->ctl);

	return READ_ONCE(ctl->dbc_stalled) & BIT(dbc);
}

void qaic_bus_dbc_reset(struct qaic_card *card, unsigned int dbc)
{
	struct qaic_hw_dbc_regs *regs = qaic_bus_regs(card, dbc);
	unsigned long flags;

	WRITE_ONCE(regs->req_head, 0);
	WRITE_ONCE(regs->req_tail, 0);
	WRITE_ONCE(regs->rsp_head, 0);
	WRITE_ONCE(regs->rsp_tail, 0);

	spin_lock_irqsave(&card->ev_lock, flags);
	if (card->connected)
		card->reset_mask |= BIT(dbc);
	spin_unlock_irqrestore(&card->ev_lock, flags);
	wake_up_interruptible(&card->ev_wait);
}

void qaic_event_shutdown(struct qaic_card *card)
{
	spin_lock_irq(&card->ev_lock);
	card->shutdown = card->connected;
	spin_unlock_irq(&card->ev_lock);
	wake_up_interruptible(&card->ev_wait);
}

static bool pending(const struct qaic_card *card)
{
	return card->reset_mask || card->num_msgs || card->db_mask ||
	       card->shutdown;
}

/* Something for @port to read: an event, or that there will be none any more */
static bool readable(struct qaic_port *port)
{
	struct qaic_card *card = port->card;
	bool ret;

	spin_lock_irq(&card->ev_lock);
	ret = !card->connected || READ_ONCE(card->port) != port ||
	      pending(card);
	spin_unlock_irq(&card->ev_lock);
	return ret;
}

/*
 * Take the next event: a reset is told before messages, which may set the same
 * DBC up anew. -EMSGSIZE if the message does not fit into @n bytes.
 */
static int take(struct qaic_port *port, size_t n, struct qaic_sim_event *ev,
		struct msg **msg)
{
	struct qaic_card *card = port->card;
	int ret = 0;

	*msg = NULL;
	memset(ev, 0, sizeof(*ev));
	spin_lock_irq(&card->ev_lock);
	if (!card->connected || READ_ONCE(card->port) != port) {
		ret = -ENOTCONN;
	} else if (card->reset_mask) {
		ev->type = QAIC_SIM_EV_DBC_RESET;
		ev->dbc_mask = card->reset_mask;
		card->reset_mask = 0;
	} else if (card->num_msgs) {
		*msg = list_first_entry(&card->msgs, struct msg, node);
		if ((*msg)->len > n - sizeof(*ev)) {
			*msg = NULL;
			ret = -EMSGSIZE;
		} else {
			ev->type = QAIC_SIM_EV_NNC;
			ev->len = (*msg)->len;
			list_del(&(*msg)->node);
			card->num_msgs--;
		}
	} else if (card->db_mask) {
		ev->type = QAIC_SIM_EV_DOORBELL;
		ev->dbc_mask = card->db_mask;
		card->db_mask = 0;
	} else if (card->shutdown) {
		ev->type = QAIC_SIM_EV_SHUTDOWN;
		card->shutdown = false;
	} else {
		ret = -EAGAIN;
	}
	spin_unlock_irq(&card->ev_lock);
	return ret;
}

ssize_t qaic_event_read(struct qaic_port *port, char __user *buf, size_t n,
			bool nonblock)
{
	struct qaic_sim_event ev;
	struct msg *msg;
	ssize_t ret;

	if (n < sizeof(ev))
		return -EMSGSIZE;
	for (;;) {
		ret = take(port, n, &ev, &msg);
		if (ret != -EAGAIN || nonblock)
			break;
		ret = wait_event_interruptible(port->card->ev_wait,
					       readable(port));
		if (ret)
			return ret;
	}
	if (ret)
		return ret;

	ret = sizeof(ev) + ev.len;
	if (copy_to_user(buf, &ev, sizeof(ev)) ||
	    (msg && copy_to_user(buf + sizeof(ev), msg->data, msg->len)))
		ret = -EFAULT;
	kvfree(msg);
	return ret;
}

__poll_t qaic_event_poll(struct qaic_port *port, struct file *file,
			 struct poll_table_struct *wait)
{
	struct qaic_card *card = port->card;
	__poll_t mask = 0;

	poll_wait(file, &card->ev_wait, wait);
	spin_lock_irq(&card->ev_lock);
	if (!card->connected || READ_ONCE(card->port) != port)
		mask = EPOLLHUP | EPOLLERR;
	else
		mask = EPOLLOUT | EPOLLWRNORM |
		       (pending(card) ? EPOLLIN | EPOLLRDNORM : 0);
	spin_unlock_irq(&card->ev_lock);
	return mask;
}
