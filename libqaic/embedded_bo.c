// SPDX-License-Identifier: MIT
/*
 * Buffer objects of the embedded transport. Attaching turns slices into request
 * elements once; a call only copies them into the FIFO. The checks are those of
 * the kernel driver's ATTACH_SLICE_BO.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "libqaic/embedded.h"

#define MAX_SEG	(1u << 30)	/* bytes of one request element */

int emb_bo_create(struct qaic_transport *t, size_t size, struct qaic_bo **out)
{
	struct emb_bo *b;

	if (size > SIZE_MAX / 2)
		return -ENOMEM;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->map_len = ((size ? size : 1) + 4095) & ~(size_t)4095;
	b->bo.data = mmap(NULL, b->map_len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b->bo.data == MAP_FAILED) {
		free(b);
		return -ENOMEM;
	}
	b->bo.size = size;
	*out = &b->bo;
	return 0;
}

void emb_bo_destroy(struct qaic_transport *t, struct qaic_bo *bo)
{
	struct emb_bo *b = (struct emb_bo *)bo;

	munmap(b->bo.data, b->map_len);
	free(b->reqs);
	free(b);
}

static bool sem_ok(const struct qaic_sem *s)
{
	return s->val <= QAIC_HW_SEM_MAX && s->index < QAIC_HW_NUM_SEMS &&
	       s->presync <= 1 && !s->pad && s->flags <= 3 &&
	       s->cmd <= QAIC_HW_SEM_WAIT_GT0;
}

static bool slice_ok(const struct emb_bo *b,
		     const struct qaic_attach_slice_entry *s)
{
	if (!sem_ok(&s->sem0) || !sem_ok(&s->sem1) || !sem_ok(&s->sem2) ||
	    !sem_ok(&s->sem3) || s->sem0.presync + s->sem1.presync +
	    s->sem2.presync + s->sem3.presync > 1)
		return false;
	if (s->db_len && s->db_len != 8 && s->db_len != 16 && s->db_len != 32)
		return false;
	if (s->db_len && s->db_addr % (s->db_len / 8))
		return false;
	return s->offset <= b->bo.size && s->size <= b->bo.size - s->offset;
}

static uint32_t sem_cmd(const struct qaic_sem *s)
{
	uint32_t cmd;

	if (s->cmd == QAIC_HW_SEM_NOP)
		return 0;
	cmd = QAIC_HW_SEM_ENABLE | (uint32_t)s->cmd << QAIC_HW_SEM_OP_SHIFT |
	      (uint32_t)s->index << QAIC_HW_SEM_INDEX_SHIFT | s->val;
	if (s->presync)
		cmd |= QAIC_HW_SEM_PRESYNC;
	if (s->flags & QAIC_SEM_INSYNCFENCE)
		cmd |= QAIC_HW_SEM_FENCE_IN;
	if (s->flags & QAIC_SEM_OUTSYNCFENCE)
		cmd |= QAIC_HW_SEM_FENCE_OUT;
	return cmd;
}

static uint32_t num_segs(const struct qaic_attach_slice_entry *s)
{
	return s->size ? (s->size - 1) / MAX_SEG + 1 : 1;
}

/* Presync goes before the first segment; all else behind the last. */
static void encode_sync(const struct qaic_attach_slice_entry *s,
			struct qaic_hw_req *first, struct qaic_hw_req *last)
{
	const struct qaic_sem *sems[4] = { &s->sem0, &s->sem1, &s->sem2,
					   &s->sem3 };
	unsigned int i;

	for (i = 0; i < 4; i++)
		(sems[i]->presync ? first : last)->sem_cmd[i] =
			sem_cmd(sems[i]);
	last->cmd |= QAIC_HW_CMD_COMPLETION;
	if (!s->db_len)
		return;
	last->db_addr = s->db_addr;
	last->db_data = s->db_data;
	last->db_attr = QAIC_HW_DB_WRITE |
			(s->db_len == 32 ? QAIC_HW_DB_LEN_32 :
			 s->db_len == 16 ? QAIC_HW_DB_LEN_16 :
					   QAIC_HW_DB_LEN_8);
}

static struct qaic_hw_req *encode(const struct emb_bo *b, uint32_t dir,
				  const struct qaic_attach_slice_entry *s,
				  struct qaic_hw_req *r)
{
	uint64_t host = (uintptr_t)b->bo.data + s->offset;
	struct qaic_hw_req *first = r;
	uint64_t off = 0, len;

	do {
		len = s->size - off < MAX_SEG ? s->size - off : MAX_SEG;
		memset(r, 0, sizeof(*r));
		r->len = len;
		r->cmd = QAIC_HW_CMD_BULK;
		if (dir == QAIC_DIR_TO_DEV) {
			r->cmd |= len ? QAIC_HW_CMD_XFER_IN : 0;
			r->src = host + off;
			r->dst = s->dev_addr + off;
		} else {
			r->cmd |= len ? QAIC_HW_CMD_XFER_OUT : 0;
			r->src = s->dev_addr + off;
			r->dst = host + off;
		}
		off += len;
		r++;
	} while (off < s->size);
	encode_sync(s, first, r - 1);
	return r;
}

int emb_bo_attach(struct qaic_transport *t, struct qaic_bo *bo, uint32_t dbc,
		  uint32_t dir, const struct qaic_attach_slice_entry *slices,
		  uint32_t num_slices)
{
	struct emb *emb = to_emb(t);
	struct emb_bo *b = (struct emb_bo *)bo;
	struct qaic_hw_req *r;
	uint64_t total = 0;
	uint32_t i;

	if (!num_slices || dbc >= QAIC_HW_NUM_DBC || b->reqs ||
	    (dir != QAIC_DIR_TO_DEV && dir != QAIC_DIR_FROM_DEV))
		return -EINVAL;
	for (i = 0; i < num_slices; i++) {
		if (!slice_ok(b, &slices[i]))
			return -EINVAL;
		total += num_segs(&slices[i]);
	}
	if (total >= emb->card->chan[dbc].n)
		return -ENOSPC;
	b->reqs = calloc(total, sizeof(*b->reqs));
	if (!b->reqs)
		return -ENOMEM;
	b->num_reqs = total;
	b->num_slices = num_slices;
	for (r = b->reqs, i = 0; i < num_slices; i++)
		r = encode(b, dir, &slices[i], r);
	return 0;
}
