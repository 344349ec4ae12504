// SPDX-License-Identifier: MIT
/* A program, without its streams, as a protobuf message. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/arena.h"
#include "qpc/parts.h"
#include "qpc/qaic_program.pb-c.h"

/* ---- writing ---- */

static char *text(const char *s)
{
	return (char *)(s ? s : "");
}

/* @n messages of @size bytes, and pointers to them. */
static void *list(struct qpc_arena *a, size_t n, size_t size, void ***ptrs)
{
	char *objs = qpc_arena_alloc(a, n, size);
	size_t i;

	*ptrs = qpc_arena_alloc(a, n, sizeof(void *));
	if (!objs || !*ptrs)
		return NULL;
	for (i = 0; i < n; i++)
		(*ptrs)[i] = objs + i * size;
	return objs;
}

static void put_binding(Qaicprog__Tensor *t, const struct qpc_binding *b,
			bool card)
{
	qaicprog__tensor__init(t);
	if (!card)
		t->name = text(b->name);
	t->dtype = b->dtype;
	t->n_dims = b->rank;
	t->dims = (uint32_t *)b->dims;
	t->size = b->size;
	t->ddr_off = b->ddr_off;
	t->output = b->output;
}

static void put_state(Qaicprog__Tensor *t, const struct qpc_state *s, bool card)
{
	qaicprog__tensor__init(t);
	if (!card) {
		t->name = text(s->name);
		t->output_name = text(s->output);
	}
	t->dtype = s->dtype;
	t->n_dims = s->rank;
	t->dims = (uint32_t *)s->dims;
	t->size = s->size;
	t->ddr_off = s->ddr_off;
}

static bool put_spec(struct qpc_arena *a, Qaicprog__Spec *m,
		     const struct qpc_spec *s, bool card)
{
	Qaicprog__Tensor *t;
	Qaicprog__Symbol *y;
	void **ptrs;
	uint32_t i;

	qaicprog__spec__init(m);
	t = list(a, s->num_bindings, sizeof(*t), &ptrs);
	if (!t)
		return false;
	for (i = 0; i < s->num_bindings; i++)
		put_binding(&t[i], &s->bindings[i], card);
	m->bindings = (Qaicprog__Tensor **)ptrs;
	m->n_bindings = s->num_bindings;
	if (card)
		return true;
	m->name = text(s->name);
	y = list(a, s->num_symbols, sizeof(*y), &ptrs);
	if (!y)
		return false;
	for (i = 0; i < s->num_symbols; i++) {
		qaicprog__symbol__init(&y[i]);
		y[i].name = text(s->symbols[i].name);
		y[i].value = s->symbols[i].value;
	}
	m->symbols = (Qaicprog__Symbol **)ptrs;
	m->n_symbols = s->num_symbols;
	return true;
}

static bool put_program(struct qpc_arena *a, Qaicprog__Program *m,
			const struct qpc_program *p, bool card)
{
	Qaicprog__Tensor *t;
	Qaicprog__Spec *s;
	void **ptrs;
	uint32_t i;

	m->format_version = QPC_FORMAT_VERSION;
	m->precision = p->precision;
	m->num_nsps = p->num_nsps;
	m->const_size = p->const_size;
	m->ddr_size = p->ddr_size;
	m->tcm_size = p->tcm_size;
	m->local_size = p->local_size;
	m->spread_size = p->spread_size;
	s = list(a, p->num_specs, sizeof(*s), &ptrs);
	for (i = 0; s && i < p->num_specs; i++)
		if (!put_spec(a, &s[i], &p->specs[i], card))
			return false;
	m->specs = (Qaicprog__Spec **)ptrs;
	m->n_specs = p->num_specs;
	t = list(a, p->num_states, sizeof(*t), &ptrs);
	for (i = 0; t && i < p->num_states; i++)
		put_state(&t[i], &p->states[i], card);
	m->states = (Qaicprog__Tensor **)ptrs;
	m->n_states = p->num_states;
	if (!card) {
		m->profiling = p->profiling;
		m->name = text(p->name);
		m->compiler = text(p->compiler);
		m->nodes = qpc_arena_alloc(a, p->num_nodes, sizeof(char *));
		for (i = 0; m->nodes && i < p->num_nodes; i++)
			m->nodes[i] = text(p->nodes[i]);
		m->n_nodes = p->num_nodes;
	}
	return !a->failed;
}

int qpc_progdesc_pack(const struct qpc_program *prog, bool card,
		      struct qaic_str *out)
{
	Qaicprog__Program m = QAICPROG__PROGRAM__INIT;
	struct qpc_arena a = { NULL, false };
	uint8_t *buf = NULL;
	size_t len;
	int rc = -ENOMEM;

	if (!put_program(&a, &m, prog, card))
		goto out;
	len = qaicprog__program__get_packed_size(&m);
	buf = malloc(len ? len : 1);
	if (!buf)
		goto out;
	qaicprog__program__pack(&m, buf);
	qaic_str_add(out, (char *)buf, len);
	rc = out->failed ? -ENOMEM : 0;
out:
	free(buf);
	qpc_arena_free(&a);
	return rc;
}

/* ---- reading ---- */

static char *take(const char *s, bool *failed)
{
	char *copy = strdup(s);

	*failed |= !copy;
	return copy;
}

static void *take_array(size_t n, size_t size, bool *failed)
{
	void *p = calloc(n ? n : 1, size);

	*failed |= !p;
	return p;
}

