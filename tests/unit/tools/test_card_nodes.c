// SPDX-License-Identifier: MIT
/*
 * ONNX's own node tests, compiled and run on the embedded card: F32, three NSPs.
 *
 * The vectors are Debian's libonnx-testdata. A model whose compilation needs the
 * value of an integer input (the shape of a Reshape, the axes of a Slice) is
 * tried again with those inputs turned into initializers. Environment:
 * CARD_NODES=substring runs and reports only those, CARD_NODES_V=1 says why
 * others are skipped.
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

#include "base/f16.h"
#include "base/file.h"
#include "base/str.h"
#include "compiler/onnx.pb-c.h"
#include "compiler/qaicc.h"
#include "libqaic/qaic.h"

#define NODES "/usr/share/libonnx-testdata/data/node"
#define MAX_IO 64

struct tensor {
	Onnx__TensorProto *p;
	enum qaic_dtype dtype;
	size_t n;
	void *data;		/* in dtype, F64 and BF16 made F32 */
};

struct vectors {
	struct tensor in[MAX_IO], out[MAX_IO];
	size_t num_in, num_out;
};

static const enum qaic_dtype types[17] = {
	[1] = QAIC_F32, [2] = QAIC_U8, [3] = QAIC_I8, [4] = QAIC_U16,
	[5] = QAIC_I16, [6] = QAIC_I32, [7] = QAIC_I64, [9] = QAIC_BOOL,
	[10] = QAIC_F16, [11] = QAIC_F64, [12] = QAIC_U32, [13] = QAIC_U64,
	[16] = QAIC_BF16,
};

static bool known_type(int t)
{
	return t > 0 && t < 17 && (types[t] || t == 1);
}

/* The typed fields that the vectors use beside raw_data. */
static int64_t field(const Onnx__TensorProto *p, size_t i)
{
	if (i < p->n_int32_data)
		return p->int32_data[i];
	if (i < p->n_int64_data)
		return p->int64_data[i];
	if (i < p->n_uint64_data)
		return p->uint64_data[i];
	return 0;
}

static void fill(struct tensor *t, enum qaic_dtype raw_type)
{
	const Onnx__TensorProto *p = t->p;
	size_t es = qaic_dtype_size(raw_type), i;

	for (i = 0; i < t->n; i++) {
		uint8_t *to = (uint8_t *)t->data +
			      i * qaic_dtype_size(t->dtype);
		int64_t v = 0;
		double d = 0;

		if (p->has_raw_data && (i + 1) * es <= p->raw_data.len)
			memcpy(&v, p->raw_data.data + i * es, es);
		else if (i < p->n_double_data)
			memcpy(&v, &p->double_data[i], 8);
		else if (i < p->n_float_data)
			memcpy(&v, &p->float_data[i], 4);
		else
			v = field(p, i);
		if (raw_type == QAIC_F64) {
			memcpy(&d, &v, 8);
			*(float *)to = d;
		} else if (raw_type == QAIC_BF16) {
			*(float *)to = qaic_bf16_to_f32(v);
		} else {
			memcpy(to, &v, es);
		}
	}
}

static bool load_tensor(const char *path, struct tensor *t)
{
	struct qaic_map map;
	size_t i;

	if (qaic_map_file(&map, path, NULL))
		return false;
	t->p = onnx__tensor_proto__unpack(NULL, map.size, map.data);
	qaic_unmap_file(&map);
	if (!t->p || !known_type(t->p->data_type))
		return false;
	t->dtype = types[t->p->data_type];
	if (t->dtype == QAIC_F64 || t->dtype == QAIC_BF16)
		t->dtype = QAIC_F32;
	for (i = 0, t->n = 1; i < t->p->n_dims; i++) {
		/* a sequence or an optional looks like nonsense here */
		if (t->p->dims[i] < 0 || t->p->dims[i] > 1 << 20 ||
		    t->n > 1 << 20)
			return false;
		t->n *= t->p->dims[i];
	}
	if (t->p->has_raw_data &&
	    t->p->raw_data.len != t->n * qaic_dtype_size(
						types[t->p->data_type]))
		return false;
	t->data = calloc(t->n + 1, 8);
	fill(t, types[t->p->data_type]);
	return true;
}

