// SPDX-License-Identifier: MIT
/*
 * One command: resolve its operands, call what it names.
 */
#include "soc/nsp_priv.h"

static void (*const ops[NSP_OP_COUNT])(struct nsp_run *) = {
	[NSP_MOVE] = nsp_move,
	[NSP_FILL] = nsp_fill,
	[NSP_UNARY] = nsp_unary,
	[NSP_BINARY] = nsp_binary,
	[NSP_SELECT] = nsp_select,
	[NSP_REDUCE] = nsp_reduce,
	[NSP_SOFTMAX] = nsp_softmax,
	[NSP_NORM] = nsp_norm,
	[NSP_CUMSUM] = nsp_cumsum,
	[NSP_MATMUL] = nsp_matmul,
	[NSP_ROPE] = nsp_rope,
	[NSP_ATTN] = nsp_attn,
	[NSP_KVPUT] = nsp_kvput,
	[NSP_KVGET] = nsp_kvget,
	[NSP_GATHER] = nsp_gather,
	[NSP_GATHERE] = nsp_gathere,
	[NSP_SCATTER] = nsp_scatter,
	[NSP_SCATTERE] = nsp_scattere,
	[NSP_GATHERND] = nsp_gathernd,
	[NSP_TOPK] = nsp_topk,
};

uint8_t *nsp_resolve(const struct nsp_mem *mem, unsigned int nsp, uint64_t addr)
{
	uint64_t off = NSP_ADDR_OFF(addr);

	switch (NSP_ADDR_SPACE(addr)) {
	case NSP_SPACE_CONST:
		return (uint8_t *)mem->consts + off;	/* never written */
	case NSP_SPACE_DDR:
		return mem->ddr + off;
	case NSP_SPACE_TCM:
		return mem->tcm + off;
	case NSP_SPACE_LOCAL:
		return mem->local[nsp] + off;
	}
	return NULL;
}

void nsp_exec(const struct nsp_cmd *cmd, const struct nsp_mem *mem,
	      unsigned int nsp, void *scratch)
{
	struct nsp_run r = { .cmd = cmd, .k = kern_get(), .scratch = scratch };
	int i;

	if (cmd->op >= NSP_OP_COUNT || !ops[cmd->op])
		return;			/* END, BARRIER, SEM */
	for (i = 0; i < NSP_DIMS; i++)
		if (!cmd->dims[i])
			return;
	for (i = 0; i < NSP_OPNDS; i++) {
		r.p[i] = nsp_resolve(mem, nsp, cmd->o[i].addr);
		r.size[i] = qaic_dtype_size(cmd->dtype[i]);
	}
	ops[cmd->op](&r);
}
