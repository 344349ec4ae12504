// SPDX-License-Identifier: MIT
/*
 * Mutated ONNX files: opened, built into a graph, and evaluated if the graph is
 * small. Whatever they say, there is an error message or a graph.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compiler/eval.h"
#include "tests/fuzz/mutate.h"
#include "tests/onnx/seed_models.h"

#define SMALL (16 << 20)

static int fd;
static char path[64];
static const struct qaicc_symbol symbols[] = { { "N", 2 }, { "S", 3 } };

/* Every value's bytes; a constant must also be readable to its end. */
static uint64_t touch(const struct qc_graph *g)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < g->num_values; i++) {
		const struct qc_value *v = g->values[i];
		int64_t n = qc_numel(v);
		uint8_t last[8];

		sum += qc_eval_size(v);
		if (v->cst && n)
			qc_tensor_read(v->cst, n - 1, 1, v->dtype, last);
	}
	return sum;
}

static int evaluate(void)
{
	struct qaic_err err = QAIC_ERR_INIT;
	const void *in[64];
	struct qaicc_tensor t;
	struct qaicc_ref *ref;
	size_t i, n;
	void *zeros;
	int bad = 0;

	if (qaicc_ref_open(path, symbols, 2, &ref, &err))
		return 1;
	n = qaicc_ref_num_inputs(ref);
	zeros = calloc(1, SMALL);
	for (i = 0; i < n && i < 64; i++) {
		qaicc_ref_input(ref, i, &t);
		in[i] = zeros;
	}
	if (n <= 64 && qaicc_ref_run(ref, in, &err))
		bad = !err.msg[0];
	free(zeros);
	qaicc_ref_close(ref);
	return bad;
}

static int run(const void *data, size_t len, void *ctx)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_model *m;
	struct qc_graph *g;
	int bad = 0, small;

	if (ftruncate(fd, 0) || pwrite(fd, data, len, 0) != (ssize_t)len)
		return 1;
	if (qc_model_open(path, &m, &err))
		return !err.msg[0];
	if (qc_graph_build(m, symbols, 2, &g, &err)) {
		bad = !err.msg[0];
	} else {
		small = touch(g) < SMALL;
		qc_graph_free(g);
		if (small)
			bad = evaluate();
	}
	qc_model_close(m);
	return bad;
}

/*
 * Structure: the input picks edits of a valid model, so that what comes out is
 * still a protobuf and reaches the shape rules and evaluations.
 */
static int64_t odd_number(struct fuzz_rng *r)
{
	static const int64_t odd[] = { 0, 1, -1, 2, 3, -2, 7, 255, 65536,
		INT32_MAX, INT32_MIN, 1ll << 40, INT64_MAX, INT64_MIN,
		1ll << 62, -(1ll << 62), 1000003, 4, 8, 5 };

	return odd[fuzz_below(r, sizeof(odd) / sizeof(*odd))];
}

static const char *any_name(struct fuzz_rng *r, const Onnx__GraphProto *g)
{
	const Onnx__NodeProto *n;

	if (!fuzz_below(r, 3))
		return g->initializer[fuzz_below(r, g->n_initializer)]->name;
	if (!fuzz_below(r, 3))
		return g->input[fuzz_below(r, g->n_input)]->name;
	n = g->node[fuzz_below(r, g->n_node)];
	return n->n_output ? n->output[0] : "";
}

static void edit_tensor(struct fuzz_rng *r, Onnx__TensorProto *t)
{
	static const int kinds[] = { 1, 2, 3, 6, 7, 9, 10, 11, 16, 13 };
	int64_t v = odd_number(r);

	switch (fuzz_below(r, 4)) {
	case 0:
		if (t->n_dims)
			t->dims[fuzz_below(r, t->n_dims)] = v;
		break;
	case 1:
		t->data_type = kinds[fuzz_below(r, 10)];
		break;
	default:
		if (t->raw_data.len >= 8)
			memcpy(t->raw_data.data +
			       8 * fuzz_below(r, t->raw_data.len / 8), &v, 8);
	}
}

