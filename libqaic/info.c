// SPDX-License-Identifier: MIT
/* What a loaded program says about itself. */
#include <errno.h>
#include <string.h>

#include "libqaic/priv.h"

const char *qaic_program_name(const struct qaic_program *prog)
{
	const char *name = prog->qpc->prog.name;

	return name ? name : "";
}

const char *qaic_program_profiling(const struct qaic_program *prog)
{
	return qpc_profiling_name(prog->qpc->prog.profiling);
}

uint32_t qaic_program_num_nsps(const struct qaic_program *prog)
{
	return prog->qpc->prog.num_nsps;
}

uint32_t qaic_program_num_specs(const struct qaic_program *prog)
{
	return prog->qpc->prog.num_specs;
}

static const struct qpc_spec *get_spec(const struct qaic_program *prog,
				       uint32_t spec)
{
	if (spec >= prog->qpc->prog.num_specs)
		return NULL;
	return &prog->qpc->prog.specs[spec];
}

int qaic_program_spec(const struct qaic_program *prog, uint32_t spec,
		      struct qaic_spec_info *info)
{
	const struct qpc_spec *s = get_spec(prog, spec);

	if (!s)
		return -EINVAL;
	info->name = s->name ? s->name : "";
	info->symbols = prog->symbols[spec];
	info->num_symbols = s->num_symbols;
	info->num_bindings = s->num_bindings;
	return 0;
}

uint32_t qaic_program_symbol(const struct qaic_program *prog, uint32_t spec,
			     const char *name)
{
	const struct qpc_spec *s = get_spec(prog, spec);
	uint32_t i;

	for (i = 0; s && i < s->num_symbols; i++)
		if (s->symbols[i].name && !strcmp(s->symbols[i].name, name))
			return s->symbols[i].value;
	return 0;
}

int qaic_program_binding(const struct qaic_program *prog, uint32_t spec,
			 uint32_t binding, struct qaic_binding_info *info)
{
	const struct qpc_spec *s = get_spec(prog, spec);
	const struct qpc_binding *b;

	if (!s || binding >= s->num_bindings)
		return -EINVAL;
	b = &s->bindings[binding];
	info->name = b->name ? b->name : "";
	info->dtype = b->dtype;
	info->rank = b->rank;
	info->dims = b->dims;
	info->size = b->size;
	info->output = b->output;
	return 0;
}

int qaic_program_find(const struct qaic_program *prog, uint32_t spec,
		      const char *name)
{
	const struct qpc_spec *s = get_spec(prog, spec);
	uint32_t i;

	for (i = 0; s && i < s->num_bindings; i++)
		if (s->bindings[i].name && !strcmp(s->bindings[i].name, name))
			return i;
	return -ENOENT;
}

uint32_t qaic_program_num_states(const struct qaic_program *prog)
{
	return prog->qpc->prog.num_states;
}

int qaic_program_state(const struct qaic_program *prog, uint32_t state,
		       struct qaic_state_info *info)
{
	const struct qpc_state *s;

	if (state >= prog->qpc->prog.num_states)
		return -EINVAL;
	s = &prog->qpc->prog.states[state];
	info->name = s->name ? s->name : "";
	info->dtype = s->dtype;
	info->rank = s->rank;
	info->dims = s->dims;
	info->size = s->size;
	return 0;
}

int qaic_program_dma_stats(const struct qaic_program *prog,
			   struct qaic_dma_stats *stats)
{
	struct qaic_transport *t = prog->dev->t;

	if (!prog->active)
		return -ENODEV;
	return t->ops->dma_stats(t, prog->dbc, stats);
}
