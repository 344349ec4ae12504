// SPDX-License-Identifier: MIT
/*
 * Exported models through the compiler's reference evaluation: the logits of
 * every prompt position against Hugging Face's, and the greedy tokens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/libqeff/checkpoint.h"

#include <dirent.h>
#include <math.h>
#include <unistd.h>

#include "base/json.h"
#include "compiler/qaicc.h"
#include "libqeff/qeff.h"

#define MAX_IO 64

static struct qaic_err err;

struct run {
	struct qaicc_ref *ref;
	size_t num_in, num_out;
	size_t size[MAX_IO];
	void *in[MAX_IO];
	size_t vocab;
	const float *logits;		/* of the last call */
};

static void ref_open(struct run *r, const char *onnx,
		     const struct qaicc_symbol *symbols, size_t num)
{
	struct qaicc_tensor t;
	size_t i;

	memset(r, 0, sizeof(*r));
	if (qaicc_ref_open(onnx, symbols, num, &r->ref, &err))
		fail_msg("%s", err.msg);
	r->num_in = qaicc_ref_num_inputs(r->ref);
	r->num_out = qaicc_ref_num_outputs(r->ref);
	assert_in_range(r->num_in, 2, MAX_IO);
	for (i = 0; i < r->num_in; i++) {
		assert_int_equal(qaicc_ref_input(r->ref, i, &t), 0);
		r->size[i] = t.size;
		r->in[i] = calloc(1, t.size);
		assert_non_null(r->in[i]);
	}
}

static void run_open(struct run *r, const char *onnx, int64_t ctx_len)
{
	const struct qaicc_symbol symbols[] = {
		{ "batch_size", 1 }, { "seq_len", 1 }, { "ctx_len", ctx_len },
	};

	ref_open(r, onnx, symbols, 3);
	assert_in_range(r->num_in, 4, MAX_IO);
	assert_int_equal(r->num_out, r->num_in - 1);
}

static void run_close(struct run *r)
{
	size_t i;

	for (i = 0; i < r->num_in; i++)
		free(r->in[i]);
	qaicc_ref_close(r->ref);
}

/* One token; output i (1, 2, ...) is the cache that input i + 1 takes next. */
static void run_token(struct run *r, int64_t id, int64_t pos)
{
	struct qaicc_tensor t;
	size_t i;

	memcpy(r->in[0], &id, sizeof(id));
	memcpy(r->in[1], &pos, sizeof(pos));
	if (qaicc_ref_run(r->ref, (const void *const *)r->in, &err))
		fail_msg("%s", err.msg);
	for (i = 1; i < r->num_out; i++) {
		assert_int_equal(qaicc_ref_output(r->ref, i, &t), 0);
		assert_int_equal(t.size, r->size[i + 1]);
		memcpy(r->in[i + 1], t.data, t.size);
	}
	assert_int_equal(qaicc_ref_output(r->ref, 0, &t), 0);
	r->logits = t.data;
	r->vocab = t.size / sizeof(float);
}

static int64_t best(const struct run *r)
{
	size_t i, top = 0;

	for (i = 1; i < r->vocab; i++)
		if (r->logits[i] > r->logits[top])
			top = i;
	return top;
}

static int64_t id_at(json_t *list, size_t i)
{
	return json_integer_value(json_array_get(list, i));
}

static void check_logits(const char *onnx, json_t *golden, const char *dir)
{
	json_t *ids = json_object_get(golden, "input_ids");
	size_t n = json_array_size(ids), i, k;
	char *path = qaic_path(dir, "logits.f32");
	double d = 0, w = 0;
	struct qaic_map map;
	struct run r;

	assert_int_equal(qaic_map_file(&map, path, &err), 0);
	run_open(&r, onnx, n);
	for (i = 0; i < n; i++) {
		const float *want;

		run_token(&r, id_at(ids, i), i);
		assert_int_equal(map.size, n * r.vocab * sizeof(float));
		want = (const float *)map.data + i * r.vocab;
		for (k = 0; k < r.vocab; k++) {
			d += pow((double)r.logits[k] - want[k], 2);
			w += pow(want[k], 2);
		}
	}
	if (!(sqrt(d / w) < 1e-4))
		fail_msg("%s: logits differ by %g", dir, sqrt(d / w));
	run_close(&r);
	qaic_unmap_file(&map);
	free(path);
}

