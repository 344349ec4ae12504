// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "qaic" (uapi/qaic_netlink.h): what the cards are
 * like, for whoever asks, and what happens to them, for whoever listens.
 *
 * A query may come at any time from anybody. It sees the cards that are in the
 * list, which is those between their device's registration and its end.
 */
#include <linux/string.h>
#include <net/genetlink.h>

#include "kmod/netlink.h"
#include "uapi/qaic_netlink.h"

static DEFINE_MUTEX(list_lock);
static struct qaic_device *list[QAIC_MAX_CARDS];	/* index: slot */

static struct genl_family family;

/* ---- messages ---- */

static int put_name(struct sk_buff *skb, const struct qaic_device *qd)
{
	if (nla_put_u32(skb, QAIC_NL_A_CARD, qd->card->slot) ||
	    nla_put_string(skb, QAIC_NL_A_PCI, dev_name(qd->drm.dev)) ||
	    nla_put_string(skb, QAIC_NL_A_NODE,
			   dev_name(qd->drm.accel->kdev)))
		return -EMSGSIZE;
	return 0;
}

static int put_state(struct sk_buff *skb, const struct qaic_device *qd)
{
	return nla_put_u32(skb, QAIC_NL_A_STATE, READ_ONCE(qd->online) ?
			   QAIC_NL_STATE_ONLINE : QAIC_NL_STATE_OFFLINE);
}

static int put_counts(struct sk_buff *skb, struct qaic_card *card)
{
	struct qaic_ras_counts n;

	qaic_bus_ras_counts(card, &n);
	if (nla_put_u64_64bit(skb, QAIC_NL_A_RAS_CE, n.ce, QAIC_NL_A_PAD) ||
	    nla_put_u64_64bit(skb, QAIC_NL_A_RAS_UE, n.ue, QAIC_NL_A_PAD) ||
	    nla_put_u64_64bit(skb, QAIC_NL_A_RAS_UE_NONFATAL, n.ue_nonfatal,
			      QAIC_NL_A_PAD))
		return -EMSGSIZE;
	return 0;
}

/* What the card's process said of itself; nothing if there is none. */
static int put_telemetry(struct sk_buff *skb, struct qaic_card *card)
{
	u32 sku = READ_ONCE(card->id.sku);
	struct qaic_sim_telemetry t;

	if (!sku)
		return 0;
	if (nla_put_u32(skb, QAIC_NL_A_SKU, sku))
		return -EMSGSIZE;
	qaic_bus_telemetry(card, &t);
	if (!t.num_nsp)			/* it has not reported yet */
		return 0;
	if (nla_put_s32(skb, QAIC_NL_A_TEMP, t.temp_mc) ||
	    nla_put_u32(skb, QAIC_NL_A_POWER, t.power_uw) ||
	    nla_put_u32(skb, QAIC_NL_A_POWER_MAX, qaic_bus_power_max(sku)) ||
	    nla_put_u32(skb, QAIC_NL_A_THERMAL, READ_ONCE(card->thermal)) ||
	    nla_put_u64_64bit(skb, QAIC_NL_A_DDR_TOTAL, t.ddr_total,
			      QAIC_NL_A_PAD) ||
	    nla_put_u64_64bit(skb, QAIC_NL_A_DDR_USED, t.ddr_used,
			      QAIC_NL_A_PAD) ||
	    nla_put_u32(skb, QAIC_NL_A_NSP_MHZ, t.nsp_mhz) ||
	    nla_put(skb, QAIC_NL_A_NSP_LOAD, t.num_nsp, t.nsp_load))
		return -EMSGSIZE;
	return 0;
}

