// SPDX-License-Identifier: MIT
/*
 * MATMUL.
 *
 * Weights are streamed: read once from where they are, in their own type, against
 * activations converted once (kern_gemm.h). With F16 weights stored [N][K] this is
 * the fastest way for any number of activation rows; with others an SGEMM
 * (nsp_sgemm.c) is faster from MM_SGEMM rows on (tests/bench/gemv). K is summed in
 * an order that depends on K only. Weights in panels have kernels of their own
 * (nsp_panels_f16.c; nsp_panels.c for blocks).
 */
#include <string.h>

#include "soc/nsp_mm.h"

/* parts of the scratch, in floats */
#define X_ROW	(64 << 10)	/* of one activation row, at a time */
#define X_PART	(512 << 10)
#define Y_COLS	4096		/* results per activation row, at most */
#define Y_PART	(128 << 10)
#define W_PART	(256 << 10)	/* weights that need packing */
#define MAX_M	256

_Static_assert((X_PART + Y_PART + W_PART) * 4 <= NSP_SCRATCH, "scratch");

const float *mm_load_x(const struct mm *mm, float *buf, size_t ld, size_t m0,
		       size_t m, size_t k0, size_t k)
{
	const float *x;
	size_t i;

	for (i = 0; i < m; i++) {
		x = nsp_load_f(mm->kern, buf + i * ld,
			       mm_x(mm, m0 + i) + (int64_t)k0 * mm->xk, mm->xt,
			       mm->xk, k);
		if (x == buf + i * ld)
			continue;
		if (m == 1)
			return x;		/* no need to copy it */
		memcpy(buf + i * ld, x, k * sizeof(*x));
	}
	return buf;
}

void mm_load_w(const struct mm *mm, float *buf, size_t ld, size_t n0, size_t n,
	       size_t k0, size_t k)
{
	const uint8_t *p = mm->w + (int64_t)n0 * mm->wn + (int64_t)k0 * mm->wk;
	const float *x;
	size_t i;

	for (i = 0; i < n; i++, p += mm->wn, buf += ld) {
		x = nsp_load_f(mm->kern, buf, p, mm->wt, mm->wk, k);
		if (x != buf)
			memcpy(buf, x, k * sizeof(*x));
	}
}

void mm_store_y(const struct mm *mm, float *y, size_t ld, size_t m0, size_t m,
		size_t n0, size_t n)
{
	const uint8_t *b = mm->bias ? mm->bias + (int64_t)n0 * mm->bn : NULL;
	float buf[NSP_CHUNK];
	const float *bias;
	size_t i, j, c;

	for (j = 0; j < n; j += c) {
		c = n - j < NSP_CHUNK ? n - j : NSP_CHUNK;
		bias = b ? nsp_load_f(mm->kern, buf, b + (int64_t)j * mm->bn,
				      mm->bt, mm->bn, c) : NULL;
		for (i = 0; i < m; i++) {
			if (bias)
				mm->kern->binary[NSP_B_ADD](y + i * ld + j,
						y + i * ld + j, bias, c);
			nsp_store_f(mm->kern, mm_y(mm, m0 + i) +
				    (int64_t)(n0 + j) * mm->yn, mm->yt, mm->yn,
				    y + i * ld + j, c);
		}
	}
}

/* some rows of activations, in F32, and their results */
struct part {
	const float *x;
	float *y, *w;
	size_t m0, m, ldx, ldy;
};

/* weights that are neither [N][K] nor [K][N], or of another type */
static void packed_block(const struct mm *mm, const struct part *p, size_t n0,
			 size_t n, size_t k0, size_t k)
{
	size_t j, c, most = W_PART / k / 4 * 4;

	most = most < 64 ? most : 64;
	for (j = 0; j < n; j += c) {
		c = n - j < most ? n - j : most;
		mm_load_w(mm, p->w, k, n0 + j, c, k0, k);
		mm->kern->rows_f32(p->y + j, p->ldy, p->x, p->ldx, p->m, p->w,
				   k, c, k, k0 > 0);
	}
}

