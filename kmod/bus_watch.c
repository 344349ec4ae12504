// SPDX-License-Identifier: GPL-2.0-only
/*
 * A card whose process is stopped (SIGSTOP, a terminal's Ctrl-Z) answers nobody,
 * and may never again. While somebody waits for it, it is looked at now and then,
 * and cut off when it was found stopped twice: its clients get an error within a
 * second, as if the process had died. A process that nobody waits for may be
 * stopped as long as one likes, and a debugger's stops do not count.
 */
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "kmod/bus.h"

#define PERIOD	msecs_to_jiffies(200)

static bool stopped(const struct qaic_card *card)
{
	return READ_ONCE(card->task->signal->flags) & SIGNAL_STOP_STOPPED;
}

/* While the card is connected neither its task nor the driver goes. */
static void watch_work(struct work_struct *work)
{
	struct qaic_card *card = container_of(to_delayed_work(work),
					      struct qaic_card, watch_work);

	bool wanted = qaic_bus_connected(card) && qaic_drv_busy(card);
	bool now = wanted && stopped(card);

	if (now && card->seen_stopped) {
		qaic_bus_kick(card, "its process is stopped");
		return;
	}
	card->seen_stopped = now;
	if (wanted)
		qaic_bus_watch(card);
}

void qaic_bus_watch(struct qaic_card *card)
{
	schedule_delayed_work(&card->watch_work, PERIOD);
}

void qaic_watch_init(struct qaic_card *card)
{
	INIT_DELAYED_WORK(&card->watch_work, watch_work);
}

void qaic_watch_stop(struct qaic_card *card)
{
	cancel_delayed_work_sync(&card->watch_work);
	card->seen_stopped = false;
	put_task_struct(card->task);
	card->task = NULL;
}
