// SPDX-License-Identifier: MIT
/* From lowered graphs to a qpc_program: DDR layout, bindings, streams, names. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/compile.h"

static int no_mem(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

/* ---- DDR: states, then the bindings of each specialization ---- */

static uint64_t ddr_take(struct qc_compile *c, uint64_t size)
{
	uint64_t at = c->prog.ddr_size;

	c->prog.ddr_size = qaic_align(at + size, QPC_DDR_ALIGN);
	return at;
}

static void set_dims(uint32_t *dims, const struct qc_value *v)
{
	uint32_t i;

	for (i = 0; i < v->rank; i++)
		dims[i] = v->dim[i];
}

static struct qpc_state *find_state(struct qc_compile *c, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->prog.num_states; i++)
		if (!strcmp(c->prog.states[i].name, name))
			return &c->prog.states[i];
	return NULL;
}

static int add_state(struct qc_compile *c, const struct qc_io *in,
		     const struct qc_io *out, struct qpc_state **res,
		     struct qaic_err *err)
{
	struct qpc_state *s;

	if (c->prog.num_states == QPC_MAX_STATES)
		return qaic_fail(err, -EOPNOTSUPP,
				 "more than %u retained states",
				 QPC_MAX_STATES);
	s = reallocarray(c->prog.states, c->prog.num_states + 1, sizeof(*s));
	if (!s)
		return no_mem(err);
	c->prog.states = s;
	s += c->prog.num_states++;
	memset(s, 0, sizeof(*s));
	s->name = strdup(in->val->name);
	s->output = strdup(out->val->name);
	if (!s->name || !s->output)
		return no_mem(err);
	s->dtype = in->dtype;
	s->rank = in->val->rank;
	set_dims(s->dims, in->val);
	s->size = in->size;
	s->ddr_off = ddr_take(c, s->size);
	*res = s;
	return 0;
}

static int layout_state(struct qc_compile *c, struct qc_lower *l,
			struct qc_io *in, struct qaic_err *err)
{
	struct qpc_state *s = find_state(c, in->val->name);
	uint32_t dims[QPC_MAX_RANK] = { 0 };
	int rc;

	if (!s) {
		rc = add_state(c, in, &l->io[in->pair], &s, err);
		if (rc)
			return rc;
	}
	set_dims(dims, in->val);
	if (s->dtype != in->dtype || s->rank != in->val->rank ||
	    memcmp(dims, s->dims, sizeof(dims)))
		return qaic_fail(err, -EINVAL,
				 "retained state '%s' has another shape in another specialization",
				 s->name);
	in->off = l->io[in->pair].off = s->ddr_off;
	return 0;
}

int qc_layout_io(struct qc_compile *c, struct qaic_err *err)
{
	uint32_t k;
	size_t i;
	int rc;

	for (i = 0; i < c->num_specs; i++) {
		struct qc_lower *l = &c->specs[i].l;

		for (k = 0; k < l->num_io; k++) {
			if (l->io[k].pair < 0 || l->io[k].output)
				continue;
			rc = layout_state(c, l, &l->io[k], err);
			if (rc)
				return rc;
		}
	}
	for (i = 0; i < c->num_specs; i++) {
		struct qc_lower *l = &c->specs[i].l;

		for (k = 0; k < l->num_io; k++)
			if (l->io[k].pair < 0)
				l->io[k].off = ddr_take(c, l->io[k].size);
	}
	return 0;
}

/* ---- one specialization ---- */

static int emit_bindings(const struct qc_spec *s, struct qpc_spec *out,
			 struct qaic_err *err)
{
	const struct qc_lower *l = &s->l;
	struct qpc_binding *b;
	uint32_t i;

	out->bindings = calloc(l->num_io + 1, sizeof(*out->bindings));
	if (!out->bindings)
		return no_mem(err);
	for (i = 0; i < l->num_io; i++) {
		const struct qc_io *io = &l->io[i];

		if (io->pair >= 0)
			continue;
		b = &out->bindings[out->num_bindings++];
		b->name = strdup(io->val->name);
		if (!b->name)
			return no_mem(err);
		b->dtype = io->dtype;
		b->rank = io->val->rank;
		set_dims(b->dims, io->val);
		b->size = io->size;
		b->ddr_off = io->off;
		b->output = io->output;
	}
	return 0;
}

static int emit_symbols(const struct qc_spec *s, struct qpc_spec *out,
			struct qaic_err *err)
{
	size_t i;

	out->symbols = calloc(s->num_symbols + 1, sizeof(*out->symbols));
	if (!out->symbols)
		return no_mem(err);
	for (i = 0; i < s->num_symbols; i++) {
		out->symbols[i].name = strdup(s->symbols[i].name);
		out->symbols[i].value = s->symbols[i].value;
		out->num_symbols++;
		if (!out->symbols[i].name)
			return no_mem(err);
	}
	return 0;
}

