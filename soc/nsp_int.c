// SPDX-License-Identifier: MIT
/*
 * Integer arithmetic in 64 bits. It wraps around; nothing traps.
 */
#include "soc/nsp_priv.h"

static int64_t wrap_neg(int64_t x)
{
	return (int64_t)(0 - (uint64_t)x);
}

bool nsp_int_unary(unsigned int sub, int64_t *y, const int64_t *x, size_t n)
{
	size_t i;

#define CASE(op, expr)							\
	case NSP_U_##op:						\
		for (i = 0; i < n; i++)					\
			y[i] = expr;					\
		return true;
	switch (sub) {
	CASE(COPY, x[i])
	CASE(NEG, wrap_neg(x[i]))
	CASE(ABS, x[i] < 0 ? wrap_neg(x[i]) : x[i])
	CASE(RELU, x[i] < 0 ? 0 : x[i])
	CASE(FLOOR, x[i])
	CASE(CEIL, x[i])
	CASE(ROUND, x[i])
	CASE(SIGN, (x[i] > 0) - (x[i] < 0))
	CASE(NOT, !x[i])
	CASE(ISNAN, 0)
	CASE(ISINF, 0)
	}
#undef CASE
	return false;
}

/* x / 0 = 0, and the one quotient that does not fit wraps */
static int64_t div_s(int64_t a, int64_t b)
{
	return !b ? 0 : b == -1 ? wrap_neg(a) : a / b;
}

static int64_t div_u(int64_t a, int64_t b)
{
	return b ? (int64_t)((uint64_t)a / (uint64_t)b) : 0;
}

static int64_t fmod_s(int64_t a, int64_t b)
{
	return !b || b == -1 ? 0 : a % b;
}

static int64_t mod_s(int64_t a, int64_t b)
{
	int64_t r = fmod_s(a, b);

	return r && (r < 0) != (b < 0) ? r + b : r;
}

static int64_t mod_u(int64_t a, int64_t b)
{
	return b ? (int64_t)((uint64_t)a % (uint64_t)b) : 0;
}

static int64_t ipow(int64_t a, int64_t b)
{
	uint64_t r = 1, m = (uint64_t)a;

	if (b < 0)
		return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
	for (; b; b >>= 1, m *= m)
		if (b & 1)
			r *= m;
	return (int64_t)r;
}

bool nsp_int_binary(unsigned int sub, int64_t *y, const int64_t *a,
		    const int64_t *b, size_t n, bool is_unsigned)
{
	/* unsigned order is signed order with the top bit turned */
	const uint64_t t = is_unsigned ? 1ull << 63 : 0;
	size_t i;

#define WRAP(op)	(int64_t)((uint64_t)a[i] op (uint64_t)b[i])
#define ORDER(v)	((int64_t)((uint64_t)(v) ^ t))
#define CASE(op, expr)							\
	case NSP_B_##op:						\
		for (i = 0; i < n; i++)					\
			y[i] = expr;					\
		return true;
	switch (sub) {
	CASE(ADD, WRAP(+))
	CASE(SUB, WRAP(-))
	CASE(MUL, WRAP(*))
	CASE(DIV, is_unsigned ? div_u(a[i], b[i]) : div_s(a[i], b[i]))
	CASE(MOD, is_unsigned ? mod_u(a[i], b[i]) : mod_s(a[i], b[i]))
	CASE(FMOD, is_unsigned ? mod_u(a[i], b[i]) : fmod_s(a[i], b[i]))
	CASE(POW, ipow(a[i], b[i]))
	CASE(MIN, ORDER(a[i]) < ORDER(b[i]) ? a[i] : b[i])
	CASE(MAX, ORDER(a[i]) > ORDER(b[i]) ? a[i] : b[i])
	CASE(EQ, a[i] == b[i])
	CASE(LT, ORDER(a[i]) < ORDER(b[i]))
	CASE(LE, ORDER(a[i]) <= ORDER(b[i]))
	CASE(GT, ORDER(a[i]) > ORDER(b[i]))
	CASE(GE, ORDER(a[i]) >= ORDER(b[i]))
	CASE(AND, a[i] && b[i])
	CASE(OR, a[i] || b[i])
	CASE(XOR, !a[i] != !b[i])
	CASE(RELU_MUL, a[i] < 0 ? 0 : WRAP(*))
	CASE(PRELU, a[i] < 0 ? WRAP(*) : a[i])
	}
#undef CASE
	return false;
}
