/* SPDX-License-Identifier: MIT */
/*
 * Vector arithmetic of the row kernels. Included by kern_body.h, after the file
 * of an instruction set has defined V (lanes), vf, vi and the v_* primitives.
 *
 * The functions are good to about 2 units in the last place of F32 over the
 * whole range, subnormals included; Documentation/numerics.md has the measured
 * bounds. Polynomials are Taylor series, or Chebyshev fits where it says so.
 */

static inline vf v_sel(vi m, vf a, vf b)
{
	return (vf)((m & (vi)a) | (~m & (vi)b));
}

static inline vf v_abs(vf x)
{
	return (vf)((vi)x & 0x7fffffff);
}

static inline vf v_sign_of(vf mag, vf sign)
{
	return (vf)((vi)v_abs(mag) | ((vi)sign & (int32_t)0x80000000));
}

/* NaN if either is */
static inline vf v_max(vf a, vf b)
{
	return v_sel((a > b) | (a != a), a, b);
}

static inline vf v_min(vf a, vf b)
{
	return v_sel((a < b) | (a != a), a, b);
}

/* sum of c[i] * x^i */
static inline __attribute__((always_inline))
vf v_poly(vf x, const float *c, int n)
{
	vf p = v_set(c[n - 1]);
	int i;

	for (i = n - 2; i >= 0; i--)
		p = v_fma(p, x, v_set(c[i]));
	return p;
}

#define V_POLY(x, ...) __extension__ ({					\
	static const float c_[] = { __VA_ARGS__ };			\
	v_poly(x, c_, sizeof(c_) / sizeof(c_[0])); })

#define LN2_HI	0.693359375f		/* 9 bits: n * LN2_HI is exact */
#define LN2_LO	-2.12194440054690583e-4f

static inline vf v_pow2(vi e)
{
	return (vf)((e + 127) << 23);
}

static inline vf v_exp(vf x)
{
	/* 2^-151 rounds to 0, e^89 to infinity */
	vf c = v_sel(x > -104.6f, v_sel(x < 89.0f, x, v_set(89.0f)),
		     v_set(-104.6f));
	vf n = v_round(c * 1.44269504088896341f);
	vf r = v_fma(n, v_set(-LN2_LO), v_fma(n, v_set(-LN2_HI), c));
	vi e = __builtin_convertvector(n, vi);
	vi h = e >> 1;
	vf p = V_POLY(r, 1.0f, 1.0f, 0.5f, 1.0f / 6, 1.0f / 24, 1.0f / 120,
		      1.0f / 720, 1.0f / 5040);

	p = p * v_pow2(h) * v_pow2(e - h);
	return v_sel(x == x, p, x);
}

/* x > 0: the exponent that leaves a mantissa in [sqrt 1/2, sqrt 2) */
static inline vf v_log(vf x)
{
	vi small = x < 1.17549435e-38f;
	vf s = v_sel(small, x * 8388608.0f, x);
	vi ei = ((vi)s - 0x3f3504f3) >> 23;
	vf f = (vf)((vi)s - (ei << 23)) - 1.0f;
	vf e = __builtin_convertvector(ei - (small & 23), vf);
	vf q = f / (f + 2.0f);
	vf z = q * q;
	/* log(1 + f) = 2 atanh(q) */
	vf r = z * V_POLY(z, 2.0f / 3, 2.0f / 5, 2.0f / 7, 2.0f / 9,
			  2.0f / 11);

	r = v_fma(e, v_set(LN2_LO), -q * (f - r)) + f;
	r = v_fma(e, v_set(LN2_HI), r);
	r = v_sel(x == 0.0f, v_set(-__builtin_inff()), r);
	r = v_sel(x < 0.0f, v_set(__builtin_nanf("")), r);
	return v_sel((x == __builtin_inff()) | (x != x), x, r);
}

/* x > -1 */
static inline vf v_log1p(vf x)
{
	vf u = x + 1.0f, d = u - 1.0f;
	vf r = v_log(u) * (x / d);	/* makes up for what 1 + x lost */

	r = v_sel(d == 0.0f, x, r);
	return v_sel(u == __builtin_inff(), x, r);
}