/* dims beyond the rank limit are cut; the rank keeps telling (verifier) */
static uint32_t take_dims(const Qaicprog__Tensor *t, uint32_t dims[QPC_MAX_RANK])
{
	size_t n = t->n_dims < QPC_MAX_RANK ? t->n_dims : QPC_MAX_RANK;

	if (n)
		memcpy(dims, t->dims, n * sizeof(*dims));
	return t->n_dims > UINT32_MAX ? UINT32_MAX : t->n_dims;
}

static void get_spec(struct qpc_spec *s, const Qaicprog__Spec *m, bool *failed)
{
	uint32_t i;

	s->name = take(m->name, failed);
	s->symbols = take_array(m->n_symbols, sizeof(*s->symbols), failed);
	s->bindings = take_array(m->n_bindings, sizeof(*s->bindings), failed);
	if (*failed)
		return;
	s->num_symbols = m->n_symbols;
	for (i = 0; i < s->num_symbols; i++) {
		s->symbols[i].name = take(m->symbols[i]->name, failed);
		s->symbols[i].value = m->symbols[i]->value;
	}
	s->num_bindings = m->n_bindings;
	for (i = 0; i < s->num_bindings; i++) {
		const Qaicprog__Tensor *t = m->bindings[i];
		struct qpc_binding *b = &s->bindings[i];

		b->name = take(t->name, failed);
		b->dtype = t->dtype;
		b->rank = take_dims(t, b->dims);
		b->size = t->size;
		b->ddr_off = t->ddr_off;
		b->output = t->output;
	}
}

static void get_states(struct qpc_program *p, const Qaicprog__Program *m,
		       bool *failed)
{
	uint32_t i;

	p->states = take_array(m->n_states, sizeof(*p->states), failed);
	if (*failed)
		return;
	p->num_states = m->n_states;
	for (i = 0; i < p->num_states; i++) {
		const Qaicprog__Tensor *t = m->states[i];
		struct qpc_state *s = &p->states[i];

		s->name = take(t->name, failed);
		s->output = take(t->output_name, failed);
		s->dtype = t->dtype;
		s->rank = take_dims(t, s->dims);
		s->size = t->size;
		s->ddr_off = t->ddr_off;
	}
}

static void get_program(struct qpc_program *p, const Qaicprog__Program *m,
			bool *failed)
{
	uint32_t i;

	p->name = take(m->name, failed);
	p->compiler = take(m->compiler, failed);
	p->precision = m->precision;
	p->profiling = m->profiling;
	p->num_nsps = m->num_nsps;
	p->const_size = m->const_size;
	p->ddr_size = m->ddr_size;
	p->tcm_size = m->tcm_size;
	p->local_size = m->local_size;
	p->spread_size = m->spread_size;
	get_states(p, m, failed);
	p->specs = take_array(m->n_specs, sizeof(*p->specs), failed);
	p->nodes = take_array(m->n_nodes, sizeof(*p->nodes), failed);
	if (*failed)
		return;
	p->num_specs = m->n_specs;
	for (i = 0; i < p->num_specs && !*failed; i++)
		get_spec(&p->specs[i], m->specs[i], failed);
	p->num_nodes = m->n_nodes;
	for (i = 0; i < p->num_nodes; i++)
		p->nodes[i] = take(m->nodes[i], failed);
}

const char *qpc_profiling_name(uint32_t profiling)
{
	static const char *const name[QPC_PROFILING_COUNT] = {
		[QPC_PROFILING_LATENCY] = "latency",
		[QPC_PROFILING_STATS] = "stats",
		[QPC_PROFILING_TRACE] = "trace",
	};

	return profiling < QPC_PROFILING_COUNT ? name[profiling] : NULL;
}

int qpc_progdesc_unpack(const struct qpc_blob *blob, const char *what,
			struct qpc_program *prog, struct qaic_err *err)
{
	Qaicprog__Program *m;
	bool failed = false;
	int rc = 0;

	if (!blob->data)
		return qaic_fail(err, -EINVAL,
				 "no %s: not a program of this compiler", what);
	if (blob->size > QPC_MAX_DESC)
		return qaic_fail(err, -EINVAL, "%s: %zu bytes, at most %u",
				 what, blob->size, QPC_MAX_DESC);
	m = qaicprog__program__unpack(NULL, blob->size, blob->data);
	if (!m)
		return qaic_fail(err, -EINVAL, "%s: not a protobuf message",
				 what);
	if (m->format_version != QPC_FORMAT_VERSION)
		rc = qaic_fail(err, -EINVAL,
			       "%s: format version %u, this is version %u; compile again",
			       what, m->format_version, QPC_FORMAT_VERSION);
	else if (m->n_specs > QPC_MAX_SPECS)
		rc = qaic_fail(err, -EINVAL, "%s: %zu specializations, at most %u",
			       what, m->n_specs, QPC_MAX_SPECS);
	else if (m->profiling >= QPC_PROFILING_COUNT)
		rc = qaic_fail(err, -EINVAL, "%s: profiling type %u, at most %u",
			       what, m->profiling, QPC_PROFILING_COUNT - 1);
	else
		get_program(prog, m, &failed);
	if (failed)
		rc = qaic_fail(err, -ENOMEM, "%s: out of memory", what);
	qaicprog__program__free_unpacked(m, NULL);
	return rc;
}
