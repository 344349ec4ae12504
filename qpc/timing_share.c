// SPDX-License-Identifier: MIT
/*
 * A table of the operands of a phase. Two reads are of the same if they begin at the
 * same address, have the same type and go through memory in the same way; an NSP that
 * reads one twice needs two fetches, unless another does so as well.
 */
#include <stdlib.h>
#include <string.h>

#include "qpc/optable.h"
#include "qpc/timing_share.h"

#define SLOTS	4096u		/* a power of two; more operands are not shared */
#define TRIES	16u

struct slot {
	uint32_t phase;			/* 0: never used */
	uint32_t fetched;		/* as often as the NSP that reads most */
	bool multicast;
	uint8_t dtype;
	uint64_t addr, way;		/* a hash of counts and strides */
	uint32_t reads[NSP_MAX_NSPS];
};

struct qpc_shared {
	uint32_t phase;
	struct slot slot[SLOTS];
};

struct qpc_shared *qpc_shared_new(void)
{
	struct qpc_shared *s = calloc(1, sizeof(*s));

	if (s)
		s->phase = 1;
	return s;
}

void qpc_shared_free(struct qpc_shared *s)
{
	free(s);
}

void qpc_shared_next_phase(struct qpc_shared *s)
{
	if (s)
		s->phase++;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static uint64_t way_of(const struct nsp_cmd *cmd, unsigned int k)
{
	struct qpc_axis ax[NSP_DIMS];
	unsigned int n = qpc_opnd_axes(cmd, k, ax), i;
	uint64_t h = cmd->op;

	for (i = 0; i < n; i++) {
		if (!ax[i].stride || ax[i].count == 1)
			continue;
		h = mix(mix(h, ax[i].count), ax[i].stride);
	}
	/* rows of the tables of positions: the same for the same positions */
	if (cmd->op == NSP_ROPE && (k == 2 || k == 3)) {
		h = mix(h, cmd->o[4].addr);
		h = mix(mix(h, cmd->dims[0]), cmd->dims[1]);
	}
	return h;
}

static struct slot *find(struct qpc_shared *s, uint64_t addr, uint8_t dtype,
			 uint64_t way)
{
	uint64_t h = mix(mix(addr, way), dtype);
	struct slot *t;
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		t = &s->slot[(h + i) % SLOTS];
		if (t->phase != s->phase) {
			memset(t, 0, sizeof(*t));
			t->phase = s->phase;
			t->addr = addr;
			t->dtype = dtype;
			t->way = way;
			return t;
		}
		if (t->addr == addr && t->dtype == dtype && t->way == way)
			return t;
	}
	return NULL;
}

enum qpc_share qpc_shared_read(struct qpc_shared *s, unsigned int nsp,
			       const struct nsp_cmd *cmd, unsigned int k)
{
	struct slot *t;

	if (!s)
		return QPC_SHARE_FETCH;
	t = find(s, cmd->o[k].addr, cmd->dtype[k], way_of(cmd, k));
	if (!t || ++t->reads[nsp] > t->fetched) {
		if (t)
			t->fetched++;
		return QPC_SHARE_FETCH;
	}
	if (t->multicast)
		return QPC_SHARE_MORE;
	t->multicast = true;
	return QPC_SHARE_FIRST;
}

/* ---- what an NSP wrote itself ---- */

/* Axes from the closest to the farthest, those that are one run as one. */
static unsigned int runs(const struct nsp_cmd *cmd, unsigned int k,
			 struct qpc_axis run[NSP_DIMS])
{
	struct qpc_axis ax[NSP_DIMS], t;
	unsigned int n = qpc_opnd_axes(cmd, k, ax), i, j, num = 0;

	for (i = j = 0; i < n; i++)
		if (ax[i].stride && ax[i].count > 1)
			ax[j++] = ax[i];
	n = j;
	for (i = 1; i < n; i++)
		for (j = i; j && ax[j].stride < ax[j - 1].stride; j--) {
			t = ax[j];
			ax[j] = ax[j - 1];
			ax[j - 1] = t;
		}
	for (i = 0; i < n; i++) {
		struct qpc_axis *last = num ? &run[num - 1] : NULL;

		if (last && (int64_t)last->stride * last->count == ax[i].stride)
			last->count *= ax[i].count;
		else
			run[num++] = ax[i];
	}
	return num;
}

static struct slot *find_written(struct qpc_shared *s,
				 const struct nsp_cmd *cmd, unsigned int k)
{
	struct qpc_axis run[NSP_DIMS];
	unsigned int n = runs(cmd, k, run), i;
	uint64_t h = NSP_OP_COUNT;	/* not the way of a read */

	for (i = 0; i < n; i++)
		h = mix(mix(h, run[i].count), run[i].stride);
	return find(s, cmd->o[k].addr, cmd->dtype[k], h);
}

void qpc_shared_write(struct qpc_shared *s, unsigned int nsp,
		      const struct nsp_cmd *cmd, unsigned int k)
{
	struct slot *t = s ? find_written(s, cmd, k) : NULL;

	if (t)
		t->reads[nsp] = 1;
}

bool qpc_shared_own(struct qpc_shared *s, unsigned int nsp,
		    const struct nsp_cmd *cmd, unsigned int k)
{
	struct slot *t = s ? find_written(s, cmd, k) : NULL;

	return t && t->reads[nsp];
}
