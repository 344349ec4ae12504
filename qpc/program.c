// SPDX-License-Identifier: MIT
/* Lifetime of struct qpc_program. */
#include <stdlib.h>
#include <string.h>

#include "qpc/program.h"

static void release_spec(struct qpc_spec *spec)
{
	uint32_t i;

	free(spec->name);
	for (i = 0; spec->symbols && i < spec->num_symbols; i++)
		free(spec->symbols[i].name);
	free(spec->symbols);
	for (i = 0; spec->bindings && i < spec->num_bindings; i++)
		free(spec->bindings[i].name);
	free(spec->bindings);
	for (i = 0; i < NSP_MAX_NSPS; i++)
		free(spec->streams[i].cmds);
}

void qpc_program_release(struct qpc_program *prog)
{
	uint32_t i;

	free(prog->name);
	free(prog->compiler);
	for (i = 0; prog->states && i < prog->num_states; i++) {
		free(prog->states[i].name);
		free(prog->states[i].output);
	}
	free(prog->states);
	for (i = 0; prog->specs && i < prog->num_specs; i++)
		release_spec(&prog->specs[i]);
	free(prog->specs);
	for (i = 0; prog->nodes && i < prog->num_nodes; i++)
		free(prog->nodes[i]);
	free(prog->nodes);
	memset(prog, 0, sizeof(*prog));
}
