// SPDX-License-Identifier: MIT
/*
 * A cache in MXINT8: KVPUT writes what qaic_mx_encode() makes of each head's line,
 * KVGET gives it back exactly, ATTN computes with it what it computes with a cache
 * of F32 that holds the same values, bit for bit.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/f16.h"
#include "base/mx.h"
#include "qpc/panel.h"
#include "soc/nsp.h"

#define B	3		/* batch */
#define H	2		/* kv heads */
#define C	40		/* slots */
#define DDR	(1u << 20)

static uint8_t *ddr;
static void *scratch;
static uint64_t seed = 99;

static float rnd(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (int32_t)(seed >> 32) * 0x1p-31f;
}

static void run(struct nsp_cmd *c)
{
	struct nsp_mem mem = { .consts = ddr, .ddr = ddr };

	nsp_exec(c, &mem, 0, scratch);
}

#define AT(off)	NSP_ADDR(NSP_SPACE_DDR, off)

/* parts of the DDR */
enum { CACHE = 0, CACHE2 = 100 << 10, PLAIN = 200 << 10, PLAIN2 = 300 << 10,
       DATA = 400 << 10, POS = 500 << 10, OUT = 600 << 10, OUT2 = 700 << 10 };

static struct nsp_cmd put_cmd(uint32_t d, uint32_t s, uint64_t cache, bool mx,
			      uint8_t type)
{
	int32_t line = mx ? qpc_panel_k(d) : d;
	struct nsp_cmd c = {
		.op = NSP_KVPUT, .dims = { B, H, s, d, C, B },
		.dtype = { mx ? QAIC_MXINT8 : QAIC_F32, type, QAIC_I64 },
	};

	c.o[0] = (struct nsp_opnd){ AT(cache), { 0, C * line, 0, 1, line,
						 H * C * line } };
	c.o[1] = (struct nsp_opnd){ AT(DATA), { H * s * d, d, H * d, 1 } };
	c.o[2] = (struct nsp_opnd){ AT(POS), { s, 0, 1 } };
	return c;
}

static void put_data(uint32_t d, uint32_t s, uint8_t type)
{
	size_t i, n = (size_t)B * H * s * d;
	uint16_t h;
	float f;

	for (i = 0; i < n; i++) {
		f = qaic_f16_to_f32(qaic_f32_to_f16(rnd() * exp2f(i / 37 % 5)));
		h = qaic_f32_to_f16(f);
		if (type == QAIC_F16)
			memcpy(ddr + DATA + 2 * i, &h, 2);
		else
			memcpy(ddr + DATA + 4 * i, &f, 4);
	}
}

static float data(size_t i, uint8_t type)
{
	uint16_t h;
	float f;

	if (type == QAIC_F32) {
		memcpy(&f, ddr + DATA + 4 * i, 4);
		return f;
	}
	memcpy(&h, ddr + DATA + 2 * i, 2);
	return qaic_f16_to_f32(h);
}

static void set_pos(size_t i, int64_t p)
{
	memcpy(ddr + POS + 8 * i, &p, 8);
}

/* The line of slot @pos as it must be, or untouched. */
static void check_line(uint32_t d, const uint8_t *line, bool written,
		       const float *x)
{
	uint8_t code[32], s;
	uint32_t i;

	for (i = 0; i < d; i += 32) {
		if (!written) {
			assert_int_equal(line[i], 0xcc);
			continue;
		}
		s = qaic_mx_encode(QAIC_MXINT8, x + i, d - i < 32 ? d - i : 32,
				   code);
		assert_memory_equal(line + i, code, 32);
		assert_int_equal(line[qpc_panel_k(d) + i / 32], s);
	}
}

