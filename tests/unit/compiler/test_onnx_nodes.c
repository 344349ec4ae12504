// SPDX-License-Identifier: MIT
/*
 * ONNX's own node tests (Debian: libonnx-testdata), run through the reference
 * evaluation. Tests of operators and types that we do not have are skipped and
 * counted; every other one must pass.
 *
 * QAIC_ONNX_NODE=name runs one test; QAIC_ONNX_SKIPS=1 says why tests are skipped.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "compiler/convert.h"
#include "compiler/model.h"

#define ROOT "/usr/share/libonnx-testdata/data/node"
#define MAX_IO 64

/* Tests that cannot be run as they are. */
static const struct {
	const char *prefix, *why;
} by_design[] = {
	{ "training_dropout", "training mode" },
	{ "dropout_random", "training mode" },
	{ "castlike_BFLOAT16_to_FLOAT", "data smaller than its shape" },
	{ "castlike_FLOAT_to_BFLOAT16", "data smaller than its shape" },
};

struct io {
	Onnx__TensorProto *proto;
	struct qc_tensor t;
	void *data;		/* in its own type, contiguous */
};

static char *only, *say_skips;

static void *heap_alloc(void *data, size_t size)
{
	return malloc(size);
}

static void heap_free(void *data, void *p)
{
	free(p);
}

/* stands in for the allocator of a model's unpacker */
static const ProtobufCAllocator heap = { heap_alloc, heap_free, NULL };

static int load_pb(const char *dir, const char *kind, int i, struct io *io)
{
	char path[600];
	struct qaic_map map;
	struct qc_model dummy = { .path = path };
	int rc;

	snprintf(path, sizeof(path), "%s/test_data_set_0/%s_%d.pb", dir, kind, i);
	rc = qaic_map_file(&map, path, NULL);
	if (rc)
		return rc;
	io->proto = onnx__tensor_proto__unpack(NULL, map.size, map.data);
	qaic_unmap_file(&map);
	if (!io->proto)
		return -EINVAL;
	dummy.alloc = heap;
	rc = qc_model_tensor(&dummy, io->proto, kind, NULL);
	if (rc)
		return rc;
	qc_tensor_of_proto(io->proto, &io->t);
	io->data = io->proto->raw_data.data;
	return 0;
}

static void unload(struct io *io)
{
	if (io->proto)
		onnx__tensor_proto__free_unpacked(io->proto, NULL);
	memset(io, 0, sizeof(*io));
}

/*
 * Node tests feed shape operands (Reshape's shape, axes, k) as inputs. Ours are
 * compiled with constants: the model's inputs other than floats become
 * initializers when the model does not build without.
 */
static int write_folded(const char *dir, struct io *in, size_t n, bool all,
			char *path)
{
	Onnx__ModelProto *m;
	Onnx__GraphProto *g;
	struct qaic_map map;
	char model[600];
	uint8_t *buf;
	size_t len, i, k = 0;
	FILE *f;
	int fd;

	snprintf(model, sizeof(model), "%s/model.onnx", dir);
	if (qaic_map_file(&map, model, NULL))
		return -1;
	m = onnx__model_proto__unpack(NULL, map.size, map.data);
	qaic_unmap_file(&map);
	if (!m)
		return -1;
	g = m->graph;
	g->initializer = realloc(g->initializer,
				 (g->n_initializer + n + 1) * sizeof(void *));
	for (i = 0; i < n && i < g->n_input; i++) {
		if (!in[i].proto || (!all && qaic_dtype_is_float(in[i].t.dtype)))
			continue;
		free(in[i].proto->name);
		in[i].proto->name = strdup(g->input[i]->name);
		in[i].proto->has_raw_data = 1;
		g->initializer[g->n_initializer++] = in[i].proto;
		k++;
	}
	len = onnx__model_proto__get_packed_size(m);
	buf = malloc(len);
	onnx__model_proto__pack(m, buf);
	strcpy(path, "/tmp/qaic-onnx-node-XXXXXX");
	fd = mkstemp(path);
	f = fdopen(fd, "wb");
	fwrite(buf, 1, len, f);
	fclose(f);
	free(buf);
	g->n_initializer -= k;
	onnx__model_proto__free_unpacked(m, NULL);
	return 0;
}

