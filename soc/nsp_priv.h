/* SPDX-License-Identifier: MIT */
/*
 * Inside the NSP: what the commands share.
 */
#ifndef SOC_NSP_PRIV_H
#define SOC_NSP_PRIV_H

#include "soc/kern.h"
#include "soc/nsp.h"

/* One command that runs: its operands as pointers. */
struct nsp_run {
	const struct nsp_cmd *cmd;
	const struct kern *k;
	uint8_t *p[NSP_OPNDS];		/* NULL where absent */
	uint32_t size[NSP_OPNDS];	/* bytes of one element, 0: blocks */
	uint8_t *scratch;		/* NSP_SCRATCH bytes */
};

/* Bytes between neighbours of operand @o along @dim. */
static inline int64_t nsp_stride(const struct nsp_run *r, int o, int dim)
{
	int64_t n = r->cmd->o[o].stride[dim];

	return r->size[o] ? n * r->size[o] :
	       qaic_dtype_bytes(r->cmd->dtype[o], n);
}

/* Where an address is in this process; NULL: an absent operand. */
uint8_t *nsp_resolve(const struct nsp_mem *mem, unsigned int nsp, uint64_t addr);

/* ---- nsp_loop.c: strided iteration ---- */

/* Dimensions that were dropped or merged leave the innermost one in dim[nd-1]. */
struct nsp_loop {
	unsigned int nd;		/* >= 1 after nsp_loop_simplify() */
	unsigned int no;		/* operands */
	int64_t dim[NSP_DIMS];
	int64_t stride[NSP_OPNDS][NSP_DIMS];	/* bytes */
};

/* An empty loop over @no operands; add dims from the outermost. */
void nsp_loop_init(struct nsp_loop *l, unsigned int no);
void nsp_loop_add(struct nsp_loop *l, const struct nsp_run *r, int dim,
		  const int *opnds);
/*
 * Drop dims of 1 and merge what is contiguous for all operands. With @sort the
 * order of elements is free: the dim where operand 0 moves least goes innermost.
 */
void nsp_loop_simplify(struct nsp_loop *l, bool sort);

/* A row of n elements; @stride is the loop's, of the innermost dim. */
typedef void nsp_row_fn(void *ctx, uint8_t *const p[], const int64_t *stride,
			size_t n);
void nsp_loop_run(const struct nsp_loop *l, uint8_t *const p[],
		  nsp_row_fn *fn, void *ctx);

/* ---- nsp_row.c: elements of any type ---- */

#define NSP_CHUNK	1024		/* elements converted at a time */

/*
 * @n elements as F32 or 64-bit integers: in place when they already are that
 * row, else converted into @buf. Stores are the way back; F32 to integers
 * truncates and saturates, integers are cut, BOOL is "!= 0".
 */
const float *nsp_load_f(const struct kern *k, float *buf, const uint8_t *p,
			unsigned int dtype, int64_t stride, size_t n);
void nsp_store_f(const struct kern *k, uint8_t *p, unsigned int dtype,
		 int64_t stride, const float *x, size_t n);
void nsp_load_i(int64_t *buf, const uint8_t *p, unsigned int dtype,
		int64_t stride, size_t n);
void nsp_store_i(uint8_t *p, unsigned int dtype, int64_t stride,
		 const int64_t *x, size_t n);
/* One index or position; @dtype I32 or I64 (others read as they are). */
int64_t nsp_index(const uint8_t *p, unsigned int dtype);

/* Where a row of F32 can be computed in place, else @buf. */
static inline float *nsp_out_f(float *buf, uint8_t *p, unsigned int dtype,
			       int64_t stride)
{
	return dtype == QAIC_F32 && stride == 4 ? (float *)p : buf;
}

/* ---- nsp_move.c ---- */

/* Copies that repeat: prepared once, run from many places. */
struct nsp_copy {
	struct nsp_loop loop;		/* operand 0 = 1 */
	const struct kern *k;
	uint8_t dst, src;		/* dtypes */
};

void nsp_copy_init(struct nsp_copy *c, const struct nsp_run *r, int dst,
		   int src, const int *dims, int num_dims);
void nsp_copy_run(const struct nsp_copy *c, uint8_t *dst, const uint8_t *src);
/* Zeros where nsp_copy_run() would write. */
void nsp_copy_zero(const struct nsp_copy *c, uint8_t *dst);

/* ---- the commands ---- */

void nsp_move(struct nsp_run *r);
void nsp_fill(struct nsp_run *r);
void nsp_unary(struct nsp_run *r);
void nsp_binary(struct nsp_run *r);
void nsp_select(struct nsp_run *r);
void nsp_reduce(struct nsp_run *r);
void nsp_softmax(struct nsp_run *r);
void nsp_norm(struct nsp_run *r);
void nsp_cumsum(struct nsp_run *r);
void nsp_matmul(struct nsp_run *r);
void nsp_rope(struct nsp_run *r);
void nsp_attn(struct nsp_run *r);
void nsp_kvput(struct nsp_run *r);
void nsp_kvget(struct nsp_run *r);
void nsp_gather(struct nsp_run *r);
void nsp_gathere(struct nsp_run *r);
void nsp_gathernd(struct nsp_run *r);
void nsp_scatter(struct nsp_run *r);
void nsp_scattere(struct nsp_run *r);
void nsp_topk(struct nsp_run *r);

/* nsp_int.c: 64-bit integer arithmetic; false if @sub has no integer meaning */
bool nsp_int_unary(unsigned int sub, int64_t *y, const int64_t *x, size_t n);
bool nsp_int_binary(unsigned int sub, int64_t *y, const int64_t *a,
		    const int64_t *b, size_t n, bool is_unsigned);

#endif