static void put_and_get(void **state)
{
	static const uint32_t ds[] = { 1, 16, 32, 50, 64, 128 };
	uint8_t type = QAIC_F32;
	size_t i, b, h, s, k;
	struct nsp_cmd c;
	float x[128], y;

	for (i = 0; i < 6; i++, type ^= QAIC_F32 ^ QAIC_F16) {
		uint32_t d = ds[i];
		size_t bytes = qaic_dtype_bytes(QAIC_MXINT8, qpc_panel_k(d));

		memset(ddr, 0xcc, DDR);
		put_data(d, 2, type);
		for (b = 0; b < B; b++) {
			set_pos(b * 2, b == 1 ? -1 : (int64_t)b * 3);
			set_pos(b * 2 + 1, b == 2 ? C : C - 1 - (int64_t)b);
		}
		c = put_cmd(d, 2, CACHE, true, type);
		run(&c);
		for (b = 0; b < B; b++) {
			for (h = 0; h < H; h++) {
				for (s = 0; s < C; s++) {
					int t = b != 1 && s == b * 3 ? 0 :
						b != 2 && s == C - 1 - b ? 1 : -1;

					for (k = 0; t >= 0 && k < d; k++)
						x[k] = data(((b * 2 + t) * H +
							     h) * d + k, type);
					check_line(d, ddr + ((b * H + h) * C +
						   s) * bytes, t >= 0, x);
				}
			}
		}
		/* read: slot 3 b, one too far, one that is not there */
		c = (struct nsp_cmd){ .op = NSP_KVGET,
			.dims = { B, H, 3, d, C, B },
			.dtype = { QAIC_F32, QAIC_MXINT8, QAIC_I64 } };
		c.o[0] = (struct nsp_opnd){ AT(OUT), { H * 3 * d, 3 * d, d, 1 } };
		c.o[1] = put_cmd(d, 2, CACHE, true, type).o[0];
		c.o[2] = (struct nsp_opnd){ AT(POS), { 0, 0, 1 } };
		set_pos(0, 0);
		set_pos(1, C);
		set_pos(2, -1);
		run(&c);
		for (h = 0; h < H; h++) {
			float want[32];
			uint8_t *line = ddr + h * C * bytes;

			qaic_mx_decode(QAIC_MXINT8, line[qpc_panel_k(d)], line,
				       d < 32 ? d : 32, want);
			for (k = 0; k < d && k < 32; k++) {
				memcpy(&y, ddr + OUT + ((h * 3) * d + k) * 4, 4);
				assert_true(y == want[k]);
			}
			for (k = d; k < 3 * d; k++) {
				memcpy(&y, ddr + OUT + (h * 3 * d + k) * 4, 4);
				assert_true(y == 0);
			}
		}
	}
}

/* Fill both caches, once in blocks, once as F32 of the same values. */
static void fill_caches(uint32_t d)
{
	size_t at = qaic_dtype_bytes(QAIC_MXINT8, qpc_panel_k(d)), i, n;
	struct nsp_cmd c;
	float y[256];
	int kv;

	for (kv = 0; kv < 2; kv++) {
		put_data(d, C, QAIC_F32);
		for (i = 0; i < B * C; i++)
			set_pos(i, i % C);
		c = put_cmd(d, C, kv ? CACHE2 : CACHE, true, QAIC_F32);
		run(&c);
		for (i = 0; i < B * H * C; i++) {
			uint8_t *line = ddr + (kv ? CACHE2 : CACHE) + i * at;

			for (n = 0; n < d; n += 32)
				qaic_mx_decode(QAIC_MXINT8,
					       line[qpc_panel_k(d) + n / 32],
					       line + n, d - n < 32 ? d - n : 32,
					       y + n);
			memcpy(ddr + (kv ? PLAIN2 : PLAIN) + i * d * 4, y, d * 4);
		}
	}
}

static void attention(void **state)
{
	static const uint32_t ds[] = { 8, 32, 40 };
	uint32_t i, s, hq;

	for (i = 0; i < 3; i++) {
		for (s = 1; s < 8; s += 3) {
			for (hq = H; hq <= 3 * H; hq += H) {
				uint32_t d = ds[i];
				struct nsp_cmd c = { .op = NSP_ATTN,
					.dims = { B, s, hq, H, d, C },
					.dtype = { QAIC_F32, QAIC_F32,
						   QAIC_MXINT8, QAIC_MXINT8,
						   QAIC_I64 },
					.imm[0].f = 0.2f,
				};
				int32_t line = qpc_panel_k(d);
				size_t k, n = (size_t)B * s * hq * d;
				int32_t q[3] = { s * hq * d, hq * d, d };

				memset(ddr, 0, DDR);
				fill_caches(d);
				put_data(d, s * 3, QAIC_F32);
				for (k = 0; k < B * s; k++)
					set_pos(k, k == 1 ? -1 :
						(int64_t)(k * 11 % C));
				c.o[0] = (struct nsp_opnd){ AT(OUT),
					{ q[0], q[1], q[2], 0, 1 } };
				c.o[1] = (struct nsp_opnd){ AT(DATA),
					{ q[0], q[1], q[2], 0, 1 } };
				c.o[2] = (struct nsp_opnd){ AT(CACHE),
					{ H * C * line, 0, 0, C * line, 1,
					  line } };
				c.o[3] = c.o[2];
				c.o[3].addr = AT(CACHE2);
				c.o[4] = (struct nsp_opnd){ AT(POS), { s, 1 } };
				run(&c);
				c.dtype[2] = c.dtype[3] = QAIC_F32;
				c.o[0].addr = AT(OUT2);
				c.o[2] = (struct nsp_opnd){ AT(PLAIN),
					{ H * C * d, 0, 0, C * d, 1, d } };
				c.o[3] = c.o[2];
				c.o[3].addr = AT(PLAIN2);
				run(&c);
				assert_memory_equal(ddr + OUT, ddr + OUT2, n * 4);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_and_get),
		cmocka_unit_test(attention),
	};

	ddr = aligned_alloc(64, DDR);
	scratch = aligned_alloc(64, NSP_SCRATCH);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
