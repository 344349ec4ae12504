// SPDX-License-Identifier: MIT
/* Safetensors files, good and hostile, and sharded checkpoints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/libqeff/checkpoint.h"

#include <errno.h>

#include "libqeff/safetensors.h"

static struct qaic_err err;

static int parse_bytes(const uint8_t *p, size_t size)
{
	struct qf_tensors ts = { 0 };
	int rc;

	memset(&err, 0, sizeof(err));
	rc = qf_safetensors_parse(&ts, p, size, 0, "w.safetensors", NULL, &err);
	if (!rc)
		rc = qf_tensors_sort(&ts, &err);
	qf_tensors_close(&ts);
	return rc;
}

static int parse(const char *header, size_t data)
{
	size_t size;
	uint8_t *p = safetensors(header, data, &size);
	int rc = parse_bytes(p, size);

	free(p);
	return rc;
}

/* Refused, with a message that has @text in it. */
static void refuse(const char *header, size_t data, const char *text)
{
	assert_true(parse(header, data) < 0);
	if (!strstr(err.msg, text))
		fail_msg("message \"%s\" lacks \"%s\"", err.msg, text);
}

#define T(dtype, shape, from, to) "{\"dtype\":\"" dtype "\",\"shape\":" shape \
	",\"data_offsets\":[" from "," to "]}"

static void test_good(void **state)
{
	struct qf_tensors ts = { 0 };
	const struct qf_tensor *t;
	const char *h = "{\"__metadata__\":{\"format\":\"pt\"},"
		"\"b\":" T("BF16", "[2,3]", "4", "16") ","
		"\"a\":" T("F32", "[]", "0", "4") ","
		"\"z\":" T("F16", "[0,7]", "16", "16") "}   ";
	uint64_t header;
	size_t size;
	uint8_t *p = safetensors(h, 16, &size);

	assert_int_equal(qf_safetensors_parse(&ts, p, size, 0, "w", &header,
					      &err), 0);
	assert_int_equal(qf_tensors_sort(&ts, &err), 0);
	assert_int_equal(ts.num, 3);
	assert_int_equal(header, 8 + strlen(h));
	t = qf_tensors_find(&ts, "b");
	assert_non_null(t);
	assert_int_equal(t->dtype, QAIC_BF16);
	assert_int_equal(t->rank, 2);
	assert_int_equal(t->dim[1], 3);
	assert_int_equal(t->size, 12);
	assert_ptr_equal(t->data, p + header + 4);
	assert_int_equal(qf_tensor_numel(t), 6);
	assert_int_equal(qf_tensors_find(&ts, "a")->rank, 0);
	assert_int_equal(qf_tensors_find(&ts, "z")->size, 0);
	assert_null(qf_tensors_find(&ts, "c"));
	qf_tensors_close(&ts);
	free(p);
}

static void test_length(void **state)
{
	static const uint8_t huge[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					  0xff, 0xff, '{', '}' };
	static const uint8_t over[16] = { 0x01, 0xe1, 0xf5, 0x05, 0, 0, 0, 0,
					  '{', '}' };
	static const uint8_t longer[16] = { 9, 0, 0, 0, 0, 0, 0, 0, '{', '}' };
	static const uint8_t none[8] = { 0 };
	size_t size, i;
	uint8_t *p;

	assert_true(parse_bytes(huge, 16) < 0);
	assert_non_null(strstr(err.msg, "too large"));
	assert_true(parse_bytes(over, 16) < 0);	/* one more than the cap */
	assert_non_null(strstr(err.msg, "too large"));
	assert_true(parse_bytes(longer, 16) < 0);
	assert_non_null(strstr(err.msg, "truncated"));
	assert_true(parse_bytes(none, 8) < 0);
	/* every truncation of a good file */
	p = safetensors("{\"a\":" T("F32", "[3]", "0", "12") "}", 12, &size);
	assert_int_equal(parse_bytes(p, size), 0);
	for (i = 0; i < size; i++) {
		uint8_t *cut = malloc(i + 1);

		memcpy(cut, p, i);
		assert_true(parse_bytes(cut, i) < 0);
		free(cut);
	}
	free(p);
}

