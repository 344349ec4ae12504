/* SPDX-License-Identifier: MIT */
/*
 * Lowering: graph -> commands per NSP and phase, on buffers that have no address
 * yet (plan.c gives them one). See Documentation/compiler.md.
 */
#ifndef COMPILER_LOWER_H
#define COMPILER_LOWER_H

#include "base/str.h"
#include "compiler/graph.h"
#include "compiler/op.h"
#include "compiler/qaicc.h"
#include "compiler/view.h"
#include "qpc/program.h"

#define QC_NSP_ALL	0xff	/* an access by every NSP alike */
#define QC_REGION_DIMS	8
#define QC_FP32		"qaic_fp32"	/* attribute: results stay F32 */

/* The bytes an operand may touch: base + sum of i * stride. */
struct qc_region {
	int64_t base;
	int64_t elem;			/* bytes of one element */
	uint32_t n;
	int64_t dim[QC_REGION_DIMS];
	int64_t stride[QC_REGION_DIMS];	/* bytes */
};

/* May two regions of one buffer share a byte? True when in doubt. */
bool qc_region_overlap(const struct qc_region *a, const struct qc_region *b);

struct qc_access {
	struct qc_region r;
	uint32_t phase;
	uint8_t nsp;
	uint32_t next;			/* index + 1 of the next, 0 at the end */
};

enum qc_buf_kind { QC_BUF_TEMP, QC_BUF_CONST, QC_BUF_DDR };

/* How the last command that wrote a buffer was cut: runs of bytes per NSP. */
struct qc_cut {
	uint32_t n;
	int64_t stride;			/* bytes of one step along the cut dim */
	int64_t lo[NSP_MAX_NSPS], hi[NSP_MAX_NSPS];	/* bytes in the buffer */
	uint8_t nsp[NSP_MAX_NSPS];
};

struct qc_buf {
	enum qc_buf_kind kind;
	uint64_t size;			/* bytes */
	uint64_t off;			/* in its space; TEMP: set by the plan */
	uint8_t space;			/* enum nsp_space; TEMP: set by the plan */
	bool spread;			/* in TCM, in its part that is spread */
	double reread;			/* bytes read for each of its bytes */
	uint64_t need;			/* bytes that the plan reserves for it */
	bool local;			/* each NSP writes its own copy */
	bool written;
	uint32_t first, last;		/* life, in plan time */
	bool live;			/* any access at all */
	uint32_t owner;			/* value it was made for, + 1 */
	bool shared;			/* other values are views of it */
	uint32_t reads, writes;		/* lists of accesses, index + 1 */
	struct qc_cut cut;
	struct qc_buf *next;
};

/* One command of one NSP, operands still relative to buffers. */
struct qc_cmd {
	struct nsp_cmd c;		/* o[].addr holds the byte offset */
	struct qc_buf *buf[NSP_OPNDS];
	uint32_t phase;
	uint32_t seq;
	uint8_t nsp;			/* or QC_NSP_ALL */
};

/* A command for the whole tensor, before it is split over the NSPs. */
struct qc_vcmd {
	struct nsp_cmd c;		/* addr: byte offset in buf */
	struct qc_buf *buf[NSP_OPNDS];
	uint32_t align[NSP_DIMS];	/* better split at multiples (0: any) */
	uint32_t unit[NSP_DIMS];	/* only at multiples (0: any) */
	uint8_t home;			/* the NSP that does it if one does all */
};

struct qc_consts;

/*
 * An input or output of the graph and its place in DDR. Of a retained pair, only
 * the input's is a place of its own.
 */
struct qc_io {
	struct qc_value *val;
	enum qaic_dtype dtype;		/* as the host sees it */
	bool output;
	int pair;			/* index of the retained partner, or -1 */
	uint64_t off, size;		/* in DDR, set by the caller */
	struct qc_buf *buf;
};

struct qc_lower {
	struct qc_graph *g;
	const struct qaicc_options *opt;
	struct qc_consts *consts;
	uint32_t num_nsps;
	bool no_local;			/* never compute alike on all NSPs */

