// SPDX-License-Identifier: GPL-2.0-only
/* A process becomes the card of a slot, and ceases to be it. */
#include <linux/mm.h>
#include <linux/sched/task.h>

#include "kmod/bus.h"

static void online_work(struct work_struct *work)
{
	struct qaic_card *card = container_of(work, struct qaic_card,
					      online_work);

	WRITE_ONCE(card->online_called, true);
	if (qaic_drv_online(card))
		qaic_bus_kick(card, "it did not come online");
}

static void kick_work(struct work_struct *work)
{
	struct qaic_card *card = container_of(work, struct qaic_card,
					      kick_work);

	mutex_lock(&card->state_lock);
	if (READ_ONCE(card->kicked))
		qaic_detach(card, NULL);
	mutex_unlock(&card->state_lock);
}

void qaic_attach_init(struct qaic_card *card)
{
	mutex_init(&card->state_lock);
	init_rwsem(&card->call_lock);
	spin_lock_init(&card->stat_lock);
	qaic_watch_init(card);
	INIT_WORK(&card->online_work, online_work);
	INIT_WORK(&card->kick_work, kick_work);
}

static bool valid(const struct qaic_sim_attach *a)
{
	if (a->version != QAIC_SIM_VERSION || a->flags || a->pad)
		return false;
	if (a->sku != QAIC_NNC_SKU_PCIE && a->sku != QAIC_NNC_SKU_PRO &&
	    a->sku != QAIC_NNC_SKU_ULTRA)
		return false;
	return a->num_nsp >= 1 && a->num_nsp <= 16 && a->ddr_size;
}

int qaic_attach(struct qaic_port *port, struct qaic_sim_attach *arg)
{
	struct qaic_card *card = port->card;
	int ret = 0;

	if (!valid(arg))
		return -EINVAL;
	mutex_lock(&card->state_lock);
	if (card->port)
		ret = -EBUSY;
	else if (!card->pdev)
		ret = -ENODEV;
	if (ret)
		goto out;

	arg->num_dbc = QAIC_HW_NUM_DBC;
	arg->window_size = QAIC_SIM_WINDOW_SIZE;
	card->id = *arg;
	card->task = get_task_struct(current->group_leader);
	qaic_regs_clear(card);
	WRITE_ONCE(card->port, port);
	qaic_window_give(card, port);
	qaic_event_connect(card, true);
	dev_info(&card->pdev->dev, "card %u: process %d attached\n", card->slot,
		 current->pid);
	schedule_work(&card->online_work);
out:
	mutex_unlock(&card->state_lock);
	return ret;
}

void qaic_detach(struct qaic_card *card, struct qaic_port *port)
{
	struct qaic_sim_telemetry none = {};

	lockdep_assert_held(&card->state_lock);
	if (!card->port || (port && card->port != port))
		return;

	/* no more messages, no more memory */
	qaic_event_connect(card, false);
	qaic_window_give(card, NULL);

	/* nobody is in a call from the card, and none begins */
	down_write(&card->call_lock);
	WRITE_ONCE(card->port, NULL);
	up_write(&card->call_lock);

	qaic_drv_abort(card);
	cancel_work_sync(&card->online_work);
	qaic_watch_stop(card);
	if (card->online_called)
		qaic_drv_offline(card);
	card->online_called = false;

	spin_lock_irq(&card->stat_lock);
	card->telemetry = none;
	WRITE_ONCE(card->thermal, 0);
	spin_unlock_irq(&card->stat_lock);
	memset(&card->id, 0, sizeof(card->id));
	dev_info(&card->pdev->dev, "card %u: detached\n", card->slot);
}

void qaic_bus_kick(struct qaic_card *card, const char *why)
{
	unsigned long flags;
	bool was;

	spin_lock_irqsave(&card->ev_lock, flags);
	was = card->connected;
	card->connected = false;
	card->kicked |= was;
	spin_unlock_irqrestore(&card->ev_lock, flags);

	if (!was)
		return;
	pr_warn(QAIC_SIM_NAME ": card %u is cut off: %s\n", card->slot, why);
	wake_up_interruptible(&card->ev_wait);
	schedule_work(&card->kick_work);
}

int qaic_call_begin(struct qaic_port *port, bool early)
{
	struct qaic_card *card = port->card;
	int ret = -ENOTCONN;

	down_read(&card->call_lock);
	if (READ_ONCE(card->port) == port && qaic_bus_connected(card))
		ret = early || READ_ONCE(card->online_called) ? 0 : -EAGAIN;
	if (ret)
		up_read(&card->call_lock);
	return ret;
}

void qaic_call_end(struct qaic_port *port)
{
	up_read(&port->card->call_lock);
}
