/* SPDX-License-Identifier: MIT */
/*
 * The ONNX file in memory: unpacked, every tensor's data located and its size
 * checked, nodes in topological order.
 */
#ifndef COMPILER_MODEL_H
#define COMPILER_MODEL_H

#include "base/file.h"
#include "compiler/graph.h"
#include "compiler/names.h"
#include "compiler/onnx.pb-c.h"

/* Lists that are searched from the front; no honest file has long ones. */
#define QC_MAX_ATTRS 256
#define QC_MAX_OPSETS 256

/* An ONNX function that the model defines. */
struct qc_function {
	const Onnx__FunctionProto *proto;
	uint32_t *order;		/* of its nodes */
	char *key;			/* "domain\1name" */
};

/* External data files, each mapped once. */
struct qc_extern {
	char *location;
	struct qaic_map map;
};

struct qc_model {
	char *path;
	Onnx__ModelProto *proto;
	ProtobufCAllocator alloc;
	uint64_t budget;		/* bytes the unpacker may still take */
	uint32_t *order;		/* of the main graph's nodes */
	struct qc_function *functions;
	struct qc_names function_names;
	struct qc_extern *externs;
	size_t num_externs;
	/* tensors whose raw_data points into a map, not into the heap */
	Onnx__TensorProto **mapped;
	size_t num_mapped, cap_mapped;
	/* the caller's: values that are outputs besides the graph's own */
	const char *const *more_outputs;
	size_t num_more_outputs;
};

/* What the checked proto says; the data stays where it is. */
void qc_tensor_of_proto(const Onnx__TensorProto *tp, struct qc_tensor *t);
/* ONNX's number of an element type as ours, or -1. */
int qc_dtype_of_onnx(int32_t data_type);

const struct qc_function *qc_model_function(const struct qc_model *m,
					    const char *domain,
					    const char *name);
/* The version of a domain in an import list, or 0. */
int64_t qc_opset_version(Onnx__OperatorSetIdProto *const *list, size_t n,
			 const char *domain);

/* model_tensor.c: locate and check the data of a tensor. */
int qc_model_tensor(struct qc_model *m, Onnx__TensorProto *tp,
		    const char *what, struct qaic_err *err);
void qc_model_tensors_release(struct qc_model *m);

/* The index of a name that no node makes: an input, an initializer. */
#define QC_OUTSIDE UINT32_MAX

/*
 * model_order.c: a topological order of @n nodes, given what is known before the
 * first. Names every output in @known. Free *order.
 */
int qc_node_order(Onnx__NodeProto *const *nodes, size_t n,
		  struct qc_names *known, uint32_t **order,
		  struct qaic_err *err);
/* "node 'x' (Add)", written to @buf. */
const char *qc_node_label(const Onnx__NodeProto *np, char *buf, size_t size);

static inline const char *qc_str(const char *s)
{
	return s ? s : "";
}

/* "" for "ai.onnx" and for none. */
const char *qc_domain(const char *domain);

#endif
