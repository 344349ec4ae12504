// SPDX-License-Identifier: MIT
/* The exported ONNX: its contract, its files, and what happens when it fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/libqeff/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/onnx.pb-c.h"
#include "libqeff/qeff.h"

static struct qaic_err err;

static int export(const char *model, const char *dir)
{
	struct qeff_export_options opt = { .model_dir = model };
	char *path = qaic_path(dir, "m.onnx");
	int rc;

	memset(&err, 0, sizeof(err));
	opt.onnx_path = path;
	rc = qeff_export(&opt, &err);
	free(path);
	return rc;
}

static int count_files(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	int n = 0;

	while ((e = readdir(d)))
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	return n;
}

static Onnx__ModelProto *load(const char *dir)
{
	Onnx__ModelProto *m;
	char *path = qaic_path(dir, "m.onnx"), *text;
	size_t len;

	assert_int_equal(qaic_read_file(path, 1 << 24, &text, &len, &err), 0);
	m = onnx__model_proto__unpack(NULL, len, (uint8_t *)text);
	assert_non_null(m);
	free(text);
	free(path);
	return m;
}

/* "batch_size,2,ctx_len,16" */
static void check_info(const Onnx__ValueInfoProto *v, const char *name,
		       int type, const char *dims)
{
	const Onnx__TensorShapeProto *s = v->type->tensor_type->shape;
	struct qaic_str text = { 0 };
	size_t i;

	for (i = 0; i < s->n_dim; i++) {
		if (s->dim[i]->dim_param)
			qaic_str_printf(&text, "%s%s", i ? "," : "",
					s->dim[i]->dim_param);
		else
			qaic_str_printf(&text, "%s%d", i ? "," : "",
					(int)s->dim[i]->dim_value);
	}
	assert_string_equal(v->name, name);
	assert_int_equal(v->type->tensor_type->elem_type, type);
	assert_string_equal(text.s, dims);
	qaic_str_free(&text);
}

static void test_contract(void **state)
{
	const char *kv = "batch_size,2,ctx_len,16";
	Onnx__ModelProto *m;
	char *dir = temp_dir();
	size_t i;

	assert_int_equal(export("tests/golden/llama-gqa", dir), 0);
	m = load(dir);
	assert_int_equal(m->ir_version, 8);
	assert_int_equal(m->n_opset_import, 3);
	assert_string_equal(m->opset_import[0]->domain, "");
	assert_int_equal(m->opset_import[0]->version, 17);
	assert_int_equal(m->n_functions, 3);
	assert_int_equal(m->graph->n_input, 6);
	check_info(m->graph->input[0], "input_ids", 7, "batch_size,seq_len");
	check_info(m->graph->input[1], "position_ids", 7, "batch_size,seq_len");
	check_info(m->graph->input[2], "past_key.0", 1, kv);
	check_info(m->graph->input[3], "past_value.0", 1, kv);
	check_info(m->graph->input[5], "past_value.1", 1, kv);
	assert_int_equal(m->graph->n_output, 5);
	check_info(m->graph->output[0], "logits", 1, "batch_size,1,256");
	check_info(m->graph->output[1], "past_key.0_RetainedState", 1, kv);
	check_info(m->graph->output[2], "past_value.0_RetainedState", 1, kv);
	check_info(m->graph->output[4], "past_value.1_RetainedState", 1, kv);
	for (i = 0; i < m->n_metadata_props; i++)
		if (!strcmp(m->metadata_props[i]->key, "qeff_transforms"))
			break;
	assert_true(i < m->n_metadata_props);
	onnx__model_proto__free_unpacked(m, NULL);
	drop_dir(dir);
}

/* Names: unique, and where one looks for them. */
static void test_names(void **state)
{
	Onnx__ModelProto *m;
	char *dir = temp_dir();
	bool found = false;
	size_t i, k;

	assert_int_equal(export("tests/golden/gpt2", dir), 0);
	m = load(dir);
	for (i = 0; i < m->graph->n_node; i++) {
		const char *name = m->graph->node[i]->name;

		found |= !strcmp(name, "/transformer/h.1/attn/c_attn/MatMul");
		for (k = 0; k < i; k++)
			assert_string_not_equal(name, m->graph->node[k]->name);
	}
	assert_true(found);
	onnx__model_proto__free_unpacked(m, NULL);
	drop_dir(dir);
}

static const char *entry(const Onnx__TensorProto *t, const char *key)
{
	size_t i;

	for (i = 0; i < t->n_external_data; i++)
		if (!strcmp(t->external_data[i]->key, key))
			return t->external_data[i]->value;
	return NULL;
}

