// SPDX-License-Identifier: MIT
/*
 * Matrix products. The evaluation is plain C in a loop order that vectorises: it is
 * what --verify runs on real models.
 */
#include "compiler/op_util.h"

/* ---- shapes ---- */

static int numeric(const struct qc_node *n, struct qaic_err *err)
{
	uint32_t i;

	for (i = 0; i < n->num_in; i++) {
		if (!n->in[i])
			continue;
		if (n->in[i]->dtype == QAIC_BOOL ||
		    n->in[i]->dtype != n->in[0]->dtype)
			return qaic_fail(err, -EINVAL, "'%s' is %s",
					 n->in[i]->name,
					 qaic_dtype_name(n->in[i]->dtype));
	}
	return 0;
}

/* numpy's rules: a vector is a row on the left, a column on the right. */
QC_SHAPE(matmul)
{
	const struct qc_value *a = n->in[0], *b = n->in[1];
	struct qc_value batch = *b;
	int64_t dim[QC_MAX_RANK], k;
	uint32_t rank;
	int rc;

	rc = numeric(n, err);
	if (rc)
		return rc;
	if (!a->rank || !b->rank)
		return qaic_fail(err, -EINVAL, "'%s' is a scalar",
				 a->rank ? b->name : a->name);
	k = a->dim[a->rank - 1];
	if (b->dim[b->rank > 1 ? b->rank - 2 : 0] != k)
		return qaic_fail(err, -EINVAL,
			"'%s' has %lld columns, '%s' has %lld rows", a->name,
			(long long)k, b->name,
			(long long)b->dim[b->rank > 1 ? b->rank - 2 : 0]);
	rank = a->rank > 2 ? a->rank - 2 : 0;
	memcpy(dim, a->dim, sizeof(dim));
	batch.rank = b->rank > 2 ? b->rank - 2 : 0;
	rc = qc_broadcast(&rank, dim, &batch, err);
	if (rc)
		return rc;
	if (a->rank > 1)
		dim[rank++] = a->dim[a->rank - 2];
	if (b->rank > 1)
		dim[rank++] = b->dim[b->rank - 1];
	qc_set_out(n, 0, a->dtype, rank, dim);
	return 0;
}

QC_SHAPE(gemm)
{
	const struct qc_value *a = n->in[0], *b = n->in[1], *c = qc_in(n, 2);
	bool ta = qc_attr_int(n, "transA", 0), tb = qc_attr_int(n, "transB", 0);
	int64_t dim[QC_MAX_RANK];
	uint32_t rank = 2;
	int rc;

	rc = numeric(n, err);
	if (rc)
		return rc;
	if (a->rank != 2 || b->rank != 2)
		return qaic_fail(err, -EINVAL, "'%s' is not a matrix",
				 a->rank != 2 ? a->name : b->name);
	if (a->dim[!ta] != b->dim[tb])
		return qaic_fail(err, -EINVAL,
				 "'%s' and '%s' share %lld and %lld", a->name,
				 b->name, (long long)a->dim[!ta],
				 (long long)b->dim[tb]);
	dim[0] = a->dim[ta];
	dim[1] = b->dim[!tb];
	qc_set_out(n, 0, a->dtype, 2, dim);
	if (!c)
		return 0;
	rc = qc_broadcast(&rank, dim, c, err);
	if (!rc && (rank != 2 || dim[0] != a->dim[ta] || dim[1] != b->dim[!tb]))
		rc = qaic_fail(err, -EINVAL, "'%s' is larger than the product",
			       c->name);
	return rc;
}

/* ---- the kernel ---- */

#if defined(__clang__)
#define CLONES
#elif defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define CLONES                                                                 \
	__attribute__((target_clones("default", "avx2", "avx512f"),            \
		       optimize("O3")))
#else
#define CLONES __attribute__((optimize("O3")))
#endif

#define COLS 512	/* of C at a time: four rows of it stay in L1 */

