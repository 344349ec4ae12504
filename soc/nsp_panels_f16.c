// SPDX-License-Identifier: MIT
/*
 * MATMUL with weights in F16 panels: activations are made F32 once, in the blocks of K
 * that the kernel wants (kern_panel.h).
 *
 * Few rows are made F32 whole, so that each panel is read from end to end. Many rows
 * go block by block, so that they stay in the second-level cache while all panels go
 * by.
 */
#include <string.h>

#include "qpc/panel.h"
#include "soc/nsp_mm.h"

/* parts of the scratch, in floats */
#define X_PART	(512 << 10)
#define Y_PART	(256 << 10)
#define FEW	16		/* activation rows */
#define MANY	140		/* at a time */

_Static_assert((X_PART + Y_PART) * 4 <= NSP_SCRATCH, "scratch");

/* Blocks of K, from @k0 on, of @k elements. */
static void load_x(const struct mm *mm, struct kern_panel *p, float *buf,
		   size_t m0, size_t k0, size_t k)
{
	const float *x;
	size_t i, b, n;

	if (p->m == 1 && mm->xt == QAIC_F32 && mm->xk == 4) {
		p->x = (const float *)(mm_x(mm, m0) + k0 * 4);
		p->next = p->block;
		return;
	}
	p->x = buf;
	p->next = p->m * KERN_PANEL_LD;
	for (b = 0; b < k; b += n) {
		n = k - b < p->block ? k - b : p->block;
		for (i = 0; i < p->m; i++, buf += KERN_PANEL_LD) {
			x = nsp_load_f(mm->kern, buf, mm_x(mm, m0 + i) +
				       (int64_t)(k0 + b) * mm->xk, mm->xt,
				       mm->xk, n);
			if (x != buf)
				memcpy(buf, x, n * sizeof(*x));
		}
	}
}

/* @most: of K at a time */
static void some_rows(const struct mm *mm, struct kern_panel *p, size_t m0,
		      size_t most)
{
	float *buf = (float *)mm->scratch;
	size_t n0, k0, k;

	for (n0 = 0; n0 < mm->n; n0 += p->n) {
		p->n = mm->n - n0 < p->ldy ? mm->n - n0 : p->ldy;
		for (k0 = 0; k0 < mm->k; k0 += k) {
			k = mm->k - k0 < most ? mm->k - k0 : most;
			if (!n0 || mm->k > most)
				load_x(mm, p, buf, m0, k0, k);
			p->k = k;
			p->w = (const uint16_t *)mm->w + n0 * mm->k +
			       k0 * QPC_PANEL_ROWS;
			p->acc = k0 > 0;
			mm->kern->panels_f16(p);
		}
		mm_store_y(mm, p->y, p->ldy, m0, p->m, n0, p->n);
	}
}

void mm_panels_f16(const struct mm *mm)
{
	struct kern_panel p = {
		.y = (float *)mm->scratch + X_PART,
		.pitch = mm->k * QPC_PANEL_ROWS,
		.block = kern_panel_block(mm->k),
	};
	size_t groups = (mm->m + MANY - 1) / MANY, g, m0, most;

	for (g = m0 = 0; g < groups; g++, m0 += p.m) {
		p.m = mm->m / groups + (g < mm->m % groups);
		p.ldy = Y_PART / p.m / QPC_PANEL_ROWS * QPC_PANEL_ROWS;
		most = p.block;
		if (p.m <= FEW)
			most *= X_PART / (p.m * KERN_PANEL_LD);
		some_rows(mm, &p, m0, most);
	}
}
