/* SPDX-License-Identifier: MIT */
/*
 * Products with F16 weights in panels: included by kern_body.h.
 *
 * A tile is some activation rows by one, two or four panels, its sums in registers:
 * for each k a row of 16 weights is converted as it comes from memory and multiplied
 * with a broadcast activation, so there are no sums across lanes. Every block
 * of k is summed in rising order, one multiply-add after the other, and the blocks
 * are added in order: the same for every row, every split of n, every number of
 * activation rows.
 *
 * With few rows the weights' way from memory is the limit: then the panels of a tile
 * are far apart, and each is read to its end. With more the multiply-adds are: a tile
 * is one panel wide, so that the broadcast is part of the multiply-add and conversion
 * costs nothing beside it, and the rows are cut into groups of like size, as large as
 * there are registers for.
 */
#include "qpc/panel.h"

#define PV	(QPC_PANEL_ROWS / V)	/* vectors of a row of a panel */

/*
 * What is fetched ahead, in bytes: of one panel alone, into the second-level cache; of
 * each of several, read at the speed of the memory, past it.
 */
#define AHEAD(P) ((P) == 1 ? 4096 : 384)
#define HINT(P)	((P) == 1 ? 2 : 0)

typedef void tile_fn(float *y, size_t ldy, size_t far, const float *x,
		     const uint16_t *w, size_t pitch, size_t k, bool acc);

/*
 * y[j][p far + 0..15] (+)= sum over k of x[j][k] w[p pitch + 16 k + 0..15], j < R,
 * p < P.
 */
#define TILE(R, P)							\
static void tile##R##x##P(float *y, size_t ldy, size_t far,		\
			  const float *x, const uint16_t *w,		\
			  size_t pitch, size_t k, bool acc)		\
{									\
	vf s[R][P * PV], wv[P * PV], xv;				\
	size_t i;							\
	int j, v;							\
									\
	_Pragma("GCC unroll 16")					\
	for (j = 0; j < R; j++)						\
		_Pragma("GCC unroll 16")				\
		for (v = 0; v < P * PV; v++)				\
			s[j][v] = v_set(0.0f);				\
	_Pragma("GCC unroll 2")						\
	for (i = 0; i < k; i++, x++, w += QPC_PANEL_ROWS) {		\
		_Pragma("GCC unroll 16")				\
		for (v = 0; v < P * PV; v++) {				\
			if (v % PV == 0 && !(i & 1))			\
				__builtin_prefetch((const void *)	\
					((uintptr_t)(w + v / PV * pitch) + \
					 AHEAD(P)), 0, HINT(P));		\
			wv[v] = v_load_h(w + v / PV * pitch +		\
					 v % PV * V);			\
		}							\
		_Pragma("GCC unroll 16")				\
		for (j = 0; j < R; j++) {				\
			xv = v_set(x[j * KERN_PANEL_LD]);		\
			_Pragma("GCC unroll 16")			\
			for (v = 0; v < P * PV; v++)			\
				s[j][v] = v_fma(wv[v], xv, s[j][v]);	\
		}							\
	}								\
	_Pragma("GCC unroll 16")					\
	for (j = 0; j < R; j++)						\
		_Pragma("GCC unroll 16")				\
		for (v = 0; v < P * PV; v++) {				\
			float *d = y + j * ldy + v / PV * far +		\
				   v % PV * V;				\
									\
			v_store(d, acc ? v_load(d) + s[j][v] : s[j][v]);\
		}							\
}

TILE(1, 1) TILE(2, 1) TILE(3, 1)
#if V == 4
#define ROWS1	3
#define TILES1	{ tile1x1, tile2x1, tile3x1 }
#else
TILE(4, 1) TILE(5, 1) TILE(6, 1) TILE(1, 4)
#if V == 8
TILE(2, 2)
#define ROWS1	6
#define TILES1	{ tile1x1, tile2x1, tile3x1, tile4x1, tile5x1, tile6x1 }
#else
TILE(7, 1) TILE(8, 1) TILE(9, 1) TILE(10, 1) TILE(11, 1) TILE(12, 1)
TILE(13, 1) TILE(14, 1) TILE(2, 4) TILE(3, 4)
#define ROWS1	14
#define TILES1	{ tile1x1, tile2x1, tile3x1, tile4x1, tile5x1, tile6x1,	\
		  tile7x1, tile8x1, tile9x1, tile10x1, tile11x1,	\
		  tile12x1, tile13x1, tile14x1 }
#endif
#endif
#undef TILE

/* For so many rows at a time, one panel. */
static tile_fn *const tiles[ROWS1] = TILES1;

/* For so few rows, some panels far apart. */
static const struct {
	tile_fn *fn;
	size_t panels;
} far_tiles[] = {
#if V == 16
	{ tile1x4, 4 }, { tile2x4, 4 }, { tile3x4, 4 },
#elif V == 8
	{ tile1x4, 4 }, { tile2x2, 2 },
#else
	{ tile1x1, 1 },
#endif
};
#define FAR_ROWS	(sizeof(far_tiles) / sizeof(far_tiles[0]))

/* Panels @far apart, from panel @first on, each to its end. */
static void far_panels(const struct kern_panel *p, size_t first, size_t far)
{
	const uint16_t *w = p->w + first * p->pitch;
	const float *x = p->x;
	size_t b, k;

	for (b = 0; b < p->k; b += k, x += p->next) {
		k = p->k - b < p->block ? p->k - b : p->block;
		far_tiles[p->m - 1].fn(p->y + first * QPC_PANEL_ROWS, p->ldy,
				       far * QPC_PANEL_ROWS, x, w,
				       far * p->pitch, k, p->acc || b);
		w += k * QPC_PANEL_ROWS;
	}
}

/* Panel @nr, all rows. */
static void one_panel(const struct kern_panel *p, size_t nr)
{
	size_t groups = (p->m + ROWS1 - 1) / ROWS1, b, k, j, g, r;
	const uint16_t *w = p->w + nr * p->pitch;
	float *y = p->y + nr * QPC_PANEL_ROWS;
	const float *x = p->x;

	for (b = 0; b < p->k; b += k, x += p->next) {
		k = p->k - b < p->block ? p->k - b : p->block;
		for (j = g = 0; g < groups; g++, j += r) {
			r = p->m / groups + (g < p->m % groups);
			tiles[r - 1](y + j * p->ldy, p->ldy, 0,
				     x + j * KERN_PANEL_LD, w, 0, k,
				     p->acc || b);
		}
		w += k * QPC_PANEL_ROWS;
	}
}

static void panels_f16(const struct kern_panel *p)
{
	size_t panels = (p->n + QPC_PANEL_ROWS - 1) / QPC_PANEL_ROWS;
	size_t i = 0, far;

	if (p->m <= FAR_ROWS) {
		far = panels / far_tiles[p->m - 1].panels;
		for (i = 0; i < far; i++)
			far_panels(p, i, far);
		i = far * far_tiles[p->m - 1].panels;
	}
	for (; i < panels; i++)
		one_panel(p, i);
}
