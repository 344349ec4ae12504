// SPDX-License-Identifier: MIT
/* qaicc_compile: all passes, for all specializations, into one QPC. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/compile.h"
#include "compiler/fuse.h"

static int no_mem(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

static uint32_t profiling_of(const char *name)
{
	uint32_t i = QPC_PROFILING_COUNT - 1;

	while (i && (!name || strcmp(name, qpc_profiling_name(i))))
		i--;
	return i;
}

static int check_options(const struct qaicc_options *o, struct qaic_err *err)
{
	if (!o->onnx)
		return qaic_fail(err, -EINVAL, "a model is needed");
	if (o->num_cores < 1 || o->num_cores > NSP_MAX_NSPS)
		return qaic_fail(err, -EINVAL,
				 "number of cores %u: use 1 to %u",
				 o->num_cores, NSP_MAX_NSPS);
	if (o->weights && !qaic_dtype_is_mx(o->weights))
		return qaic_fail(err, -EINVAL,
				 "weights in %s: use mxint8, mxfp6 or mxfp4",
				 qaic_dtype_name(o->weights));
	if (o->act_int8 && !o->weights)
		return qaic_fail(err, -EINVAL,
				 "8-bit activations need weights in mxint8, mxfp6 or mxfp4");
	if (o->profiling && !profiling_of(o->profiling))
		return qaic_fail(err, -EINVAL,
				 "profiling type \"%s\": use latency, stats or trace",
				 o->profiling);
	if (o->num_specs > QPC_MAX_SPECS)
		return qaic_fail(err, -EINVAL,
				 "%zu specializations; at most %u",
				 o->num_specs, QPC_MAX_SPECS);
	return 0;
}

static int add_symbol(struct qc_spec *s, const struct qaicc_symbol *sym,
		      struct qaic_err *err)
{
	size_t i;

	/* 0: what has no elements is left out of that specialization */
	if (!sym->name || sym->value < 0 || sym->value > INT32_MAX)
		return qaic_fail(err, -EINVAL,
				 "symbol '%s': value %lld is out of range",
				 sym->name ? sym->name : "",
				 (long long)sym->value);
	for (i = 0; i < s->num_symbols; i++)
		if (!strcmp(s->symbols[i].name, sym->name))
			return 0;	/* the specialization's own wins */
	if (s->num_symbols == QPC_MAX_SYMBOLS)
		return qaic_fail(err, -EINVAL, "more than %u symbols",
				 QPC_MAX_SYMBOLS);
	s->symbols[s->num_symbols++] = *sym;
	return 0;
}

static int init_specs(struct qc_compile *c, struct qaic_err *err)
{
	const struct qaicc_options *o = c->opt;
	size_t i, k;
	int rc = 0;

	c->num_specs = o->num_specs ? o->num_specs : 1;
	c->specs = calloc(c->num_specs, sizeof(*c->specs));
	if (!c->specs)
		return no_mem(err);
	for (i = 0; i < c->num_specs && !rc; i++) {
		struct qc_spec *s = &c->specs[i];

		s->symbols = calloc(QPC_MAX_SYMBOLS, sizeof(*s->symbols));
		if (!s->symbols)
			return no_mem(err);
		if (o->num_specs) {
			s->name = o->specs[i].name;
			for (k = 0; k < o->specs[i].num_symbols && !rc; k++)
				rc = add_symbol(s, &o->specs[i].symbols[k],
						err);
		}
		for (k = 0; k < o->num_defines && !rc; k++)
			rc = add_symbol(s, &o->defines[k], err);
	}
	return rc;
}

/* One that is there already is of no use, and probably a mistake. */
static int check_twins(const struct qc_compile *c, struct qaic_err *err)
{
	size_t i, k;

	for (i = 0; i < c->num_specs; i++)
		for (k = 0; k < i; k++) {
			const struct qc_spec *a = &c->specs[k];
			const struct qc_spec *b = &c->specs[i];

			if (qaicc_same_symbols(a->symbols, a->num_symbols,
					       b->symbols, b->num_symbols))
				return qaic_fail(err, -EINVAL,
					"specializations %zu and %zu are the same",
					k + 1, i + 1);
		}
	return 0;
}