/* Small initializers inside, large ones outside, byte for byte as they were. */
static void test_external(void **state)
{
	Onnx__ModelProto *m;
	char *dir = temp_dir(), *path;
	struct qaic_map data, weights;
	size_t i, outside = 0;

	assert_int_equal(export("models/tales", dir), 0);
	m = load(dir);
	path = qaic_path(dir, "m_0.onnx.data");
	assert_int_equal(qaic_map_file(&data, path, &err), 0);
	assert_int_equal(qaic_map_file(&weights,
				       "models/tales/model.safetensors", &err), 0);
	for (i = 0; i < m->graph->n_initializer; i++) {
		const Onnx__TensorProto *t = m->graph->initializer[i];
		uint64_t off, len;

		if (!t->n_external_data) {
			assert_true(t->raw_data.len <= 1024);
			continue;
		}
		outside++;
		assert_string_equal(entry(t, "location"), "m_0.onnx.data");
		off = strtoull(entry(t, "offset"), NULL, 10);
		len = strtoull(entry(t, "length"), NULL, 10);
		assert_true(len > 1024 && off + len <= data.size);
		if (strncmp(t->name, "rotary_emb.", 11))
			assert_non_null(memmem(weights.data, weights.size,
					       (char *)data.data + off, len));
	}
	/* 7 matrices of each of 4 layers, the embedding once, two rotary tables */
	assert_int_equal(outside, 4 * 7 + 1 + 2);
	qaic_unmap_file(&data);
	qaic_unmap_file(&weights);
	onnx__model_proto__free_unpacked(m, NULL);
	free(path);
	drop_dir(dir);
}

static void test_same_bytes(void **state)
{
	static const char *const names[] = { "m.onnx", "m_0.onnx.data" };
	char *a = temp_dir(), *b = temp_dir();
	size_t i;

	assert_int_equal(export("tests/golden/mistral-swa8", a), 0);
	assert_int_equal(export("tests/golden/mistral-swa8", b), 0);
	for (i = 0; i < 2; i++) {
		char *pa = qaic_path(a, names[i]), *pb = qaic_path(b, names[i]);
		struct qaic_map ma, mb;

		assert_int_equal(qaic_map_file(&ma, pa, &err), 0);
		assert_int_equal(qaic_map_file(&mb, pb, &err), 0);
		assert_int_equal(ma.size, mb.size);
		assert_memory_equal(ma.data, mb.data, ma.size);
		qaic_unmap_file(&ma);
		qaic_unmap_file(&mb);
		free(pa);
		free(pb);
	}
	drop_dir(a);
	drop_dir(b);
}

/* A failing export says which tensor and leaves nothing behind. */
static void refuse(char *model, const char *text)
{
	char *dir = temp_dir();

	assert_true(export(model, dir) < 0);
	if (!strstr(err.msg, text))
		fail_msg("message \"%s\" lacks \"%s\"", err.msg, text);
	assert_int_equal(count_files(dir), 0);
	drop_dir(dir);
	drop_dir(model);
}

static void test_refused(void **state)
{
	struct header h = { 0 };
	char *model;

	refuse(tiny_llama("{\"architectures\":[\"LlamaForCausalLM\"],"
			  "\"hidden_size\":8,\"num_hidden_layers\":2,"
			  "\"num_attention_heads\":2,\"num_key_value_heads\":1,"
			  "\"intermediate_size\":12,\"vocab_size\":16}"),
	       "model.layers.1.input_layernorm.weight is missing");
	refuse(tiny_llama("{\"architectures\":[\"LlamaForCausalLM\"],"
			  "\"hidden_size\":8,\"num_hidden_layers\":1,"
			  "\"num_attention_heads\":2,\"num_key_value_heads\":2,"
			  "\"intermediate_size\":12,\"vocab_size\":16}"),
	       "k_proj.weight has shape [4, 8]; config.json makes it [8, 8]");
	refuse(tiny_llama("{\"architectures\":[\"LlamaForCausalLM\"],"
			  "\"hidden_size\":8,\"num_hidden_layers\":1,"
			  "\"num_attention_heads\":2,\"num_key_value_heads\":1,"
			  "\"intermediate_size\":12,\"vocab_size\":16,"
			  "\"tie_word_embeddings\":false}"),
	       "lm_head.weight is missing");
	/* a weight of a type that is no weight's */
	model = tiny_llama(NULL);
	add_tiny_llama(&h, "I64", 8);
	qaic_str_putc(&h.s, '}');
	put_safetensors(model, "model.safetensors", h.s.s, h.at);
	qaic_str_free(&h.s);
	refuse(model, "int64");
	/* no room: the target directory does not exist */
	model = tiny_llama(NULL);
	assert_true(export(model, "/tmp/qaic-test-none/none") < 0);
	drop_dir(model);
}