static int by_phase(const void *a, const void *b)
{
	const struct qc_cmd *x = *(const struct qc_cmd *const *)a;
	const struct qc_cmd *y = *(const struct qc_cmd *const *)b;

	if (x->phase != y->phase)
		return x->phase < y->phase ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

static void put_sync(struct qpc_stream *st, unsigned int op, unsigned int sub,
		     uint32_t imm0, uint32_t imm1)
{
	struct nsp_cmd *c = &st->cmds[st->num_cmds++];
	unsigned int d;

	c->op = op;
	c->sub = sub;
	for (d = 0; d < NSP_DIMS; d++)
		c->dims[d] = 1;
	c->imm[0].u = imm0;
	c->imm[1].u = imm1;
}

static void put_cmd(const struct qc_compile *c, struct qpc_stream *st,
		    const struct qc_cmd *cmd)
{
	struct nsp_cmd *to = &st->cmds[st->num_cmds++];
	unsigned int o;

	*to = cmd->c;
	for (o = 0; o < NSP_OPNDS; o++) {
		const struct qc_buf *b = cmd->buf[o];
		uint64_t off;

		if (!b)
			continue;
		off = b->off + NSP_ADDR_OFF(to->o[o].addr);
		if (b->kind == QC_BUF_TEMP && b->space == NSP_SPACE_DDR)
			off += c->spill_base;
		if (b->kind == QC_BUF_TEMP && b->spread)
			off += c->spread_base;
		to->o[o].addr = NSP_ADDR(b->space, off);
	}
}

static int emit_stream(const struct qc_compile *c, const struct qc_lower *l,
		       const struct qc_cmd **order, uint8_t nsp,
		       struct qpc_stream *st, struct qaic_err *err)
{
	uint32_t i, n = 0, phase = 0;

	for (i = 0; i < l->num_cmds; i++)
		n += order[i]->nsp == nsp || order[i]->nsp == QC_NSP_ALL;
	st->cmds = calloc((size_t)n + l->num_phases + 4, sizeof(*st->cmds));
	if (!st->cmds)
		return no_mem(err);
	for (i = 0; i < l->num_cmds; i++) {
		if (order[i]->nsp != nsp && order[i]->nsp != QC_NSP_ALL)
			continue;
		for (; phase < order[i]->phase; phase++)
			put_sync(st, NSP_BARRIER, 0, 0, 0);
		put_cmd(c, st, order[i]);
	}
	for (; phase + 1 < l->num_phases; phase++)
		put_sync(st, NSP_BARRIER, 0, 0, 0);
	put_sync(st, NSP_SEM, 1, QPC_SEM_OUTPUT, 1);
	put_sync(st, NSP_SEM, 0, QPC_SEM_READY, 1);
	put_sync(st, NSP_END, 0, 0, 0);
	return 0;
}

static int emit_streams(const struct qc_compile *c, const struct qc_spec *s,
			struct qpc_spec *out, struct qaic_err *err)
{
	const struct qc_cmd **order;
	uint32_t i;
	int rc = 0;

	order = calloc(s->l.num_cmds + 1, sizeof(*order));
	if (!order)
		return no_mem(err);
	for (i = 0; i < s->l.num_cmds; i++)
		order[i] = &s->l.cmds[i];
	qsort(order, s->l.num_cmds, sizeof(*order), by_phase);
	for (i = 0; i < c->prog.num_nsps && !rc; i++)
		rc = emit_stream(c, &s->l, order, i, &out->streams[i], err);
	free(order);
	return rc;
}

static int emit_names(struct qc_compile *c, struct qaic_err *err)
{
	uint32_t n = 1;
	size_t i;

	for (i = 0; i < c->num_specs; i++)
		n += c->specs[i].g->num_nodes;
	c->prog.nodes = calloc(n, sizeof(*c->prog.nodes));
	if (!c->prog.nodes)
		return no_mem(err);
	c->prog.num_nodes = n;
	for (i = 0; i < c->num_specs; i++) {
		const struct qc_node *p;
		uint32_t base = c->specs[i].l.node_base;

		for (p = c->specs[i].g->first; p; p = p->next) {
			c->prog.nodes[base + p->id] = strdup(p->name);
			if (!c->prog.nodes[base + p->id])
				return no_mem(err);
		}
	}
	for (i = 0; i < n; i++) {
		if (!c->prog.nodes[i])
			c->prog.nodes[i] = strdup("");
		if (!c->prog.nodes[i])
			return no_mem(err);
	}
	return 0;
}

int qc_emit_program(struct qc_compile *c, struct qaic_err *err)
{
	uint64_t spill = 0;
	size_t i;
	int rc;

	c->spill_base = c->prog.ddr_size;
	c->prog.const_size = qc_consts_size(c->consts);
	c->prog.specs = calloc(c->num_specs, sizeof(*c->prog.specs));
	if (!c->prog.specs)
		return no_mem(err);
	for (i = 0; i < c->num_specs; i++) {
		const struct qc_plan *p = &c->specs[i].plan;

		if (p->tcm > c->prog.tcm_size)
			c->prog.tcm_size = p->tcm;
		if (p->local > c->prog.local_size)
			c->prog.local_size = p->local;
		if (p->spread > c->prog.spread_size)
			c->prog.spread_size = p->spread;
		if (p->spill > spill)
			spill = p->spill;
	}
	c->spread_base = c->prog.tcm_size;
	c->prog.tcm_size += c->prog.spread_size;
	c->prog.ddr_size += spill;
	for (i = 0; i < c->num_specs; i++) {
		struct qpc_spec *out = &c->prog.specs[i];
		const struct qc_spec *s = &c->specs[i];

		c->prog.num_specs++;
		out->name = s->name ? strdup(s->name)
				    : qaic_asprintf("spec%zu", i);
		if (!out->name)
			return no_mem(err);
		rc = emit_bindings(s, out, err);
		if (!rc)
			rc = emit_symbols(s, out, err);
		if (!rc)
			rc = emit_streams(c, s, out, err);
		if (rc)
			return rc;
	}
	return emit_names(c, err);
}