static void block(const struct mm *mm, const struct part *p, size_t n0,
		  size_t n, size_t k0, size_t k)
{
	const uint8_t *w = mm->w + (int64_t)n0 * mm->wn + (int64_t)k0 * mm->wk;
	const struct kern *kern = mm->kern;
	bool acc = k0 > 0;

	switch (mm->form) {
	case MM_ROWS_F16:
		kern->rows_f16(p->y, p->ldy, p->x, p->ldx, p->m,
			       (const uint16_t *)w, mm->wn / 2, n, k, acc);
		break;
	case MM_ROWS_F32:
		kern->rows_f32(p->y, p->ldy, p->x, p->ldx, p->m,
			       (const float *)w, mm->wn / 4, n, k, acc);
		break;
	case MM_COLS_F16:
		kern->cols_f16(p->y, p->ldy, p->x, p->ldx, p->m,
			       (const uint16_t *)w, mm->wk / 2, n, k, acc);
		break;
	case MM_COLS_F32:
		kern->cols_f32(p->y, p->ldy, p->x, p->ldx, p->m,
			       (const float *)w, mm->wk / 4, n, k, acc);
		break;
	default:
		packed_block(mm, p, n0, n, k0, k);
		break;
	}
}

static void some_rows(const struct mm *mm, struct part *p, float *xbuf)
{
	size_t n0, n, k0, k;

	p->x = NULL;
	for (n0 = 0; n0 < mm->n; n0 += n) {
		n = mm->n - n0 < p->ldy ? mm->n - n0 : p->ldy;
		for (k0 = 0; k0 < mm->k; k0 += k) {
			k = mm->k - k0 < X_ROW ? mm->k - k0 : X_ROW;
			if (!p->x || mm->k > X_ROW)
				p->x = mm_load_x(mm, xbuf, p->ldx, p->m0,
						 p->m, k0, k);
			block(mm, p, n0, n, k0, k);
		}
		mm_store_y(mm, p->y, p->ldy, p->m0, p->m, n0, n);
	}
}

static void stream(const struct mm *mm)
{
	float *xbuf = (float *)mm->scratch;
	struct part p = {
		.y = xbuf + X_PART,
		.w = xbuf + X_PART + Y_PART,
		.ldx = mm->k < X_ROW ? mm->k : X_ROW,
	};
	size_t most = X_PART / p.ldx < MAX_M ? X_PART / p.ldx : MAX_M;

	for (p.m0 = 0; p.m0 < mm->m; p.m0 += p.m) {
		p.m = mm->m - p.m0 < most ? mm->m - p.m0 : most;
		p.ldy = Y_PART / p.m < Y_COLS ? Y_PART / p.m : Y_COLS;
		some_rows(mm, &p, xbuf);
	}
}

static enum mm_form form_of(const struct mm *mm)
{
	bool f16 = mm->wt == QAIC_F16, f32 = mm->wt == QAIC_F32;
	int64_t size = f16 ? 2 : 4;

	if (qaic_dtype_is_mx(mm->wt))
		return MM_PANELS;
	if (mm->wt == QAIC_F16_PANELS)
		return MM_PANELS_F16;
	if (!f16 && !f32)
		return MM_OTHER;
	if (mm->wk == size || mm->k == 1)
		return f16 ? MM_ROWS_F16 : MM_ROWS_F32;
	if (mm->wn == size)
		return f16 ? MM_COLS_F16 : MM_COLS_F32;
	return MM_OTHER;
}

/*
 * A batch dim that does not move the weights is more rows, when the rows of
 * results and activations follow each other.
 */
static void fold_batch(struct mm *mm, const struct nsp_run *r, int dim,
		       size_t *count)
{
	int64_t y = nsp_stride(r, 0, dim), x = nsp_stride(r, 1, dim);

	if (*count == 1 || r->p[4] || nsp_stride(r, 2, dim) ||
	    (r->p[3] && nsp_stride(r, 3, dim)))
		return;
	if (mm->m > 1 && (y != mm->ym * (int64_t)mm->m ||
			  x != mm->xm * (int64_t)mm->m))
		return;
	if (mm->m == 1) {
		mm->ym = y;
		mm->xm = x;
	}
	mm->m *= *count;
	*count = 1;
}