	struct qc_view **view;		/* by value id; NULL: not made yet */
	struct qc_view **dest;		/* where a value shall be made */
	uint8_t *store;			/* enum qaic_dtype a value is stored in */
	uint32_t num_values;		/* of the arrays above */
	uint32_t *align;		/* by value id: last-axis split unit */
	uint32_t *used;			/* by value id: uses by nodes already lowered */

	struct qc_io *io;		/* inputs, then outputs */
	uint32_t num_io;

	struct qc_buf *bufs;		/* all temporary and DDR buffers */
	struct qc_access *acc;
	uint32_t num_acc, cap_acc;
	struct qc_cmd *cmds;
	uint32_t num_cmds, cap_cmds;
	uint32_t num_phases;		/* phases in use */
	uint32_t node_base;		/* of nsp_cmd.node; 0 is no node */
	struct qc_node *node;		/* that is being lowered */
};

/* ---- values and views (lower.c) ---- */

/*
 * The view of a value that exists by now; constants are put into the pool. With
 * @v NULL returns -EINVAL.
 */
int qc_lower_in(struct qc_lower *l, struct qc_value *v, struct qc_view *out,
		struct qaic_err *err);
/* As above; a constant of floats is stored as @dtype. */
int qc_lower_in_as(struct qc_lower *l, struct qc_value *v,
		   enum qaic_dtype dtype, struct qc_view *out,
		   struct qaic_err *err);
/*
 * Constant matrices [.., N, K] for MATMUL, made of the float constant @v: in the
 * format that the options ask for, where that is smaller; F16 in panels, unless it is
 * stored as rows anyway; else as qc_consts_get().
 */
int qc_lower_weights(struct qc_lower *l, const struct qc_value *v,
		     const struct qc_tensor *t, bool rows, struct qc_view *out,
		     struct qaic_err *err);
/* What a MATMUL needs besides operand 2 if its matrices are in panels. */
void qc_vcmd_weights(const struct qc_lower *l, struct qc_vcmd *v,
		     const struct qc_view *w);
/* Where to put a value: its destination if it has one, else a new buffer. */
int qc_lower_out(struct qc_lower *l, struct qc_value *v, struct qc_view *out,
		 struct qaic_err *err);
/*
 * The same for the result of element-wise @n: in place of an input that is large, of
 * the same shape and type, and that nobody reads after this node.
 */
int qc_lower_out_over(struct qc_lower *l, struct qc_node *n,
		      struct qc_view *out, struct qaic_err *err);
/* Say that a value is this view from now on. */
int qc_lower_alias(struct qc_lower *l, struct qc_value *v,
		   const struct qc_view *view, struct qaic_err *err);
/* A dense temporary. */
int qc_lower_temp(struct qc_lower *l, enum qaic_dtype dtype, uint32_t rank,
		  const int64_t *dim, struct qc_view *out,
		  struct qaic_err *err);
/* The type a value is stored in. */
enum qaic_dtype qc_lower_store(const struct qc_lower *l,
			       const struct qc_value *v);
/* A constant made of bytes that the caller owns no longer than the call. */
int qc_lower_const(struct qc_lower *l, enum qaic_dtype dtype, uint32_t rank,
		   const int64_t *dim, const void *data, struct qc_view *out,
		   struct qaic_err *err);
int qc_lower_scalar(struct qc_lower *l, double val, enum qaic_dtype dtype,
		    struct qc_view *out, struct qaic_err *err);

/* ---- commands (lower_cmd.c) ---- */

/* A command of the current node; dims are 1. */
void qc_vcmd_init(struct qc_lower *l, struct qc_vcmd *v, unsigned int op,
		  unsigned int sub);
/*
 * Set operand @o to the view's address and type; axis[i] is the view axis that
 * dim i moves along, or -1.
 */
int qc_vcmd_opnd(struct qc_vcmd *v, unsigned int o, const struct qc_view *view,
		 const int *axis, struct qaic_err *err);
int qc_vcmd_dim(struct qc_vcmd *v, unsigned int d, int64_t n,
		struct qaic_err *err);
