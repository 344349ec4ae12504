// SPDX-License-Identifier: MIT
/* What a card's NSPs and DMA channels do, asked of its control processor. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqaic/priv.h"
#include "qpc/optable.h"

static int no_profiles(struct qaic_err *err)
{
	return qaic_fail(err, -EOPNOTSUPP,
			 "this card does not say what it executes: only the simulated one does");
}

/* Ask; the reply is in @msg. */
static int ask(struct qaic_device *dev, struct qaic_msg *msg, uint32_t what,
	       uint64_t arg, const struct qaic_nnc_profile_rsp **out,
	       struct qaic_err *err)
{
	const struct qaic_manage_trans_passthrough *p;
	const struct qaic_nnc_profile_rsp *r;
	struct qaic_nnc_profile *cmd;
	const void *rsp;
	int ret;

	qaic_msg_init(msg);
	cmd = qaic_msg_cmd(msg, QAIC_NNC_PROFILE, sizeof(*cmd));
	cmd->what = what;
	cmd->arg = arg;
	ret = qaic_msg_send(dev, msg, &rsp, sizeof(struct qaic_nnc_simple_rsp),
			    err);
	if (ret)
		return ret;
	r = rsp;
	p = qaic_msg_find(msg, QAIC_TRANS_PASSTHROUGH_FROM_DEV,
			  sizeof(*p) + sizeof(*r));
	if (r->type != QAIC_NNC_PROFILE_RSP || !p)
		return no_profiles(err);
	if (r->num > QAIC_NNC_PROFILE_EVENTS)
		return qaic_fail(err, -EPROTO,
				 "the card's reply is not understood");
	*out = r;
	return r->status == QAIC_NNC_ERR_NOT_PERMITTED ?
		qaic_fail(err, -EBUSY, "another program profiles the card") :
		r->status == QAIC_NNC_ERR_NO_MEM ?
		qaic_fail(err, -ENOMEM, "the card has no memory for a profile") :
		qaic_msg_status(r->status, "cannot profile", err);
}

int qaic_profile_start(struct qaic_device *dev, size_t max_events,
		       struct qaic_err *err)
{
	const struct qaic_nnc_profile_rsp *r;
	struct qaic_msg msg;

	if (max_events > QAIC_NNC_PROFILE_ROOM)
		max_events = QAIC_NNC_PROFILE_ROOM;
	free(dev->events);
	dev->events = NULL;
	dev->num_events = 0;
	return ask(dev, &msg, QAIC_NNC_PROFILE_START, max_events, &r, err);
}

static int in_order(const void *a, const void *b)
{
	const struct qaic_nnc_profile_event *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->end > y->end ? -1 : x->end < y->end;
}

/* All events, a reply after the other. */
static int fetch(struct qaic_device *dev, size_t num, struct qaic_err *err)
{
	const struct qaic_nnc_profile_rsp *r;
	struct qaic_msg msg;
	size_t n;
	int ret;

	if (num > QAIC_NNC_PROFILE_ROOM)
		return qaic_fail(err, -EPROTO,
				 "the card's reply is not understood");
	free(dev->events);		/* of a profile that broke off */
	dev->num_events = 0;
	dev->events = calloc(num ? num : 1, sizeof(*dev->events));
	if (!dev->events)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (n = 0; n < num; n += r->num) {
		ret = ask(dev, &msg, QAIC_NNC_PROFILE_READ, n, &r, err);
		if (ret)
			return ret;
		if (!r->num || r->num > num - n)
			return qaic_fail(err, -EPROTO,
					 "the card's profile ends too early");
		memcpy(dev->events + n, r->events,
		       r->num * sizeof(*dev->events));
	}
	qsort(dev->events, num, sizeof(*dev->events), in_order);
	dev->num_events = num;
	return 0;
}

int qaic_profile_stop(struct qaic_device *dev, struct qaic_profile *out,
		      struct qaic_err *err)
{
	const struct qaic_nnc_profile_rsp *r;
	struct qaic_msg msg;
	int ret, end;

	memset(out, 0, sizeof(*out));
	ret = ask(dev, &msg, QAIC_NNC_PROFILE_STOP, 0, &r, err);
	if (ret)
		return ret;
	out->num_events = r->total;
	out->lost = r->lost;
	out->threads = r->threads;
	ret = fetch(dev, out->num_events, err);
	end = ask(dev, &msg, QAIC_NNC_PROFILE_END, 0, &r, ret ? NULL : err);
	if (!ret)
		ret = end;
	if (ret)
		out->num_events = 0;
	return ret;
}

static void command(const struct qaic_nnc_profile_event *e,
		    struct qaic_profile_event *out)
{
	const struct qpc_op_rule *rule = qpc_op_rule(e->op);
	const char *dtype = qaic_dtype_name((enum qaic_dtype)e->dtype);

	out->kind = QAIC_PROFILE_COMMAND;
	out->op = rule ? rule->name : "unknown";
	if (rule && e->sub < rule->num_subs)
		out->sub = rule->subs[e->sub];
	if (rule && rule->engine == QPC_ENG_HMX && dtype)
		out->dtype = dtype;
}

bool qaic_profile_event(const struct qaic_device *dev, size_t i,
			struct qaic_profile_event *out)
{
	const struct qaic_nnc_profile_event *e;

	if (i >= dev->num_events)
		return false;
	e = &dev->events[i];
	*out = (struct qaic_profile_event) {
		.kind = QAIC_PROFILE_DMA_OUT, .op = "dma", .sub = "",
		.dtype = "", .nsp = e->nsp, .thread = e->thread,
		.begin_ns = e->begin,
		.end_ns = e->end < e->begin ? e->begin : e->end,
		.bytes = e->bytes, .ops = e->ops,
	};
	if (e->kind == QAIC_NNC_EVENT_CMD) {
		command(e, out);
		return true;
	}
	if (e->kind == QAIC_NNC_EVENT_DMA_IN)
		out->kind = QAIC_PROFILE_DMA_IN;
	out->sub = e->kind == QAIC_NNC_EVENT_DMA_IN ? "in" : "out";
	return true;
}
