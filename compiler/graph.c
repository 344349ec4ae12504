// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "compiler/graph_priv.h"

/* ---- memory ---- */

#define CHUNK_SIZE 65536
#define ALIGNMENT 64		/* of data: a cache line */
#define MAX_TOTAL (6ull << 30)	/* a graph that needs more is not an honest one */

struct qc_chunk {
	struct qc_chunk *next;
	void *mem;
};

/* Zeroed memory of its own chunk. */
static uint8_t *chunk_new(struct qc_arena *a, size_t size)
{
	struct qc_chunk *c = malloc(sizeof(*c));
	uint8_t *mem;

	if (!c)
		return NULL;
	c->mem = calloc(1, size + ALIGNMENT);
	if (!c->mem) {
		free(c);
		return NULL;
	}
	c->next = a->chunks;
	a->chunks = c;
	mem = c->mem;
	return mem + (-(uintptr_t)mem & (ALIGNMENT - 1));
}

void *qc_alloc(struct qc_graph *g, size_t size)
{
	struct qc_arena *a = g->arena;
	uint8_t *p;

	if (size > MAX_TOTAL)
		return NULL;
	size = qaic_align(size ? size : 1, 16);
	if (a->total + size > MAX_TOTAL)
		return NULL;
	a->total += size;
	if (size > CHUNK_SIZE / 4)
		return chunk_new(a, size);
	if (size > a->left) {
		p = chunk_new(a, CHUNK_SIZE);
		if (!p)
			return NULL;
		a->at = p;
		a->left = CHUNK_SIZE;
	}
	p = a->at;
	a->at += size;
	a->left -= size;
	return p;
}

char *qc_strdup(struct qc_graph *g, const char *s)
{
	size_t len = strlen(s) + 1;
	char *copy = qc_alloc(g, len);

	if (copy)
		memcpy(copy, s, len);
	return copy;
}

struct qc_graph *qc_graph_new(const char *name)
{
	struct qc_graph *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->arena = calloc(1, sizeof(struct qc_arena));
	if (!g->arena) {
		free(g);
		return NULL;
	}
	g->name = qc_strdup(g, name);
	if (!g->name) {
		qc_graph_free(g);
		return NULL;
	}
	return g;
}

void qc_graph_free(struct qc_graph *g)
{
	struct qc_arena *a;
	struct qc_chunk *c;

	if (!g)
		return;
	a = g->arena;
	while ((c = a->chunks)) {
		a->chunks = c->next;
		free(c->mem);
		free(c);
	}
	qc_names_free(&a->names);
	free(a);
	free(g->values);
	free(g);
}

/* ---- values ---- */

static int grow_values(struct qc_graph *g)
{
	struct qc_arena *a = g->arena;
	uint32_t cap = a->cap_values ? a->cap_values * 2 : 256;
	struct qc_value **values;

	if (g->num_values < a->cap_values)
		return 0;
	if (cap > UINT32_MAX / 2)
		return -ENOMEM;
	values = realloc(g->values, cap * sizeof(*values));
	if (!values)
		return -ENOMEM;
	g->values = values;
	a->cap_values = cap;
	return 0;
}

/* The hint itself if no value has that name, else the hint and a number. */
static char *fresh_name(struct qc_graph *g, const char *hint, void *value)
{
	struct qc_arena *a = g->arena;
	size_t len = strlen(hint) + 16;
	char *name = qc_alloc(g, len);
	int rc;

	if (!name)
		return NULL;
	strcpy(name, hint);
	while ((rc = qc_names_add(&a->names, name, 0, value)) == -EEXIST)
		snprintf(name, len, "%s.%u", hint, ++a->fresh);
	return rc ? NULL : name;
}

struct qc_value *qc_value_new(struct qc_graph *g, const char *hint,
			      enum qaic_dtype dtype, uint32_t rank,
			      const int64_t *dim)
{
	struct qc_value *v;
	uint32_t i;

	if (rank > QC_MAX_RANK || grow_values(g))
		return NULL;
	v = qc_alloc(g, sizeof(*v));
	if (!v)
		return NULL;
	v->name = fresh_name(g, hint, v);
	if (!v->name)
		return NULL;
	v->dtype = dtype;
	v->rank = rank;
	for (i = 0; i < rank; i++)
		v->dim[i] = dim[i];
	v->id = g->num_values;
	g->values[g->num_values++] = v;
	return v;
}

struct qc_value *qc_value_const(struct qc_graph *g, const char *hint,
				const struct qc_tensor *t)
{
	struct qc_value *v = qc_value_new(g, hint, t->dtype, t->rank, t->dim);

	if (!v)
		return NULL;
	v->cst = qc_alloc(g, sizeof(*t));
	if (!v->cst)
		return NULL;
	*v->cst = *t;
	return v;
}

struct qc_value *qc_value_named(struct qc_graph *g, const char *name)
{
	struct qc_arena *a = g->arena;
	struct qc_name *found = qc_names_find(&a->names, name);

	return found ? found->ptr : NULL;
}

void qc_value_swap_names(struct qc_graph *g, struct qc_value *a,
			 struct qc_value *b)
{
	struct qc_arena *arena = g->arena;
	char *name = a->name;

	a->name = b->name;
	b->name = name;
	qc_names_find(&arena->names, a->name)->ptr = a;
	qc_names_find(&arena->names, b->name)->ptr = b;
}

int64_t qc_numel(const struct qc_value *v)
{
	int64_t n = 1;
	uint32_t i;

	for (i = 0; i < v->rank; i++)
		n *= v->dim[i];
	return n;
}

/* ---- nodes ---- */