static bool close_enough(const struct qaicc_tensor *got, const struct io *want,
			 char *why, size_t size)
{
	int64_t i, n = qc_tensor_numel(&want->t);
	size_t esize = qaic_dtype_size(want->t.dtype);
	uint32_t k;
	double a, b;

	/* the test data has bfloat16 as uint16 bits, cut where we round */
	if (got->dtype == QAIC_BF16 && want->t.dtype == QAIC_U16) {
		for (i = 0; i < n; i++)
			if (abs(((uint16_t *)got->data)[i] -
				((uint16_t *)want->data)[i]) > 1)
				return false;
		return true;
	}
	if (got->dtype != want->t.dtype || got->rank != want->t.rank) {
		snprintf(why, size, "%s rank %u, not %s rank %u",
			 qaic_dtype_name(got->dtype), got->rank,
			 qaic_dtype_name(want->t.dtype), want->t.rank);
		return false;
	}
	for (k = 0; k < got->rank; k++) {
		if (got->dims[k] != want->t.dim[k]) {
			snprintf(why, size, "dimension %u is %lld, not %lld", k,
				 (long long)got->dims[k],
				 (long long)want->t.dim[k]);
			return false;
		}
	}
	for (i = 0; i < n; i++) {
		a = qc_load_f64((uint8_t *)got->data + i * esize, got->dtype);
		b = qc_load_f64((uint8_t *)want->data + i * esize, got->dtype);
		if (isnan(a) && isnan(b))
			continue;
		/* ONNX's runner: rtol 1e-3, atol 1e-7 */
		if (!(a == b || (qaic_dtype_is_float(got->dtype) &&
				 fabs(a - b) <= 1e-6 + 1e-3 * fabs(b)))) {
			snprintf(why, size, "element %lld is %g, not %g",
				 (long long)i, a, b);
			return false;
		}
	}
	return true;
}

enum result { PASSED, FAILED, SKIPPED };

static enum result compare(struct qaicc_ref *ref, const char *dir,
			   struct io *in, size_t num_in, char *why, size_t size)
{
	const void *args[MAX_IO] = { NULL };
	struct qaicc_tensor t;
	struct qaic_err err = QAIC_ERR_INIT;
	struct io out = { NULL };
	size_t i, k;
	bool same;

	/* the graph's inputs are those that did not become initializers */
	for (i = 0; i < qaicc_ref_num_inputs(ref); i++) {
		qaicc_ref_input(ref, i, &t);
		for (k = 0; k < num_in; k++)
			if (in[k].proto && in[k].proto->name &&
			    !strcmp(in[k].proto->name, t.name) &&
			    in[k].proto->raw_data.len == t.size)
				args[i] = in[k].data ? in[k].data : "";
		if (!args[i]) {
			snprintf(why, size, "no data of that size for input %s", t.name);
			return FAILED;
		}
	}
	if (qaicc_ref_run(ref, args, &err)) {
		snprintf(why, size, "%s", err.msg);
		return err.code == -EOPNOTSUPP ? SKIPPED : FAILED;
	}
	for (i = 0; i < qaicc_ref_num_outputs(ref); i++) {
		if (load_pb(dir, "output", (int)i, &out)) {
			unload(&out);
			snprintf(why, size, "output %zu cannot be read", i);
			return SKIPPED;
		}
		qaicc_ref_output(ref, i, &t);
		same = close_enough(&t, &out, why, size);
		unload(&out);
		if (!same)
			return FAILED;
	}
	return PASSED;
}

