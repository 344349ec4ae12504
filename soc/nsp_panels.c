// SPDX-License-Identifier: MIT
/*
 * MATMUL with weights in a block format: activations are made block integers once,
 * for as many rows as there is room, then go through the kernels (kern_mx.h).
 */
#include <string.h>

#include "soc/kern_mx.h"
#include "soc/nsp_mm.h"

/* parts of the scratch, in bytes */
#define X_BYTES		(3u << 20)
#define Y_BYTES		(512u << 10)
#define MAX_M		256
#define MAX_BLOCKS	4096		/* of K at a time; whole groups */

_Static_assert(X_BYTES + Y_BYTES + MX_WORK <= NSP_SCRATCH, "scratch");

struct part {
	const struct kern_mx *kern;
	struct mx_rows x;
	uint8_t *xbuf;
	float *y;
	void *work;
	size_t m0, ldy;
};

void mm_quantize(const struct mm *mm, const struct mx_rows *rows, size_t m0,
		 size_t b0)
{
	size_t k0 = b0 * QAIC_MX_BLOCK, i, k, c, full;
	float buf[NSP_CHUNK];
	const uint8_t *src;
	const float *x;

	for (i = 0; i < rows->m; i++) {
		for (k = 0; k < rows->blocks * QAIC_MX_BLOCK; k += full) {
			full = rows->blocks * QAIC_MX_BLOCK - k;
			full = full < NSP_CHUNK ? full : NSP_CHUNK;
			c = mm->k - k0 - k < full ? mm->k - k0 - k : full;
			src = mm_x(mm, m0 + i) + (int64_t)(k0 + k) * mm->xk;
			x = nsp_load_f(mm->kern, buf, src, mm->xt, mm->xk, c);
			if (c < full) {
				if (x != buf)
					memcpy(buf, x, c * sizeof(*buf));
				memset(buf + c, 0, (full - c) * sizeof(*buf));
				x = buf;
			}
			kern_mx_get()->quant(rows, i, k / QAIC_MX_BLOCK,
					     full / QAIC_MX_BLOCK, x);
		}
	}
}

/* Blocks [b0, b0 + blocks) of K of m rows. */
static void load_rows(const struct mm *mm, struct part *p, size_t m, size_t b0,
		      size_t blocks)
{
	bool bytes = p->kern->bytes(mm->wt, m, mm->act8);

	if (blocks * QAIC_MX_BLOCK >= mm->k &&
	    mm_remembered(mm, p->m0, m, bytes, &p->x))
		return;
	mx_rows_init(&p->x, p->xbuf, m, blocks, mm->act8, bytes);
	mm_quantize(mm, &p->x, p->m0, b0);
}

static void some_rows(const struct mm *mm, struct part *p, size_t m)
{
	size_t blocks = qpc_panel_k(mm->k) / QAIC_MX_BLOCK;
	size_t pitch = mm->wn * QPC_PANEL_ROWS, n0, n, b0, b;
	const uint8_t *w;

	for (n0 = 0; n0 < mm->n; n0 += n) {
		n = mm->n - n0 < p->ldy ? mm->n - n0 : p->ldy;
		for (b0 = 0; b0 < blocks; b0 += b) {
			b = blocks - b0 < MAX_BLOCKS ? blocks - b0 : MAX_BLOCKS;
			if (!n0 || blocks > MAX_BLOCKS)
				load_rows(mm, p, m, b0, b);
			w = mm->w + n0 / QPC_PANEL_ROWS * pitch +
			    qaic_dtype_bytes(mm->wt, b0 * QAIC_MX_BLOCK *
					     QPC_PANEL_ROWS);
			p->kern->mul(mm->wt, p->y, p->ldy, &p->x, w, pitch, n,
				     b0 > 0, p->work);
		}
		mm_store_y(mm, p->y, p->ldy, p->m0, m, n0, n);
	}
}

void mm_panels(const struct mm *mm)
{
	size_t blocks = qpc_panel_k(mm->k) / QAIC_MX_BLOCK, most, m;
	struct part p = {
		.kern = kern_mx_get(),
		.xbuf = mm->scratch,
		.y = (float *)(mm->scratch + X_BYTES),
		.work = mm->scratch + X_BYTES + Y_BYTES,
	};

	if (blocks > MAX_BLOCKS)
		blocks = MAX_BLOCKS;
	most = X_BYTES / mx_rows_bytes(1, blocks);
	if (most > MAX_M)
		most = MAX_M;
	for (p.m0 = 0; p.m0 < mm->m; p.m0 += m) {
		m = mm->m - p.m0 < most ? mm->m - p.m0 : most;
		p.ldy = Y_BYTES / sizeof(float) / m / QPC_PANEL_ROWS *
			QPC_PANEL_ROWS;
		some_rows(mm, &p, m);
	}
}
