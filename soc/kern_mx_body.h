/* SPDX-License-Identifier: MIT */
/*
 * The order of work of a product with blocks, for each instruction set. The
 * including file defines, all of them for 16 rows of weights (one panel):
 *
 *	gemv_act()	one activation row, some panels far apart
 *	streams()	how many, at most MAX_STREAMS
 *	decode()	a block of a panel into words or bytes of DECODED bytes
 *	tile()		up to TILE activation rows with a decoded run of blocks
 *	RUN		the most blocks of a run
 *	few()		so many rows are done one by one
 *	use_bytes()	which integers the rows are wanted as
 */

/* Shorter streams are not worth it: what is fetched behind their ends is not used. */
#define FAR_BYTES	(96u << 10)

/* S panels @far bytes apart with activation row @m; results 16 far panels apart. */
static inline __attribute__((always_inline))
void gemv(enum qaic_dtype dtype, const int S, const struct mx_job *j, size_t m,
	  float *y, size_t yfar, const uint8_t *w, size_t far)
{
	if (j->x->act8)
		gemv_act(dtype, true, S, j, m, y, yfar, w, far);
	else
		gemv_act(dtype, false, S, j, m, y, yfar, w, far);
}

/* Panels [i, i + S * count), S at a time: first, first + count, ... */
static inline __attribute__((always_inline))
void mx_gemv_panels(enum qaic_dtype dtype, const int S, const struct mx_job *j,
		    size_t first, size_t count, const uint8_t *w, size_t pitch)
{
	size_t i, m;

	for (i = first; i < first + count; i++)
		for (m = 0; m < j->x->m; m++)
			gemv(dtype, S, j, m,
			     j->y + m * j->ldy + i * QPC_PANEL_ROWS,
			     count * QPC_PANEL_ROWS, w + i * pitch,
			     count * pitch);
}

static inline __attribute__((always_inline))
void mx_gemm_panel(enum qaic_dtype dtype, const struct mx_job *j,
		   const uint8_t *w, void *work)
{
	const size_t elems = mx_elems(dtype);
	size_t blocks = j->x->blocks, b0, b, n, g, i, m;
	float *scales = work;
	uint8_t *data = (uint8_t *)work + RUN * QPC_PANEL_ROWS * sizeof(float);

	for (b0 = 0; b0 < blocks; b0 += n) {
		n = blocks - b0 < RUN ? blocks - b0 : RUN;
		for (b = 0; b < n; b += g) {
			g = n - b < QPC_GROUP ? n - b : QPC_GROUP;
			for (i = 0; i < g; i++)
				decode(dtype, j->x->act8, w + i * elems,
				       data + (b + i) * DECODED);
			w += g * elems;
			for (i = 0; i < g; i++, w += QPC_PANEL_ROWS)
				decode_scales(w, scales +
					      (b + i) * QPC_PANEL_ROWS);
		}
		for (m = 0; m < j->x->m; m += i) {
			i = j->x->m - m < TILE ? j->x->m - m : TILE;
			tile(dtype, j, m, i, b0, n, data, scales);
		}
	}
}

static inline __attribute__((always_inline))
void mx_panels(enum qaic_dtype dtype, struct mx_job *j, const uint8_t *w,
	       size_t pitch, size_t n, void *work)
{
	size_t panels = (n + QPC_PANEL_ROWS - 1) / QPC_PANEL_ROWS, i, far;
	const int S = streams(dtype, pitch);

	if (j->x->m > few(dtype, j->x->act8)) {
		for (i = 0; i < panels; i++, w += pitch) {
			mx_gemm_panel(dtype, j, w, work);
			j->y += QPC_PANEL_ROWS;
		}
		return;
	}
	far = panels / S;
	if (S == 1 || far * pitch < FAR_BYTES)
		far = 0;
	if (MAX_STREAMS >= 4 && S == 4)
		mx_gemv_panels(dtype, 4, j, 0, far, w, pitch);
	else if (MAX_STREAMS >= 3 && S == 3)
		mx_gemv_panels(dtype, 3, j, 0, far, w, pitch);
	mx_gemv_panels(dtype, 1, j, far * S, panels - far * S, w, pitch);
}

static void mx_mul(enum qaic_dtype dtype, float *y, size_t ldy,
		   const struct mx_rows *x, const uint8_t *w, size_t pitch,
		   size_t n, bool acc, void *work)
{
	struct mx_job j = { .y = y, .ldy = ldy, .x = x, .acc = acc,
			    .unit = mx_unit(dtype) };

	switch (dtype) {
	case QAIC_MXFP6:
		mx_panels(QAIC_MXFP6, &j, w, pitch, n, work);
		break;
	case QAIC_MXFP4:
		mx_panels(QAIC_MXFP4, &j, w, pitch, n, work);
		break;
	default:
		mx_panels(QAIC_MXINT8, &j, w, pitch, n, work);
	}
}
