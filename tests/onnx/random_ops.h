/* SPDX-License-Identifier: MIT */
/*
 * The operators of tests/onnx/random_graph.h: each function adds one node to the
 * graph, with parameters by chance, or none if it finds no value that it fits.
 */
#ifndef TESTS_ONNX_RANDOM_OPS_H
#define TESTS_ONNX_RANDOM_OPS_H

#define RG_ONE_OF(g, list) (list)[rg_below(g, sizeof(list) / sizeof((list)[0]))]

static inline void rg_unary(struct rg *g)
{
	static const char *const ops[] = {
		"Tanh", "Sigmoid", "Erf", "Atan", "HardSigmoid", "Softsign",
	};
	struct rg_value *a = rg_pick(g, 0, false), *v;

	if (!a)
		return;
	v = rg_like(g, a, RG_F32);
	v->exact = false;
	v->bound = 2;
	a->used = true;
	rg_node(g, RG_ONE_OF(g, ops), a->name, NULL, NULL, v->name);
}

static inline void rg_exact_unary(struct rg *g)
{
	static const char *const ops[] = {
		"Neg", "Abs", "Relu", "Floor", "Ceil", "Round", "Sign",
		"Identity",
	};
	struct rg_value *a = rg_pick(g, 0, true), *v;

	if (!a)
		return;
	v = rg_like(g, a, RG_F32);
	a->used = true;
	rg_node(g, RG_ONE_OF(g, ops), a->name, NULL, NULL, v->name);
}

/* A partner that broadcasts with @a, and the shape of both together. */
static inline struct rg_value *rg_partner(struct rg *g, struct rg_value *a,
					  struct rg_value *shape)
{
	struct rg_value *b = rg_new(g, RG_F32);
	int i, drop = rg_below(g, a->rank + 1) * rg_coin(g);
	int add = a->rank < RG_RANK && !rg_below(g, 4);

	*shape = *a;
	b->rank = a->rank - drop;
	for (i = 0; i < b->rank; i++)
		b->dims[i] = rg_coin(g) ? a->dims[i + drop] : 1;
	/* a one of @a may be many of the partner */
	for (i = 0; i < b->rank; i++)
		if (a->dims[i + drop] == 1 && rg_count(shape) < RG_MAX / 33)
			b->dims[i] = shape->dims[i + drop] = rg_dim(g);
	if (add && !drop && rg_count(shape) < RG_MAX / 33) {
		memmove(b->dims + 1, b->dims, b->rank * sizeof(b->dims[0]));
		memmove(shape->dims + 1, shape->dims,
			shape->rank * sizeof(b->dims[0]));
		b->dims[0] = shape->dims[0] = rg_dim(g);
		b->rank++;
		shape->rank++;
	}
	rg_source(g, b, rg_coin(g));
	b->used = true;
	return b;
}

static inline void rg_binary(struct rg *g)
{
	static const char *const ops[] = { "Add", "Sub", "Mul", "Min", "Max" };
	struct rg_value *a = rg_pick(g, 0, false), *b, *v, shape;
	int op = rg_below(g, 5);

	if (!a)
		return;
	if (rg_below(g, 4)) {
		b = rg_partner(g, a, &shape);
	} else {
		b = a;
		shape = *a;
	}
	v = rg_like(g, &shape, RG_F32);
	v->exact = op > 2 && a->exact && b->exact;
	v->bound = op == 2 ? a->bound * b->bound : a->bound + b->bound;
	a->used = true;
	if (rg_coin(g))
		rg_node(g, ops[op], a->name, b->name, NULL, v->name);
	else
		rg_node(g, ops[op], b->name, a->name, NULL, v->name);
}

static inline void rg_where(struct rg *g)
{
	static const char *const ops[] = { "Less", "GreaterOrEqual", "Equal" };
	struct rg_value *a = rg_pick(g, 0, true), *b, *c, *v, shape;

	if (!a)
		return;
	b = rg_partner(g, a, &shape);
	c = rg_like(g, &shape, RG_BOOL);
	c->used = true;
	a->used = true;
	rg_node(g, RG_ONE_OF(g, ops), a->name, b->name, NULL, c->name);
	v = rg_like(g, &shape, RG_F32);
	v->bound = a->bound + b->bound;
	rg_node(g, "Where", c->name, a->name, b->name, v->name);
}