static void free_vectors(struct vectors *v)
{
	size_t i;

	for (i = 0; i < MAX_IO; i++) {
		struct tensor *t[2] = { &v->in[i], &v->out[i] };
		int k;

		for (k = 0; k < 2; k++) {
			if (t[k]->p)
				onnx__tensor_proto__free_unpacked(t[k]->p, NULL);
			free(t[k]->data);
		}
	}
	memset(v, 0, sizeof(*v));
}

static bool load_vectors(const char *dir, struct vectors *v)
{
	char path[600];

	for (; v->num_in < MAX_IO; v->num_in++) {
		snprintf(path, sizeof(path), "%s/test_data_set_0/input_%zu.pb",
			 dir, v->num_in);
		if (!qaic_is_file(path))
			break;
		if (!load_tensor(path, &v->in[v->num_in]))
			return false;
	}
	for (; v->num_out < MAX_IO; v->num_out++) {
		snprintf(path, sizeof(path), "%s/test_data_set_0/output_%zu.pb",
			 dir, v->num_out);
		if (!qaic_is_file(path))
			break;
		if (!load_tensor(path, &v->out[v->num_out]))
			return false;
	}
	return v->num_out > 0;
}

static int compile(const char *onnx, const char *dir, struct qaic_err *err)
{
	struct qaicc_options o = { .onnx = onnx, .out_dir = dir,
				   .num_cores = 3 };

	return qaicc_compile(&o, NULL, err);
}

/* Write the model with its integer inputs as initializers. */
static bool bake(const char *onnx, struct vectors *v, const char *to)
{
	Onnx__ModelProto *m;
	Onnx__TensorProto **old;
	struct qaic_map map;
	size_t n0, i, k, len;
	uint8_t *buf;
	bool any = false;

	if (qaic_map_file(&map, onnx, NULL))
		return false;
	m = onnx__model_proto__unpack(NULL, map.size, map.data);
	qaic_unmap_file(&map);
	if (!m)
		return false;
	n0 = m->graph->n_initializer;
	old = m->graph->initializer;
	m->graph->initializer = calloc(n0 + MAX_IO, sizeof(*old));
	for (i = 0; i < n0; i++)
		m->graph->initializer[i] = old[i];
	for (i = 0; i < v->num_in; i++) {
		Onnx__TensorProto *p = v->in[i].p;

		if (v->in[i].dtype != QAIC_I64 && v->in[i].dtype != QAIC_I32 &&
		    !(i && v->in[i].n <= 1))
			continue;
		any = true;
		for (k = 0; k < m->graph->n_input; k++)
			if (p->name && !strcmp(m->graph->input[k]->name, p->name))
				m->graph->initializer[m->graph->n_initializer++]
					= p;
	}
	len = onnx__model_proto__get_packed_size(m);
	buf = malloc(len + 1);
	onnx__model_proto__pack(m, buf);
	if (any && qaic_write_file(to, buf, len, NULL))
		any = false;
	free(buf);
	free(m->graph->initializer);
	m->graph->initializer = old;
	m->graph->n_initializer = n0;
	onnx__model_proto__free_unpacked(m, NULL);
	return any;
}

static double number(const void *data, enum qaic_dtype dt, size_t i)
{
	switch (dt) {
	case QAIC_F32: return ((const float *)data)[i];
	case QAIC_F16: return qaic_f16_to_f32(((const uint16_t *)data)[i]);
	case QAIC_I8: return ((const int8_t *)data)[i];
	case QAIC_U8:
	case QAIC_BOOL: return ((const uint8_t *)data)[i];
	case QAIC_I16: return ((const int16_t *)data)[i];
	case QAIC_U16: return ((const uint16_t *)data)[i];
	case QAIC_I32: return ((const int32_t *)data)[i];
	case QAIC_U32: return ((const uint32_t *)data)[i];
	default: return ((const int64_t *)data)[i];
	}
}

static bool same(const struct tensor *t, const void *data, enum qaic_dtype dt,
		 size_t size, char *why, size_t len)
{
	size_t i;

	if (size != t->n * qaic_dtype_size(dt)) {
		snprintf(why, len, "size %zu", size);
		return false;
	}
	for (i = 0; i < t->n; i++) {
		double want = number(t->data, t->dtype, i);
		double got = number(data, dt, i);

		if (want == got || (isnan(want) && isnan(got)))
			continue;
		if (!(fabs(want - got) <= 1e-6 + 1e-3 * fabs(want))) {
			snprintf(why, len, "element %zu: %g, not %g", i, got,
				 want);
			return false;
		}
	}
	return true;
}

