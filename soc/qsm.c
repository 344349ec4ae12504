// SPDX-License-Identifier: MIT
/*
 * The control processor: takes NNC messages apart and answers them.
 *
 * A message is checked as a whole before anything is done: header, every
 * transaction's type and length. One that is broken, or holds something the card
 * does not know, is answered with a STATUS transaction that carries the error.
 */
#include <errno.h>
#include <string.h>

#include "soc/card.h"
#include "uapi/qaic_accel.h"

static const struct qsm_cmd {
	uint32_t req, rsp;
	uint32_t req_size, rsp_size;
	uint32_t status_off;
	qsm_fn fn;
} cmds[] = {
#define CMD(REQ, RSP, req_t, rsp_t, fn) \
	{ QAIC_NNC_##REQ, QAIC_NNC_##RSP, sizeof(struct qaic_nnc_##req_t), \
	  sizeof(struct qaic_nnc_##rsp_t), \
	  __builtin_offsetof(struct qaic_nnc_##rsp_t, status), fn }
	CMD(STATUS, STATUS_RSP, status_req, status_rsp, qsm_status),
	CMD(RESOURCE_INFO, RESOURCE_INFO_RSP, resource_info_req,
	    resource_info_rsp, qsm_resource_info),
	CMD(PERFORMANCE_INFO, PERFORMANCE_INFO_RSP, perf_info_req,
	    perf_info_rsp, qsm_perf_info),
	CMD(LOAD_CONSTANTS, LOAD_CONSTANTS_RSP, load_constants, load_rsp,
	    qsm_load_constants),
	CMD(LOAD_CONSTANTS_EX, LOAD_CONSTANTS_RSP, load_constants_ex, load_rsp,
	    qsm_load_constants_ex),
	CMD(LOAD_CONSTANTS_PAYLOAD, LOAD_CONSTANTS_RSP, load_constants_payload,
	    load_rsp, qsm_load_constants_payload),
	CMD(LOAD_ELF, LOAD_ELF_RSP, load_elf, load_rsp, qsm_load_elf),
	CMD(UNLOAD_CONSTANTS, UNLOAD_CONSTANTS_RSP, id_req, simple_rsp,
	    qsm_unload_constants),
	CMD(UNLOAD_ELF, UNLOAD_ELF_RSP, id_req, simple_rsp, qsm_unload_elf),
	CMD(ACTIVATE, ACTIVATE_RSP, activate, activate_rsp, qsm_activate),
	CMD(DEACTIVATE, DEACTIVATE_RSP, deactivate, simple_rsp, qsm_deactivate),
	CMD(ACTIVATE_STATE, ACTIVATE_STATE_RSP, activate_state, simple_rsp,
	    qsm_activate_state),
	CMD(CREATE_RESOURCE_GROUP, CREATE_RESOURCE_GROUP_RSP, create_group,
	    create_group_rsp, qsm_create_group),
	CMD(RELEASE_RESOURCE_GROUP, RELEASE_RESOURCE_GROUP_RSP, id_req,
	    simple_rsp, qsm_release_group),
	CMD(PROFILE, PROFILE_RSP, profile, profile_rsp, qsm_profile),
#undef CMD
};

#define MAX_CMD	128		/* bytes of the longest command */

static const struct qsm_cmd *find_cmd(uint32_t req)
{
	size_t i;

	for (i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		if (cmds[i].req == req)
			return &cmds[i];
	return NULL;
}

/* A reply is at most a profile's: there is always room for what we add. */
void *qsm_add(struct qsm *q, uint32_t type, size_t len)
{
	struct qaic_nnc_trans *t = (void *)(q->reply + q->len);

	len = (len + 7) & ~(size_t)7;
	if (len > q->cap - q->len)
		return NULL;
	memset(t, 0, len);
	t->type = type;
	t->len = len;
	q->len += len;
	q->count++;
	return t;
}

static void add_status(struct qsm *q, int status)
{
	struct qaic_nnc_status_from_dev *s;

	s = qsm_add(q, QAIC_TRANS_STATUS_FROM_DEV, sizeof(*s));
	if (!s)
		return;
	s->major = QAIC_NNC_TRANS_MAJOR;
	s->minor = QAIC_NNC_TRANS_MINOR;
	s->status = status;
	/* no feature bits: no CRCs on messages, no subsystem restart */
}

/* The passthrough that a handler fills. NULL only if a reply is full. */
static uint8_t *add_passthrough(struct qsm *q, uint32_t type, size_t size)
{
	uint8_t *p = qsm_add(q, QAIC_TRANS_PASSTHROUGH_FROM_DEV,
			     sizeof(struct qaic_nnc_trans) + size);

	if (!p)
		return NULL;
	p += sizeof(struct qaic_nnc_trans);
	memcpy(p, &type, sizeof(type));
	return p;
}

static void add_cont(struct qsm *q, const struct soc_xfer *x)
{
	struct qaic_nnc_dma_cont *c;

	c = qsm_add(q, QAIC_TRANS_DMA_XFER_CONT, sizeof(*c));
	if (!c)
		return;
	c->chunk_id = x->chunk_id;
	c->done = x->done;
}

static int run(struct qsm *q, const struct qsm_cmd *c, void *rsp)
{
	/* aligned, and with zeros behind what the host sent */
	uint64_t buf[MAX_CMD / 8] = { 0 };

	if (q->cmd_len < c->req_size)
		return QAIC_NNC_ERR_LENGTH;
	memcpy(buf, q->cmd, q->cmd_len < MAX_CMD ? q->cmd_len : MAX_CMD);
	return c->fn(q, buf, rsp);
}

/*
 * Answer a command; @x is a transfer of it that goes on. A handler that wants
 * more data leaves q->cont, and the answer waits.
 */
static void answer(struct qsm *q, const struct qsm_cmd *c, struct soc_xfer *x)
{
	size_t len = q->len;
	uint32_t count = q->count;
	int32_t status;
	uint8_t *rsp;

	rsp = add_passthrough(q, c->rsp, c->rsp_size);
	if (!rsp)
		return;
	status = x ? qsm_load_more(q, x, rsp) : run(q, c, rsp);
	if (q->cont) {
		q->len = len;
		q->count = count;
		add_cont(q, q->cont);
		return;
	}
	memcpy(rsp + c->status_off, &status, sizeof(status));
}

static void command(struct qsm *q)
{
	struct qaic_nnc_simple_rsp *undef;
	const struct qsm_cmd *c;
	uint32_t type;

	if (q->cmd_len < sizeof(type)) {
		add_status(q, QAIC_NNC_ERR_LENGTH);
		return;
	}
	memcpy(&type, q->cmd, sizeof(type));
	c = find_cmd(type);
	if (c) {
		answer(q, c, NULL);
		return;
	}
	undef = (void *)add_passthrough(q, QAIC_NNC_UNDEFINED, sizeof(*undef));
	if (undef)
		undef->status = QAIC_NNC_ERR_UNDEFINED;
}

/* A message that is only a DMA transfer goes on with an earlier LOAD. */
static void more_data(struct qsm *q)
{
	struct soc_xfer *x;

	for (x = q->soc->xfers; x; x = x->next)
		if (x->owner == q->owner && x->chunk_id == q->dma->chunk_id)
			break;
	if (!q->dma->chunk_id || !x) {
		add_status(q, QAIC_NNC_ERR_PARAM);
		return;
	}
	answer(q, find_cmd(x->cmd), x);
}

static bool dma_ok(const struct qaic_nnc_trans *t)
{
	const struct qaic_nnc_dma_xfer *d = (const void *)t;

	return t->len >= sizeof(*d) &&
	       d->count <= (t->len - sizeof(*d)) / sizeof(d->data[0]);
}

/* Note what a message holds; a QAIC_NNC_* status. */
static int note(struct qsm *q, const struct qaic_nnc_trans *t, bool *status,
		const struct qaic_nnc_terminate_to_dev **term)
{
	switch (t->type) {
	case QAIC_TRANS_PASSTHROUGH_TO_DEV:
		if (q->cmd)
			return QAIC_NNC_ERR_PARAM;
		q->cmd = (const uint8_t *)(t + 1);
		q->cmd_len = t->len - sizeof(*t);
		return 0;
	case QAIC_TRANS_DMA_XFER_TO_DEV:
		if (q->dma || !dma_ok(t))
			return QAIC_NNC_ERR_PARAM;
		q->dma = (const void *)t;
		return 0;
	case QAIC_TRANS_ACTIVATE_TO_DEV:
		if (q->act || t->len < sizeof(*q->act))
			return QAIC_NNC_ERR_PARAM;
		q->act = (const void *)t;
		return 0;
	case QAIC_TRANS_STATUS_TO_DEV:
		*status = true;
		return 0;
	case QAIC_TRANS_TERMINATE_TO_DEV:
		if (*term || t->len < sizeof(**term))
			return QAIC_NNC_ERR_PARAM;
		*term = (const void *)t;
		return 0;
	}
	return QAIC_NNC_ERR_UNSUPPORTED;
}

static void terminate(struct qsm *q, uint32_t handle)
{
	struct qaic_nnc_terminate_from_dev *t;

	qsm_terminate(q->soc, handle, false);
	t = qsm_add(q, QAIC_TRANS_TERMINATE_FROM_DEV, sizeof(*t));
	if (t)
		t->status = QAIC_NNC_OK;
}

static void message(struct qsm *q, const struct qaic_nnc_wire_hdr *h,
		    size_t len)
{
	const struct qaic_nnc_terminate_to_dev *term = NULL;
	const uint8_t *msg = (const void *)h;
	const struct qaic_nnc_trans *t;
	size_t off = sizeof(*h);
	bool status = false;
	uint32_t i;
	int ret = 0;

	for (i = 0; i < h->count && !ret; i++) {
		t = (const void *)(msg + off);
		if (len - off < sizeof(*t) || t->len < sizeof(*t) ||
		    t->len % 8 || t->len > len - off)
			ret = QAIC_NNC_ERR_PARAM;
		else
			ret = note(q, t, &status, &term);
		if (!ret)
			off += t->len;
	}
	if (!ret && (!h->count || off != len))
		ret = QAIC_NNC_ERR_PARAM;
	if (ret) {
		add_status(q, ret);
		return;
	}
	if (q->cmd)
		command(q);
	else if (q->dma)
		more_data(q);
	if (status)
		add_status(q, QAIC_NNC_OK);
	if (term)
		terminate(q, term->handle);
	if (!q->count)			/* ACTIVATE alone means nothing */
		add_status(q, QAIC_NNC_ERR_PARAM);
}

int soc_control(struct soc *soc, const void *msg, size_t len, void *reply,
		size_t cap)
{
	const struct qaic_nnc_wire_hdr *h = msg;
	struct qaic_nnc_wire_hdr *r = reply;
	struct qsm q = { .soc = soc, .reply = reply, .len = sizeof(*r) };

	/* transactions are 8-byte multiples: all of it can be read in place */
	if (cap < QAIC_NNC_MAX_REPLY || (uintptr_t)msg % 8 ||
	    (uintptr_t)reply % 8)
		return -EINVAL;
	if (len < sizeof(*h) || len > QAIC_NNC_MAX_REQUEST ||
	    h->magic != QAIC_NNC_MAGIC || h->len != len)
		return -EBADMSG;
	memset(r, 0, sizeof(*r));
	q.cap = QAIC_NNC_MAX_REPLY;
	q.owner = h->handle;

	pthread_mutex_lock(&soc->qsm_lock);
	message(&q, h, len);
	pthread_mutex_unlock(&soc->qsm_lock);

	r->magic = QAIC_NNC_MAGIC;
	r->seq = h->seq;
	r->len = q.len;
	r->count = q.count;
	r->handle = h->handle;
	r->partition = h->partition;
	return q.len;
}