static inline void rg_matmul(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, false), *b, *v, bs = { 0 }, vs;
	int64_t n = rg_dim(g);
	int batch, i, k;
	bool left;

	if (!a)
		return;
	left = a->rank >= 2 && !rg_below(g, 4);
	k = left ? a->rank - 2 : a->rank - 1;
	batch = a->rank > 2 ? rg_below(g, a->rank - 1) : 0;
	for (i = 0; i < batch; i++)
		bs.dims[i] = rg_coin(g) ? a->dims[a->rank - 2 - batch + i] : 1;
	bs.rank = batch + 2;
	vs = *a;
	if (left) {		/* b x a */
		bs.dims[batch] = vs.dims[k] = n;
		bs.dims[batch + 1] = a->dims[k];
	} else {
		bs.dims[batch] = a->dims[k];
		bs.dims[batch + 1] = vs.dims[k] = n;
		if (!batch && !rg_below(g, 4)) {	/* a vector */
			bs.rank = 1;
			vs.rank--;
		}
	}
	if (rg_count(&vs) > RG_MAX || rg_count(&bs) > RG_MAX)
		return;
	b = rg_like(g, &bs, RG_F32);
	rg_source(g, b, rg_coin(g));
	v = rg_like(g, &vs, RG_F32);
	v->exact = false;
	v->bound = a->bound * b->bound * a->dims[k];
	a->used = b->used = true;
	if (left)
		rg_node(g, "MatMul", b->name, a->name, NULL, v->name);
	else
		rg_node(g, "MatMul", a->name, b->name, NULL, v->name);
}

static inline void rg_gemm(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 2, false), *b, *c, *v;
	bool ta = rg_coin(g), tb = rg_coin(g);
	Onnx__NodeProto *node;
	int64_t n = rg_dim(g);

	if (!a || a->rank != 2)
		return;
	b = rg_new(g, RG_F32);
	b->rank = 2;
	b->dims[tb] = a->dims[!ta];
	b->dims[!tb] = n;
	rg_source(g, b, rg_coin(g));
	c = rg_new(g, RG_F32);
	c->rank = rg_below(g, 3);
	if (c->rank == 2)
		c->dims[0] = rg_coin(g) ? a->dims[ta] : 1;
	if (c->rank)
		c->dims[c->rank - 1] = rg_coin(g) ? n : 1;
	rg_source(g, c, rg_coin(g));
	v = rg_new(g, RG_F32);
	v->rank = 2;
	v->dims[0] = a->dims[ta];
	v->dims[1] = n;
	v->bound = a->bound * a->dims[!ta] + 4;
	a->used = b->used = c->used = true;
	node = rg_node(g, "Gemm", a->name, b->name, c->name, v->name);
	mm_attr_int(node, "transA", ta);
	mm_attr_int(node, "transB", tb);
	mm_attr_float(node, "alpha", 0.25f);
	mm_attr_float(node, "beta", rg_coin(g) ? 1 : -0.5f);
}

static inline void rg_reduce(struct rg *g)
{
	static const char *const ops[] = {
		"ReduceMax", "ReduceMin", "ReduceMean", "ReduceLogSumExp",
		"ReduceSum", "ReduceL1", "ReduceSumSquare",
	};
	struct rg_value *a = rg_pick(g, 1, false), *v;
	int op = rg_below(g, 7), i, n = 0;
	bool keep = rg_coin(g), all = !rg_below(g, 5);
	int64_t axes[RG_RANK], count = 1;
	Onnx__NodeProto *node;
	char name[16];

	if (!a)
		return;
	v = rg_like(g, a, RG_F32);
	for (i = v->rank = 0; i < a->rank; i++) {
		/* no axes would mean all */
		bool kept = !all && rg_coin(g) && (n || i + 1 < a->rank);

		if (kept || keep)
			v->dims[v->rank++] = kept ? a->dims[i] : 1;
		if (kept)
			continue;
		axes[n++] = rg_coin(g) ? i : i - a->rank;
		count *= a->dims[i];
	}
	n = all ? 0 : n;
	v->exact = a->exact && op < 2;
	v->bound = op < 3 ? a->bound : op == 3 ? a->bound + 9 :
		   op < 6 ? a->bound * count : a->bound * a->bound * count;
	a->used = true;
	if (!strcmp(ops[op], "ReduceSum")) {
		node = rg_node(g, ops[op], a->name,
			       n ? rg_list(g, name, n, axes) : NULL, NULL,
			       v->name);
	} else {
		node = rg_node(g, ops[op], a->name, NULL, NULL, v->name);
		if (n)
			rg_attr_ints(node, "axes", n, axes);
	}
	mm_attr_int(node, "keepdims", keep);
}

