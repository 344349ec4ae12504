// SPDX-License-Identifier: MIT
/*
 * LOAD_CONSTANTS*, LOAD_ELF and their data.
 *
 * Data comes as address/size pairs, all with the command or in several messages
 * (DMA_XFER_CONT): a struct soc_xfer is the memory between them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "soc/card.h"
#include "soc/nsp_join.h"

static struct soc_consts *find_consts(struct soc *soc, uint32_t id)
{
	struct soc_consts *c;

	for (c = soc->consts; c; c = c->next)
		if (c->id == id)
			break;
	return c;
}

static int take_mem(struct soc *soc, uint64_t size)
{
	struct soc_res want = { .mem = size };

	return qsm_take(&soc->total, &soc->used, &want);
}

static void give_mem(struct soc *soc, uint64_t size)
{
	struct soc_res res = { .mem = size };

	qsm_give(&soc->used, &res);
}

/* ---- constants ---- */

static int new_consts(struct qsm *q, uint64_t size, struct soc_consts **out)
{
	struct soc *soc = q->soc;
	struct soc_consts *c;

	if (soc->num_consts >= SOC_MAX_OBJS)
		return QAIC_NNC_ERR_IDS;
	c = calloc(1, sizeof(*c));
	if (!c)
		return QAIC_NNC_ERR_NO_MEM;
	if (take_mem(soc, size)) {
		free(c);
		return QAIC_NNC_ERR_NO_MEM;
	}
	c->id = qsm_new_id(soc);
	c->owner = q->owner;
	c->size = size;
	c->next = soc->consts;
	soc->consts = c;
	soc->num_consts++;
	*out = c;
	return QAIC_NNC_OK;
}

void qsm_free_consts(struct soc *soc, struct soc_consts *c)
{
	struct soc_consts **p = &soc->consts;
	struct soc_xfer *x, *next;

	for (x = soc->xfers; x; x = next) {
		next = x->next;
		if (x->consts == c)
			qsm_free_xfer(soc, x);
	}
	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	soc->num_consts--;
	give_mem(soc, c->size);
	soc_pages_free(c->own, c->size);
	free(c);
}

/* From here on the constants are the card's own memory. */
static int own_consts(struct soc_consts *c)
{
	if (c->own)
		return QAIC_NNC_OK;
	c->own = soc_pages(c->size);
	if (!c->own)
		return QAIC_NNC_ERR_NO_MEM;
	if (c->filled)
		memcpy(c->own, c->base, c->filled);
	c->base = c->own;
	c->filled = 0;
	return QAIC_NNC_OK;
}

int qsm_seal_consts(struct soc_consts *c)
{
	if (c->base && !c->own && c->filled == c->size)
		return QAIC_NNC_OK;
	return own_consts(c);
}

/*
 * True if [iova, iova + len) can be used where it is: the bus promises that it
 * stays, and it continues what is in place so far (or begins it, aligned).
 */
static bool put_in_place(struct soc *soc, struct soc_consts *c, uint64_t off,
			 uint64_t iova, uint64_t len)
{
	const uint8_t *host;

	if (c->own || !soc->bus.stable || off != c->filled)
		return false;
	host = soc->bus.map(soc->bus.ctx, iova, len, false);
	if (!host)
		return false;
	if (off ? host != c->base + off : (uintptr_t)host % 64 != 0)
		return false;
	if (!off)
		c->base = host;
	c->filled += len;
	return true;
}

static int put_consts(struct soc *soc, struct soc_consts *c, uint64_t off,
		      uint64_t iova, uint64_t len)
{
	int ret;

	if (put_in_place(soc, c, off, iova, len))
		return QAIC_NNC_OK;
	ret = own_consts(c);
	if (ret)
		return ret;
	if (soc_copy(soc, iova, c->own + off, len, false))
		return QAIC_NNC_ERR_DMA;
	return QAIC_NNC_OK;
}

/* ---- ELFs ---- */

