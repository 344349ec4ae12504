// SPDX-License-Identifier: GPL-2.0-only
/* Slices to request elements. */
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "kmod/slice.h"

static bool sem_ok(const struct qaic_sem *s)
{
	return s->val <= QAIC_HW_SEM_VALUE_MASK &&
	       s->index <= QAIC_HW_SEM_INDEX_MASK && s->presync <= 1 &&
	       !s->pad && s->cmd <= QAIC_HW_SEM_WAIT_GT0 &&
	       !(s->flags & ~(QAIC_SEM_INSYNCFENCE | QAIC_SEM_OUTSYNCFENCE));
}

static unsigned int presyncs(const struct qaic_attach_slice_entry *e)
{
	return e->sem0.presync + e->sem1.presync + e->sem2.presync +
	       e->sem3.presync;
}

int qaic_slice_check(const struct qaic_attach_slice_entry *e, u64 bo_size)
{
	if (e->db_len != 0 && e->db_len != 8 && e->db_len != 16 &&
	    e->db_len != 32)
		return -EINVAL;
	if (e->db_len && e->db_addr & (e->db_len / 8 - 1))
		return -EINVAL;
	if (!sem_ok(&e->sem0) || !sem_ok(&e->sem1) || !sem_ok(&e->sem2) ||
	    !sem_ok(&e->sem3) || presyncs(e) > 1)
		return -EINVAL;
	if (e->offset > bo_size || e->size > bo_size - e->offset)
		return -EINVAL;
	return 0;
}

u64 qaic_slice_elements(u64 size)
{
	return size ? div_u64(size - 1, QAIC_SLICE_CHUNK) + 1 : 1;
}

static u32 sem_cmd(const struct qaic_sem *s, u32 flags)
{
	u32 cmd = s->val | (u32)s->index << QAIC_HW_SEM_INDEX_SHIFT |
		  (u32)s->cmd << QAIC_HW_SEM_OP_SHIFT;

	if (s->presync)
		cmd |= QAIC_HW_SEM_PRESYNC;
	if (flags & QAIC_SEM_INSYNCFENCE)
		cmd |= QAIC_HW_SEM_FENCE_IN;
	if (flags & QAIC_SEM_OUTSYNCFENCE)
		cmd |= QAIC_HW_SEM_FENCE_OUT;
	if (s->cmd != QAIC_HW_SEM_NOP)
		cmd |= QAIC_HW_SEM_ENABLE;
	return cmd;
}

static u8 db_attr(u32 db_len)
{
	switch (db_len) {
	case 32:
		return QAIC_HW_DB_WRITE | QAIC_HW_DB_LEN_32;
	case 16:
		return QAIC_HW_DB_WRITE | QAIC_HW_DB_LEN_16;
	case 8:
		return QAIC_HW_DB_WRITE | QAIC_HW_DB_LEN_8;
	}
	return 0;
}

/* A presync semaphore guards every transfer: each element waits for it. */
static void hold_back(const struct qaic_attach_slice_entry *e,
		      struct qaic_hw_req *req)
{
	if (e->sem0.presync)
		req->sem_cmd[0] = sem_cmd(&e->sem0, e->sem0.flags);
	if (e->sem1.presync)
		req->sem_cmd[1] = sem_cmd(&e->sem1, e->sem1.flags);
	if (e->sem2.presync)
		req->sem_cmd[2] = sem_cmd(&e->sem2, e->sem2.flags);
	if (e->sem3.presync)
		req->sem_cmd[3] = sem_cmd(&e->sem3, e->sem3.flags);
}

/*
 * What follows the transfer is in the last element alone. With several elements
 * and no presync, which would keep them in order, a fence holds it back until
 * the transfers before it have ended.
 */
static void finish(const struct qaic_attach_slice_entry *e, u32 dir,
		   struct qaic_hw_req *req, bool several)
{
	u32 flags = e->sem0.flags;

	if (several && !presyncs(e))
		flags |= dir == QAIC_DIR_TO_DEV ? QAIC_SEM_INSYNCFENCE :
						  QAIC_SEM_OUTSYNCFENCE;
	req->cmd |= QAIC_HW_CMD_COMPLETION;
	req->db_addr = e->db_addr;
	req->db_attr = db_attr(e->db_len);
	req->db_data = e->db_data;
	req->sem_cmd[0] = sem_cmd(&e->sem0, flags);
	req->sem_cmd[1] = sem_cmd(&e->sem1, e->sem1.flags);
	req->sem_cmd[2] = sem_cmd(&e->sem2, e->sem2.flags);
	req->sem_cmd[3] = sem_cmd(&e->sem3, e->sem3.flags);
}

void qaic_slice_encode(const struct qaic_attach_slice_entry *e, u32 dir,
		       u64 iova, struct qaic_hw_req *req, u32 n)
{
	u64 host = iova + e->offset, dev = e->dev_addr, left = e->size;
	u32 i, len;

	memset(req, 0, n * sizeof(*req));
	for (i = 0; i < n; i++) {
		len = min_t(u64, left, QAIC_SLICE_CHUNK);
		req[i].cmd = QAIC_HW_CMD_BULK;
		if (len)
			req[i].cmd |= dir == QAIC_DIR_TO_DEV ?
					      QAIC_HW_CMD_XFER_IN :
					      QAIC_HW_CMD_XFER_OUT;
		req[i].src = dir == QAIC_DIR_TO_DEV ? host : dev;
		req[i].dst = dir == QAIC_DIR_TO_DEV ? dev : host;
		req[i].len = len;
		hold_back(e, &req[i]);
		host += len;
		dev += len;
		left -= len;
	}
	finish(e, dir, &req[n - 1], n > 1);
}

u32 qaic_slice_shorten(const struct qaic_hw_req *req, u32 n, u64 bytes,
		       u32 *last_len)
{
	u32 i;

	for (i = 0; i < n - 1 && bytes > req[i].len; i++)
		bytes -= req[i].len;
	*last_len = min_t(u64, bytes, req[i].len);
	return i + 1;
}

void qaic_slice_cut(const struct qaic_hw_req *mover,
		    const struct qaic_hw_req *last, u32 len,
		    struct qaic_hw_req *out)
{
	*out = *last;
	out->src = mover->src;
	out->dst = mover->dst;
	out->len = len;
	if (!len)
		out->cmd &= ~QAIC_HW_CMD_XFER_MASK;
}
