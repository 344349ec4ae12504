/* SPDX-License-Identifier: MIT */
/* A good command of every operation, for the memory of the sample program. */
#ifndef TESTS_QPC_COMMANDS_H
#define TESTS_QPC_COMMANDS_H

#include "tests/unit/qpc/sample.h"

#define DDR(off)	NSP_ADDR(NSP_SPACE_DDR, off)
#define CONST(off)	NSP_ADDR(NSP_SPACE_CONST, off)
#define TCM(off)	NSP_ADDR(NSP_SPACE_TCM, off)
#define LOCAL(off)	NSP_ADDR(NSP_SPACE_LOCAL, off)

/* ---- a good command of every operation ---- */

struct shape {
	uint8_t op, sub;
	uint32_t d[NSP_DIMS];
	struct {
		uint64_t addr;
		uint8_t dtype;
		int32_t stride[NSP_DIMS];
	} o[NSP_OPNDS];
	int32_t imm[NSP_IMMS];
};

/* rows leave out what is 0 */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

static const struct shape good[] = {
	{ NSP_MOVE, 0, { 1, 1, 1, 1, 4, 8 },
	  { { DDR(0), QAIC_I64, { 0, 0, 0, 0, 8, 1 } },
	    { LOCAL(0), QAIC_F16, { 0, 0, 0, 0, 1, 4 } } } },
	{ NSP_FILL, 0, { 1, 1, 1, 1, 1, 100 },
	  { { LOCAL(0), QAIC_U8, { 0, 0, 0, 0, 0, 1 } } }, { 7 } },
	{ NSP_UNARY, NSP_U_EXP, { 1, 1, 1, 1, 4, 8 },
	  { { TCM(0), QAIC_F32, { 0, 0, 0, 0, 8, 1 } },
	    { CONST(0), QAIC_F16, { 0, 0, 0, 0, 0, 1 } } } },
	{ NSP_BINARY, NSP_B_LT, { 1, 1, 1, 1, 4, 8 },
	  { { TCM(0), QAIC_BOOL, { 0, 0, 0, 0, 8, 1 } },
	    { DDR(0), QAIC_I64, { 0, 0, 0, 0, 8, 1 } },
	    { DDR(512), QAIC_I32, { 0, 0, 0, 0, 0, 1 } } } },
	{ NSP_SELECT, 0, { 1, 1, 1, 1, 4, 8 },
	  { { TCM(0), QAIC_F16, { 0, 0, 0, 0, 8, 1 } },
	    { DDR(0), QAIC_BOOL, { 0, 0, 0, 0, 8, 1 } },
	    { DDR(512), QAIC_F32, { 0, 0, 0, 0, 0, 1 } },
	    { CONST(0), QAIC_F16, { 0 } } } },
	{ NSP_REDUCE, NSP_R_SUM, { 1, 1, 1, 1, 4, 8 },
	  { { TCM(0), QAIC_F16, { 0, 0, 0, 0, 1, 0 } },
	    { DDR(0), QAIC_F16, { 0, 0, 0, 0, 8, 1 } } }, { 1 << 5 } },
	{ NSP_REDUCE, NSP_R_ARGMAX, { 1, 1, 1, 1, 4, 8 },
	  { { TCM(0), QAIC_I64, { 0, 0, 0, 0, 1, 0 } },
	    { DDR(0), QAIC_F16, { 0, 0, 0, 0, 8, 1 } } }, { 1 << 5, 1 } },
	{ NSP_SOFTMAX, 1, { 1, 1, 1, 1, 4, 8 },
	  { { TCM(0), QAIC_F16, { 0, 0, 0, 0, 8, 1 } },
	    { DDR(0), QAIC_F32, { 0, 0, 0, 0, 8, 1 } } } },
	{ NSP_NORM, 1, { 1, 1, 1, 1, 4, 8 },
	  { { TCM(0), QAIC_F16, { 0, 0, 0, 0, 8, 1 } },
	    { DDR(0), QAIC_F16, { 0, 0, 0, 0, 8, 1 } },
	    { CONST(0), QAIC_F16, { 0, 0, 0, 0, 0, 1 } },
	    { CONST(16), QAIC_F16, { 0, 0, 0, 0, 0, 1 } } }, { 0x3727c5ac } },
	{ NSP_CUMSUM, 0, { 1, 1, 1, 1, 4, 8 },
	  { { TCM(0), QAIC_I32, { 0, 0, 0, 0, 8, 1 } },
	    { DDR(0), QAIC_I64, { 0, 0, 0, 0, 8, 1 } } }, { 3 } },
	{ NSP_MATMUL, 0, { 1, 2, 4, 64, 32, 1 },
	  { { DDR(0), QAIC_F16, { 0, 256, 64, 1 } },
	    { DDR(4096), QAIC_F16, { 0, 128, 32, 0, 1 } },
	    { CONST(0), QAIC_F16, { 0, 0, 0, 32, 1 } },
	    { CONST(4096), QAIC_F32, { 0, 0, 0, 1 } } } },
	{ NSP_ROPE, 1, { 1, 4, 2, 8, 16, 4 },
	  { { DDR(0), QAIC_F16, { 0, 16, 8, 1 } },
	    { DDR(256), QAIC_F16, { 0, 16, 8, 1 } },
	    { CONST(0), QAIC_F32, { 0, 0, 0, 0, 4, 1 } },
	    { CONST(256), QAIC_F32, { 0, 0, 0, 0, 4, 1 } },
	    { DDR(1024), QAIC_I64, { 4, 1 } } } },
	{ NSP_ATTN, 0, { 1, 4, 4, 2, 8, 16 },
	  { { DDR(0), QAIC_F16, { 0, 32, 8, 0, 1 } },
	    { DDR(256), QAIC_F16, { 0, 32, 8, 0, 1 } },
	    { DDR(4096), QAIC_F16, { 0, 0, 0, 128, 1, 8 } },
	    { DDR(8192), QAIC_F16, { 0, 0, 0, 128, 1, 8 } },
	    { DDR(1024), QAIC_I32, { 4, 1 } },
	    { CONST(0), QAIC_F32, { 0, 0, 1 } } },
	  { 0x3f000000, 8, 0 } },
	{ NSP_KVPUT, 0, { 1, 2, 4, 8, 16, 3 },
	  { { DDR(4096), QAIC_F16, { 0, 128, 0, 1, 8, 256 } },
	    { DDR(0), QAIC_F32, { 0, 8, 16, 1 } },
	    { DDR(1024), QAIC_I64, { 4, 0, 1 } },
	    { DDR(2048), QAIC_I64, { 1 } } } },
	{ NSP_KVGET, 0, { 2, 2, 4, 8, 16, 2 },
	  { { DDR(0), QAIC_F16, { 64, 32, 8, 1 } },
	    { DDR(4096), QAIC_F16, { 0, 128, 0, 1, 8, 256 } },
	    { DDR(1024), QAIC_I64, { 4, 0, 1 } } } },
	{ NSP_GATHER, 0, { 2, 3, 1, 8, 10, 1 },
	  { { DDR(0), QAIC_F16, { 24, 8, 0, 1 } },
	    { CONST(0), QAIC_F16, { 80, 0, 0, 1, 8 } },
	    { DDR(1024), QAIC_I64, { 0, 1 } } } },
	{ NSP_GATHERE, 0, { 1, 1, 1, 4, 8, 16 },
	  { { DDR(0), QAIC_F16, { 0, 0, 0, 8, 1 } },
	    { CONST(0), QAIC_F16, { 0, 0, 0, 16, 0, 1 } },
	    { DDR(1024), QAIC_I64, { 0, 0, 0, 8, 1 } } }, { 4 } },
	{ NSP_SCATTER, 1, { 3, 8, 2, 1, 1, 1 },
	  { { DDR(4096), QAIC_F16, { 80, 8, 0, 0, 0, 1 } },
	    { DDR(1024), QAIC_I64, { 2, 0, 1 } },
	    { DDR(0), QAIC_F16, { 8, 1 } } }, { 4, 10 } },
	{ NSP_SCATTERE, 4, { 1, 1, 1, 4, 8, 16 },
	  { { DDR(4096), QAIC_F16, { 0, 0, 0, 16, 0, 1 } },
	    { DDR(1024), QAIC_I64, { 0, 0, 0, 8, 1 } },
	    { DDR(0), QAIC_F16, { 0, 0, 0, 8, 1 } } }, { 4 } },
	{ NSP_GATHERND, 0, { 3, 8, 2, 1, 1, 1 },
	  { { DDR(0), QAIC_F16, { 8, 1 } },
	    { DDR(4096), QAIC_F16, { 80, 8, 0, 0, 0, 1 } },
	    { DDR(1024), QAIC_I64, { 2, 0, 1 } } }, { 4, 10 } },
	{ NSP_TOPK, 0, { 1, 1, 1, 1, 4, 5 },
	  { { DDR(0), QAIC_F16, { 0, 0, 0, 0, 5, 1 } },
	    { DDR(1024), QAIC_F16, { 0, 0, 0, 0, 32, 1 } },
	    { DDR(4096), QAIC_I64, { 0, 0, 0, 0, 5, 1 } } }, { 0, 1, 32 } },
};