static inline void rg_softmax(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, false), *v;
	Onnx__NodeProto *node;
	int axis;

	if (!a)
		return;
	v = rg_like(g, a, RG_F32);
	v->exact = false;
	v->bound = a->bound + 9;
	a->used = true;
	node = rg_node(g, rg_below(g, 3) ? "Softmax" : "LogSoftmax", a->name,
		       NULL, NULL, v->name);
	mm_attr_int(node, "axis", rg_axis(g, a, &axis));
}

static inline void rg_layernorm(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, false), *s, *b, *v;
	Onnx__NodeProto *node;
	int64_t written;
	int axis;

	if (!a)
		return;
	written = rg_axis(g, a, &axis);
	s = rg_new(g, RG_F32);
	s->rank = a->rank - axis;
	memcpy(s->dims, a->dims + axis, s->rank * sizeof(s->dims[0]));
	rg_source(g, s, rg_coin(g));
	b = rg_coin(g) ? rg_like(g, s, RG_F32) : NULL;
	if (b) {
		rg_source(g, b, rg_coin(g));
		b->used = true;
	}
	v = rg_like(g, a, RG_F32);
	v->exact = false;
	v->bound = 50;
	a->used = s->used = true;
	node = rg_node(g, "LayerNormalization", a->name, s->name,
		       b ? b->name : NULL, v->name);
	mm_attr_int(node, "axis", written);
	mm_attr_float(node, "epsilon", 0.1f);
}

static inline void rg_gather(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, false), *v;
	int64_t idx[64], dims[2], written, n;
	int axis, rank = rg_below(g, 3), i;
	Onnx__NodeProto *node;
	char name[16];

	if (!a || a->rank - 1 + rank > RG_RANK)
		return;
	written = rg_axis(g, a, &axis);
	dims[0] = 1 + rg_below(g, 7);
	dims[1] = 1 + rg_below(g, 5);
	n = rank == 2 ? dims[0] * dims[1] : rank ? dims[0] : 1;
	if (rg_count(a) / a->dims[axis] * n > RG_MAX)
		return;
	for (i = 0; i < n; i++)
		idx[i] = rg_below(g, 2 * a->dims[axis]) - a->dims[axis];
	v = rg_like(g, a, RG_F32);
	v->rank = a->rank - 1 + rank;
	memcpy(v->dims + axis, dims, rank * sizeof(dims[0]));
	memcpy(v->dims + axis + rank, a->dims + axis + 1,
	       (a->rank - axis - 1) * sizeof(dims[0]));
	a->used = true;
	node = rg_node(g, "Gather", a->name, rg_ints(g, name, rank, dims, idx),
		       NULL, v->name);
	mm_attr_int(node, "axis", written);
}

static inline void rg_slice(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, false), *v;
	int64_t st[RG_RANK], en[RG_RANK], ax[RG_RANK], sp[RG_RANK];
	char names[4][16], in[100];
	int i, n = 0;

	if (!a)
		return;
	v = rg_like(g, a, RG_F32);
	for (i = 0; i < a->rank; i++) {
		int64_t d = a->dims[i], from = rg_below(g, d), len, by;

		if (rg_below(g, 3) == 0)
			continue;
		by = 1 + rg_below(g, 3);
		if (rg_coin(g)) {
			en[n] = from + 1 + rg_below(g, d - from);
			len = (en[n] - from + by - 1) / by;
			if (rg_coin(g) && en[n] == d)
				en[n] = rg_coin(g) ? INT64_MAX : d + 3;
		} else {	/* backwards, down to before @to */
			int64_t to = rg_below(g, from + 1) - 1;

			len = (from - to + by - 1) / by;
			by = -by;
			en[n] = to < 0 ? -d - 1 - rg_below(g, 3) :
				rg_coin(g) ? to : to - d;
		}
		st[n] = rg_coin(g) ? from : from - d;
		ax[n] = rg_coin(g) ? i : i - a->rank;
		sp[n++] = by;
		v->dims[i] = len;
	}
	a->used = true;
	if (!n) {
		rg_node(g, "Identity", a->name, NULL, NULL, v->name);
		return;
	}
	snprintf(in, sizeof(in), "%s,%s,%s,%s,%s", a->name,
		 rg_list(g, names[0], n, st), rg_list(g, names[1], n, en),
		 rg_list(g, names[2], n, ax), rg_list(g, names[3], n, sp));
	mm_node(g->m, "Slice", in, v->name);
}

