// SPDX-License-Identifier: MIT
/* What the embedded card's NSPs do. */
#include <errno.h>
#include <string.h>

#include "libqaic/priv.h"
#include "qpc/optable.h"
#include "soc/nsp_prof.h"

int qaic_profile_start(struct qaic_device *dev, size_t max_events,
		       struct qaic_err *err)
{
	struct qaic_location loc;
	int ret = qaic_device_locate(dev->qid, &loc);

	if (ret || loc.node[0])
		return qaic_fail(err, -EOPNOTSUPP,
				 "only the embedded card can be profiled (QAIC_EMBEDDED=1)");
	ret = nsp_prof_start(max_events);
	return ret ? qaic_fail(err, ret, "cannot profile: %s", strerror(-ret)) : 0;
}

size_t qaic_profile_stop(struct qaic_device *dev, size_t *lost)
{
	const struct nsp_event *v;

	nsp_prof_stop();
	return nsp_prof_events(&v, lost);
}

bool qaic_profile_event(size_t i, struct qaic_profile_event *out)
{
	const struct qpc_op_rule *rule;
	const struct nsp_event *v;
	const char *dtype;
	size_t lost;

	if (i >= nsp_prof_events(&v, &lost))
		return false;
	v += i;
	if (v->kind != NSP_EVENT_CMD) {
		*out = (struct qaic_profile_event) {
			.kind = v->kind == NSP_EVENT_DMA_IN ?
				QAIC_PROFILE_DMA_IN : QAIC_PROFILE_DMA_OUT,
			.op = "dma", .dtype = "",
			.sub = v->kind == NSP_EVENT_DMA_IN ? "in" : "out",
			.nsp = v->nsp, .thread = v->thread,
			.begin_ns = v->begin, .end_ns = v->end,
			.bytes = v->bytes,
		};
		return true;
	}
	rule = qpc_op_rule(v->op);
	dtype = qaic_dtype_name((enum qaic_dtype)v->dtype);
	*out = (struct qaic_profile_event) {
		.op = rule->name,
		.sub = v->sub < rule->num_subs ? rule->subs[v->sub] : "",
		.dtype = rule->engine == QPC_ENG_HMX && dtype ? dtype : "",
		.nsp = v->nsp, .thread = v->thread,
		.begin_ns = v->begin, .end_ns = v->end,
		.bytes = v->bytes, .ops = v->ops,
	};
	return true;
}