/*
 * Element-wise: @v->c.op is MOVE, UNARY, ...; operand 0 is views[0], and all n
 * views have its shape (broadcast by the caller). Any rank up to QC_MAX_RANK:
 * axes are merged, and what remains beyond six is unrolled.
 */
int qc_emit_elt(struct qc_lower *l, struct qc_vcmd *v,
		const struct qc_view *views, uint32_t n, struct qaic_err *err);
/* The same for commands along rows: the last @keep axes stay dims of their own. */
int qc_emit_rows(struct qc_lower *l, struct qc_vcmd *v,
		 const struct qc_view *views, uint32_t n, uint32_t keep,
		 struct qaic_err *err);
/* The view reshaped, through a copy if it has to be. */
int qc_lower_reshaped(struct qc_lower *l, struct qc_view *v, uint32_t rank,
		      const int64_t *dim, struct qaic_err *err);
/* As @dtype, through a copy if it is another type (floats count as one). */
int qc_lower_as(struct qc_lower *l, struct qc_view *v, enum qaic_dtype dtype,
		struct qaic_err *err);
/*
 * Where to make @v in the shape @dim (same element count): its place reshaped,
 * or a temporary that qc_lower_out_done() copies there.
 */
int qc_lower_out_shaped(struct qc_lower *l, struct qc_value *v, uint32_t rank,
			const int64_t *dim, struct qc_view *out,
			struct qaic_err *err);
int qc_lower_out_done(struct qc_lower *l, struct qc_value *v,
		      const struct qc_view *made, struct qaic_err *err);
/* dst = src, shapes equal. */
int qc_emit_move(struct qc_lower *l, const struct qc_view *dst,
		 const struct qc_view *src, struct qaic_err *err);
/*
 * Reduce @in over the axes of @mask into @out, which has the same rank with
 * length 1 (or any length, stride 0) there. @last: ARGMAX takes the last.
 */
int qc_emit_reduce(struct qc_lower *l, unsigned int sub, int last,
		   struct qc_view out, struct qc_view in, uint32_t mask,
		   struct qaic_err *err);
/* o [batch.., M, N] = a [batch.., M, K] b [batch.., N, K]^T, equal ranks, K > 0. */
int qc_emit_product(struct qc_lower *l, const struct qc_view *o,
		    const struct qc_view *a, const struct qc_view *b,
		    struct qaic_err *err);
int qc_emit_fill(struct qc_lower *l, const struct qc_view *dst, double val,
		 struct qaic_err *err);

/* ---- splitting and phases (sched.c) ---- */

/* Split a command over the NSPs and put the parts into phases. */
int qc_emit(struct qc_lower *l, struct qc_vcmd *v, struct qaic_err *err);

/* What one operand touches (region.c). */
void qc_cmd_region(const struct nsp_cmd *c, unsigned int o,
		   struct qc_region *r);
/* Bit d set: operand o moves along dim d by its stride[d]. */
unsigned int qc_cmd_moves(const struct nsp_cmd *c, unsigned int o);
/* Blocks are only for some operands. */
bool qc_cmd_takes(const struct nsp_cmd *c, unsigned int o);
bool qc_cmd_writes(const struct nsp_cmd *c, unsigned int o);
/* Bit d set: the command may be split along dim d. */
unsigned int qc_cmd_splits(const struct nsp_cmd *c);

/* ---- the whole graph (lower.c) ---- */

/* Fill l->io: types by ONNX and custom IO, retained pairs found (precision.c). */
int qc_lower_io(struct qc_lower *l, struct qaic_err *err);
/* Fill l->store (precision.c). */
int qc_lower_precision(struct qc_lower *l, struct qaic_err *err);
int qc_lower_graph(struct qc_lower *l, struct qaic_err *err);
/* Fill l->dest (lower_dest.c). */
int qc_make_dests(struct qc_lower *l, struct qaic_err *err);
struct qc_view *qc_lower_new_view(struct qc_lower *l, struct qaic_err *err);
/* Fill l->align: where matrix columns should be cut, for heads (precision.c). */
void qc_find_aligns(struct qc_lower *l);
/* A Cast between floats that storage does not show. */
bool qc_cast_is_free(const struct qc_lower *l, const struct qc_value *in,
		     const struct qc_value *out);
