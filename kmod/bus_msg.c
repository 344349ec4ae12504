// SPDX-License-Identifier: GPL-2.0-only
/* What the card tells the driver: replies, restarts, errors, telemetry. */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kmod/bus.h"
#include "uapi/qaic_netlink.h"

#define THERMAL_HYSTERESIS	5000	/* it is cool again so much below */

void qaic_bus_ras(struct qaic_card *card, const struct qaic_sim_ras *ras)
{
	spin_lock_irq(&card->stat_lock);
	if (ras->type == QAIC_SIM_RAS_CE)
		card->ras.ce += ras->count;
	else if (ras->type == QAIC_SIM_RAS_UE)
		card->ras.ue += ras->count;
	else
		card->ras.ue_nonfatal += ras->count;
	spin_unlock_irq(&card->stat_lock);

	qaic_drv_ras(card, ras);
}

void qaic_bus_ras_counts(struct qaic_card *card, struct qaic_ras_counts *out)
{
	unsigned long flags;

	spin_lock_irqsave(&card->stat_lock, flags);
	*out = card->ras;
	spin_unlock_irqrestore(&card->stat_lock, flags);
}

void qaic_bus_telemetry(struct qaic_card *card, struct qaic_sim_telemetry *out)
{
	unsigned long flags;

	spin_lock_irqsave(&card->stat_lock, flags);
	*out = card->telemetry;
	spin_unlock_irqrestore(&card->stat_lock, flags);
}

static int take_ssr(struct qaic_card *card, const struct qaic_sim_ssr *ssr)
{
	if (ssr->dbc >= QAIC_HW_NUM_DBC)
		return -EINVAL;
	switch (ssr->event) {
	case QAIC_SIM_SSR_BEFORE_SHUTDOWN:
	case QAIC_SIM_SSR_AFTER_SHUTDOWN:
	case QAIC_SIM_SSR_BEFORE_POWER_UP:
	case QAIC_SIM_SSR_AFTER_POWER_UP:
		qaic_drv_ssr(card, ssr);
		return 0;
	}
	return -EINVAL;
}

static int take_ras(struct qaic_card *card, const struct qaic_sim_ras *ras)
{
	if (ras->type > QAIC_SIM_RAS_UE_NONFATAL || !ras->count ||
	    ras->source > QAIC_SIM_RAS_TSENS)
		return -EINVAL;
	qaic_bus_ras(card, ras);
	return 0;
}

/* Above a limit; who was above it is so until it is well below. */
static bool above(s64 mc, int limit, bool was)
{
	return mc >= limit || (was && mc > (s64)limit - THERMAL_HYSTERESIS);
}

static u32 thermal_level(s32 mc, u32 was)
{
	if (above(mc, READ_ONCE(qaic_thermal_critical_mc),
		  was >= QAIC_NL_THERMAL_CRITICAL))
		return QAIC_NL_THERMAL_CRITICAL;
	if (above(mc, READ_ONCE(qaic_thermal_hot_mc),
		  was >= QAIC_NL_THERMAL_HOT))
		return QAIC_NL_THERMAL_HOT;
	return QAIC_NL_THERMAL_NORMAL;
}

/* Is it hot? As it says now, or as it last said for NULL. */
static void judge(struct qaic_card *card, const struct qaic_sim_telemetry *t)
{
	bool changed;
	u32 level;
	s32 mc;

	spin_lock_irq(&card->stat_lock);
	if (t)
		card->telemetry = *t;
	mc = card->telemetry.temp_mc;
	level = card->telemetry.num_nsp ? thermal_level(mc, card->thermal) :
					  card->thermal;
	changed = level != card->thermal;
	WRITE_ONCE(card->thermal, level);
	spin_unlock_irq(&card->stat_lock);
	if (changed)
		qaic_drv_thermal(card, level, mc);
}

void qaic_thermal_check(struct qaic_card *card)
{
	down_read(&card->call_lock);
	if (READ_ONCE(card->port) && qaic_bus_connected(card))
		judge(card, NULL);
	up_read(&card->call_lock);
}

static int take_telemetry(struct qaic_card *card,
			  const struct qaic_sim_telemetry *t)
{
	unsigned int i;

	if (t->num_nsp > ARRAY_SIZE(t->nsp_load) || t->ddr_used > t->ddr_total)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(t->nsp_load); i++)
		if (t->nsp_load[i] > 100)
			return -EINVAL;
	judge(card, t);
	return 0;
}

/* @len is right for the type */
static int take(struct qaic_card *card, u32 type, const void *data, size_t len)
{
	switch (type) {
	case QAIC_SIM_MSG_NNC:
		qaic_drv_msg(card, data, len);
		return 0;
	case QAIC_SIM_MSG_SSR:
		return take_ssr(card, data);
	case QAIC_SIM_MSG_RAS:
		return take_ras(card, data);
	default:
		return take_telemetry(card, data);
	}
}

static int check_len(const struct qaic_sim_event *ev, size_t n)
{
	size_t want;

	switch (ev->type) {
	case QAIC_SIM_MSG_NNC:
		if (ev->len > QAIC_NNC_MAX_REPLY)
			return -EMSGSIZE;
		want = ev->len;
		break;
	case QAIC_SIM_MSG_SSR:
		want = sizeof(struct qaic_sim_ssr);
		break;
	case QAIC_SIM_MSG_RAS:
		want = sizeof(struct qaic_sim_ras);
		break;
	case QAIC_SIM_MSG_TELEMETRY:
		want = sizeof(struct qaic_sim_telemetry);
		break;
	default:
		return -EINVAL;
	}
	return ev->len == want && n == sizeof(*ev) + want ? 0 : -EINVAL;
}

ssize_t qaic_msg_write(struct qaic_port *port, const char __user *buf, size_t n)
{
	struct qaic_sim_event ev;
	void *data;
	int ret;

	if (n < sizeof(ev))
		return -EINVAL;
	if (copy_from_user(&ev, buf, sizeof(ev)))
		return -EFAULT;
	ret = check_len(&ev, n);
	if (ret)
		return ret;
	data = memdup_user(buf + sizeof(ev), ev.len);
	if (IS_ERR(data))
		return PTR_ERR(data);

	ret = qaic_call_begin(port, ev.type == QAIC_SIM_MSG_TELEMETRY);
	if (!ret) {
		ret = take(port->card, ev.type, data, ev.len);
		qaic_call_end(port);
	}
	kfree(data);
	return ret ? ret : n;
}
