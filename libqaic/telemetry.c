// SPDX-License-Identifier: MIT
/* What the cards last said of themselves: a query of the driver. */
#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/msg.h>

#include "libqaic/nl.h"
#include "uapi/qaic_netlink.h"

struct query {
	struct nl_sock *sk;
	int family;
	struct qaic_telemetry *out;
	int max, num;
};

static int on_card(struct nl_msg *msg, void *arg)
{
	struct query *q = arg;
	struct qaic_telemetry t;

	if (qaic_nl_parse_telemetry(nlmsg_hdr(msg), &t))
		return NL_SKIP;
	if (q->num < q->max)
		q->out[q->num] = t;
	q->num++;
	return NL_OK;
}

/* @slot NULL: all */
static int ask(struct query *q, const uint32_t *slot)
{
	struct nl_msg *msg = nlmsg_alloc();
	int ret = -NLE_NOMEM;

	if (!msg)
		return ret;
	if (genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, q->family, 0,
			slot ? 0 : NLM_F_DUMP, QAIC_NL_CMD_GET,
			QAIC_NL_VERSION) &&
	    (!slot || !nla_put_u32(msg, QAIC_NL_A_CARD, *slot)))
		ret = nl_send_auto(q->sk, msg);
	nlmsg_free(msg);
	return ret < 0 ? ret : nl_recvmsgs_default(q->sk);
}

static int run(struct query *q, const uint32_t *slot, struct qaic_err *err)
{
	int group, ret;

	ret = qaic_nl_open(&q->sk, &q->family, &group, err);
	if (ret)
		return ret;
	nl_socket_modify_cb(q->sk, NL_CB_VALID, NL_CB_CUSTOM, on_card, q);
	ret = ask(q, slot);
	/* the answer to one is followed by its acknowledgement */
	if (!ret && slot)
		ret = nl_wait_for_ack(q->sk);
	nl_socket_free(q->sk);
	if (ret >= 0)
		return 0;
	if (slot && (ret == -NLE_NODEV || ret == -NLE_RANGE ||
		     ret == -NLE_INVAL))
		return qaic_fail(err, -ENODEV, "no card in slot %u", *slot);
	return qaic_fail(err, qaic_nl_errno(ret), "netlink: %s",
			 nl_geterror(ret));
}

int qaic_telemetry_list(struct qaic_telemetry *out, int max,
			struct qaic_err *err)
{
	struct query q = { .out = out, .max = max };
	int ret = run(&q, NULL, err);

	return ret ? ret : q.num;
}

int qaic_telemetry_get(uint32_t slot, struct qaic_telemetry *out,
		       struct qaic_err *err)
{
	struct query q = { .out = out, .max = 1 };
	int ret = run(&q, &slot, err);

	if (!ret && !q.num)
		ret = qaic_fail(err, -EPROTO, "slot %u: no answer", slot);
	return ret;
}