static inline void rg_split(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, false), *v, *w;
	int64_t size[2], written;
	char name[16], in[64], out[64];
	Onnx__NodeProto *node;
	int axis;

	if (!a)
		return;
	written = rg_axis(g, a, &axis);
	if (a->dims[axis] < 2)
		return;
	size[0] = 1 + rg_below(g, a->dims[axis] - 1);
	size[1] = a->dims[axis] - size[0];
	v = rg_like(g, a, RG_F32);
	v->dims[axis] = size[0];
	w = rg_like(g, a, RG_F32);
	w->dims[axis] = size[1];
	a->used = true;
	snprintf(in, sizeof(in), "%s,%s", a->name, rg_list(g, name, 2, size));
	snprintf(out, sizeof(out), "%s,%s", v->name, w->name);
	node = mm_node(g->m, "Split", in, out);
	mm_attr_int(node, "axis", written);
}

static inline void rg_concat(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, false), *b, *v;
	Onnx__NodeProto *node;
	int64_t written;
	int axis;

	if (!a || rg_count(a) > RG_MAX / 3)
		return;
	written = rg_axis(g, a, &axis);
	b = rg_like(g, a, RG_F32);
	if (a->dims[axis] < 9)
		b->dims[axis] = 1 + rg_below(g, 5);
	rg_source(g, b, rg_coin(g));
	v = rg_like(g, a, RG_F32);
	v->dims[axis] = 2 * a->dims[axis] + b->dims[axis];
	a->used = b->used = true;
	if (rg_coin(g))
		node = rg_node(g, "Concat", a->name, b->name, a->name, v->name);
	else
		node = rg_node(g, "Concat", b->name, a->name, a->name, v->name);
	mm_attr_int(node, "axis", written);
}

static inline void rg_transpose(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 2, false), *v;
	int64_t perm[RG_RANK], t;
	int i, k;

	if (!a)
		return;
	v = rg_like(g, a, RG_F32);
	for (i = 0; i < a->rank; i++)
		perm[i] = i;
	for (i = a->rank - 1; i > 0; i--) {
		k = rg_below(g, i + 1);
		t = perm[i];
		perm[i] = perm[k];
		perm[k] = t;
	}
	for (i = 0; i < a->rank; i++)
		v->dims[i] = a->dims[perm[i]];
	a->used = true;
	rg_attr_ints(rg_node(g, "Transpose", a->name, NULL, NULL, v->name),
		     "perm", a->rank, perm);
}

/* Cut the elements into new dimensions; one of them may be written as -1. */
static inline void rg_reshape(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 0, false), *v;
	int64_t shape[RG_RANK], left, d;
	char name[16];
	int i;

	if (!a)
		return;
	v = rg_like(g, a, RG_F32);
	left = rg_count(a);
	v->rank = 1 + rg_below(g, RG_RANK);
	for (i = 0; i < v->rank; i++) {
		for (d = i + 1 < v->rank ? 1 + rg_below(g, 9) : left; left % d;)
			d--;
		v->dims[i] = shape[i] = d;
		left /= d;
	}
	if (rg_coin(g))
		shape[rg_below(g, v->rank)] = -1;
	a->used = true;
	rg_node(g, "Reshape", a->name, rg_list(g, name, v->rank, shape), NULL,
		v->name);
}