/* C[m][n] += A[m][k] * B[k][n], rows lda, ldb, ldc apart */
CLONES static void block_f(float *restrict c, const float *restrict a,
			   const float *restrict b, int64_t m, int64_t k,
			   int64_t n, int64_t lda, int64_t ldb, int64_t ldc)
{
	int64_t i, j, p;

	for (i = 0; i + 4 <= m; i += 4, a += 4 * lda, c += 4 * ldc) {
		float *restrict c0 = c, *restrict c1 = c + ldc;
		float *restrict c2 = c + 2 * ldc, *restrict c3 = c + 3 * ldc;

		for (p = 0; p < k; p++) {
			const float *restrict row = b + p * ldb;
			float a0 = a[p], a1 = a[lda + p];
			float a2 = a[2 * lda + p], a3 = a[3 * lda + p];

			for (j = 0; j < n; j++) {
				float x = row[j];

				c0[j] += a0 * x;
				c1[j] += a1 * x;
				c2[j] += a2 * x;
				c3[j] += a3 * x;
			}
		}
	}
	for (; i < m; i++, a += lda, c += ldc)
		for (p = 0; p < k; p++) {
			const float *restrict row = b + p * ldb;
			float a0 = a[p];

			for (j = 0; j < n; j++)
				c[j] += a0 * row[j];
		}
}

static void matmul_f(float *c, const float *a, const float *b, int64_t m,
		     int64_t k, int64_t n, int64_t lda)
{
	int64_t j, w;

	for (j = 0; j < n; j += COLS) {
		w = n - j < COLS ? n - j : COLS;
		block_f(c + j, a, b + j, m, k, w, lda, n, n);
	}
}

/* Integers, any type: through int64, wrapping. */
static void matmul_i(void *c, const void *a, const void *b, int64_t m,
		     int64_t k, int64_t n, enum qaic_dtype t)
{
	int64_t size = qaic_dtype_size(t), i, j, p;

	for (i = 0; i < m; i++) {
		for (j = 0; j < n; j++) {
			uint64_t sum = 0;

			for (p = 0; p < k; p++)
				sum += (uint64_t)qc_load_i64((const uint8_t *)a +
						(i * k + p) * size, t) *
				       (uint64_t)qc_load_i64((const uint8_t *)b +
						(p * n + j) * size, t);
			qc_store_i64((uint8_t *)c + (i * n + j) * size, t,
				     (int64_t)sum);
		}
	}
}

#define STREAM_BYTES (4 << 20)

/* A big constant B: read, converted and used some rows at a time. */
static int matmul_streamed(float *c, const float *a, const struct qc_tensor *b,
			   int64_t first, int64_t m, int64_t k, int64_t n)
{
	int64_t rows = STREAM_BYTES / 4 / (n ? n : 1), p;
	float *buf;

	if (rows < 1)
		rows = 1;
	if (rows > k)
		rows = k;
	buf = malloc((rows * n + 1) * sizeof(*buf));
	if (!buf)
		return -ENOMEM;
	for (p = 0; p < k; p += rows) {
		if (rows > k - p)
			rows = k - p;
		qc_tensor_read(b, first + p * n, rows * n, QAIC_F32, buf);
		matmul_f(c, a + p, buf, m, rows, n, k);
	}
	free(buf);
	return 0;
}

/* ---- MatMul ---- */

/* Strides of an operand over the batch dimensions, in matrices. */
static void batch_strides(const struct qc_value *v, uint32_t rank,
			  int64_t *stride)
{
	uint32_t own = v->rank > 2 ? v->rank - 2 : 0, i;
	int64_t s = 1;

	memset(stride, 0, QC_MAX_RANK * sizeof(*stride));
	if (own > rank)
		return;		/* its batch was made rows */
	for (i = own; i-- > 0;) {
		if (v->dim[i] != 1)
			stride[rank - own + i] = s;
		s *= v->dim[i];
	}
}

