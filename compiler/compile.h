/* SPDX-License-Identifier: MIT */
/* A compilation under way: what compile.c, emit.c and report.c share. */
#ifndef COMPILER_COMPILE_H
#define COMPILER_COMPILE_H

#include "compiler/consts.h"
#include "compiler/lower.h"
#include "compiler/model.h"
#include "compiler/plan.h"

struct qc_spec {
	const char *name;		/* NULL: made up */
	struct qaicc_symbol *symbols;
	size_t num_symbols;
	struct qc_graph *g;
	struct qc_lower l;
	struct qc_plan plan;
};

struct qc_compile {
	const struct qaicc_options *opt;
	struct qc_model *model;
	struct qc_consts *consts;
	struct qc_spec *specs;
	size_t num_specs;
	struct qc_names fp32_names;	/* opt->fp32_nodes, */
	bool *fp32_found;		/* and whether each is somewhere */
	struct qpc_program prog;
	uint64_t spill_base;		/* in DDR */
	uint64_t spread_base;		/* in TCM */
};

/* Place states and bindings in DDR; fill prog.states (emit.c). */
int qc_layout_io(struct qc_compile *c, struct qaic_err *err);
/* Fill the rest of prog from the lowered and planned specializations. */
int qc_emit_program(struct qc_compile *c, struct qaic_err *err);

/* fp32_nodes.c: the nodes that opt->fp32_nodes names. */
int qc_fp32_init(struct qc_compile *c, struct qaic_err *err);
void qc_fp32_release(struct qc_compile *c);
/* Mark them in a graph before fusion changes names; one may lack some. */
int qc_fp32_mark(struct qc_compile *c, struct qc_graph *g, struct qaic_err *err);
/* After all graphs: a name that is nowhere in the model is a mistake. */
int qc_fp32_check(struct qc_compile *c, struct qaic_err *err);

/* positions.c: does the context fit in every table of positions? */
int qc_check_positions(const struct qc_spec *s, struct qaic_err *err);

/* After the constants were written. */
int qc_report_clipped(const struct qc_compile *c, struct qaicc_report *r,
		      struct qaic_err *err);
int qc_report(const struct qc_compile *c, struct qaicc_report *r,
	      struct qaic_err *err);

#endif