/* An export that is there survives a failing one over it. */
static void test_kept(void **state)
{
	char *model = tiny_llama(NULL), *dir = temp_dir();
	Onnx__ModelProto *m;
	int files;

	assert_int_equal(export(model, dir), 0);
	files = count_files(dir);
	put_text(model, "model.safetensors", "short");
	assert_true(export(model, dir) < 0);
	assert_int_equal(count_files(dir), files);
	m = load(dir);
	onnx__model_proto__free_unpacked(m, NULL);
	drop_dir(model);
	drop_dir(dir);
}

static char *params(const char *dir)
{
	char *json = NULL;

	assert_int_equal(qeff_export_params(dir, &json, &err), 0);
	return json;
}

static void test_params(void **state)
{
	char *model = tiny_llama(NULL), *a, *b;
	char *path = qaic_path(model, "model.safetensors");
	uint8_t one = 1;
	struct stat st;
	FILE *f;

	a = params(model);
	b = params(model);
	assert_string_equal(a, b);
	assert_non_null(strstr(a, "\"opset\":17"));
	assert_non_null(strstr(a, "\"architecture\":\"LlamaForCausalLM\""));
	assert_null(strstr(a, "/tmp"));		/* content, not place */
	free(b);
	/* one byte of one weight */
	assert_int_equal(stat(path, &st), 0);
	f = fopen(path, "r+");
	fseek(f, st.st_size - 100, SEEK_SET);
	fwrite(&one, 1, 1, f);
	fclose(f);
	b = params(model);
	assert_string_not_equal(a, b);
	free(b);
	put_text(model, "config.json", "{\"architectures\":"
		 "[\"LlamaForCausalLM\"],\"rope_theta\":5}");
	b = params(model);
	assert_string_not_equal(a, b);
	free(a);
	free(b);
	free(path);
	drop_dir(model);
}

static uint64_t last_done, last_total;

static void progress(void *ctx, const char *stage, uint64_t done,
		     uint64_t total)
{
	assert_string_equal(stage, "export");
	assert_true(done >= last_done && done <= total);
	last_done = done;
	last_total = total;
}

static void test_progress(void **state)
{
	struct qeff_export_options opt = {
		.model_dir = "models/tales", .progress = { progress, NULL },
	};
	char *dir = temp_dir(), *path = qaic_path(dir, "m.onnx");

	opt.onnx_path = path;
	last_done = 0;
	assert_int_equal(qeff_export(&opt, &err), 0);
	assert_true(last_total > 1700000 && last_done == last_total);
	free(path);
	drop_dir(dir);
}

/* Resident memory that is not a file's, in bytes. */
static uint64_t anonymous(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long long kb = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %llu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb << 10;
}

static uint64_t peak;

static void sample(void *ctx, const char *stage, uint64_t done, uint64_t total)
{
	uint64_t now = anonymous();

	peak = now > peak ? now : peak;
}

/* Memory does not grow with the weights: a sparse embedding of 64 MiB. */
static void test_memory(void **state)
{
	struct qeff_export_options opt = { .progress = { sample, NULL } };
	char *model = temp_dir(), *dir = temp_dir();
	char *path = qaic_path(dir, "m.onnx");
	char *weights = qaic_path(model, "model.safetensors");
	struct header h = { 0 };
	uint64_t before;

	add_llama(&h, "F32", 4, 1 << 21);
	qaic_str_putc(&h.s, '}');
	put_safetensors(model, "model.safetensors", h.s.s, 0);
	assert_int_equal(truncate(weights, 8 + h.s.len + h.at), 0);
	put_text(model, "config.json", "{\"architectures\":"
		 "[\"LlamaForCausalLM\"],\"hidden_size\":8,"
		 "\"num_hidden_layers\":1,\"num_attention_heads\":2,"
		 "\"num_key_value_heads\":1,\"intermediate_size\":12,"
		 "\"vocab_size\":2097152}");
	opt.model_dir = model;
	opt.onnx_path = path;
	before = anonymous();
	if (before) {
		peak = 0;
		assert_int_equal(qeff_export(&opt, &err), 0);
		assert_in_range(peak, 1, before + (24 << 20));
	}
	qaic_str_free(&h.s);
	free(weights);
	free(path);
	drop_dir(dir);
	drop_dir(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contract),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_external),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