static void test_json(void **state)
{
	refuse("[]", 0, "JSON object");
	refuse("{", 0, "JSON");
	refuse("{\"a\":1}", 0, "tensor a");
	refuse("{\"a\":[]}", 0, "tensor a");
	refuse("{\"a\":{}}", 0, "dtype");
	refuse("{\"a\":{\"dtype\":3}}", 0, "dtype");
	refuse("{\"a\":{\"dtype\":\"F32\"}}", 0, "shape");
	refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "data_offsets");
	/* the same name twice */
	refuse("{\"a\":" T("F32", "[1]", "0", "4") ",\"a\":"
	       T("F32", "[1]", "4", "8") "}", 8, "duplicate");
	assert_int_equal(parse("{}", 0), 0);
	assert_int_equal(parse("{\"__metadata__\":{}}", 0), 0);
}

static void test_deep(void **state)
{
	size_t n = 100000, size;
	char *h = malloc(n + 1);
	uint8_t *p;

	memset(h, '[', n);
	memcpy(h, "{\"a\":", 5);
	h[n] = '\0';
	p = safetensors(h, 0, &size);
	assert_true(parse_bytes(p, size) < 0);
	free(p);
	free(h);
}

static void test_dtype(void **state)
{
	refuse("{\"w.x\":" T("F8_E4M3", "[4]", "0", "4") "}", 4, "tensor w.x");
	refuse("{\"w.x\":" T("F8_E4M3", "[4]", "0", "4") "}", 4, "F8_E4M3");
	refuse("{\"w.x\":" T("f32", "[1]", "0", "4") "}", 4, "f32");
	assert_int_equal(parse("{\"a\":" T("I64", "[1]", "0", "8") "}", 8), 0);
}

static void test_shape(void **state)
{
	refuse("{\"a\":" T("F32", "[2]", "0", "4") "}", 4, "needs 8 bytes");
	refuse("{\"a\":" T("F32", "[-1]", "0", "4") "}", 4, "dimension 0");
	refuse("{\"a\":" T("F32", "[1.0]", "0", "4") "}", 4, "dimension 0");
	refuse("{\"a\":" T("F32", "[\"1\"]", "0", "4") "}", 4, "dimension 0");
	refuse("{\"a\":" T("F32", "7", "0", "4") "}", 4, "shape");
	refuse("{\"a\":" T("F32", "[1,1,1,1,1,1,1,1,1]", "0", "4") "}", 4,
	       "dimensions");
	/* products that overflow, and overflow to something that fits */
	refuse("{\"a\":" T("F32", "[4611686018427387905]", "0", "4") "}", 4,
	       "overflows");
	refuse("{\"a\":" T("F32", "[4294967296,4294967296]", "0", "0") "}", 0,
	       "overflows");
	refuse("{\"a\":" T("F32", "[99999999999999999999]", "0", "4") "}", 4,
	       "JSON");
}

static void test_offsets(void **state)
{
	refuse("{\"a\":" T("F32", "[1]", "4", "0") "}", 4, "range");
	refuse("{\"a\":" T("F32", "[1]", "-4", "0") "}", 4, "range");
	refuse("{\"a\":" T("F32", "[1]", "0", "4.0") "}", 4, "range");
	refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
	       4, "range");
	refuse("{\"a\":" T("F32", "[2]", "0", "8") "}", 4, "truncated");
	refuse("{\"a\":" T("F32", "[1]", "9223372036854775803",
			   "9223372036854775807") "}", 4, "truncated");
}

static void test_cover(void **state)
{
	refuse("{\"a\":" T("F32", "[2]", "0", "8") ",\"b\":"
	       T("F32", "[1]", "4", "8") "}", 8, "overlaps");
	refuse("{\"a\":" T("F32", "[1]", "0", "4") ",\"b\":"
	       T("F32", "[1]", "0", "4") "}", 4, "overlaps");
	refuse("{\"a\":" T("F32", "[1]", "0", "4") ",\"b\":"
	       T("F32", "[1]", "8", "12") "}", 12, "no tensor");
	refuse("{\"a\":" T("F32", "[1]", "4", "8") "}", 8, "no tensor");
	refuse("{\"a\":" T("F32", "[1]", "0", "4") "}", 5, "no tensor");
}