static inline vf v_tanh(vf x)
{
	vf a = v_abs(x), z = x * x;
	vf big = 1.0f - 2.0f / (v_exp(a + a) + 1.0f);
	vf small = V_POLY(z, 1.0f, -1.0f / 3, 2.0f / 15, -17.0f / 315,
			  62.0f / 2835, -1382.0f / 155925, 21844.0f / 6081075,
			  -929569.0f / 638512875.0f);

	return v_sel(a < 0.5f, x * small, v_sign_of(big, x));
}

static inline vf v_sigmoid(vf x)
{
	return 1.0f / (v_exp(-x) + 1.0f);
}

/* erf for |x| < 1: 2/sqrt(pi) sum (-1)^n x^(2n+1) / (n! (2n+1)) */
static inline vf v_erf_small(vf x)
{
	return x * V_POLY(x * x, 1.12837917f, -0.376126389f, 0.112837917f,
			  -0.0268661706f, 0.00522397762f, -8.54832702e-4f,
			  1.20553330e-4f, -1.49256504e-5f, 1.64621143e-6f,
			  -1.63658446e-7f, 1.48071928e-8f, -1.22905525e-9f);
}

/*
 * erfc for x >= 1: t exp(-x^2) P(t), t = 1 / (1 + x/2), P a Chebyshev fit over
 * [0.95, 11] (relative error 5e-9). exp(-x^2) gets the part of x^2 that its
 * rounding lost.
 */
static inline vf v_erfc_big(vf x)
{
	vf c = v_sel(x < 11.0f, x, v_set(11.0f));
	vf t = 1.0f / (c * 0.5f + 1.0f);
	vf hi = (vf)((vi)c & (int32_t)0xfffff000);
	vf sq = c * c;
	vf lost = (hi * hi - sq) + (c - hi) * (c + hi);
	vf p = V_POLY(t, 0.282084535f, 0.282380947f, 0.243424746f,
		      0.19898452f, -0.00855676832f, 0.230622606f,
		      -0.417328931f, 0.230184743f, -0.0416306385f);

	return t * p * (v_exp(-sq) * (1.0f - lost));
}

static inline vf v_erf(vf x)
{
	vf a = v_abs(x);
	vf r = v_sel(a < 1.0f, v_erf_small(x),
		     v_sign_of(1.0f - v_erfc_big(a), x));

	return v_sel(x == x, r, x);
}

/* no cancellation for negative x: there 1 + erf is erfc */
static inline vf v_gelu(vf x)
{
	vf y = x * 0.707106781186547524f, a = v_abs(y), h = x * 0.5f;
	vf tail = h * v_erfc_big(a);
	vf r = v_sel(x < 0.0f, tail, x - tail);

	r = v_sel(a < 1.0f, v_fma(h, v_erf_small(y), h), r);
	r = v_sel(x == -__builtin_inff(), v_set(-0.0f), r);
	r = v_sel(x == __builtin_inff(), x, r);
	return v_sel(x == x, r, x);
}

/* x * sigmoid(k x); -inf gives 0, not NaN */
static inline vf v_swish(vf x, vf kx)
{
	vf r = x * v_sigmoid(kx);

	return v_sel(x == -__builtin_inff(), v_set(-0.0f), r);
}

/* x/2 (1 + tanh u) = x sigmoid(2u) */
static inline vf v_gelu_tanh(vf x)
{
	vf u = x * v_fma(x * x, v_set(0.0713548162726009f),
			 v_set(1.5957691216057308f));

	return v_swish(x, u);
}

static inline vf v_softplus(vf x)
{
	vf r = v_log1p(v_exp(-v_abs(x)));

	r += v_sel(x > 0.0f, x, v_set(0.0f));
	return v_sel(x == x, r, x);
}

static inline vf v_relu(vf x)
{
	return v_sel(x < 0.0f, v_set(0.0f), x);
}

static inline vf v_floor(vf x)
{
	vf r = v_round(x);

	return v_sign_of(r - v_sel(r > x, v_set(1.0f), v_set(0.0f)), x);
}
