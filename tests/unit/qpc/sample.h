/* SPDX-License-Identifier: MIT */
/* A small valid program for the tests of this room. */
#ifndef TESTS_QPC_SAMPLE_H
#define TESTS_QPC_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/program.h"

#define SAMPLE_CONSTS	8192u
#define SAMPLE_DDR	65536u
#define SAMPLE_TCM	4096u
#define SAMPLE_LOCAL	8192u

/* Offsets of the sample's tensors in DDR. */
enum {
	SAMPLE_X = 0,		/* float16 [4][32], input */
	SAMPLE_POS = 1024,	/* int64 [1][4], input */
	SAMPLE_Y = 2048,	/* float16 [4][64], output */
	SAMPLE_KV = 4096,	/* float16 [1][2][16][32], retained state */
	SAMPLE_TMP = 16384,	/* free */
};

static inline void sample_opnd(struct nsp_cmd *c, int k, uint64_t addr,
			       int dtype, const int32_t stride[NSP_DIMS])
{
	c->o[k].addr = addr;
	c->dtype[k] = dtype;
	memcpy(c->o[k].stride, stride, sizeof(c->o[k].stride));
}

#define STRIDES(...)	((const int32_t[NSP_DIMS]){ __VA_ARGS__ })

static inline struct nsp_cmd sample_cmd(int op, int sub, uint32_t d0,
					uint32_t d1, uint32_t d2, uint32_t d3,
					uint32_t d4, uint32_t d5)
{
	struct nsp_cmd c = { .op = op, .sub = sub,
			     .dims = { d0, d1, d2, d3, d4, d5 } };

	return c;
}

/* y = x [4][32] * w [64][32]^T, weights at constant 0 */
static inline struct nsp_cmd sample_matmul(void)
{
	struct nsp_cmd c = sample_cmd(NSP_MATMUL, 0, 1, 1, 4, 64, 32, 1);

	sample_opnd(&c, 0, NSP_ADDR(NSP_SPACE_DDR, SAMPLE_Y), QAIC_F16,
		    STRIDES(0, 0, 64, 1, 0, 0));
	sample_opnd(&c, 1, NSP_ADDR(NSP_SPACE_DDR, SAMPLE_X), QAIC_F16,
		    STRIDES(0, 0, 32, 0, 1, 0));
	sample_opnd(&c, 2, NSP_ADDR(NSP_SPACE_CONST, 0), QAIC_F16,
		    STRIDES(0, 0, 0, 32, 1, 0));
	return c;
}

static inline struct nsp_cmd sample_relu(void)
{
	struct nsp_cmd c = sample_cmd(NSP_UNARY, NSP_U_RELU, 1, 1, 1, 1, 4, 32);

	c.node = 1;
	sample_opnd(&c, 0, NSP_ADDR(NSP_SPACE_TCM, 0), QAIC_F16,
		    STRIDES(0, 0, 0, 0, 32, 1));
	sample_opnd(&c, 1, NSP_ADDR(NSP_SPACE_DDR, SAMPLE_X), QAIC_F16,
		    STRIDES(0, 0, 0, 0, 32, 1));
	return c;
}

static inline struct nsp_cmd sample_sem(int dec, uint32_t sem)
{
	struct nsp_cmd c = { .op = NSP_SEM, .sub = dec };

	c.imm[0].u = sem;
	c.imm[1].u = 1;
	return c;
}

/* [relu, barrier, matmul, handshake] */
#define SAMPLE_CMDS	6

static inline void sample_stream(struct qpc_stream *s)
{
	s->num_cmds = SAMPLE_CMDS;
	s->cmds = calloc(SAMPLE_CMDS, sizeof(*s->cmds));
	s->cmds[0] = sample_relu();
	s->cmds[1].op = NSP_BARRIER;
	s->cmds[2] = sample_matmul();
	s->cmds[3] = sample_sem(1, QPC_SEM_OUTPUT);
	s->cmds[4] = sample_sem(0, QPC_SEM_READY);
	s->cmds[5].op = NSP_END;
}