/* ---- shards ---- */

#define ONE(name) "{\"" name "\":" T("F32", "[1]", "0", "4") "}"

static int open_dir(const char *dir)
{
	struct qf_tensors ts;
	int rc;

	memset(&err, 0, sizeof(err));
	rc = qf_tensors_open(&ts, dir, &err);
	if (!rc)
		qf_tensors_close(&ts);
	return rc;
}

static void refuse_index(const char *index, const char *text)
{
	char *dir = temp_dir();

	put_safetensors(dir, "s1.safetensors", ONE("a"), 4);
	put_safetensors(dir, "s2.safetensors", ONE("b"), 4);
	put_safetensors(dir, "s3.safetensors", ONE("a"), 4);
	put_text(dir, "model.safetensors.index.json", index);
	assert_true(open_dir(dir) < 0);
	if (!strstr(err.msg, text))
		fail_msg("message \"%s\" lacks \"%s\"", err.msg, text);
	drop_dir(dir);
}

static void test_shards(void **state)
{
	struct qf_tensors ts;
	char *dir = temp_dir();

	put_safetensors(dir, "s1.safetensors", ONE("a"), 4);
	put_safetensors(dir, "s2.safetensors", ONE("b"), 4);
	put_text(dir, "model.safetensors.index.json",
		 "{\"metadata\":{\"total_size\":8},\"weight_map\":"
		 "{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\"}}");
	assert_int_equal(qf_tensors_open(&ts, dir, &err), 0);
	assert_int_equal(ts.num_files, 2);
	assert_int_equal(ts.num, 2);
	assert_int_not_equal(qf_tensors_find(&ts, "a")->file,
			     qf_tensors_find(&ts, "b")->file);
	qf_tensors_close(&ts);
	/* a single file comes first, as in transformers */
	put_safetensors(dir, "model.safetensors", ONE("c"), 4);
	assert_int_equal(qf_tensors_open(&ts, dir, &err), 0);
	assert_int_equal(ts.num, 1);
	qf_tensors_close(&ts);
	drop_dir(dir);
}

static void test_bad_index(void **state)
{
	refuse_index("{}", "weight_map");
	refuse_index("{\"weight_map\":{}}", "weight_map");
	refuse_index("{\"weight_map\":[]}", "weight_map");
	refuse_index("{\"weight_map\":{\"a\":3}}", "tensor a");
	refuse_index("{\"weight_map\":{\"a\":\"../s1.safetensors\"}}",
		     "beside it");
	refuse_index("{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "beside it");
	refuse_index("{\"weight_map\":{\"a\":\"..\"}}", "beside it");
	refuse_index("{\"weight_map\":{\"a\":\"\"}}", "beside it");
	refuse_index("{\"weight_map\":{\"a\":\"gone.safetensors\"}}",
		     "gone.safetensors");
	refuse_index("{\"weight_map\":{\"c\":\"s1.safetensors\"}}",
		     "tensor c");
	refuse_index("{\"weight_map\":{\"a\":\"s1.safetensors\","
		     "\"b\":\"s1.safetensors\"}}", "tensor b");
	refuse_index("{\"weight_map\":{\"a\":\"s1.safetensors\","
		     "\"x\":\"s3.safetensors\"}}", "twice");
}

static void test_none(void **state)
{
	char *dir = temp_dir();

	assert_int_equal(open_dir(dir), -ENOENT);
	assert_non_null(strstr(err.msg, "model.safetensors"));
	put_text(dir, "model.safetensors", "");
	assert_true(open_dir(dir) < 0);
	drop_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_dtype),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_cover),
		cmocka_unit_test(test_shards),
		cmocka_unit_test(test_bad_index),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
