/* SPDX-License-Identifier: MIT */
/* What the compile stage of the pipeline consists of. */
#ifndef QEFF_PIPELINE_H
#define QEFF_PIPELINE_H

#include <jansson.h>

#include "compiler/onnx.pb-c.h"
#include "compiler/qaicc.h"
#include "libqeff/qeff.h"

/* the card keeps output X_RetainedState and gives it to input X next time */
#define QEFF_RETAINED	"_RetainedState"
/* metadata of an export: the values between the blocks, "name=value,..." */
#define QEFF_BLOCKS_META "qeff_blocks"

/* metadata of an export: nodes that stay FP32 in an FP16 program, "NAME,..." */
#define QEFF_FP32_META "qeff_fp32_nodes"
/* how a list of node names is called in YAML, QEfficient's node_precision_info */
#define QEFF_FP32_FILE "fp32_nodes.yaml"

/* The value of a metadata property, or NULL. */
const char *qeff_onnx_meta(const Onnx__ModelProto *m, const char *key);

/* "decoder_input_ids": an encoder and a decoder. */
bool qeff_onnx_has_input(const Onnx__ModelProto *m, const char *name);

/* Read the .onnx at @path, without its external data. */
int qeff_read_onnx(const char *path,
		   int (*take)(void *ctx, const Onnx__ModelProto *m,
			       struct qaic_err *err),
		   void *ctx, struct qaic_err *err);

#define QEFF_MAX_SYMBOLS 5

/* A specialization: what the symbols of the ONNX are in it. */
struct qeff_plan_spec {
	char name[24];
	struct qaicc_symbol sym[QEFF_MAX_SYMBOLS];
	size_t num;
};

/* Everything a QPC depends on besides its ONNX. */
struct qeff_compile_plan {
	const struct qeff_build_options *opt;
	const char *onnx;
	char **states;			/* "past_key.0", ... */
	size_t num_states;
	bool seq2seq;			/* it has an encoder and a decoder */
	struct qeff_plan_spec spec[QEFF_MAX_SEQ_LENS];
	size_t num_specs;
	char *fp32_text;		/* QEFF_FP32_META, cut at the commas */
	const char **fp32_read;		/* opt->fp32_nodes as it was read */
	const char **fp32_nodes;	/* into both; none if all is FP32 */
	size_t num_fp32_nodes;
	bool encoder;			/* nothing is kept: by seq_len alone */
	/* for verification: the cache crosses the bus, more values come out */
	bool cache_is_io;
	const char *const *outputs;
	size_t num_outputs;
	json_t *specs;			/* {"specializations": [...]} */
	json_t *params;			/* what is hashed */
};

int qeff_plan_init(struct qeff_compile_plan *plan,
		   const struct qeff_build_options *opt, const char *onnx,
		   struct qaic_err *err);
void qeff_plan_release(struct qeff_compile_plan *plan);
/* Its parts: states, kind and FP32 nodes from the ONNX; then spec and specs. */
int qeff_plan_read(struct qeff_compile_plan *plan, struct qaic_err *err);
int qeff_plan_specs(struct qeff_compile_plan *plan, struct qaic_err *err);

/* The qaic-compile command line that does the same; malloc'ed. */
char *qeff_plan_command(const struct qeff_compile_plan *plan, const char *dir,
			const char *qpc_name);

/*
 * Write specializations.json and custom_io.yaml to @dir and the program to
 * @dir/@qpc_name.
 */
int qeff_plan_compile(const struct qeff_compile_plan *plan, const char *dir,
		      const char *qpc_name, struct qaic_err *err);

#endif