static inline void sample_binding(struct qpc_binding *b, const char *name,
				  int dtype, uint32_t d0, uint32_t d1,
				  uint64_t off, bool output)
{
	b->name = strdup(name);
	b->dtype = dtype;
	b->rank = 2;
	b->dims[0] = d0;
	b->dims[1] = d1;
	b->size = (uint64_t)d0 * d1 * qaic_dtype_size(dtype);
	b->ddr_off = off;
	b->output = output;
}

static inline void sample_spec(struct qpc_spec *s, const char *name,
			       uint32_t seq, uint32_t num_nsps)
{
	uint32_t n;

	s->name = strdup(name);
	s->num_symbols = 2;
	s->symbols = calloc(2, sizeof(*s->symbols));
	s->symbols[0].name = strdup("batch_size");
	s->symbols[0].value = 1;
	s->symbols[1].name = strdup("seq_len");
	s->symbols[1].value = seq;
	s->num_bindings = 3;
	s->bindings = calloc(3, sizeof(*s->bindings));
	sample_binding(&s->bindings[0], "x", QAIC_F16, 4, 32, SAMPLE_X, false);
	sample_binding(&s->bindings[1], "position_ids", QAIC_I64, 1, 4,
		       SAMPLE_POS, false);
	sample_binding(&s->bindings[2], "y", QAIC_F16, 4, 64, SAMPLE_Y, true);
	for (n = 0; n < num_nsps; n++)
		sample_stream(&s->streams[n]);
}

/* Two specializations on @num_nsps NSPs, one retained state. */
static inline void sample_program(struct qpc_program *p, uint32_t num_nsps)
{
	static const uint32_t kv[] = { 1, 2, 16, 32 };

	memset(p, 0, sizeof(*p));
	p->name = strdup("sample");
	p->compiler = strdup("qaic-compile test");
	p->num_nsps = num_nsps;
	p->precision = QAIC_F16;
	p->const_size = SAMPLE_CONSTS;
	p->ddr_size = SAMPLE_DDR;
	p->tcm_size = SAMPLE_TCM;
	p->spread_size = SAMPLE_TCM / 4;
	p->local_size = SAMPLE_LOCAL;
	p->num_states = 1;
	p->states = calloc(1, sizeof(*p->states));
	p->states[0].name = strdup("past_key.0");
	p->states[0].output = strdup("past_key.0_RetainedState");
	p->states[0].dtype = QAIC_F16;
	p->states[0].rank = 4;
	memcpy(p->states[0].dims, kv, sizeof(kv));
	p->states[0].size = 2048;
	p->states[0].ddr_off = SAMPLE_KV;
	p->num_nodes = 2;
	p->nodes = calloc(2, sizeof(*p->nodes));
	p->nodes[0] = strdup("/MatMul");
	p->nodes[1] = strdup("/Relu");
	p->num_specs = 2;
	p->specs = calloc(2, sizeof(*p->specs));
	sample_spec(&p->specs[0], "Prefill", 4, num_nsps);
	sample_spec(&p->specs[1], "Decode", 1, num_nsps);
}

/* Write the sample to DIR/programqpc.bin, constant byte i = i * 7. */
static inline int sample_write(const char *dir, uint32_t num_nsps,
			       struct qaic_err *err)
{
	uint8_t consts[SAMPLE_CONSTS];
	struct qpc_program p;
	struct qpc_writer *w;
	uint32_t i;
	int rc;

	for (i = 0; i < SAMPLE_CONSTS; i++)
		consts[i] = i * 7;
	sample_program(&p, num_nsps);
	rc = qpc_writer_open(dir, &p, &w, err);
	qpc_program_release(&p);
	if (rc)
		return rc;
	/* in two parts, the second one first */
	rc = qpc_writer_const(w, 4096, consts + 4096, SAMPLE_CONSTS - 4096, err);
	if (!rc)
		rc = qpc_writer_const(w, 0, consts, 4096, err);
	if (rc) {
		qpc_writer_abort(w);
		return rc;
	}
	return qpc_writer_commit(w, err);
}

#endif
