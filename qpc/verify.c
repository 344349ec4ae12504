// SPDX-License-Identifier: MIT
/* The verifier: a program that passes can run unchecked. See program.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/optable.h"
#include "qpc/panel.h"
#include "qpc/verify.h"

/* ---- tensors in DDR ---- */

int qpc_verify_tensor(const char *what, uint32_t dtype, uint32_t rank,
		      const uint32_t *dims, uint64_t size, uint64_t ddr_off,
		      uint64_t ddr_size, struct qaic_err *err)
{
	uint64_t want = qaic_dtype_size(dtype);
	uint32_t i;

	if (!qpc_dtype_class(dtype) || dtype == QAIC_F16_PANELS)
		return qaic_fail(err, -EINVAL,
				 "%s: the card has no type %s (%u)", what,
				 qaic_dtype_name(dtype), dtype);
	if (rank > QPC_MAX_RANK)
		return qaic_fail(err, -EINVAL, "%s: rank %u, at most %u", what,
				 rank, QPC_MAX_RANK);
	if (qaic_dtype_is_mx(dtype))	/* lines of whole blocks */
		want = rank ? qaic_dtype_block(dtype) : 0;
	for (i = 0; i < rank; i++) {
		uint64_t n = dims[i];

		if (qaic_dtype_is_mx(dtype) && i == rank - 1)
			n = qpc_panel_k(n) / QAIC_MX_BLOCK;
		if (__builtin_mul_overflow(want, n, &want))
			want = 0;
	}
	if (!want || want != size)
		return qaic_fail(err, -EINVAL,
				 "%s: %llu bytes is not what its dims say", what,
				 (unsigned long long)size);
	if (size > UINT32_MAX)	/* a DMA request has 32 bits for it */
		return qaic_fail(err, -EINVAL, "%s: more than 4 GiB", what);
	if (ddr_off % QPC_DDR_ALIGN)
		return qaic_fail(err, -EINVAL, "%s: not aligned in DDR", what);
	if (ddr_off > ddr_size || size > ddr_size - ddr_off)
		return qaic_fail(err, -EINVAL, "%s: outside the program's DDR",
				 what);
	return 0;
}

struct range {
	uint64_t off, size;
};

static int by_offset(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->off > y->off) - (x->off < y->off);
}

/* Bindings of a specialization and the states must not touch each other. */
static int check_apart(const struct qpc_program *prog,
		       const struct qpc_spec *spec, struct qaic_err *err)
{
	uint32_t n = prog->num_states + spec->num_bindings, i;
	struct range *r = malloc((n + 1) * sizeof(*r));
	int rc = 0;

	if (!r)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (i = 0; i < prog->num_states; i++)
		r[i] = (struct range){ prog->states[i].ddr_off,
				       prog->states[i].size };
	for (; i < n; i++) {
		const struct qpc_binding *b =
			&spec->bindings[i - prog->num_states];

		r[i] = (struct range){ b->ddr_off, b->size };
	}
	qsort(r, n, sizeof(*r), by_offset);
	for (i = 1; i < n && !rc; i++)
		if (r[i].off - r[i - 1].off < r[i - 1].size)
			rc = qaic_fail(err, -EINVAL,
				       "bindings or states overlap at DDR+0x%llx",
				       (unsigned long long)r[i].off);
	free(r);
	return rc;
}