static inline void rg_unsqueeze(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 0, false), *v;
	int64_t axis;
	char name[16];

	if (!a || a->rank == RG_RANK)
		return;
	v = rg_like(g, a, RG_F32);
	v->rank++;
	axis = rg_below(g, v->rank);
	memmove(v->dims + axis + 1, v->dims + axis,
		(a->rank - axis) * sizeof(axis));
	v->dims[axis] = 1;
	a->used = true;
	if (rg_coin(g))
		axis -= v->rank;
	rg_node(g, "Unsqueeze", a->name, rg_list(g, name, 1, &axis), NULL,
		v->name);
}

static inline void rg_squeeze(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, false), *v;
	int i;

	if (!a)
		return;
	v = rg_like(g, a, RG_F32);
	for (i = v->rank = 0; i < a->rank; i++)
		if (a->dims[i] != 1)
			v->dims[v->rank++] = a->dims[i];
	a->used = true;
	rg_node(g, "Squeeze", a->name, NULL, NULL, v->name);
}

static inline void rg_expand(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 0, false), *v;
	bool tile = rg_coin(g);
	int64_t by[RG_RANK];
	char name[16];
	int i;

	if (!a || !a->rank)
		return;
	v = rg_like(g, a, RG_F32);
	for (i = 0; i < a->rank; i++) {
		by[i] = tile ? 1 : a->dims[i];
		if ((tile || a->dims[i] == 1) && rg_coin(g) &&
		    rg_count(v) < RG_MAX / 4) {
			by[i] = 1 + rg_below(g, 4);
			v->dims[i] *= by[i];
		}
		if (!tile && a->dims[i] != 1 && rg_coin(g))
			by[i] = 1;
	}
	a->used = true;
	rg_node(g, tile ? "Tile" : "Expand", a->name,
		rg_list(g, name, a->rank, by), NULL, v->name);
}

static inline void rg_pad(struct rg *g)
{
	static const char *const modes[] = { "constant", "reflect", "edge" };
	struct rg_value *a = rg_pick(g, 1, false), *v;
	int64_t pads[2 * RG_RANK];
	char name[16];
	int i, side, mode = rg_below(g, 3);

	if (!a || rg_count(a) > RG_MAX / 8)
		return;
	v = rg_like(g, a, RG_F32);
	for (side = 0; side < 2; side++)
		for (i = 0; i < a->rank; i++) {
			int64_t most = mode == 1 ? a->dims[i] - 1 : 2;

			pads[side * a->rank + i] = rg_coin(g) ? 0 :
				rg_below(g, (most > 2 ? 2 : most) + 1);
			v->dims[i] += pads[side * a->rank + i];
		}
	if (rg_count(v) > 4 * RG_MAX) {
		memset(pads, 0, sizeof(pads));
		memcpy(v->dims, a->dims, sizeof(v->dims));
	}
	a->used = true;
	mm_attr_str(rg_node(g, "Pad", a->name,
			    rg_list(g, name, 2 * a->rank, pads), NULL, v->name),
		    "mode", modes[mode]);
}

static inline void rg_cumsum(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, false), *v;
	Onnx__NodeProto *node;
	int64_t written;
	char name[16];
	int axis;

	if (!a)
		return;
	written = rg_axis(g, a, &axis);
	v = rg_like(g, a, RG_F32);
	v->exact = false;
	v->bound = a->bound * a->dims[axis];
	a->used = true;
	node = rg_node(g, "CumSum", a->name,
		       rg_ints(g, name, 0, NULL, &written), NULL, v->name);
	mm_attr_int(node, "exclusive", rg_coin(g));
	mm_attr_int(node, "reverse", rg_coin(g));
}

static inline void rg_arg(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, true), *v;
	Onnx__NodeProto *node;
	bool keep = rg_coin(g);
	int64_t written;
	int axis;

	if (!a)
		return;
	written = rg_axis(g, a, &axis);
	v = rg_like(g, a, RG_I64);
	if (keep) {
		v->dims[axis] = 1;
	} else {
		memmove(v->dims + axis, v->dims + axis + 1,
			(a->rank - axis - 1) * sizeof(v->dims[0]));
		v->rank--;
	}
	a->used = true;
	node = rg_node(g, rg_coin(g) ? "ArgMax" : "ArgMin", a->name, NULL, NULL,
		       v->name);
	mm_attr_int(node, "axis", written);
	mm_attr_int(node, "keepdims", keep);
	mm_attr_int(node, "select_last_index", rg_coin(g));
}