struct qc_node *qc_node_new(struct qc_graph *g, struct qc_node *at,
			    const struct qc_op *op, const char *name,
			    struct qc_value *const *in, uint32_t num_in,
			    struct qc_value *const *out, uint32_t num_out)
{
	struct qc_node *n = qc_alloc(g, sizeof(*n));
	uint32_t i;

	if (!n)
		return NULL;
	n->name = qc_strdup(g, name);
	n->in = qc_alloc(g, num_in * sizeof(*n->in));
	n->out = qc_alloc(g, num_out * sizeof(*n->out));
	if (!n->name || !n->in || !n->out)
		return NULL;
	n->id = g->num_nodes++;
	n->op = op;
	n->version = QC_NEWEST_VERSION;
	n->num_in = num_in;
	n->num_out = num_out;
	for (i = 0; i < num_in; i++) {
		n->in[i] = in[i];
		if (in[i])
			in[i]->num_uses++;
	}
	for (i = 0; i < num_out; i++) {
		n->out[i] = out[i];
		if (out[i])
			out[i]->def = n;
	}
	n->next = at;
	n->prev = at ? at->prev : g->last;
	*(n->prev ? &n->prev->next : &g->first) = n;
	*(at ? &at->prev : &g->last) = n;
	return n;
}

void qc_node_unlink(struct qc_graph *g, struct qc_node *n)
{
	uint32_t i;

	*(n->prev ? &n->prev->next : &g->first) = n->next;
	*(n->next ? &n->next->prev : &g->last) = n->prev;
	n->dead = true;
	for (i = 0; i < n->num_in; i++)
		if (n->in[i])
			n->in[i]->num_uses--;
	for (i = 0; i < n->num_out; i++)
		if (n->out[i] && n->out[i]->def == n)
			n->out[i]->def = NULL;
}

/* A graph output keeps its name: @to takes it, if it is free to. */
static bool take_output(struct qc_graph *g, struct qc_value *from,
			struct qc_value *to)
{
	uint32_t i;

	if (to->is_input || to->is_output)
		return false;
	for (i = 0; i < g->num_outputs; i++) {
		if (g->outputs[i] != from)
			continue;
		g->outputs[i] = to;
		from->num_uses--;
		to->num_uses++;
	}
	from->is_output = false;
	to->is_output = true;
	qc_value_swap_names(g, from, to);
	return true;
}

int qc_replace_uses(struct qc_graph *g, struct qc_value *from,
		    struct qc_value *to)
{
	struct qc_node *n;
	uint32_t i;
	int kept = 0;

	if (from == to)
		return 0;
	if (from->is_output && !take_output(g, from, to))
		kept = 1;
	for (n = g->first; n && from->num_uses; n = n->next) {
		for (i = 0; i < n->num_in; i++) {
			if (n->in[i] != from)
				continue;
			n->in[i] = to;
			from->num_uses--;
			to->num_uses++;
		}
	}
	return kept;
}

void qc_remove_dead(struct qc_graph *g)
{
	struct qc_node *n, *prev;
	uint32_t i, uses;

	/* backwards: what a dead node used may die after it */
	for (n = g->last; n; n = prev) {
		prev = n->prev;
		for (i = 0, uses = 0; i < n->num_out; i++)
			if (n->out[i] && n->out[i]->def == n)
				uses |= n->out[i]->num_uses;
		if (!uses)
			qc_node_unlink(g, n);
	}
}

/* ---- attributes ---- */

const struct qc_attr *qc_attr_find(const struct qc_node *n, const char *name)
{
	uint32_t i;

	for (i = 0; i < n->num_attrs; i++)
		if (!strcmp(n->attrs[i].name, name))
			return &n->attrs[i];
	return NULL;
}

int64_t qc_attr_int(const struct qc_node *n, const char *name, int64_t dflt)
{
	const struct qc_attr *a = qc_attr_find(n, name);

	return a && a->type == QC_ATTR_INT ? a->i : dflt;
}

float qc_attr_float(const struct qc_node *n, const char *name, float dflt)
{
	const struct qc_attr *a = qc_attr_find(n, name);

	return a && a->type == QC_ATTR_FLOAT ? a->f : dflt;
}

/* The attribute of that name, made if missing. */
static struct qc_attr *attr_slot(struct qc_graph *g, struct qc_node *n,
				 const char *name)
{
	const struct qc_attr *old = qc_attr_find(n, name);
	struct qc_attr *attrs;
	char *copy;

	if (old)
		return &n->attrs[old - n->attrs];
	attrs = qc_alloc(g, (n->num_attrs + 1) * sizeof(*attrs));
	copy = qc_strdup(g, name);
	if (!attrs || !copy)
		return NULL;
	if (n->num_attrs)
		memcpy(attrs, n->attrs, n->num_attrs * sizeof(*attrs));
	n->attrs = attrs;
	attrs[n->num_attrs].name = copy;
	return &attrs[n->num_attrs++];
}

int qc_attr_set_int(struct qc_graph *g, struct qc_node *n, const char *name,
		    int64_t v)
{
	struct qc_attr *a = attr_slot(g, n, name);

	if (!a)
		return -ENOMEM;
	*a = (struct qc_attr){ .name = a->name, .type = QC_ATTR_INT, .i = v };
	return 0;
}

int qc_attr_set_float(struct qc_graph *g, struct qc_node *n, const char *name,
		      float v)
{
	struct qc_attr *a = attr_slot(g, n, name);

	if (!a)
		return -ENOMEM;
	*a = (struct qc_attr){ .name = a->name, .type = QC_ATTR_FLOAT, .f = v };
	return 0;
}