/* perm of a Transpose; default: reversed. */
void qc_transpose_perm(const struct qc_node *n, uint32_t *perm);
/* Attribute or constant input @i as integers; count, or -1. */
int qc_node_ints(const struct qc_node *n, const char *attr, uint32_t in,
		 int64_t *out, int max);
/* An axis attribute, counted from the front. */
int64_t qc_node_axis(const struct qc_node *n, const char *attr, int64_t dflt,
		     uint32_t rank);
bool qc_node_is(const struct qc_node *n, const char *name);
/* Is it one of the @num operators? */
bool qc_node_is_any(const struct qc_node *n, const char *const *names,
		    size_t num);
void qc_lower_free(struct qc_lower *l);

/* ---- operators after fusion (lower_*.c) ---- */

int qc_lower_unary(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);
int qc_lower_binary(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);
int qc_lower_variadic(struct qc_lower *l, struct qc_node *n,
		      struct qaic_err *err);
int qc_lower_where(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);
int qc_lower_cast(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);
int qc_lower_clip(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);

int qc_lower_reshape(struct qc_lower *l, struct qc_node *n,
		     struct qaic_err *err);
int qc_lower_transpose(struct qc_lower *l, struct qc_node *n,
		       struct qaic_err *err);
int qc_lower_slice(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);
int qc_lower_split(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);
int qc_lower_expand(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err);
int qc_lower_concat(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err);
int qc_lower_tile(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);
int qc_lower_dropout(struct qc_lower *l, struct qc_node *n,
		     struct qaic_err *err);
int qc_lower_blocks(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err);
int qc_lower_pad(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);

int qc_lower_reduce(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);
int qc_lower_arg(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);
int qc_lower_softmax(struct qc_lower *l, struct qc_node *n,
		     struct qaic_err *err);
int qc_lower_layernorm(struct qc_lower *l, struct qc_node *n,
		       struct qaic_err *err);
int qc_lower_rmsnorm(struct qc_lower *l, struct qc_node *n,
		     struct qaic_err *err);
int qc_lower_cumsum(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err);
int qc_lower_topk(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);

int qc_lower_matmul(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err);
int qc_lower_gemm(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);

int qc_lower_einsum(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err);

int qc_lower_gather(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err);
int qc_lower_gather_elements(struct qc_lower *l, struct qc_node *n,
			     struct qaic_err *err);
int qc_lower_gather_nd(struct qc_lower *l, struct qc_node *n,
		       struct qaic_err *err);
int qc_lower_scatter_elements(struct qc_lower *l, struct qc_node *n,
			      struct qaic_err *err);
int qc_lower_scatter_nd(struct qc_lower *l, struct qc_node *n,
			struct qaic_err *err);
int qc_lower_onehot(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err);
int qc_lower_trilu(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);

int qc_lower_ctx_scatter(struct qc_lower *l, struct qc_node *n,
			 struct qaic_err *err);
int qc_lower_ctx_gather(struct qc_lower *l, struct qc_node *n,
			struct qaic_err *err);

/* Copy a value that a scatter changes, unless it may be changed in place. */
int qc_lower_inplace(struct qc_lower *l, struct qc_value *data,
		     struct qc_value *result, struct qc_view *out,
		     struct qaic_err *err);

/* ---- ours, made by fusion (fused_ops.c) ---- */

extern const struct qc_op qc_op_matmul;		/* A, B, bias? */
extern const struct qc_op qc_op_experts;	/* W[E,N,K], i[T..,k], x[T..,k|1,K,1] */
extern const struct qc_op qc_op_rmsnorm;	/* x, gain?; epsilon */
extern const struct qc_op qc_op_layernorm;	/* x, gain?, bias?; epsilon */
extern const struct qc_op qc_op_rope;		/* x[B,H,S,D], cos[P,R], sin, pos */
extern const struct qc_op qc_op_attention;	/* q, k, v [B,H,S,D], pos[B,S] */
extern const struct qc_op qc_op_gated;		/* gate, up; kind = nsp_binary */
extern const struct qc_op qc_op_act;		/* x; kind = nsp_unary */

#endif