static int new_elf(struct qsm *q, const void *data, uint64_t size, uint32_t *id)
{
	struct soc *soc = q->soc;
	struct soc_elf *e;
	int ret;

	if (soc->num_elfs >= SOC_MAX_OBJS)
		return QAIC_NNC_ERR_IDS;
	e = calloc(1, sizeof(*e));
	if (!e)
		return QAIC_NNC_ERR_NO_MEM;
	ret = QAIC_NNC_ERR_NO_MEM;
	if (take_mem(soc, size))
		goto free_elf;
	ret = qpc_program_from_elf(data, size, &e->prog, NULL);
	if (ret) {
		ret = ret == -ENOMEM ? QAIC_NNC_ERR_NO_MEM :
				       QAIC_NNC_ERR_METADATA;
		goto give;
	}
	if (nsp_join_create(&e->prog, nsp_pool_threads(soc->pool), &e->join)) {
		ret = QAIC_NNC_ERR_NO_MEM;
		goto release;
	}
	e->id = qsm_new_id(soc);
	e->owner = q->owner;
	e->size = size;
	e->next = soc->elfs;
	soc->elfs = e;
	soc->num_elfs++;
	*id = e->id;
	return QAIC_NNC_OK;

release:
	qpc_program_release(&e->prog);
give:
	give_mem(soc, size);
free_elf:
	free(e);
	return ret;
}

void qsm_free_elf(struct soc *soc, struct soc_elf *e)
{
	struct soc_elf **p = &soc->elfs;

	while (*p != e)
		p = &(*p)->next;
	*p = e->next;
	soc->num_elfs--;
	give_mem(soc, e->size);
	nsp_join_free(e->join);
	qpc_program_release(&e->prog);
	free(e);
}

/* ---- transfers ---- */

void qsm_free_xfer(struct soc *soc, struct soc_xfer *x)
{
	struct soc_xfer **p = &soc->xfers;

	while (*p != x)
		p = &(*p)->next;
	*p = x->next;
	soc->num_xfers--;
	soc_pages_free(x->buf, x->len);
	free(x);
}

/* Begin to receive @len bytes; the message must carry a transfer of that tag. */
static int new_xfer(struct qsm *q, uint32_t cmd, uint32_t tag, uint64_t len,
		    struct soc_xfer **out)
{
	struct soc *soc = q->soc;
	struct soc_xfer *x;

	if (!q->dma || q->dma->tag != tag || !len)
		return QAIC_NNC_ERR_PARAM;
	if (soc->num_xfers >= SOC_MAX_XFERS)
		return QAIC_NNC_ERR_NO_MEM;
	for (x = soc->xfers; x; x = x->next)
		if (x->owner == q->owner && x->chunk_id == q->dma->chunk_id)
			return QAIC_NNC_ERR_PARAM;
	x = calloc(1, sizeof(*x));
	if (!x)
		return QAIC_NNC_ERR_NO_MEM;
	x->owner = q->owner;
	x->chunk_id = q->dma->chunk_id;
	x->cmd = cmd;
	x->len = len;
	x->next = soc->xfers;
	soc->xfers = x;
	soc->num_xfers++;
	*out = x;
	return QAIC_NNC_OK;
}

/* Take what this message's pairs bring. Bytes beyond x->len are not wanted. */
static int feed(struct qsm *q, struct soc_xfer *x)
{
	const struct qaic_nnc_addr_size *a = q->dma->data;
	uint64_t n;
	uint32_t i;
	int ret;

	for (i = 0; i < q->dma->count && x->done < x->len; i++) {
		n = x->len - x->done;
		if (a[i].size < n)
			n = a[i].size;
		if (!n)
			continue;
		if (a[i].addr + n < a[i].addr)
			return QAIC_NNC_ERR_DMA;
		if (x->consts) {
			ret = put_consts(q->soc, x->consts, x->off + x->done,
					 a[i].addr, n);
			if (ret)
				return ret;
		} else if (soc_copy(q->soc, a[i].addr, x->buf + x->done, n,
				    false)) {
			return QAIC_NNC_ERR_DMA;
		}
		x->done += n;
	}
	return QAIC_NNC_OK;
}

int qsm_load_more(struct qsm *q, struct soc_xfer *x, void *rsp)
{
	struct soc_consts *c = x->consts;
	struct qaic_nnc_load_rsp *r = rsp;
	bool all_in_one = x->cmd == QAIC_NNC_LOAD_CONSTANTS;
	int ret;

	ret = feed(q, x);
	if (!ret && x->done < x->len) {
		if (x->chunk_id) {
			q->cont = x;
			return QAIC_NNC_OK;
		}
		ret = QAIC_NNC_ERR_DMA;		/* less than promised */
	}
	if (!ret && c)
		r->id = c->id;
	else if (!ret)
		ret = new_elf(q, x->buf, x->len, &r->id);
	qsm_free_xfer(q->soc, x);
	if (ret && all_in_one)
		qsm_free_consts(q->soc, c);
	return ret;
}