static void init_lower(struct qc_compile *c, struct qc_spec *s)
{
	memset(&s->l, 0, sizeof(s->l));
	s->l.g = s->g;
	s->l.opt = c->opt;
	s->l.consts = c->consts;
	s->l.num_nsps = c->opt->num_cores;
}

/* The graph of one specialization, fused, its inputs and outputs known. */
static int front_half(struct qc_compile *c, struct qc_spec *s,
		      struct qaic_err *err)
{
	int rc = qc_graph_build(c->model, s->symbols, s->num_symbols, &s->g,
				err);

	if (!rc)
		rc = qc_check_positions(s, err);
	if (!rc)
		rc = qc_fp32_mark(c, s->g, err);
	if (!rc)
		rc = qc_fuse(s->g, err);
	if (rc)
		return rc;
	init_lower(c, s);
	return qc_lower_io(&s->l, err);
}

static int lower_and_plan(struct qc_spec *s, struct qaic_err *err)
{
	int rc = qc_lower_precision(&s->l, err);

	if (!rc)
		rc = qc_lower_graph(&s->l, err);
	return rc ? rc : qc_plan(&s->l, &s->plan, err);
}

static int back_half(struct qc_compile *c, struct qc_spec *s,
		     uint32_t *node_base, struct qaic_err *err)
{
	struct qc_lower *l = &s->l;
	int rc;

	l->node_base = *node_base;
	*node_base += s->g->num_nodes;
	rc = lower_and_plan(s, err);
	if (rc != -E2BIG)
		return rc;
	/* too much for LOCAL memory: once more, everything shared */
	qc_lower_free(l);
	l->num_acc = l->cap_acc = l->num_cmds = l->cap_cmds = 0;
	l->num_phases = 0;
	l->bufs = NULL;
	l->no_local = true;
	return lower_and_plan(s, err);
}

static uint64_t spill_of(const struct qc_compile *c)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < c->num_specs; i++)
		sum += c->specs[i].plan.spill;
	return sum;
}

static int spread_over(struct qc_compile *c, uint64_t tcm, uint64_t local,
		       struct qaic_err *err)
{
	uint64_t room = c->opt->num_cores *
			(NSP_VTCM_SIZE - QC_STAGE - local - tcm);
	size_t i;
	int rc = 0;

	for (i = 0; i < c->num_specs && !rc; i++)
		rc = qc_plan_spread(&c->specs[i].l, tcm, room,
				    &c->specs[i].plan, err);
	return rc;
}

/*
 * If some specialization spills: all of them once more, with what is large spread over
 * the NSPs. A copy in each NSP is cheaper for those who read all of it, so TCM is as
 * large as it may be for nothing, or the least, to spill.
 */
static int spread_large(struct qc_compile *c, struct qaic_err *err)
{
	uint64_t local = 0, tcm = QC_TCM_MAX, best = 0, least = UINT64_MAX;
	size_t i;
	int rc = 0;

	if (!spill_of(c) || c->opt->num_cores == 1)
		return 0;
	for (i = 0; i < c->num_specs; i++)
		if (c->specs[i].plan.local > local)
			local = c->specs[i].plan.local;
	while (tcm && least) {
		tcm -= QC_TCM_STEP;
		rc = spread_over(c, tcm, local, err);
		if (rc)
			return rc;
		if (spill_of(c) < least) {
			least = spill_of(c);
			best = tcm;
		}
	}
	return spread_over(c, best, local, err);
}