static int check_bindings(const struct qpc_program *prog,
			  const struct qpc_spec *spec, struct qaic_err *err)
{
	uint32_t i, outputs = 0;
	char what[64];
	int rc;

	if (!spec->bindings || spec->num_bindings > QPC_MAX_BINDINGS)
		return qaic_fail(err, -EINVAL, "%u bindings; 2 to %u can be",
				 spec->num_bindings, QPC_MAX_BINDINGS);
	for (i = 0; i < spec->num_bindings; i++) {
		const struct qpc_binding *b = &spec->bindings[i];

		if (b->output)
			outputs++;
		else if (outputs)
			return qaic_fail(err, -EINVAL,
					 "binding %u: an input after an output",
					 i);
		snprintf(what, sizeof(what), "binding %u (%.40s)", i,
			 b->name ? b->name : "");
		if (qaic_dtype_is_mx(b->dtype))
			return qaic_fail(err, -EINVAL,
					 "%s: %s does not cross the bus", what,
					 qaic_dtype_name(b->dtype));
		rc = qpc_verify_tensor(what, b->dtype, b->rank, b->dims,
				       b->size, b->ddr_off, prog->ddr_size, err);
		if (rc)
			return rc;
	}
	/* the first input starts a call, the last output ends it */
	if (!outputs || outputs == spec->num_bindings)
		return qaic_fail(err, -EINVAL,
				 "a call needs an input and an output");
	return check_apart(prog, spec, err);
}

static int check_states(const struct qpc_program *prog, struct qaic_err *err)
{
	char what[64];
	uint32_t i;
	int rc = 0;

	if (prog->num_states > QPC_MAX_STATES ||
	    (prog->num_states && !prog->states))
		return qaic_fail(err, -EINVAL, "%u retained states; at most %u",
				 prog->num_states, QPC_MAX_STATES);
	for (i = 0; i < prog->num_states && !rc; i++) {
		const struct qpc_state *s = &prog->states[i];

		snprintf(what, sizeof(what), "state %u (%.40s)", i,
			 s->name ? s->name : "");
		rc = qpc_verify_tensor(what, s->dtype, s->rank, s->dims,
				       s->size, s->ddr_off, prog->ddr_size, err);
	}
	return rc;
}

/* ---- streams ---- */

/* The last three commands: the completion handshake with the DMA Bridge. */
static const struct {
	uint8_t op, sub;
	uint32_t sem, value;
} ending[] = {
	{ NSP_SEM, 1, QPC_SEM_OUTPUT, 1 },
	{ NSP_SEM, 0, QPC_SEM_READY, 1 },
	{ NSP_END, 0, 0, 0 },
};
#define ENDING	(sizeof(ending) / sizeof(ending[0]))

static int check_ending(const struct qpc_stream *s, struct qaic_err *err)
{
	const struct nsp_cmd *cmd;
	uint32_t i;

	if (!s->cmds || s->num_cmds < ENDING)
		return qaic_fail(err, -EINVAL,
				 "the stream has no completion handshake");
	cmd = s->cmds + s->num_cmds - ENDING;
	for (i = 0; i < ENDING; i++, cmd++)
		if (cmd->op != ending[i].op || cmd->sub != ending[i].sub ||
		    (cmd->op == NSP_SEM && (cmd->imm[0].u != ending[i].sem ||
					    cmd->imm[1].u != ending[i].value)))
			return qaic_fail(err, -EINVAL,
					 "the stream does not end with sem dec output, sem inc ready, end");
	return 0;
}

static int check_stream(const struct qpc_program *prog,
			const struct qpc_stream *s,
			const struct qpc_spaces *spaces, uint32_t *phases,
			struct qaic_err *err)
{
	uint32_t i, n = 1;
	int rc;

	rc = check_ending(s, err);
	if (rc)
		return rc;
	for (i = 0; i < s->num_cmds; i++) {
		const struct nsp_cmd *cmd = &s->cmds[i];

		rc = qpc_verify_cmd(cmd, spaces, err);
		if (!rc && i < s->num_cmds - ENDING &&
		    (cmd->op == NSP_SEM || cmd->op == NSP_END))
			rc = qaic_fail(err, -EINVAL,
				       "%s before the end of the stream",
				       qpc_op_name(cmd->op));
		if (!rc && prog->num_nodes && cmd->node >= prog->num_nodes)
			rc = qaic_fail(err, -EINVAL, "no such node %u",
				       cmd->node);
		if (rc) {
			qaic_fail_in(err, "command %u", i);
			return rc;
		}
		n += cmd->op == NSP_BARRIER;
	}
	*phases = n;
	return 0;
}

