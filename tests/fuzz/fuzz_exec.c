// SPDX-License-Identifier: MIT
/*
 * The promise of the verifier, tried out: mutated commands that it accepts are
 * executed, with memory that is exactly as large as it was told and filled with
 * wild indices. AddressSanitizer sees an access that it should have refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/optable.h"
#include "qpc/verify.h"
#include "soc/nsp.h"
#include "tests/fuzz/mutate.h"
#include "tests/unit/qpc/commands.h"

/* More steps than this take too long here, and show nothing new. */
#define MAX_STEPS	(1u << 16)

static const struct qpc_spaces spaces = { {
	[NSP_SPACE_CONST] = SAMPLE_CONSTS, [NSP_SPACE_DDR] = SAMPLE_DDR,
	[NSP_SPACE_TCM] = SAMPLE_TCM, [NSP_SPACE_LOCAL] = SAMPLE_LOCAL,
} };

struct machine {
	struct nsp_mem mem;
	void *scratch;
	struct fuzz_rng rng;
	unsigned long ran;
};

/* Indices as they come: small, around the limits, far away, and floats. */
static void fill(struct fuzz_rng *rng, uint8_t *p, size_t len)
{
	static const int64_t wild[] = {
		-1, INT64_MIN, INT64_MAX, INT32_MIN, INT32_MAX, 1ll << 32,
		-(1ll << 40), 0x7fc000007fc00000,
	};
	int64_t v;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		v = fuzz_below(rng, 4) ? (int64_t)fuzz_below(rng, 40) - 20 :
			wild[fuzz_below(rng, 8)];
		memcpy(p + i, &v, 8);
	}
}

static uint64_t steps(const struct nsp_cmd *c)
{
	uint64_t n = 1;
	int i;

	for (i = 0; i < NSP_DIMS; i++)
		if (__builtin_mul_overflow(n, (uint64_t)c->dims[i], &n))
			return UINT64_MAX;
	if (c->op == NSP_TOPK && __builtin_mul_overflow(n, c->imm[2].u, &n))
		return UINT64_MAX;
	return n;
}

static int run(const void *data, size_t len, void *ctx)
{
	struct machine *m = ctx;
	struct qaic_err err = QAIC_ERR_INIT;
	struct nsp_cmd c;
	size_t i;

	for (i = 0; i + sizeof(c) <= len; i += sizeof(c)) {
		memcpy(&c, (const char *)data + i, sizeof(c));
		if (qpc_verify_cmd(&c, &spaces, &err) || steps(&c) > MAX_STEPS)
			continue;
		if (!(m->ran++ % 16)) {
			fill(&m->rng, m->mem.ddr, SAMPLE_DDR);
			fill(&m->rng, m->mem.tcm, SAMPLE_TCM);
			fill(&m->rng, m->mem.local[0], SAMPLE_LOCAL);
		}
		nsp_exec(&c, &m->mem, 0, m->scratch);
	}
	return 0;
}

static uint8_t *space(struct machine *m, size_t size)
{
	uint8_t *p = aligned_alloc(64, size);

	if (p)
		fill(&m->rng, p, size);
	return p;
}

#define NUM_GOOD	(sizeof(good) / sizeof(good[0]))
#define NUM		(NUM_GOOD + sizeof(in_blocks) / sizeof(in_blocks[0]))

int main(int argc, char **argv)
{
	struct nsp_cmd cmds[NUM];
	struct machine m = { .rng = { 7 } };
	uint8_t *consts = space(&m, SAMPLE_CONSTS);
	struct fuzz_target t[NUM];
	size_t i;
	int rc = 1;

	m.mem.consts = consts;
	m.mem.ddr = space(&m, SAMPLE_DDR);
	m.mem.tcm = space(&m, SAMPLE_TCM);
	m.mem.local[0] = space(&m, SAMPLE_LOCAL);
	m.scratch = aligned_alloc(64, NSP_SCRATCH);
	for (i = 0; i < NUM; i++) {
		const struct shape *s = i < NUM_GOOD ? &good[i] :
					&in_blocks[i - NUM_GOOD];

		cmds[i] = make(s);
		t[i] = (struct fuzz_target){
			.name = qpc_op_name(s->op), .seed = &cmds[i],
			.seed_len = sizeof(cmds[i]), .run = run, .ctx = &m,
		};
	}
	if (consts && m.mem.ddr && m.mem.tcm && m.mem.local[0] && m.scratch) {
		rc = fuzz_main(argc, argv, t, NUM);
		fprintf(stderr, "%lu commands executed\n", m.ran);
	}
	free(consts);
	free(m.mem.ddr);
	free(m.mem.tcm);
	free(m.mem.local[0]);
	free(m.scratch);
	return rc;
}
