// SPDX-License-Identifier: MIT
/*
 * The profile of a user's programs, through the control path: it fits into the replies
 * that every host's driver passes on, 80 events at a time, and what another user runs
 * is never in it.
 */
#include <errno.h>
#include <string.h>

#include "soc/card.h"

static int start(struct qsm *q, uint64_t room)
{
	switch (nsp_prof_start(&q->soc->prof, q->owner, room)) {
	case 0:
		return QAIC_NNC_OK;
	case -EBUSY:
		return QAIC_NNC_ERR_NOT_PERMITTED;
	case -EINVAL:
		return QAIC_NNC_ERR_PARAM;
	}
	return QAIC_NNC_ERR_NO_MEM;
}

static int read_events(struct nsp_prof *p, uint64_t first,
		       struct qaic_nnc_profile_rsp *r)
{
	uint64_t n = r->total - first;

	if (atomic_load(&p->noting) || first > r->total)
		return QAIC_NNC_ERR_PARAM;
	r->num = n < QAIC_NNC_PROFILE_EVENTS ? n : QAIC_NNC_PROFILE_EVENTS;
	memcpy(r->events, p->events + first, r->num * sizeof(r->events[0]));
	return QAIC_NNC_OK;
}

int qsm_profile(struct qsm *q, const void *cmd, void *rsp)
{
	const struct qaic_nnc_profile *req = cmd;
	struct nsp_prof *p = &q->soc->prof;
	struct qaic_nnc_profile_rsp *r = rsp;
	uint64_t lost;

	r->threads = nsp_pool_threads(q->soc->pool);
	if (req->what == QAIC_NNC_PROFILE_START)
		return start(q, req->arg);
	if (!p->held || p->owner != q->owner)
		return QAIC_NNC_ERR_NOT_FOUND;
	if (req->what == QAIC_NNC_PROFILE_END) {
		nsp_prof_end(p);
		return QAIC_NNC_OK;
	}
	if (req->what == QAIC_NNC_PROFILE_STOP)
		nsp_prof_stop(p);
	else if (req->what != QAIC_NNC_PROFILE_READ)
		return QAIC_NNC_ERR_PARAM;
	r->total = nsp_prof_count(p, &lost);
	r->lost = lost;
	return req->what == QAIC_NNC_PROFILE_READ ?
		read_events(p, req->arg, r) : QAIC_NNC_OK;
}