static int check_streams(const struct qpc_program *prog,
			 const struct qpc_spec *spec, struct qaic_err *err)
{
	struct qpc_spaces spaces = qpc_spaces_of(prog);
	uint32_t i, phases = 0, first = 0;
	int rc;

	for (i = 0; i < NSP_MAX_NSPS; i++) {
		if (i >= prog->num_nsps) {
			if (spec->streams[i].num_cmds)
				return qaic_fail(err, -EINVAL,
						 "NSP %u: a stream, but the program has %u NSPs",
						 i, prog->num_nsps);
			continue;
		}
		rc = check_stream(prog, &spec->streams[i], &spaces, &phases,
				  err);
		if (!rc && i && phases != first)
			rc = qaic_fail(err, -EINVAL,
				       "%u phases, but NSP 0 has %u", phases,
				       first);
		if (rc) {
			qaic_fail_in(err, "NSP %u", i);
			return rc;
		}
		first = phases;
	}
	return 0;
}

/* ---- the program ---- */

static int check_header(const struct qpc_program *prog, struct qaic_err *err)
{
	if (!prog->num_nsps || prog->num_nsps > NSP_MAX_NSPS)
		return qaic_fail(err, -EINVAL, "%u NSPs; 1 to %u can be",
				 prog->num_nsps, NSP_MAX_NSPS);
	if (!prog->specs || !prog->num_specs ||
	    prog->num_specs > QPC_MAX_SPECS)
		return qaic_fail(err, -EINVAL,
				 "%u specializations; 1 to %u can be",
				 prog->num_specs, QPC_MAX_SPECS);
	if (prog->precision != QAIC_F16 && prog->precision != QAIC_F32)
		return qaic_fail(err, -EINVAL, "precision %u is not F16 or F32",
				 prog->precision);
	if (prog->tcm_size > (uint64_t)prog->num_nsps * NSP_VTCM_SIZE ||
	    prog->spread_size > prog->tcm_size ||
	    prog->local_size > NSP_VTCM_SIZE ||
	    qpc_vtcm_size(prog) > NSP_VTCM_SIZE)
		return qaic_fail(err, -EINVAL,
				 "TCM %llu (%llu of it spread over the NSPs) + LOCAL %llu bytes do not fit in the VTCM of %u",
				 (unsigned long long)prog->tcm_size,
				 (unsigned long long)prog->spread_size,
				 (unsigned long long)prog->local_size,
				 NSP_VTCM_SIZE);
	if (prog->const_size > QPC_MAX_MEM || prog->ddr_size > QPC_MAX_MEM)
		return qaic_fail(err, -EINVAL,
				 "constants or DDR of more than %llu bytes",
				 QPC_MAX_MEM);
	return 0;
}

static int check_spec(const struct qpc_program *prog,
		      const struct qpc_spec *spec, struct qaic_err *err)
{
	int rc;

	if (spec->num_symbols > QPC_MAX_SYMBOLS ||
	    (spec->num_symbols && !spec->symbols))
		return qaic_fail(err, -EINVAL, "%u symbols; at most %u",
				 spec->num_symbols, QPC_MAX_SYMBOLS);
	rc = check_bindings(prog, spec, err);
	return rc ? rc : check_streams(prog, spec, err);
}

int qpc_verify(const struct qpc_program *prog, struct qaic_err *err)
{
	uint32_t i;
	int rc;

	rc = check_header(prog, err);
	if (!rc)
		rc = check_states(prog, err);
	for (i = 0; i < prog->num_specs && !rc; i++) {
		rc = check_spec(prog, &prog->specs[i], err);
		if (rc)
			qaic_fail_in(err, "specialization %u", i);
	}
	return rc;
}