/* The matrix that product (i, j) uses, or NULL if there is none. */
static const uint8_t *chosen(const struct nsp_run *r, const uint8_t *w,
			     size_t i, size_t j)
{
	int64_t e;

	if (!r->p[4])
		return w;
	e = nsp_index(r->p[4] + (int64_t)i * nsp_stride(r, 4, 0) +
		      (int64_t)j * nsp_stride(r, 4, 1), r->cmd->dtype[4]);
	if (e < 0 || e >= (int64_t)r->cmd->dims[5])
		return NULL;
	return w + e * nsp_stride(r, 2, 5);
}

/* What a matrix of zeros gives: the bias. */
static void no_product(const struct mm *mm)
{
	float zero[NSP_CHUNK];
	size_t m, n0, n;

	for (m = 0; m < mm->m; m++) {
		for (n0 = 0; n0 < mm->n; n0 += n) {
			n = mm->n - n0 < NSP_CHUNK ? mm->n - n0 : NSP_CHUNK;
			memset(zero, 0, n * sizeof(zero[0]));
			mm_store_y(mm, zero, 0, m, 1, n0, n);
		}
	}
}

void mm_stream(const struct mm *mm)
{
	if (!mm->w)
		no_product(mm);
	else if (mm->form == MM_PANELS)
		mm_panels(mm);
	else if (mm->form == MM_PANELS_F16)
		mm_panels_f16(mm);
	else
		stream(mm);
}

static void one_product(const struct mm *mm)
{
	bool many = mm->w && mm->m >= MM_SGEMM && mm->form != MM_ROWS_F16 &&
		    !qaic_dtype_is_panels(mm->wt);

	if (!many || !mm_sgemm(mm))
		mm_stream(mm);
}

void nsp_matmul(struct nsp_run *r)
{
	const struct nsp_cmd *cmd = r->cmd;
	size_t b0 = cmd->dims[0], b1 = cmd->dims[1], i, j;
	struct mm mm = {
		.kern = r->k, .scratch = r->scratch,
		.m = cmd->dims[2], .n = cmd->dims[3], .k = cmd->dims[4],
		.ym = nsp_stride(r, 0, 2), .yn = nsp_stride(r, 0, 3),
		.xm = nsp_stride(r, 1, 2), .xk = nsp_stride(r, 1, 4),
		.wn = nsp_stride(r, 2, 3), .wk = nsp_stride(r, 2, 4),
		.bn = nsp_stride(r, 3, 3),
		.yt = cmd->dtype[0], .xt = cmd->dtype[1],
		.wt = cmd->dtype[2], .bt = cmd->dtype[3],
		.act8 = cmd->flags & NSP_MM_ACT8,
	}, one;

	fold_batch(&mm, r, 1, &b1);
	if (b1 == 1)
		fold_batch(&mm, r, 0, &b0);
	mm.form = form_of(&mm);
	if (mm_experts(r, &mm, b0, b1))
		return;
	for (i = 0; i < b0; i++) {
		for (j = 0; j < b1; j++) {
			one = mm;
			one.y = r->p[0] + (int64_t)i * nsp_stride(r, 0, 0) +
				(int64_t)j * nsp_stride(r, 0, 1);
			one.x = r->p[1] + (int64_t)i * nsp_stride(r, 1, 0) +
				(int64_t)j * nsp_stride(r, 1, 1);
			one.w = r->p[2] + (int64_t)i * nsp_stride(r, 2, 0) +
				(int64_t)j * nsp_stride(r, 2, 1);
			one.w = chosen(r, one.w, i, j);
			if (r->p[3])
				one.bias = r->p[3] +
					(int64_t)i * nsp_stride(r, 3, 0) +
					(int64_t)j * nsp_stride(r, 3, 1);
			one_product(&one);
		}
	}
}
