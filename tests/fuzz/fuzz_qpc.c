// SPDX-License-Identifier: MIT
/*
 * Mutated QPCs: the container as a whole, network.elf as the card gets it, and
 * single commands. What is accepted must be safe to show, to model and (for a
 * command) to keep within its memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "qpc/optable.h"
#include "qpc/verify.h"
#include "tests/fuzz/mutate.h"
#include "tests/unit/qpc/sample.h"

static void look_at(const struct qpc_program *p)
{
	struct qpc_timing t;
	char line[256];
	uint32_t k, n, i;

	for (k = 0; k < p->num_specs; k++) {
		qpc_timing(p, k, QPC_SKU_PRO, &t);
		for (n = 0; n < p->num_nsps; n++)
			for (i = 0; i < p->specs[k].streams[n].num_cmds; i++)
				qpc_disasm(&p->specs[k].streams[n].cmds[i],
					   line, sizeof(line));
	}
}

static int run_container(const void *data, size_t len, void *ctx)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qpc *qpc;

	if (qpc_open_mem(data, len, "fuzz", &qpc, &err))
		return !err.msg[0];	/* a refusal says why */
	look_at(&qpc->prog);
	qpc_close(qpc);
	return 0;
}

static int run_elf(const void *data, size_t len, void *ctx)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qpc_program p;

	if (qpc_program_from_elf(data, len, &p, &err))
		return !err.msg[0];
	look_at(&p);
	qpc_program_release(&p);
	return 0;
}

/* ---- commands: the verifier against plain arithmetic ---- */

static const struct qpc_spaces spaces = { {
	[NSP_SPACE_CONST] = SAMPLE_CONSTS, [NSP_SPACE_DDR] = SAMPLE_DDR,
	[NSP_SPACE_TCM] = SAMPLE_TCM, [NSP_SPACE_LOCAL] = SAMPLE_LOCAL,
} };

/* Walk to the corners of an operand, one axis after the other. */
static int leaves(const struct nsp_cmd *cmd, unsigned int k)
{
	unsigned int space = NSP_ADDR_SPACE(cmd->o[k].addr), i, corner, n;
	size_t es = qaic_dtype_size(cmd->dtype[k]);
	struct qpc_axis ax[NSP_DIMS];
	__int128 at;

	n = qpc_opnd_axes(cmd, k, ax);
	for (corner = 0; corner < 1u << n; corner++) {
		at = NSP_ADDR_OFF(cmd->o[k].addr);
		for (i = 0; i < n; i++)
			if (corner & 1u << i)
				at += (__int128)ax[i].stride *
				      (ax[i].count - 1) * (__int128)es;
		if (at < 0 || at + es > spaces.size[space])
			return 1;
	}
	return 0;
}

static int run_commands(const void *data, size_t len, void *ctx)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct nsp_cmd cmd;
	char line[512];
	unsigned int k;
	size_t i;

	for (i = 0; i + sizeof(cmd) <= len; i += sizeof(cmd)) {
		memcpy(&cmd, (const char *)data + i, sizeof(cmd));
		qpc_disasm(&cmd, line, sizeof(line));
		if (qpc_verify_cmd(&cmd, &spaces, &err))
			continue;
		for (k = 0; k < NSP_OPNDS; k++)
			if (qpc_opnd_present(&cmd, k) && leaves(&cmd, k)) {
				fprintf(stderr, "accepted: %s\n", line);
				return 1;
			}
	}
	return 0;
}

/* One command of each kind that has special axes, and two plain ones. */
static size_t sample_commands(struct nsp_cmd *c)
{
	const uint64_t ddr = NSP_ADDR(NSP_SPACE_DDR, 4096);
	size_t n = 0;

	c[n++] = sample_matmul();
	c[n++] = sample_relu();
	c[n] = sample_cmd(NSP_GATHERE, 0, 1, 1, 1, 4, 8, 16);
	sample_opnd(&c[n], 0, ddr, QAIC_F16, STRIDES(0, 0, 0, 8, 1, 0));
	sample_opnd(&c[n], 1, ddr, QAIC_F16, STRIDES(0, 0, 0, 16, 0, 1));
	sample_opnd(&c[n], 2, ddr, QAIC_I64, STRIDES(0, 0, 0, 8, 1, 0));
	c[n++].imm[0].u = 4;
	c[n] = sample_cmd(NSP_SCATTER, 0, 3, 8, 2, 1, 1, 1);
	sample_opnd(&c[n], 0, ddr, QAIC_F16, STRIDES(80, 8, 0, 0, 0, 1));
	sample_opnd(&c[n], 1, ddr, QAIC_I64, STRIDES(2, 0, 1, 0, 0, 0));
	sample_opnd(&c[n], 2, ddr, QAIC_F16, STRIDES(8, 1, 0, 0, 0, 0));
	c[n].imm[0].u = 4;
	c[n++].imm[1].u = 10;
	c[n] = sample_cmd(NSP_TOPK, 0, 1, 1, 1, 1, 4, 5);
	sample_opnd(&c[n], 0, ddr, QAIC_F16, STRIDES(0, 0, 0, 0, 5, 1));
	sample_opnd(&c[n], 1, ddr, QAIC_F16, STRIDES(0, 0, 0, 0, 32, 1));
	sample_opnd(&c[n], 2, ddr, QAIC_I64, STRIDES(0, 0, 0, 0, 5, 1));
	c[n].imm[1].u = 1;
	c[n++].imm[2].u = 32;
	c[n] = sample_cmd(NSP_REDUCE, NSP_R_SUM, 1, 1, 1, 1, 4, 8);
	sample_opnd(&c[n], 0, ddr, QAIC_F32, STRIDES(0, 0, 0, 0, 1, 0));
	sample_opnd(&c[n], 1, ddr, QAIC_F32, STRIDES(0, 0, 0, 0, 8, 1));
	c[n++].imm[0].u = 32;
	return n;
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/fuzz_qpc-XXXXXX", path[64];
	struct qaic_err err = QAIC_ERR_INIT;
	struct nsp_cmd cmds[8];
	struct qaic_map map;
	struct qpc *qpc;
	int rc;

	if (!mkdtemp(dir) || sample_write(dir, 2, &err))
		goto fail;
	snprintf(path, sizeof(path), "%s/programqpc.bin", dir);
	if (qpc_open(path, &qpc, &err))
		goto fail;
	if (qaic_map_file(&map, path, &err))
		goto fail;
	qaic_rmtree(dir, NULL);
	{
		const struct fuzz_target targets[] = {
			{ .name = "container", .seed = map.data,
			  .seed_len = map.size, .run = run_container },
			{ .name = "elf", .seed = qpc->elf,
			  .seed_len = qpc->elf_size, .run = run_elf },
			{ .name = "commands", .seed = cmds,
			  .seed_len = sample_commands(cmds) * sizeof(*cmds),
			  .run = run_commands },
		};

		rc = fuzz_main(argc, argv, targets,
			       sizeof(targets) / sizeof(targets[0]));
	}
	qpc_close(qpc);
	qaic_unmap_file(&map);
	return rc;
fail:
	fprintf(stderr, "fuzz_qpc: %s\n", err.msg);
	return 1;
}