static bool run(struct qaic_device *dev, const char *dir, struct vectors *v,
		char *why, size_t len)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_program *prog = NULL;
	struct qaic_exec *exec = NULL;
	struct qaic_binding_info info;
	struct qaic_spec_info spec;
	bool ok = false;
	size_t i, size, at = 0;
	uint32_t b;

	if (qaic_program_load(dev, dir, &prog, &err) ||
	    qaic_exec_create(prog, 0, &exec, &err)) {
		snprintf(why, len, "%s", err.msg);
		goto out;
	}
	for (i = 0; i < v->num_in; i++) {
		int k = qaic_program_find(prog, 0, v->in[i].p->name);
		void *to;

		if (k < 0)
			continue;	/* an initializer now */
		to = qaic_exec_buffer(exec, k, &size);
		if (size != v->in[i].n * qaic_dtype_size(v->in[i].dtype)) {
			snprintf(why, len, "input size %zu", size);
			goto out;
		}
		memcpy(to, v->in[i].data, size);
	}
	if (qaic_exec_run(exec, &err)) {
		snprintf(why, len, "%s", err.msg);
		goto out;
	}
	qaic_program_spec(prog, 0, &spec);
	ok = true;
	for (b = 0; b < spec.num_bindings && ok; b++) {
		qaic_program_binding(prog, 0, b, &info);
		if (!info.output || at >= v->num_out)
			continue;
		ok = same(&v->out[at++], qaic_exec_buffer(exec, b, &size),
			  info.dtype, info.size, why, len);
	}
out:
	if (exec)
		qaic_exec_destroy(exec);
	if (prog)
		qaic_program_unload(prog);
	return ok;
}

enum verdict { PASS, FAIL, SKIP };

static enum verdict one(struct qaic_device *dev, const char *name,
			const char *tmp, char *why, size_t len)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct vectors v = { 0 };
	enum verdict res = SKIP;
	char dir[400], onnx[500], qpc[300], baked[300];
	int rc;

	snprintf(dir, sizeof(dir), "%s/%s", NODES, name);
	snprintf(onnx, sizeof(onnx), "%s/model.onnx", dir);
	snprintf(qpc, sizeof(qpc), "%s/qpc", tmp);
	snprintf(baked, sizeof(baked), "%s/baked.onnx", tmp);
	/* these vectors are bits in uint16 tensors */
	snprintf(why, len, "vectors");
	if (strstr(name, "BFLOAT16"))
		goto out;
	if (!load_vectors(dir, &v))
		goto out;
	rc = compile(onnx, qpc, &err);
	if (rc && bake(onnx, &v, baked)) {
		err.msg[0] = '\0';
		rc = compile(baked, qpc, &err);
	}
	if (rc) {
		snprintf(why, len, "%s", err.msg);
		/* a program that does not verify is our fault */
		res = strstr(err.msg, "command ") ? FAIL : SKIP;
	} else {
		res = run(dev, qpc, &v, why, len) ? PASS : FAIL;
	}
out:
	qaic_rmtree(qpc, NULL);
	free_vectors(&v);
	return res;
}

static void node_tests(void **state)
{
	const char *only = getenv("CARD_NODES");
	bool chat = getenv("CARD_NODES_V") || only;
	char tmp[] = "/tmp/qaic-card-nodes-XXXXXX", why[500];
	unsigned int count[3] = { 0 };
	struct qaic_device *dev;
	struct dirent **list;
	int n = scandir(NODES, &list, NULL, alphasort), i;

	if (n < 0) {
		print_message("libonnx-testdata is not installed\n");
		skip();
	}
	assert_non_null(mkdtemp(tmp));
	assert_int_equal(qaic_device_open(0, &dev, NULL), 0);
	for (i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		if (name[0] != '.' && (!only || strstr(name, only))) {
			enum verdict r = one(dev, name, tmp, why, sizeof(why));

			count[r]++;
			if (r == FAIL || (chat && r == SKIP))
				print_message("%s %s: %s\n",
					      r == FAIL ? "FAIL" : "skip", name,
					      why);
		}
		free(list[i]);
	}
	free(list);
	qaic_device_close(dev);
	qaic_rmtree(tmp, NULL);
	print_message("%u node tests on the card, %u failed, %u skipped\n",
		      count[PASS] + count[FAIL], count[FAIL], count[SKIP]);
	assert_int_equal(count[FAIL], 0);
	assert_true(only || count[PASS] > 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(node_tests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