/* The list's lock is held. */
static int put_card(struct sk_buff *skb, struct qaic_device *qd, u32 portid,
		    u32 seq, int flags)
{
	void *hdr = genlmsg_put(skb, portid, seq, &family, flags,
				QAIC_NL_CMD_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (put_name(skb, qd) || put_state(skb, qd) ||
	    put_counts(skb, qd->card) || put_telemetry(skb, qd->card)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* ---- queries ---- */

static int get_one(struct sk_buff *req, struct genl_info *info)
{
	struct qaic_device *qd;
	struct sk_buff *skb;
	int ret = -ENODEV;
	u32 slot;

	if (GENL_REQ_ATTR_CHECK(info, QAIC_NL_A_CARD))
		return -EINVAL;
	slot = nla_get_u32(info->attrs[QAIC_NL_A_CARD]);
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&list_lock);
	qd = slot < QAIC_MAX_CARDS ? list[slot] : NULL;
	if (qd)
		ret = put_card(skb, qd, info->snd_portid, info->snd_seq, 0);
	mutex_unlock(&list_lock);
	if (!ret)
		return genlmsg_reply(skb, info);
	nlmsg_free(skb);
	if (ret == -ENODEV)
		GENL_SET_ERR_MSG(info, "no such card");
	return ret;
}

static int get_all(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long i = cb->args[0];
	int ret = 0;

	mutex_lock(&list_lock);
	for (; i < QAIC_MAX_CARDS; i++) {
		if (!list[i])
			continue;
		ret = put_card(skb, list[i], NETLINK_CB(cb->skb).portid,
			       cb->nlh->nlmsg_seq, NLM_F_MULTI);
		if (ret)
			break;
	}
	mutex_unlock(&list_lock);
	cb->args[0] = i;
	/* a full message is sent, and this is called for the rest */
	return skb->len ? skb->len : ret;
}

/* ---- the family ---- */

static const struct nla_policy one_policy[] = {
	[QAIC_NL_A_CARD] = NLA_POLICY_MAX(NLA_U32, QAIC_MAX_CARDS - 1),
};

/* all: no attribute narrows it */
static const struct nla_policy all_policy[] = {
	[QAIC_NL_A_CARD] = { .type = NLA_REJECT },
};

static const struct genl_split_ops ops[] = {
	{
		.cmd = QAIC_NL_CMD_GET,
		.flags = GENL_CMD_CAP_DO,
		.doit = get_one,
		.policy = one_policy,
		.maxattr = ARRAY_SIZE(one_policy) - 1,
	},
	{
		.cmd = QAIC_NL_CMD_GET,
		.flags = GENL_CMD_CAP_DUMP,
		.dumpit = get_all,
		.policy = all_policy,
		.maxattr = ARRAY_SIZE(all_policy) - 1,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = QAIC_NL_GROUP },
};

static struct genl_family family __ro_after_init = {
	.name = QAIC_NL_FAMILY,
	.version = QAIC_NL_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.split_ops = ops,
	.n_split_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

int qaic_nl_init(void)
{
	return genl_register_family(&family);
}

/* Waits for queries; who listens keeps a socket that hears nothing more. */
void qaic_nl_exit(void)
{
	genl_unregister_family(&family);
}

void qaic_nl_add(struct qaic_device *qd)
{
	mutex_lock(&list_lock);
	list[qd->card->slot] = qd;
	mutex_unlock(&list_lock);
}

void qaic_nl_del(struct qaic_device *qd)
{
	mutex_lock(&list_lock);
	list[qd->card->slot] = NULL;
	mutex_unlock(&list_lock);
}

/* ---- events ---- */

struct event {
	struct sk_buff *skb;
	void *hdr;
};

/* False if nobody listens, or there is no memory: then nobody hears of it. */
static bool begin(struct event *ev, struct qaic_device *qd, u8 cmd)
{
	if (!genl_has_listeners(&family, &init_net, 0))
		return false;
	ev->skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!ev->skb)
		return false;
	ev->hdr = genlmsg_put(ev->skb, 0, 0, &family, 0, cmd);
	if (ev->hdr && !put_name(ev->skb, qd))
		return true;
	nlmsg_free(ev->skb);
	return false;
}

static void end(struct event *ev, bool ok)
{
	if (!ok) {
		nlmsg_free(ev->skb);
		return;
	}
	genlmsg_end(ev->skb, ev->hdr);
	genlmsg_multicast(&family, ev->skb, 0, 0, GFP_KERNEL);
}

void qaic_nl_state(struct qaic_device *qd, bool online)
{
	struct event ev;

	if (begin(&ev, qd, QAIC_NL_CMD_STATE_EVENT))
		end(&ev, !nla_put_u32(ev.skb, QAIC_NL_A_STATE, online ?
				      QAIC_NL_STATE_ONLINE :
				      QAIC_NL_STATE_OFFLINE));
}

void qaic_nl_dbc(struct qaic_device *qd, u32 dbc, u32 state)
{
	struct event ev;

	if (begin(&ev, qd, QAIC_NL_CMD_DBC_EVENT))
		end(&ev, !nla_put_u32(ev.skb, QAIC_NL_A_DBC, dbc) &&
			 !nla_put_u32(ev.skb, QAIC_NL_A_DBC_STATE, state));
}

void qaic_nl_ras(struct qaic_device *qd, const struct qaic_sim_ras *ras)
{
	struct event ev;

	if (begin(&ev, qd, QAIC_NL_CMD_RAS_EVENT))
		end(&ev, !nla_put_u32(ev.skb, QAIC_NL_A_RAS_TYPE, ras->type) &&
			 !nla_put_u32(ev.skb, QAIC_NL_A_RAS_SOURCE,
				      ras->source) &&
			 !nla_put_u32(ev.skb, QAIC_NL_A_RAS_COUNT,
				      ras->count) &&
			 !nla_put_u32(ev.skb, QAIC_NL_A_RAS_THRESHOLD,
				      ras->threshold) &&
			 !nla_put(ev.skb, QAIC_NL_A_RAS_SYNDROME,
				  sizeof(ras->syndrome), ras->syndrome));
}

void qaic_nl_thermal(struct qaic_device *qd, u32 level, s32 temp_mc)
{
	struct event ev;

	if (begin(&ev, qd, QAIC_NL_CMD_THERMAL_EVENT))
		end(&ev, !nla_put_u32(ev.skb, QAIC_NL_A_THERMAL, level) &&
			 !nla_put_s32(ev.skb, QAIC_NL_A_TEMP, temp_mc));
}
