/* SPDX-License-Identifier: MIT */
/*
 * libqaicc: compile an ONNX model to a QPC.
 */
#ifndef QAICC_H
#define QAICC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef QAIC_INSTALLED
#include <qaic/dtype.h>
#include <qaic/err.h>
#include <qaic/progress.h>
#else
#include "base/dtype.h"
#include "base/err.h"
#include "base/progress.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A value for a symbolic dimension. */
struct qaicc_symbol {
	const char *name;
	int64_t value;
};

struct qaicc_spec {
	const char *name;		/* NULL: "spec0", "spec1", ... */
	const struct qaicc_symbol *symbols;
	size_t num_symbols;
};

struct qaicc_custom_io {
	const char *name;		/* model input or output */
	/* QAIC_F16, QAIC_F32; QAIC_MXINT8: retained state that CtxScatter writes */
	enum qaic_dtype precision;
};

struct qaicc_options {
	const char *onnx;		/* path of the model */
	/*
	 * Gets programqpc.bin; made if missing. NULL: compile for the report alone;
	 * no weight is read.
	 */
	const char *out_dir;
	unsigned int num_cores;		/* 1..16 */
	bool convert_to_fp16;		/* else F32 everywhere */
	/*
	 * QAIC_MXINT8, QAIC_MXFP6 or QAIC_MXFP4: constant matrices of products
	 * in this format, where that is smaller than F16; 0: as the others.
	 */
	enum qaic_dtype weights;
	bool act_int8;			/* with that: 8-bit activations, not 16 */
	bool retained_state;		/* X_RetainedState stays on the card as X */
	const struct qaicc_spec *specs;	/* none: one, of the defined symbols */
	size_t num_specs;
	const struct qaicc_symbol *defines;	/* -onnx-define-symbol */
	size_t num_defines;
	const struct qaicc_custom_io *custom_io;
	size_t num_custom_io;
	const char *const *fp32_nodes;	/* kept in F32: names of nodes, or of
					 * what they put out */
	size_t num_fp32_nodes;
	const char *const *outputs;	/* values to put out besides the */
	size_t num_outputs;		/* model's own outputs */
	/* "latency", "stats", "trace": what runs of it do by themselves; NULL: none */
	const char *profiling;
	struct qaic_progress progress;
};

/* All commands of one operation of the instruction set. */
struct qaicc_op_report {
	const char *name;
	uint32_t commands;
	double hmx, hvx;		/* seconds, of all NSPs over their number */
	uint64_t ddr, noc;		/* bytes */
};

#define QAICC_REPORT_OPS 32
#define QAICC_REPORT_PARTS 8

/* What -aic-perf-metrics prints, one per specialization. */
struct qaicc_spec_report {
	char name[64];
	uint64_t macs;
	uint64_t ddr_read, ddr_write;	/* bytes of one call */
	uint64_t vtcm;			/* bytes of one NSP's VTCM in use */
	uint32_t phases;
	uint32_t commands;		/* of all NSPs */
	double seconds[3];		/* modelled: Std, Pro, Ultra */
	/* where the time of a Pro goes: phases by what they wait for, and the rest */
	struct { const char *what; double seconds; } part[QAICC_REPORT_PARTS];
	double hmx;			/* seconds that its busiest HMX works */
	struct qaicc_op_report op[QAICC_REPORT_OPS];
	uint32_t num_ops;
};

struct qaicc_report {
	uint64_t const_size;		/* constants.bin */
	uint64_t ddr_size;		/* dynamic DDR */
	struct qaicc_spec_report *specs;
	size_t num_specs;
	uint32_t num_blocks;		/* matrices in the format of weights, */
	uint64_t block_elems;		/* their elements */
	uint64_t block_bytes;		/* and bytes in constants.bin */
	/* constants with finite values beyond F16, which were clipped; unknown
	 * without out_dir */
	struct { char name[128]; uint64_t count; } *clipped;
	size_t num_clipped;
	/* histogram of operators after fusion, "MatMul 14" */
	struct { char name[48]; uint32_t count; } *ops;
	size_t num_ops;
};

/*
 * Compile. On failure nothing is left in out_dir that was not there before.
 * -ENOENT (model or external data missing), -EINVAL (bad model, bad option),
 * -EOPNOTSUPP (an operator or type that is not supported; the node is named).
 * @report may be NULL; else qaicc_report_release() it.
 */
int qaicc_compile(const struct qaicc_options *opt, struct qaicc_report *report,
		  struct qaic_err *err);
void qaicc_report_release(struct qaicc_report *report);

/* ---- the files of the vendor's compiler ---- */

/*
 * Specializations from JSON, flat ({"specializations": [{"seq_len": "32"}]}) or
 * named ({"specializations": [{"name": "Prefill", "symbols": {"seq_len": "32"}}]});
 * values are strings or integers. One block: free() it.
 */
int qaicc_read_specs(const char *path, struct qaicc_spec **specs,
		     size_t *num_specs, struct qaic_err *err);
/* The same values for the same names, in any order? */
bool qaicc_same_symbols(const struct qaicc_symbol *a, size_t na,
			const struct qaicc_symbol *b, size_t nb);
/*
 * Custom IO from YAML: a list of IOName and Precision (float16, float32, mxint8).
 * One block: free() it.
 */
int qaicc_read_custom_io(const char *path, struct qaicc_custom_io **io,
			 size_t *num_io, struct qaic_err *err);
/* Node names from YAML, "FP32NodeInstanceNames: [a, b]". One block: free() it. */
int qaicc_read_fp32_nodes(const char *path, const char ***names,
			  size_t *num_names, struct qaic_err *err);

/* ---- reference evaluation ---- */

/*
 * A model bound to the values of its symbols, evaluated in plain FP32 loops:
 * the yardstick of --verify and of the tests. Slow by intent.
 */
struct qaicc_ref;

struct qaicc_tensor {
	const char *name;		/* set by the ref */
	enum qaic_dtype dtype;
	uint32_t rank;
	int64_t dims[8];
	size_t size;			/* bytes */
	void *data;			/* inputs: the caller's; outputs: the ref's */
};

int qaicc_ref_open(const char *onnx, const struct qaicc_symbol *symbols,
		   size_t num_symbols, struct qaicc_ref **out,
		   struct qaic_err *err);
/*
 * The same with more outputs, behind the model's own: any values that its nodes
 * make, by name. The names must live as long as the ref.
 */
int qaicc_ref_open_outputs(const char *onnx, const struct qaicc_symbol *symbols,
			   size_t num_symbols, const char *const *outputs,
			   size_t num_outputs, struct qaicc_ref **out,
			   struct qaic_err *err);
void qaicc_ref_close(struct qaicc_ref *ref);
size_t qaicc_ref_num_inputs(const struct qaicc_ref *ref);
size_t qaicc_ref_num_outputs(const struct qaicc_ref *ref);
/* Description of an input or output (data is NULL for inputs). */
int qaicc_ref_input(const struct qaicc_ref *ref, size_t i,
		    struct qaicc_tensor *t);
/*
 * Evaluate once: @inputs has one pointer per model input, in the types and
 * shapes of qaicc_ref_input(). Outputs are the ref's, good until the next run.
 */
int qaicc_ref_run(struct qaicc_ref *ref, const void *const *inputs,
		  struct qaic_err *err);
int qaicc_ref_output(const struct qaicc_ref *ref, size_t i,
		     struct qaicc_tensor *t);

#ifdef __cplusplus
}
#endif
#endif