/* The same with panels and block types; strides that are wrong are refused as such. */
static const struct shape in_blocks[] = {
	{ NSP_MATMUL, 0, { 1, 2, 4, 20, 70, 1 },
	  { { DDR(0), QAIC_F16, { 0, 80, 20, 1 } },
	    { DDR(4096), QAIC_F32, { 0, 280, 70, 0, 1 } },
	    { CONST(0), QAIC_MXFP6, { 0, 0, 0, 96, 1 } },
	    { CONST(4096), QAIC_F32, { 0, 0, 0, 1 } } } },
	{ NSP_MATMUL, 0, { 3, 2, 1, 16, 32, 4 },
	  { { DDR(0), QAIC_F16, { 32, 16, 0, 1 } },
	    { DDR(4096), QAIC_F16, { 64, 32, 0, 0, 1 } },
	    { CONST(0), QAIC_MXINT8, { 0, 0, 0, 32, 1, 512 } }, { 0 },
	    { DDR(1024), QAIC_I64, { 2, 1 } } } },
	{ NSP_MATMUL, 0, { 1, 1, 9, 16, 33, 1 },
	  { { DDR(0), QAIC_F32, { 0, 0, 16, 1 } },
	    { DDR(4096), QAIC_F16, { 0, 0, 33, 0, 1 } },
	    { CONST(0), QAIC_MXFP4, { 0, 0, 0, 64, 1 } } } },
	{ NSP_MATMUL, 0, { 1, 2, 4, 20, 70, 1 },
	  { { DDR(0), QAIC_F16, { 0, 80, 20, 1 } },
	    { DDR(4096), QAIC_F32, { 0, 280, 70, 0, 1 } },
	    { CONST(0), QAIC_F16_PANELS, { 0, 0, 0, 70, 1 } },
	    { CONST(6144), QAIC_F32, { 0, 0, 0, 1 } } } },
	{ NSP_MATMUL, 0, { 3, 2, 1, 16, 31, 4 },
	  { { DDR(0), QAIC_F32, { 32, 16, 0, 1 } },
	    { DDR(4096), QAIC_F32, { 62, 31, 0, 0, 1 } },
	    { CONST(0), QAIC_F16_PANELS, { 0, 0, 0, 31, 1, 496 } }, { 0 },
	    { DDR(1024), QAIC_I64, { 2, 1 } } } },
	{ NSP_ATTN, 0, { 1, 4, 4, 2, 8, 16 },
	  { { DDR(0), QAIC_F16, { 0, 32, 8, 0, 1 } },
	    { DDR(256), QAIC_F16, { 0, 32, 8, 0, 1 } },
	    { DDR(4096), QAIC_MXINT8, { 0, 0, 0, 512, 1, 32 } },
	    { DDR(8192), QAIC_MXINT8, { 0, 0, 0, 512, 1, 32 } },
	    { DDR(1024), QAIC_I32, { 4, 1 } } }, { 0x3f000000, 8, 0 } },
	{ NSP_KVPUT, 0, { 1, 2, 4, 40, 16, 3 },
	  { { DDR(4096), QAIC_MXINT8, { 0, 1024, 0, 1, 64, 2048 } },
	    { DDR(0), QAIC_F16, { 0, 40, 80, 1 } },
	    { DDR(1024), QAIC_I64, { 4, 0, 1 } },
	    { DDR(2048), QAIC_I64, { 1 } } } },
	{ NSP_KVGET, 0, { 2, 2, 4, 8, 16, 2 },
	  { { DDR(0), QAIC_F16, { 64, 32, 8, 1 } },
	    { DDR(4096), QAIC_MXINT8, { 0, 512, 0, 1, 32, 1024 } },
	    { DDR(1024), QAIC_I64, { 4, 0, 1 } } } },
};

static inline struct nsp_cmd make(const struct shape *s)
{
	struct nsp_cmd c = { .op = s->op, .sub = s->sub };
	int k;

	memcpy(c.dims, s->d, sizeof(c.dims));
	for (k = 0; k < NSP_OPNDS; k++)
		sample_opnd(&c, k, s->o[k].addr, s->o[k].dtype, s->o[k].stride);
	for (k = 0; k < NSP_IMMS; k++)
		c.imm[k].i = s->imm[k];
	return c;
}

#endif