static inline void rg_topk(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, true), *v, *w;
	char name[16], in[64], out[64];
	Onnx__NodeProto *node;
	int64_t written, k;
	int axis;

	if (!a)
		return;
	written = rg_axis(g, a, &axis);
	k = 1 + rg_below(g, a->dims[axis]);
	v = rg_like(g, a, RG_F32);
	v->dims[axis] = k;
	w = rg_like(g, v, RG_I64);
	a->used = true;
	snprintf(in, sizeof(in), "%s,%s", a->name, rg_list(g, name, 1, &k));
	snprintf(out, sizeof(out), "%s,%s", v->name, w->name);
	node = mm_node(g->m, "TopK", in, out);
	mm_attr_int(node, "axis", written);
	mm_attr_int(node, "largest", rg_coin(g));
}

/* Through int64 and back: what is cut off is the same everywhere. */
static inline void rg_cast(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 0, true), *i, *v;

	if (!a)
		return;
	i = rg_like(g, a, RG_I64);
	v = rg_like(g, a, RG_F32);
	a->used = i->used = true;
	mm_attr_int(rg_node(g, "Cast", a->name, NULL, NULL, i->name), "to",
		    RG_I64);
	mm_attr_int(rg_node(g, "Cast", i->name, NULL, NULL, v->name), "to",
		    RG_F32);
}

static inline void rg_scatter(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, false), *u, *v;
	int64_t idx[8], dims[2], i, from, step;
	char name[16];

	if (!a || a->dims[0] < 2)
		return;
	/* rows of the first axis, each once: from @from, every @step */
	dims[0] = 1 + rg_below(g, a->dims[0] > 8 ? 8 : a->dims[0]);
	dims[1] = 1;
	from = rg_below(g, a->dims[0]);
	step = rg_coin(g) ? 1 : a->dims[0] - 1;
	for (i = 0; i < dims[0]; i++) {
		idx[i] = (from + i * step) % a->dims[0];
		if (rg_coin(g))
			idx[i] -= a->dims[0];
	}
	u = rg_like(g, a, RG_F32);
	u->dims[0] = dims[0];
	rg_source(g, u, rg_coin(g));
	v = rg_like(g, a, RG_F32);
	a->used = u->used = true;
	rg_node(g, "ScatterND", a->name, rg_ints(g, name, 2, dims, idx),
		u->name, v->name);
}

static inline void rg_trilu(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 2, false), *v;
	int64_t k = rg_below(g, 7) - 3;
	char name[16];

	if (!a)
		return;
	v = rg_like(g, a, RG_F32);
	a->used = true;
	mm_attr_int(rg_node(g, "Trilu", a->name, rg_ints(g, name, 0, NULL, &k),
			    NULL, v->name), "upper", rg_coin(g));
}

static inline void rg_clip(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 0, false), *lo, *hi, *v;

	if (!a)
		return;
	lo = rg_coin(g) ? rg_new(g, RG_F32) : NULL;
	if (lo)
		rg_source(g, lo, rg_coin(g));
	hi = rg_coin(g) ? rg_new(g, RG_F32) : NULL;
	if (hi)
		rg_source(g, hi, false);
	v = rg_like(g, a, RG_F32);
	v->bound = a->bound + 4;
	a->used = true;
	rg_node(g, "Clip", a->name, lo ? lo->name : "", hi ? hi->name : NULL,
		v->name);
}

