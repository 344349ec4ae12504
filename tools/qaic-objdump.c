// SPDX-License-Identifier: MIT
/*
 * qaic-objdump: show what is inside a programqpc.bin: container, program,
 * memory, specializations, DMA requests, and the commands of every NSP.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "qpc/parts.h"
#include "tools/common/opt.h"
#include "tools/common/qpc_show.h"

static bool all, headers, sections, memory, specs, requests, disassemble,
	summary, timing;
static unsigned int only_spec, only_nsp;
static bool spec_given, nsp_given;

static const struct qaic_opt opts[] = {
	QAIC_OPT_GROUP("What to show (without any: -c -m -S):"),
	{ .name = "headers", .alias = "c", .kind = QAIC_OPT_FLAG,
	  .to = &headers, .help = "The images of the container, the program." },
	{ .name = "sections", .alias = "e", .kind = QAIC_OPT_FLAG,
	  .to = &sections, .help = "The sections of network.elf." },
	{ .name = "memory", .alias = "m", .kind = QAIC_OPT_FLAG,
	  .to = &memory, .help = "The memory map: sizes of the address spaces, "
	  "bindings and retained states in DDR, in order of address." },
	{ .name = "specs", .alias = "S", .kind = QAIC_OPT_FLAG,
	  .to = &specs, .help = "The specializations: symbols and bindings." },
	{ .name = "requests", .alias = "r", .kind = QAIC_OPT_FLAG,
	  .to = &requests, .help = "The DMA requests of the metadata, with "
	  "semaphores and doorbells." },
	{ .name = "summary", .alias = "s", .kind = QAIC_OPT_FLAG,
	  .to = &summary, .help = "How many commands of each kind each "
	  "specialization has." },
	{ .name = "timing", .alias = "t", .kind = QAIC_OPT_FLAG,
	  .to = &timing, .help = "MACs, traffic and the modelled time of one "
	  "call on each card." },
	{ .name = "disassemble", .alias = "d", .kind = QAIC_OPT_FLAG,
	  .to = &disassemble, .help = "The command streams." },
	{ .name = "all", .alias = "x", .kind = QAIC_OPT_FLAG,
	  .to = &all, .help = "All of the above." },
	QAIC_OPT_GROUP("Which part:"),
	{ .name = "spec", .kind = QAIC_OPT_UINT, .to = &only_spec,
	  .max = QPC_MAX_SPECS - 1, .given = &spec_given, .arg = "K",
	  .help = "Only specialization K, from 0." },
	{ .name = "nsp", .kind = QAIC_OPT_UINT, .to = &only_nsp,
	  .max = NSP_MAX_NSPS - 1, .given = &nsp_given, .arg = "N",
	  .help = "Only the stream of NSP N, from 0." },
};

static bool wanted(uint32_t k)
{
	return !spec_given || k == only_spec;
}

/* ---- main ---- */

static int check_choice(const struct qpc_program *p, struct qaic_err *err)
{
	if (spec_given && only_spec >= p->num_specs)
		return qaic_fail(err, -EINVAL,
				 "--spec %u: the program has specializations 0 to %u",
				 only_spec, p->num_specs - 1);
	if (nsp_given && only_nsp >= p->num_nsps)
		return qaic_fail(err, -EINVAL,
				 "--nsp %u: the program has NSPs 0 to %u",
				 only_nsp, p->num_nsps - 1);
	return 0;
}

static void show_streams(const struct qpc_program *p, uint32_t k)
{
	uint32_t n;

	for (n = 0; n < p->num_nsps; n++)
		if (!nsp_given || n == only_nsp)
			qaic_show_stream(p, k, n);
}

static int show(const struct qpc *qpc, const struct qaic_map *map,
		struct qaic_err *err)
{
	const struct qpc_program *p = &qpc->prog;
	uint32_t k;
	int rc = check_choice(p, err);

	if (!rc && headers)
		rc = qaic_show_headers(qpc, map->data, map->size, err);
	if (!rc && sections)
		rc = qaic_show_sections(qpc, err);
	if (!rc && memory)
		rc = qaic_show_memory(p, spec_given ? (int)only_spec : -1,
				      err);
	for (k = 0; k < p->num_specs && !rc; k++) {
		if (!wanted(k))
			continue;
		if (specs)
			qaic_show_spec(p, k);
		if (requests)
			qaic_show_requests(qpc, k);
		if (summary)
			qaic_show_summary(p, k);
		if (timing)
			qaic_show_timing(p, k);
		if (disassemble)
			show_streams(p, k);
	}
	return rc;
}

static void choose(void)
{
	if (all)
		headers = sections = memory = specs = requests = summary =
			timing = disassemble = true;
	if (!headers && !sections && !memory && !specs && !requests &&
	    !summary && !timing && !disassemble)
		headers = memory = specs = true;
}

static int dump(const char *arg, struct qaic_err *err)
{
	char *path = qaic_is_dir(arg) ? qaic_path(arg, QPC_FILE_NAME) :
					strdup(arg);
	struct qaic_map map;
	struct qpc *qpc;
	int rc;

	if (!path)
		return qaic_fail(err, -ENOMEM, "%s: out of memory", arg);
	rc = qaic_map_file(&map, path, err);
	if (rc)
		goto out;
	rc = qpc_open_mem(map.data, map.size, path, &qpc, err);
	if (!rc) {
		rc = show(qpc, &map, err);
		qpc_close(qpc);
	}
	qaic_unmap_file(&map);
out:
	free(path);
	return rc;
}

int main(int argc, char **argv)
{
	struct qaic_opt_cmd cmd = {
		.prog = "qaic-objdump",
		.usage = "[options] QPC",
		.about = "Show what is inside a compiled program: QPC is a programqpc.bin or the directory that holds one. The program is checked as it is before it runs.",
		.opts = opts,
		.num_opts = QAIC_ARRAY_SIZE(opts),
		.min_args = 1,
		.max_args = 1,
	};
	struct qaic_err err = QAIC_ERR_INIT;
	int rc = qaic_opt_parse(&cmd, argc, argv, &err);

	if (!rc) {
		choose();
		rc = dump(cmd.args.v[0], &err);
	}
	return qaic_opt_exit(&cmd, rc, &err);
}