/* Inputs of the proto are matched by position; give the data their names. */
static int name_inputs(const char *dir, struct io *in, size_t *n)
{
	struct qaic_map map;
	char path[600];
	Onnx__ModelProto *m;
	size_t i;
	int rc = 0;

	snprintf(path, sizeof(path), "%s/model.onnx", dir);
	if (qaic_map_file(&map, path, NULL))
		return -1;
	m = onnx__model_proto__unpack(NULL, map.size, map.data);
	qaic_unmap_file(&map);
	if (!m || m->graph->n_input > MAX_IO) {
		rc = -1;
	} else {
		*n = m->graph->n_input;
		for (i = 0; i < *n && !rc; i++) {
			rc = load_pb(dir, "input", (int)i, &in[i]);
			if (!rc) {
				free(in[i].proto->name);
				in[i].proto->name =
					strdup(m->graph->input[i]->name);
			}
		}
	}
	if (m)
		onnx__model_proto__free_unpacked(m, NULL);
	return rc;
}

static enum result run_node_test(const char *dir, char *why, size_t size)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaicc_ref *ref = NULL;
	struct io in[MAX_IO];
	char path[600];
	size_t n = 0, i;
	enum result r = SKIPPED;
	int pass, rc = -1;

	memset(in, 0, sizeof(in));
	if (name_inputs(dir, in, &n)) {
		snprintf(why, size, "an input is not a tensor that we know");
		goto out;
	}
	/* as it is; with integer inputs as constants; with all */
	snprintf(path, sizeof(path), "%s/model.onnx", dir);
	rc = qaicc_ref_open(path, NULL, 0, &ref, &err);
	for (pass = 0; pass < 2 && rc; pass++) {
		if (write_folded(dir, in, n, pass == 1, path))
			goto out;
		rc = qaicc_ref_open(path, NULL, 0, &ref, &err);
		unlink(path);
	}
	if (rc) {
		snprintf(why, size, "%s", err.msg);
		r = rc == -EOPNOTSUPP ? SKIPPED : FAILED;
		goto out;
	}
	r = compare(ref, dir, in, n, why, size);
out:
	qaicc_ref_close(ref);
	for (i = 0; i < MAX_IO; i++)
		unload(&in[i]);
	return r;
}

static void node_tests(void **state)
{
	unsigned int count[3] = { 0 }, i;
	struct dirent **list;
	char dir[400], why[600];
	const char *name;
	enum result r;
	int n, k;

	n = scandir(ROOT, &list, NULL, alphasort);
	if (n < 0) {
		print_message("skipped: %s is missing (Debian: libonnx-testdata)\n",
			      ROOT);
		skip();
	}
	for (k = 0; k < n; k++) {
		name = list[k]->d_name;
		if (strncmp(name, "test_", 5) ||
		    (only && strcmp(only, name + 5)))
			goto next;
		for (i = 0; i < QAIC_ARRAY_SIZE(by_design); i++)
			if (!strncmp(name + 5, by_design[i].prefix,
				     strlen(by_design[i].prefix)))
				break;
		if (i < QAIC_ARRAY_SIZE(by_design)) {
			if (say_skips)
				print_message("skipped %s: %s\n", name,
					      by_design[i].why);
			count[SKIPPED]++;
			goto next;
		}
		snprintf(dir, sizeof(dir), "%s/%s", ROOT, name);
		why[0] = '\0';
		r = run_node_test(dir, why, sizeof(why));
		count[r]++;
		if (r == FAILED || ((only || say_skips) && r == SKIPPED))
			print_message("%s %s: %s\n", r == FAILED ? "FAILED" :
				      "skipped", name, why);
next:
		free(list[k]);
	}
	free(list);
	print_message("ONNX node tests: %u passed, %u failed, %u skipped (operators or types we do not have)\n",
		      count[PASSED], count[FAILED], count[SKIPPED]);
	assert_int_equal(count[FAILED], 0);
	assert_true(only || count[PASSED] > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(node_tests) };

	only = getenv("QAIC_ONNX_NODE");
	say_skips = getenv("QAIC_ONNX_SKIPS");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
