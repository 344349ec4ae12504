/* SPDX-License-Identifier: MIT */
/*
 * Random small ONNX graphs: operators with odd shapes, axes, strides and
 * broadcasts in a row. The same seed gives the same graph.
 *
 * A value is "exact" as long as only operators that do not round made it; only
 * on those are operators used that jump (ArgMax, Less, Floor), and only values
 * that cannot be large are used at all, so that rounding does not add up and two
 * right evaluations agree everywhere.
 */
#ifndef TESTS_ONNX_RANDOM_GRAPH_H
#define TESTS_ONNX_RANDOM_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/onnx/make_model.h"

#define RG_RANK		6
#define RG_MAX		3000	/* elements of a value */
#define RG_VALUES	96
#define RG_BOUND	100	/* of what is computed with */

enum { RG_F32 = 1, RG_I64 = 7, RG_BOOL = 9 };

struct rg_value {
	char name[12];
	int type, rank;
	int64_t dims[RG_RANK];
	float bound;		/* of the magnitude */
	bool exact, used;
	bool source;		/* an input or an initializer */
};

struct rg {
	Onnx__ModelProto *m;
	uint64_t rng;
	struct rg_value v[RG_VALUES];
	int n, consts;
};

static inline uint64_t rg_rand(struct rg *g)
{
	uint64_t z = g->rng += 0x9e3779b97f4a7c15;	/* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline int64_t rg_below(struct rg *g, int64_t n)
{
	return rg_rand(g) % (uint64_t)n;
}

static inline bool rg_coin(struct rg *g)
{
	return rg_rand(g) & 1;
}

static inline int64_t rg_count(const struct rg_value *v)
{
	int64_t n = 1;
	int i;

	for (i = 0; i < v->rank; i++)
		n *= v->dims[i];
	return n;
}

static inline int64_t rg_dim(struct rg *g)
{
	static const int64_t odd[] = { 1, 1, 2, 3, 4, 5, 7, 8, 13, 17, 33 };

	return odd[rg_below(g, sizeof(odd) / sizeof(odd[0]))];
}

static inline void rg_shape(struct rg *g, struct rg_value *v, int rank)
{
	int i;

	v->rank = rank;
	do
		for (i = 0; i < rank; i++)
			v->dims[i] = rg_dim(g);
	while (rg_count(v) > RG_MAX);
}

/* A place for a result. Its shape and type are filled in by the caller. */
static inline struct rg_value *rg_new(struct rg *g, int type)
{
	struct rg_value *v = &g->v[g->n];

	*v = (struct rg_value){ .type = type, .bound = 4 };
	snprintf(v->name, sizeof(v->name), "v%d", g->n++);
	return v;
}

static inline struct rg_value *rg_like(struct rg *g, const struct rg_value *a,
				       int type)
{
	struct rg_value *v = rg_new(g, type);

	v->rank = a->rank;
	v->exact = a->exact;
	v->bound = a->bound;
	memcpy(v->dims, a->dims, sizeof(v->dims));
	return v;
}

/* An earlier float value, or NULL; @exact: one that nothing has rounded. */
static inline struct rg_value *rg_pick(struct rg *g, int min_rank, bool exact)
{
	int tries;

	for (tries = 0; tries < 30; tries++) {
		/* the newer, the likelier: graphs become deep */
		int k = rg_coin(g) ? g->n - 1 - rg_below(g, g->n < 4 ? g->n : 4) :
			rg_below(g, g->n);
		struct rg_value *v = &g->v[k];

		if (v->type == RG_F32 && v->rank >= min_rank &&
		    v->bound <= RG_BOUND && (v->exact || !exact))
			return v;
	}
	return NULL;
}

/* Numbers that F16 holds too: multiples of 1/8 in -4..4. */
static inline float rg_number(struct rg *g)
{
	return (rg_below(g, 65) - 32) / 8.0f;
}

/* A graph input, or an initializer, of the shape in @v. */
static inline void rg_source(struct rg *g, struct rg_value *v, bool input)
{
	int64_t n = rg_count(v), i;
	char shape[100] = "";
	float *data;

	v->exact = v->source = true;
	v->bound = 4;
	if (input) {
		for (i = 0; i < v->rank; i++)
			snprintf(shape + strlen(shape), 20, "%s%lld", i ? "," : "",
				 (long long)v->dims[i]);
		mm_input(g->m, v->name, v->type, shape);
		return;
	}
	data = malloc(n * sizeof(*data));
	for (i = 0; i < n; i++)
		data[i] = rg_number(g);
	mm_init(g->m, mm_tensor(v->name, v->type, v->rank, v->dims, data,
				n * sizeof(*data)));
	free(data);
}

/* The name of a new int64 initializer. */
static inline const char *rg_ints(struct rg *g, char name[16], int rank,
				  const int64_t *dims, const int64_t *data)
{
	int64_t n = 1;
	int i;

	for (i = 0; i < rank; i++)
		n *= dims[i];
	snprintf(name, 16, "c%d", g->consts++);
	mm_init(g->m, mm_tensor(name, RG_I64, rank, dims, data, n * 8));
	return name;
}

static inline const char *rg_list(struct rg *g, char name[16], int64_t n,
				  const int64_t *data)
{
	return rg_ints(g, name, 1, &n, data);
}

/* A node of one to three inputs and one output. */
static inline Onnx__NodeProto *rg_node(struct rg *g, const char *op,
				       const char *a, const char *b,
				       const char *c, const char *out)
{
	char in[64];

	snprintf(in, sizeof(in), "%s%s%s%s%s", a, b ? "," : "", b ? b : "",
		 c ? "," : "", c ? c : "");
	return mm_node(g->m, op, in, out);
}

static inline void rg_attr_ints(Onnx__NodeProto *n, const char *name, int count,
				const int64_t *v)
{
	Onnx__AttributeProto *a = mm_attr(n, name, 7);
	int i;

	for (i = 0; i < count; i++)
		MM_PUSH(a->ints, a->n_ints, v[i]);
}

/* An axis of @v as ONNX may write it: from either end. */
static inline int64_t rg_axis(struct rg *g, const struct rg_value *v, int *axis)
{
	*axis = rg_below(g, v->rank);
	return rg_coin(g) ? *axis : *axis - v->rank;
}

/* A graph of about @nodes operators. mm_free(g->m) when done. */
static inline void rg_make(struct rg *g, uint64_t seed, int nodes);

#include "tests/onnx/random_ops.h"

static inline void rg_output(struct rg *g, const struct rg_value *v)
{
	char shape[100] = "";
	Onnx__ValueInfoProto *p;
	int i;

	for (i = 0; i < v->rank; i++)
		snprintf(shape + strlen(shape), 20, "%s%lld", i ? "," : "",
			 (long long)v->dims[i]);
	p = mm_value(v->name, v->type, shape);
	MM_PUSH(g->m->graph->output, g->m->graph->n_output, p);
}

static inline void rg_make(struct rg *g, uint64_t seed, int nodes)
{
	int i, first;

	*g = (struct rg){ .m = mm_model(17), .rng = seed * 0x2545f4914f6cdd1d };
	for (i = 1 + rg_below(g, 3); i; i--) {
		struct rg_value *v = rg_new(g, RG_F32);

		rg_shape(g, v, rg_below(g, RG_RANK + 1));
		rg_source(g, v, true);
	}
	first = g->n;
	for (i = 0; i < 50 * nodes && g->n < first + nodes; i++)
		rg_ops[rg_below(g, sizeof(rg_ops) / sizeof(rg_ops[0]))](g);
	/* what nobody reads, and now and then what somebody does */
	for (i = first; i < g->n; i++)
		if (!g->v[i].source && (!g->v[i].used || !rg_below(g, 6)))
			rg_output(g, &g->v[i]);
}

#endif