/* ---- commands ---- */

int qsm_load_constants_ex(struct qsm *q, const void *cmd, void *rsp)
{
	const struct qaic_nnc_load_constants_ex *req = cmd;
	struct qaic_nnc_load_rsp *r = rsp;
	struct qaic_nnc_const_desc desc;
	struct soc_consts *c;
	uint64_t size;
	int ret;

	if (req->desc_len < sizeof(desc) ||
	    q->cmd_len < sizeof(*req) + sizeof(desc))
		return QAIC_NNC_ERR_LENGTH;
	memcpy(&desc, req + 1, sizeof(desc));
	if (__builtin_add_overflow(desc.static_size, desc.dynamic_size, &size))
		return QAIC_NNC_ERR_NO_MEM;
	ret = new_consts(q, size, &c);
	if (!ret)
		r->id = c->id;
	return ret;
}

int qsm_load_constants_payload(struct qsm *q, const void *cmd, void *rsp)
{
	const struct qaic_nnc_load_constants_payload *req = cmd;
	struct soc_consts *c = find_consts(q->soc, req->constants_id);
	struct soc_xfer *x;
	int ret;

	if (!c)
		return QAIC_NNC_ERR_NOT_FOUND;
	if (c->owner != q->owner || c->users)
		return QAIC_NNC_ERR_NOT_PERMITTED;
	if (req->offset > c->size || req->data_length > c->size - req->offset)
		return QAIC_NNC_ERR_PARAM;
	ret = new_xfer(q, req->type, req->tag, req->data_length, &x);
	if (ret)
		return ret;
	x->consts = c;
	x->off = req->offset;
	return qsm_load_more(q, x, rsp);
}

int qsm_load_constants(struct qsm *q, const void *cmd, void *rsp)
{
	const struct qaic_nnc_load_constants *req = cmd;
	struct soc_consts *c;
	struct soc_xfer *x;
	int ret;

	ret = new_consts(q, req->data_length, &c);
	if (ret)
		return ret;
	ret = new_xfer(q, req->type, req->tag, req->data_length, &x);
	if (ret) {
		qsm_free_consts(q->soc, c);
		return ret;
	}
	x->consts = c;
	return qsm_load_more(q, x, rsp);
}

int qsm_load_elf(struct qsm *q, const void *cmd, void *rsp)
{
	const struct qaic_nnc_load_elf *req = cmd;
	struct soc_xfer *x;
	int ret;

	if (req->data_length > SOC_MAX_ELF)
		return QAIC_NNC_ERR_NO_MEM;
	ret = new_xfer(q, req->type, req->tag, req->data_length, &x);
	if (ret)
		return ret;
	x->buf = soc_pages(x->len);
	if (!x->buf) {
		qsm_free_xfer(q->soc, x);
		return QAIC_NNC_ERR_NO_MEM;
	}
	return qsm_load_more(q, x, rsp);
}

int qsm_unload_constants(struct qsm *q, const void *cmd, void *rsp)
{
	const struct qaic_nnc_id_req *req = cmd;
	struct soc_consts *c = find_consts(q->soc, req->id);

	if (!c)
		return QAIC_NNC_ERR_NOT_FOUND;
	if (c->owner != q->owner || c->users)
		return QAIC_NNC_ERR_NOT_PERMITTED;
	qsm_free_consts(q->soc, c);
	return QAIC_NNC_OK;
}

int qsm_unload_elf(struct qsm *q, const void *cmd, void *rsp)
{
	const struct qaic_nnc_id_req *req = cmd;
	struct soc_elf *e;

	for (e = q->soc->elfs; e; e = e->next)
		if (e->id == req->id)
			break;
	if (!e)
		return QAIC_NNC_ERR_NOT_FOUND;
	if (e->owner != q->owner || e->users)
		return QAIC_NNC_ERR_NOT_PERMITTED;
	qsm_free_elf(q->soc, e);
	return QAIC_NNC_OK;
}