static void check_tokens(const char *onnx, json_t *golden, size_t max)
{
	json_t *ids = json_object_get(golden, "greedy_ids");
	json_t *prompt = json_object_get(golden, "prompt_ids");
	size_t n = json_array_size(ids), first, i;
	struct run r;

	if (!prompt)
		prompt = json_object_get(golden, "input_ids");
	first = json_array_size(prompt);
	if (n > first + max)
		n = first + max;
	run_open(&r, onnx, n);
	for (i = 0; i + 1 < n; i++) {
		run_token(&r, id_at(ids, i), i);
		if (i + 1 >= first)
			assert_int_equal(best(&r), id_at(ids, i + 1));
	}
	run_close(&r);
}

/* ---- encoders ---- */

/* A text of @n tokens in a program of @seq_len, or a negative errno. */
static void encode(struct run *r, const int64_t *ids, size_t n, size_t seq_len)
{
	struct qaicc_tensor t;
	size_t i, k;

	for (i = 0; i < r->num_in; i++) {
		assert_int_equal(qaicc_ref_input(r->ref, i, &t), 0);
		assert_int_equal(t.size, seq_len * sizeof(int64_t));
		for (k = 0; k < seq_len && strcmp(t.name, "token_type_ids"); k++)
			((int64_t *)r->in[i])[k] =
				strcmp(t.name, "input_ids") ? k < n :
				k < n ? ids[k] : 0;
	}
	if (qaicc_ref_run(r->ref, (const void *const *)r->in, &err))
		fail_msg("%s", err.msg);
}

/* All outputs one behind the other, without what is behind the text. */
static void check_outputs(struct run *r, const char *dir, size_t n)
{
	char *path = qaic_path(dir, "logits.f32");
	const float *want, *end;
	struct qaicc_tensor t;
	double d = 0, w = 0;
	struct qaic_map map;
	size_t i, k, num;

	assert_int_equal(qaic_map_file(&map, path, &err), 0);
	want = map.data;
	end = want + map.size / sizeof(*want);
	for (i = 0; i < r->num_out; i++) {
		assert_int_equal(qaicc_ref_output(r->ref, i, &t), 0);
		num = t.dims[1];
		if (t.rank == 3)
			num = n * t.dims[2];
		else if (strcmp(t.name, "logits"))
			num = n;
		assert_true(want + num <= end);
		for (k = 0; k < num; k++, want++) {
			d += pow((double)((const float *)t.data)[k] - *want, 2);
			w += pow(*want, 2);
		}
	}
	assert_ptr_equal(want, end);
	if (!(sqrt(d / w) < 1e-4))
		fail_msg("%s: outputs differ by %g", dir, sqrt(d / w));
	qaic_unmap_file(&map);
	free(path);
}

static void check_encoder(const char *onnx, json_t *golden, const char *dir)
{
	json_t *list = json_object_get(golden, "input_ids");
	size_t n = json_array_size(list), more, i;
	int64_t ids[64];
	struct run r;

	assert_in_range(n, 1, 64);
	for (i = 0; i < n; i++)
		ids[i] = id_at(list, i);
	for (more = 0; more <= 7; more += 7) {
		const struct qaicc_symbol symbols[] = {
			{ "batch_size", 1 }, { "seq_len", n + more },
		};

		ref_open(&r, onnx, symbols, 2);
		encode(&r, ids, n, n + more);
		check_outputs(&r, dir, n);
		run_close(&r);
	}
}

/* ---- encoder-decoders ---- */

#define MAX_ENCODER 32			/* rows: some more than the prompts have */

static void seq2seq_open(struct run *r, const char *onnx, int64_t rows,
			 int64_t ctx_len)
{
	const struct qaicc_symbol symbols[] = {
		{ "batch_size", 1 }, { "seq_len", 1 }, { "ctx_len", ctx_len },
		{ "encoder_ctx_len", MAX_ENCODER }, { "encoder_len", rows },
	};

	ref_open(r, onnx, symbols, QAIC_ARRAY_SIZE(symbols));
	/* ids of both sides and two positions, caches; logits, caches */
	assert_in_range(r->num_in, 8, MAX_IO);
	assert_int_equal(r->num_out, r->num_in - 3);
}