static int compile_specs(struct qc_compile *c, struct qaic_err *err)
{
	uint32_t node_base = 1;
	size_t i;
	int rc = qc_fp32_init(c, err);

	for (i = 0; i < c->num_specs && !rc; i++) {
		rc = front_half(c, &c->specs[i], err);
		if (rc && c->specs[i].name)
			qaic_fail_in(err, "specialization '%s'",
				     c->specs[i].name);
	}
	if (!rc)
		rc = qc_fp32_check(c, err);
	if (!rc)
		rc = qc_layout_io(c, err);
	for (i = 0; i < c->num_specs && !rc; i++) {
		rc = back_half(c, &c->specs[i], &node_base, err);
		if (rc && c->specs[i].name)
			qaic_fail_in(err, "specialization '%s'",
				     c->specs[i].name);
	}
	return rc ? rc : spread_large(c, err);
}

static const char *base_name(const char *path)
{
	const char *s = strrchr(path, '/');

	return s ? s + 1 : path;
}

static int name_program(struct qc_compile *c, struct qaic_err *err)
{
	const struct qaicc_options *o = c->opt;
	char *dot;

	c->prog.name = strdup(base_name(o->onnx));
	c->prog.compiler = qaic_asprintf("qaic-compile %s %s%s%s%s%s",
					 QAIC_VERSION,
					 o->convert_to_fp16 ? "fp16" : "fp32",
					 o->weights ? " weights " : "",
					 o->weights ?
					 qaic_dtype_name(o->weights) : "",
					 o->act_int8 ? " activations int8" : "",
					 o->retained_state ?
					 " retained-state" : "");
	if (!c->prog.name || !c->prog.compiler)
		return no_mem(err);
	dot = strrchr(c->prog.name, '.');
	if (dot && dot != c->prog.name)
		*dot = '\0';
	c->prog.num_nsps = o->num_cores;
	c->prog.profiling = profiling_of(o->profiling);
	c->prog.precision = o->convert_to_fp16 ? QAIC_F16 : QAIC_F32;
	return 0;
}

static int write_qpc(struct qc_compile *c, struct qaicc_report *report,
		     struct qaic_err *err)
{
	struct qpc_writer *w;
	int rc = qpc_writer_open(c->opt->out_dir, &c->prog, &w, err);

	if (rc)
		return rc;
	rc = qc_consts_write(c->consts, w, &c->opt->progress, err);
	if (!rc && report)
		rc = qc_report_clipped(c, report, err);
	if (rc) {
		qpc_writer_abort(w);
		return rc;
	}
	return qpc_writer_commit(w, err);
}

static void release(struct qc_compile *c)
{
	size_t i;

	for (i = 0; c->specs && i < c->num_specs; i++) {
		qc_lower_free(&c->specs[i].l);
		if (c->specs[i].g)
			qc_graph_free(c->specs[i].g);
		free(c->specs[i].symbols);
	}
	free(c->specs);
	qc_fp32_release(c);
	qpc_program_release(&c->prog);
	qc_consts_free(c->consts);
	if (c->model)
		qc_model_close(c->model);
}

int qaicc_compile(const struct qaicc_options *opt, struct qaicc_report *report,
		  struct qaic_err *err)
{
	struct qc_compile c = { .opt = opt };
	int rc = check_options(opt, err);

	if (report)
		memset(report, 0, sizeof(*report));
	if (rc)
		return rc;
	rc = qc_model_open(opt->onnx, &c.model, err);
	if (!rc) {
		qc_model_more_outputs(c.model, opt->outputs, opt->num_outputs);
		rc = qc_consts_new(opt->convert_to_fp16, &c.consts, err);
	}
	if (!rc)
		rc = init_specs(&c, err);
	if (!rc)
		rc = check_twins(&c, err);
	if (!rc)
		rc = compile_specs(&c, err);
	if (!rc)
		rc = name_program(&c, err);
	if (!rc)
		rc = qc_emit_program(&c, err);
	if (!rc && report)
		rc = qc_report(&c, report, err);
	if (!rc && opt->out_dir)
		rc = write_qpc(&c, report, err);
	if (rc && report)
		qaicc_report_release(report);
	release(&c);
	return rc;
}