QC_EVAL(matmul)
{
	const struct qc_value *a = e->node->in[0], *b = e->node->in[1];
	const struct qc_value *c = e->node->out[0];
	int64_t m = a->rank > 1 ? a->dim[a->rank - 2] : 1;
	int64_t k = a->dim[a->rank - 1];
	int64_t n = b->rank > 1 ? b->dim[b->rank - 1] : 1;
	uint32_t rank = c->rank - (a->rank > 1) - (b->rank > 1);
	int64_t sa[QC_MAX_RANK], sb[QC_MAX_RANK], i, ia, ib, size = qc_esize(c);
	bool is_float = qaic_dtype_is_float(c->dtype);
	const uint8_t *pa = e->in[0], *pb = e->in[1];
	uint8_t *pc = e->out[0];
	struct qc_walk w;
	int rc = 0;

	/* one matrix on the right: the batch on the left is more rows */
	if (b->rank <= 2 && a->rank > 1) {
		m = qc_span(a, 0, a->rank - 1);
		rank = 0;
	}
	batch_strides(a, rank, sa);
	batch_strides(b, rank, sb);
	qc_walk_init(&w, rank, c->dim);
	qc_walk_add(&w, sa);
	qc_walk_add(&w, sb);
	for (qc_walk_start(&w); !w.done && !rc; qc_walk_next(&w)) {
		for (i = 0; i < w.n && !rc; i++, pc += m * n * size) {
			ia = (w.off[0] + i * w.step[0]) * m * k;
			ib = (w.off[1] + i * w.step[1]) * k * n;
			memset(pc, 0, m * n * size);
			if (!is_float)
				matmul_i(pc, pa + ia * size, pb + ib * size, m,
					 k, n, c->dtype);
			else if (pb)
				matmul_f((float *)pc, (const float *)pa + ia,
					 (const float *)pb + ib, m, k, n, k);
			else
				rc = matmul_streamed((float *)pc,
					(const float *)pa + ia, b->cst, ib, m,
					k, n);
		}
	}
	return rc;
}

/* ---- Gemm: alpha * A' * B' + beta * C ---- */

/* A transposed operand, copied straight; @data NULL: from the constant. */
static void *straighten(const struct qc_value *v, const void *data,
			bool transposed)
{
	int64_t dim[2] = { v->dim[transposed], v->dim[!transposed] };
	int64_t stride[2] = { transposed ? 1 : v->dim[1],
			      transposed ? v->dim[1] : 1 };
	struct qc_tensor t;
	size_t size = qc_eval_size(v);
	void *out = malloc(size ? size : 1);

	if (!out)
		return NULL;
	if (data) {
		qc_gather_strided(out, data, qc_esize(v), 2, dim, stride);
		return out;
	}
	t = *v->cst;
	if (transposed) {
		t.dim[0] = v->cst->dim[1];
		t.dim[1] = v->cst->dim[0];
		t.stride[0] = v->cst->stride[1];
		t.stride[1] = v->cst->stride[0];
	}
	qc_tensor_read(&t, 0, qc_tensor_numel(&t), qc_eval_dtype(v->dtype), out);
	return out;
}

static void add_bias(const struct qc_eval *e, float alpha, float beta)
{
	const struct qc_value *out = e->node->out[0], *c = qc_in(e->node, 2);
	enum qaic_dtype t = qc_eval_dtype(out->dtype);
	int64_t i, n = qc_numel(out), size = qc_esize(out);
	const uint8_t *pc = qc_arg(e, 2);
	uint8_t *p = e->out[0];
	struct qc_walk w;

	if (alpha != 1)
		for (i = 0; i < n; i++)
			qc_store_f64(p + i * size, t,
				     alpha * qc_load_f64(p + i * size, t));
	if (!c)
		return;
	qc_walk_init(&w, out->rank, out->dim);
	qc_walk_add_bcast(&w, c);
	for (qc_walk_start(&w); !w.done; qc_walk_next(&w))
		for (i = 0; i < w.n; i++, p += size)
			qc_store_f64(p, t, qc_load_f64(p, t) + beta *
				qc_load_f64(pc + (w.off[0] + i * w.step[0]) *
					    size, t));
}

QC_EVAL(gemm)
{
	const struct qc_node *node = e->node;
	const struct qc_value *a = node->in[0], *b = node->in[1];
	bool ta = qc_attr_int(node, "transA", 0);
	bool tb = qc_attr_int(node, "transB", 0);
	int64_t m = a->dim[ta], k = a->dim[!ta], n = b->dim[!tb];
	const void *pa = e->in[0], *pb = e->in[1];
	void *own_a = NULL, *own_b = NULL;
	int rc = -ENOMEM;

	if (ta)
		pa = own_a = straighten(a, pa, true);
	if (tb || !pb)
		pb = own_b = straighten(b, pb, tb);
	if (!pa || !pb)
		goto out;
	memset(e->out[0], 0, qc_eval_size(node->out[0]));
	if (qaic_dtype_is_float(a->dtype))
		matmul_f(e->out[0], pa, pb, m, k, n, k);
	else
		matmul_i(e->out[0], pa, pb, m, k, n, a->dtype);
	add_bias(e, qc_attr_float(node, "alpha", 1),
		 qc_attr_float(node, "beta", 1));
	rc = 0;
out:
	free(own_a);
	free(own_b);
	return rc;
}
