/* SPDX-License-Identifier: MIT */
/*
 * A program made by hand, for tests of the card and the runtime:
 *
 *	y = x * k + state; state = y
 *
 * of HM_N floats, split over the NSPs. Specialization 0 has k = 2, 1 has k = 3
 * (constants), 2 is 0 with a long useless loop before it.
 */
#ifndef TESTS_HANDMADE_H
#define TESTS_HANDMADE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "qpc/program.h"

#define HM_N		64u
#define HM_BYTES	(HM_N * 4)
#define HM_SPECS	3u
#define HM_SLOW_PHASES	250u
#define HM_SLOW_ELEMS	524288u

enum {
	HM_X = 0, HM_Y = 1024, HM_STATE = 2048, HM_TMP = 4096, HM_JUNK = 8192,
	HM_DDR = HM_JUNK + HM_SLOW_ELEMS * 4,
};

/* Bytes of constants before those that are used, for tests of many constants. */
static uint64_t hm_const_off;

static inline void hm_vec(struct nsp_cmd *c, int k, uint64_t addr, int step)
{
	c->o[k].addr = addr;
	c->dtype[k] = QAIC_F32;
	c->o[k].stride[5] = step;
}

static inline struct nsp_cmd hm_cmd(int op, int sub, uint32_t n)
{
	struct nsp_cmd c = { .op = op, .sub = sub,
			     .dims = { 1, 1, 1, 1, 1, n } };

	return c;
}

static inline struct nsp_cmd hm_sem(int dec, uint32_t sem)
{
	struct nsp_cmd c = { .op = NSP_SEM, .sub = dec };

	c.imm[0].u = sem;
	c.imm[1].u = 1;
	return c;
}

static inline void hm_stream(struct qpc_stream *s, uint32_t nsp, uint32_t nsps,
			     uint32_t k, uint32_t slow)
{
	uint64_t n = HM_N / nsps, off = (uint64_t)nsp * n * 4;
	struct nsp_cmd *c = calloc(2 * slow + 6, sizeof(*c));
	uint32_t i;

	s->cmds = c;
	for (i = 0; i < slow; i++) {
		*c = hm_cmd(NSP_FILL, 0, HM_SLOW_ELEMS / nsps);
		hm_vec(c, 0, NSP_ADDR(NSP_SPACE_DDR, HM_JUNK +
				      nsp * (HM_SLOW_ELEMS / nsps) * 4), 1);
		c++;
		(c++)->op = NSP_BARRIER;
	}
	*c = hm_cmd(NSP_BINARY, NSP_B_MUL, n);
	hm_vec(c, 0, NSP_ADDR(NSP_SPACE_DDR, HM_TMP + off), 1);
	hm_vec(c, 1, NSP_ADDR(NSP_SPACE_DDR, HM_X + off), 1);
	hm_vec(c++, 2, NSP_ADDR(NSP_SPACE_CONST,
					hm_const_off + k * 4), 0);
	*c = hm_cmd(NSP_BINARY, NSP_B_ADD, n);
	hm_vec(c, 0, NSP_ADDR(NSP_SPACE_DDR, HM_Y + off), 1);
	hm_vec(c, 1, NSP_ADDR(NSP_SPACE_DDR, HM_TMP + off), 1);
	hm_vec(c++, 2, NSP_ADDR(NSP_SPACE_DDR, HM_STATE + off), 1);
	*c = hm_cmd(NSP_MOVE, 0, n);
	hm_vec(c, 0, NSP_ADDR(NSP_SPACE_DDR, HM_STATE + off), 1);
	hm_vec(c++, 1, NSP_ADDR(NSP_SPACE_DDR, HM_Y + off), 1);
	*c++ = hm_sem(1, QPC_SEM_OUTPUT);
	*c++ = hm_sem(0, QPC_SEM_READY);
	(c++)->op = NSP_END;
	s->num_cmds = c - s->cmds;
}

static inline void hm_binding(struct qpc_binding *b, const char *name,
			      uint64_t off, bool output)
{
	b->name = strdup(name);
	b->dtype = QAIC_F32;
	b->rank = 2;
	b->dims[0] = 1;
	b->dims[1] = HM_N;
	b->size = HM_BYTES;
	b->ddr_off = off;
	b->output = output;
}

/* Release with qpc_program_release(). */
static inline void hm_program(struct qpc_program *p, uint32_t nsps)
{
	static const char *const names[] = { "Prefill", "Decode", "Slow" };
	uint32_t i, k;

	memset(p, 0, sizeof(*p));
	p->name = strdup("handmade");
	p->compiler = strdup("by hand");
	p->num_nsps = nsps;
	p->precision = QAIC_F32;
	p->const_size = hm_const_off + 64;
	p->ddr_size = HM_DDR;
	p->num_states = 1;
	p->states = calloc(1, sizeof(*p->states));
	p->states[0].name = strdup("past.0");
	p->states[0].output = strdup("past.0_RetainedState");
	p->states[0].dtype = QAIC_F32;
	p->states[0].rank = 1;
	p->states[0].dims[0] = HM_N;
	p->states[0].size = HM_BYTES;
	p->states[0].ddr_off = HM_STATE;
	p->nodes = calloc(1, sizeof(*p->nodes));
	p->nodes[0] = strdup("node");
	p->num_nodes = 1;
	p->num_specs = HM_SPECS;
	p->specs = calloc(HM_SPECS, sizeof(*p->specs));
	for (i = 0; i < HM_SPECS; i++) {
		struct qpc_spec *s = &p->specs[i];

		s->name = strdup(names[i]);
		s->num_symbols = 1;
		s->symbols = calloc(1, sizeof(*s->symbols));
		s->symbols[0].name = strdup("seq_len");
		s->symbols[0].value = i + 1;
		s->num_bindings = 2;
		s->bindings = calloc(2, sizeof(*s->bindings));
		hm_binding(&s->bindings[0], "x", HM_X, false);
		hm_binding(&s->bindings[1], "y", HM_Y, true);
		for (k = 0; k < nsps; k++)
			hm_stream(&s->streams[k], k, nsps, i == 1,
				  i == 2 ? HM_SLOW_PHASES : 0);
	}
}

/* Write it to DIR/programqpc.bin. */
static inline int hm_write(const char *dir, uint32_t nsps, struct qaic_err *err)
{
	static const float consts[2] = { 2, 3 };
	struct qpc_program p;
	struct qpc_writer *w;
	int ret;

	hm_program(&p, nsps);
	ret = qpc_writer_open(dir, &p, &w, err);
	if (!ret) {
		ret = qpc_writer_const(w, hm_const_off, consts,
				       sizeof(consts), err);
		if (ret)
			qpc_writer_abort(w);
		else
			ret = qpc_writer_commit(w, err);
	}
	qpc_program_release(&p);
	return ret;
}

/* A directory for one test program; remove with qaic_rmtree(). */
static inline const char *hm_tmpdir(void)
{
	static char dir[256];
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/qaic-test-XXXXXX",
		 tmp && *tmp ? tmp : "/tmp");
	return mkdtemp(dir);
}

#endif
