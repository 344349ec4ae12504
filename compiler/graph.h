/* SPDX-License-Identifier: MIT */
/*
 * The compiler's graph: SSA values with static shapes, one graph per
 * specialization (symbols are bound when it is built from the model).
 *
 * Passes: import (onnx -> graph, functions inlined, shapes inferred op by op,
 * constants folded as they appear) -> fuse -> lower -> plan -> emit.
 */
#ifndef COMPILER_GRAPH_H
#define COMPILER_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dtype.h"
#include "base/err.h"
#include "compiler/qaicc.h"

#define QC_MAX_RANK 8

struct qc_op;
struct qc_node;
struct qc_graph;

/*
 * A constant: a strided view of bytes that somebody else owns (a mapped file) or
 * that the graph owns. Casting between float types, transposing, reshaping
 * (contiguous), slicing, expanding a constant makes a new view of the same bytes,
 * so that weights are never copied before they are written to the QPC.
 */
struct qc_tensor {
	enum qaic_dtype dtype;		/* what it means */
	enum qaic_dtype store;		/* what the bytes are; differs among floats */
	uint32_t rank;
	int64_t dim[QC_MAX_RANK];
	int64_t stride[QC_MAX_RANK];	/* elements of store */
	const uint8_t *data;		/* element 0,...,0 */
};

struct qc_value {
	uint32_t id;
	char *name;			/* ONNX name; unique in the graph */
	enum qaic_dtype dtype;		/* of the ONNX model */
	uint32_t rank;
	int64_t dim[QC_MAX_RANK];
	struct qc_tensor *cst;		/* constant, or NULL */
	struct qc_node *def;		/* producer, or NULL: input or constant */
	uint32_t num_uses;		/* by live nodes, plus 1 if a graph output */
	bool is_input, is_output;
	void *priv;			/* of the pass that runs */
};

enum qc_attr_type { QC_ATTR_INT, QC_ATTR_FLOAT, QC_ATTR_STR, QC_ATTR_INTS,
		    QC_ATTR_FLOATS, QC_ATTR_TENSOR };

struct qc_attr {
	const char *name;
	enum qc_attr_type type;
	int64_t i;
	float f;
	const char *s;			/* NUL-terminated */
	const int64_t *ints;
	const float *floats;
	size_t n;			/* of ints, floats */
	struct qc_tensor *t;
};

struct qc_node {
	uint32_t id;
	const struct qc_op *op;
	char *name;			/* ONNX node name; made up if it had none */
	int64_t version;		/* opset version of its domain */
	struct qc_value **in;		/* NULL where an optional input is absent */
	uint32_t num_in;
	struct qc_value **out;
	uint32_t num_out;
	struct qc_attr *attrs;
	uint32_t num_attrs;
	bool dead;
	void *priv;
	struct qc_node *prev, *next;	/* topological order */
};

struct qc_graph {
	char *name;
	struct qc_node *first, *last;
	struct qc_value **inputs;	/* model order, initializers not among them */
	uint32_t num_inputs;
	struct qc_value **outputs;	/* model order */
	uint32_t num_outputs;
	struct qc_value **values;	/* all, by id */
	uint32_t num_values;
	uint32_t num_nodes;		/* ids given out */
	void *arena;			/* everything above is allocated here */
};

/* ---- model: the ONNX file, mapped and checked; several graphs may share it ---- */

struct qc_model;

/*
 * Parse the model and map its external data. Refused with the node or tensor
 * named: cycles, undefined names, duplicate outputs, external data that is
 * missing, outside the model's directory or too short, sizes that overflow.
 */
int qc_model_open(const char *path, struct qc_model **out,
		  struct qaic_err *err);
void qc_model_close(struct qc_model *model);
/* Values that graphs of this model put out besides its outputs; not copied. */
void qc_model_more_outputs(struct qc_model *model, const char *const *names,
			   size_t n);

/*
 * Build the graph for given symbol values. A symbol of a model input without a
 * value is an error that names the input and the symbol.
 */
int qc_graph_build(struct qc_model *model, const struct qaicc_symbol *symbols,
		   size_t num_symbols, struct qc_graph **out,
		   struct qaic_err *err);
void qc_graph_free(struct qc_graph *g);

/* ---- editing, for passes ---- */

/* Zeroed memory that lives as long as the graph; NULL when there is none. */
void *qc_alloc(struct qc_graph *g, size_t size);
/* A new value with a fresh name made from @hint. */
struct qc_value *qc_value_new(struct qc_graph *g, const char *hint,
			      enum qaic_dtype dtype, uint32_t rank,
			      const int64_t *dim);
/* A new constant value; @t is copied, its data is not. */
struct qc_value *qc_value_const(struct qc_graph *g, const char *hint,
				const struct qc_tensor *t);
/*
 * Insert a node before @at (NULL: at the end). Inputs' use counts go up; outputs
 * get their def. Returns NULL when out of memory.
 */
struct qc_node *qc_node_new(struct qc_graph *g, struct qc_node *at,
			    const struct qc_op *op, const char *name,
			    struct qc_value *const *in, uint32_t num_in,
			    struct qc_value *const *out, uint32_t num_out);
/*
 * Make every reader of @from read @to. A graph output takes its name with it; if
 * @to is a graph input or output itself it cannot, and the graph output goes on
 * reading @from (returns 1 then).
 */
int qc_replace_uses(struct qc_graph *g, struct qc_value *from,
		    struct qc_value *to);
/* Unlink nodes none of whose outputs is used, and what only they used. */
void qc_remove_dead(struct qc_graph *g);

const struct qc_attr *qc_attr_find(const struct qc_node *n, const char *name);
int64_t qc_attr_int(const struct qc_node *n, const char *name, int64_t dflt);
float qc_attr_float(const struct qc_node *n, const char *name, float dflt);
/* Add or replace an attribute (value copied into the arena). */
int qc_attr_set_int(struct qc_graph *g, struct qc_node *n, const char *name,
		    int64_t v);
int qc_attr_set_float(struct qc_graph *g, struct qc_node *n, const char *name,
		      float v);

int64_t qc_numel(const struct qc_value *v);

/* ---- constants ---- */

int64_t qc_tensor_numel(const struct qc_tensor *t);
bool qc_tensor_contiguous(const struct qc_tensor *t);
/*
 * Copy a view out, converted: element i (row-major) of [first, first + count)
 * goes to @dst as @dtype. Streams: touches only what it copies.
 */
void qc_tensor_read(const struct qc_tensor *t, int64_t first, int64_t count,
		    enum qaic_dtype dtype, void *dst);
/* A constant of one element, as a number. False if @v is not one. */
bool qc_const_scalar(const struct qc_value *v, double *out);
/* A constant integer vector (or scalar). Returns count or -1 if it is not one. */
int qc_const_ints(const struct qc_value *v, int64_t *out, int max);

#endif
