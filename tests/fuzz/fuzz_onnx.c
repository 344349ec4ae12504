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
	struct fuzz_target t[3];
	size_t i;
	int rc;

	fd = memfd_create("onnx", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t[0] = target("decoder", seed_decoder());
	t[1] = target("mixed", seed_mixed());
	t[2] = target("indexed", seed_indexed());
	rc = fuzz_main(argc, argv, t, 3);
	for (i = 0; i < 3; i++)
		free((void *)t[i].seed);
	close(fd);
	return rc;
}