/* Decoder token @id; the caches go on in @next, which may be @r. */
static void seq2seq_token(struct run *r, struct run *next, int64_t last,
			  int64_t id, int64_t pos)
{
	struct qaicc_tensor t;
	size_t i;

	memcpy(r->in[1], &last, sizeof(last));
	memcpy(r->in[2], &id, sizeof(id));
	memcpy(r->in[3], &pos, sizeof(pos));
	if (qaicc_ref_run(r->ref, (const void *const *)r->in, &err))
		fail_msg("%s", err.msg);
	for (i = 1; i < r->num_out; i++) {
		assert_int_equal(qaicc_ref_output(r->ref, i, &t), 0);
		assert_int_equal(t.size, next->size[i + 3]);
		memcpy(next->in[i + 3], t.data, t.size);
	}
	assert_int_equal(qaicc_ref_output(r->ref, 0, &t), 0);
	r->logits = t.data;
	r->vocab = t.size / sizeof(float);
}

/* The first call has the encoder's rows, the others have none. */
static void check_seq2seq(const char *onnx, json_t *golden, const char *dir)
{
	json_t *ids = json_object_get(golden, "input_ids");
	json_t *made = json_object_get(golden, "decoder_greedy_ids");
	size_t n = json_array_size(ids), num = json_array_size(made) - 1, i, k;
	char *path = qaic_path(dir, "logits.f32");
	struct run encode, decode, *r;
	double d = 0, w = 0;
	struct qaic_map map;

	assert_in_range(n, 1, MAX_ENCODER);
	assert_int_equal(qaic_map_file(&map, path, &err), 0);
	seq2seq_open(&encode, onnx, MAX_ENCODER, num);
	seq2seq_open(&decode, onnx, 0, num);
	assert_int_equal(decode.size[0], 0);
	for (i = 0; i < n; i++)
		((int64_t *)encode.in[0])[i] = id_at(ids, i);
	for (i = 0; i < num; i++) {
		const float *want;

		r = i ? &decode : &encode;
		seq2seq_token(r, &decode, n - 1, id_at(made, i), i);
		assert_int_equal(map.size, num * r->vocab * sizeof(float));
		want = (const float *)map.data + i * r->vocab;
		for (k = 0; k < r->vocab; k++) {
			d += pow((double)r->logits[k] - want[k], 2);
			w += pow(want[k], 2);
		}
		assert_int_equal(best(r), id_at(made, i + 1));
	}
	if (!(sqrt(d / w) < 1e-4))
		fail_msg("%s: logits differ by %g", dir, sqrt(d / w));
	run_close(&encode);
	run_close(&decode);
	qaic_unmap_file(&map);
	free(path);
}

static void check_model(const char *dir)
{
	struct qeff_model_info info;
	char *out = temp_dir(), *onnx = qaic_path(out, "m.onnx");
	char *path = qaic_path(dir, "golden.json");
	struct qeff_export_options opt = { .model_dir = dir, .onnx_path = onnx };
	json_t *golden;
	double gap = 1;

	if (qeff_export(&opt, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(qaic_json_load(path, 1 << 20, &golden, &err), 0);
	assert_int_equal(qeff_model_info(dir, &info, &err), 0);
	if (json_object_get(golden, "decoder_greedy_ids"))
		check_seq2seq(onnx, golden, dir);
	else if (info.task == QEFF_TASK_TEXT)
		check_logits(onnx, golden, dir);
	else
		check_encoder(onnx, golden, dir);
	/* closer calls go either way with another order of summation */
	if (info.task == QEFF_TASK_TEXT &&
	    (qaic_json_num(golden, "min_top1_gap", &gap, &err) || gap > 0.002))
		check_tokens(onnx, golden, 40);
	json_decref(golden);
	free(path);
	free(onnx);
	drop_dir(out);
}

/* Every folder of tests/golden, and our own trained model. */
static void test_golden(void **state)
{
	struct dirent *e;
	DIR *d = opendir("tests/golden");
	unsigned int n = 0;
	char *dir, *file;

	assert_non_null(d);
	while ((e = readdir(d))) {
		dir = qaic_path("tests/golden", e->d_name);
		file = qaic_path(dir, "golden.json");
		if (e->d_name[0] != '.' && qaic_is_file(file)) {
			check_model(dir);
			n++;
		}
		free(file);
		free(dir);
	}
	closedir(d);
	assert_in_range(n, 4, 1000);
}

static void test_tales(void **state)
{
	check_model("models/tales");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_tales),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