static void edit_node(struct fuzz_rng *r, const Onnx__GraphProto *g,
		      Onnx__NodeProto *n)
{
	const Onnx__NodeProto *other = g->node[fuzz_below(r, g->n_node)];
	Onnx__AttributeProto *a;
	char **name, *copy;

	switch (fuzz_below(r, 5)) {
	case 0:
		if (other == n)
			break;
		free(n->op_type);
		n->op_type = strdup(other->op_type);
		free(n->domain);
		n->domain = other->domain ? strdup(other->domain) : NULL;
		break;
	case 1:
	case 2:
		if (!n->n_input)
			break;
		name = &n->input[fuzz_below(r, n->n_input)];
		copy = strdup(any_name(r, g));
		free(*name);
		*name = copy;
		break;
	case 3:
		copy = strdup(any_name(r, g));
		MM_PUSH(n->input, n->n_input, copy);
		break;
	default:
		if (!n->n_attribute) {
			mm_attr_int(n, "axis", odd_number(r));
			break;
		}
		a = n->attribute[fuzz_below(r, n->n_attribute)];
		a->i = odd_number(r);
		a->f = (float)odd_number(r);
		if (a->n_ints)
			a->ints[fuzz_below(r, a->n_ints)] = odd_number(r);
		if (a->t)
			edit_tensor(r, a->t);
	}
}

static void edit(struct fuzz_rng *r, Onnx__ModelProto *m)
{
	Onnx__GraphProto *g = m->graph;
	Onnx__TensorShapeProto *s;

	switch (fuzz_below(r, 8)) {
	case 0:
		m->opset_import[0]->version = (int64_t)fuzz_below(r, 26);
		break;
	case 1:
		s = g->input[fuzz_below(r, g->n_input)]->type->tensor_type->shape;
		s->dim[0]->has_dim_value = 1;
		free(s->dim[0]->dim_param);
		s->dim[0]->dim_param = NULL;
		s->dim[0]->dim_value = (int64_t)fuzz_below(r, 9);
		break;
	case 2:
	case 3:
		edit_tensor(r, g->initializer[fuzz_below(r, g->n_initializer)]);
		break;
	default:
		edit_node(r, g, g->node[fuzz_below(r, g->n_node)]);
	}
}

static int structure(const void *data, size_t len, void *ctx)
{
	static Onnx__ModelProto *(*const seeds[])(void) = {
		seed_decoder, seed_mixed, seed_indexed,
	};
	struct fuzz_rng r = { 1 };
	const uint8_t *p = data;
	Onnx__ModelProto *m;
	uint8_t *buf;
	size_t i;
	int bad;

	for (i = 0; i < len; i++)
		r.s = r.s * 6364136223846793005ull + p[i] + 1;
	m = seeds[fuzz_below(&r, 3)]();
	for (i = 1 + fuzz_below(&r, 4); i; i--)
		edit(&r, m);
	len = onnx__model_proto__get_packed_size(m);
	buf = malloc(len);
	onnx__model_proto__pack(m, buf);
	mm_free(m);
	bad = run(buf, len, NULL);
	free(buf);
	return bad;
}

static struct fuzz_target target(const char *name, Onnx__ModelProto *m)
{
	size_t len = onnx__model_proto__get_packed_size(m);
	uint8_t *buf = malloc(len);

	onnx__model_proto__pack(m, buf);
	mm_free(m);
	return (struct fuzz_target){ .name = name, .seed = buf, .seed_len = len,
				     .run = run };
}

int main(int argc, char **argv)
{
	struct fuzz_target t[4];
	size_t i;
	int rc;

	fd = memfd_create("onnx", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t[0] = target("decoder", seed_decoder());
	t[1] = target("mixed", seed_mixed());
	t[2] = target("indexed", seed_indexed());
	t[3] = (struct fuzz_target){ .name = "structure", .run = structure,
				     .seed = "the bytes choose the edits",
				     .seed_len = 26 };
	rc = fuzz_main(argc, argv, t, 4);
	for (i = 0; i < 3; i++)
		free((void *)t[i].seed);
	close(fd);
	return rc;
}