/* GatherElements, or ScatterElements with every index once along the axis. */
static inline void rg_elements(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, false), *u, *v;
	bool scatter = rg_coin(g);
	int64_t written, n, *idx, i, in = 1;
	Onnx__NodeProto *node;
	char name[16];
	int axis, k;

	if (!a || a->rank > 5)	/* the command has five axes */
		return;
	written = rg_axis(g, a, &axis);
	for (k = axis + 1; k < a->rank; k++)
		in *= a->dims[k];
	u = rg_like(g, a, RG_F32);
	u->dims[axis] = 1 + rg_below(g, scatter ? a->dims[axis] : 9);
	n = rg_count(u);
	if (n > RG_MAX) {
		u->type = 0;	/* left alone */
		u->used = u->source = true;
		return;
	}
	idx = malloc(n * sizeof(*idx));
	for (i = 0; i < n; i++) {
		idx[i] = scatter ? (i / in + 1) % u->dims[axis] :
			 rg_below(g, a->dims[axis]);
		if (rg_coin(g))
			idx[i] -= a->dims[axis];
	}
	rg_ints(g, name, u->rank, u->dims, idx);
	free(idx);
	a->used = true;
	if (scatter) {
		rg_source(g, u, rg_coin(g));
		u->used = true;
		v = rg_like(g, a, RG_F32);
		node = rg_node(g, "ScatterElements", a->name, name, u->name,
			       v->name);
	} else {
		node = rg_node(g, "GatherElements", a->name, name, NULL, u->name);
	}
	mm_attr_int(node, "axis", written);
}

/* What exporters write for x.view(x.shape[0], -1): folded by the compiler. */
static inline void rg_shape_of(struct rg *g)
{
	struct rg_value *a = rg_pick(g, 1, false), *v;
	char shape[16], first[16], list[16], zero[16], rest[16];
	int64_t k = 0, minus = -1;
	Onnx__NodeProto *node;

	if (!a)
		return;
	v = rg_like(g, a, RG_F32);
	v->rank = 2;
	v->dims[1] = rg_count(a) / a->dims[0];
	a->used = true;
	rg_list(g, zero, 1, &k);
	rg_list(g, rest, 1, &minus);
	snprintf(shape, sizeof(shape), "s%d", g->consts++);
	snprintf(first, sizeof(first), "s%d", g->consts++);
	snprintf(list, sizeof(list), "s%d", g->consts++);
	rg_node(g, "Shape", a->name, NULL, NULL, shape);
	rg_node(g, "Gather", shape, zero, NULL, first);
	node = rg_node(g, "Concat", first, rest, NULL, list);
	mm_attr_int(node, "axis", 0);
	rg_node(g, "Reshape", a->name, list, NULL, v->name);
}

/* Two chosen axes of one value multiplied and summed over. */
static inline void rg_einsum(struct rg *g)
{
	static const char *const eq[] = {
		"ab,cb->ac", "ab,cb->ca", "ab,cb->", "ba,cb->abc", "ab,cb->b",
	};
	struct rg_value *a = rg_pick(g, 2, false), *b, *v;
	int k = rg_below(g, 5);
	int64_t m, n, sum;

	if (!a || a->rank != 2)
		return;
	n = rg_dim(g);
	m = a->dims[k == 3];
	sum = a->dims[k != 3];
	if (m * n * sum > RG_MAX)
		return;
	b = rg_new(g, RG_F32);
	b->rank = 2;
	b->dims[0] = n;
	b->dims[1] = sum;
	rg_source(g, b, rg_coin(g));
	v = rg_new(g, RG_F32);
	v->bound = a->bound * 4 * m * n * sum;
	v->rank = (int []){ 2, 2, 0, 3, 1 }[k];
	if (k == 0 || k == 3) {
		v->dims[0] = m;
		v->dims[1] = k == 3 ? sum : n;
		v->dims[2] = n;
	} else {
		v->dims[0] = k == 1 ? n : sum;
		v->dims[1] = m;
	}
	a->used = b->used = true;
	mm_attr_str(rg_node(g, "Einsum", a->name, b->name, NULL, v->name),
		    "equation", eq[k]);
}

static void (*const rg_ops[])(struct rg *g) = {
	rg_unary, rg_exact_unary, rg_binary, rg_binary, rg_where, rg_matmul,
	rg_matmul, rg_gemm, rg_reduce, rg_reduce, rg_softmax, rg_layernorm,
	rg_gather, rg_slice, rg_slice, rg_split, rg_concat, rg_transpose,
	rg_transpose, rg_reshape, rg_unsqueeze, rg_squeeze, rg_expand, rg_pad,
	rg_cumsum, rg_arg, rg_topk, rg_cast, rg_scatter, rg_trilu,
	rg_clip, rg_elements, rg_elements, rg_shape_of, rg_einsum,
};

#endif
