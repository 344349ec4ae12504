// SPDX-License-Identifier: MIT
/*
 * Baichuan and ChatGLM2 against data that others computed (chatglm.cpp's tests, one
 * layer, five tokens): hidden states after the final norm. A head that is the unit
 * matrix makes logits of them. The data are in the shared folder ($QAIC_SHARED).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/libqeff/checkpoint.h"

#include <math.h>

#include "libqeff/qeff.h"

#define HIDDEN	32
#define VOCAB	HIDDEN		/* 5 in the data; the rest of the rows is zero */
#define TOKENS	5
#define LIMIT	1e-5

static struct qaic_err err;

/* ---- from the data to a checkpoint ---- */

struct data {
	const float *at, *end;
	struct header header;
	struct qaic_str bytes;
};

static const float *take(struct data *d, size_t n)
{
	const float *p = d->at;

	assert_true((size_t)(d->end - p) >= n);
	d->at += n;
	return p;
}

static void put(struct data *d, const char *name, const float *v, size_t d0,
		size_t d1)
{
	size_t n = d0 * (d1 ? d1 : 1) * sizeof(float);

	add_tensor(&d->header, name, "F32", sizeof(float), d0, d1);
	qaic_str_add(&d->bytes, (const char *)v, n);
}

static void copy(struct data *d, const char *name, size_t d0, size_t d1)
{
	put(d, name, take(d, d0 * (d1 ? d1 : 1)), d0, d1);
}

/* The embedding's five rows, and zeros behind them. */
static void copy_embedding(struct data *d, const char *name)
{
	float table[VOCAB * HIDDEN] = { 0 };

	memcpy(table, take(d, 5 * HIDDEN), 5 * HIDDEN * sizeof(float));
	put(d, name, table, VOCAB, HIDDEN);
}

static void put_head(struct data *d, const char *name)
{
	float unit[VOCAB * HIDDEN] = { 0 };
	size_t i;

	for (i = 0; i < HIDDEN; i++)
		unit[i * HIDDEN + i] = 1;
	put(d, name, unit, VOCAB, HIDDEN);
}

#define L	"model.layers.0."

static void baichuan(struct data *d)
{
	copy_embedding(d, "model.embed_tokens.weight");
	copy(d, L "input_layernorm.weight", HIDDEN, 0);
	copy(d, L "self_attn.W_pack.weight", 96, HIDDEN);
	copy(d, L "self_attn.o_proj.weight", HIDDEN, HIDDEN);
	copy(d, L "post_attention_layernorm.weight", HIDDEN, 0);
	copy(d, L "mlp.gate_proj.weight", 96, HIDDEN);
	copy(d, L "mlp.down_proj.weight", HIDDEN, 96);
	copy(d, L "mlp.up_proj.weight", 96, HIDDEN);
	copy(d, "model.norm.weight", HIDDEN, 0);
	put_head(d, "lm_head.weight");
}

#undef L
#define T	"transformer."
#define L	T "encoder.layers.0."

static void chatglm(struct data *d)
{
	copy_embedding(d, T "embedding.word_embeddings.weight");
	copy(d, L "input_layernorm.weight", HIDDEN, 0);
	copy(d, L "self_attention.query_key_value.weight", 48, HIDDEN);
	copy(d, L "self_attention.query_key_value.bias", 48, 0);
	copy(d, L "self_attention.dense.weight", HIDDEN, HIDDEN);
	copy(d, L "post_attention_layernorm.weight", HIDDEN, 0);
	/* gate and up follow each other */
	copy(d, L "mlp.dense_h_to_4h.weight", 96, HIDDEN);
	copy(d, L "mlp.dense_4h_to_h.weight", HIDDEN, 48);
	copy(d, T "encoder.final_layernorm.weight", HIDDEN, 0);
	put_head(d, T "output_layer.weight");
}

struct model {
	const char *file, *config;
	void (*weights)(struct data *d);
	/* of the steps of the data: three tokens, one, one */
	int32_t ids[TOKENS];
	float hidden[TOKENS][HIDDEN];
};

static void read_steps(struct model *m, struct data *d)
{
	static const size_t tokens[] = { 3, 1, 1 };
	size_t i, at = 0;

	for (i = 0; i < 3; i++) {
		memcpy(m->ids + at, take(d, tokens[i]), tokens[i] * 4);
		memcpy(m->hidden[at], take(d, tokens[i] * HIDDEN),
		       tokens[i] * sizeof(m->hidden[0]));
		at += tokens[i];
	}
	assert_ptr_equal(d->at, d->end);
}

static void write_model(const struct data *d, const char *dir,
			const char *config)
{
	size_t size, data = d->bytes.len;
	uint8_t *file = safetensors(d->header.s.s, data, &size);

	memcpy(file + size - data, d->bytes.s, data);
	put_file(dir, "model.safetensors", file, size);
	put_text(dir, "config.json", config);
	free(file);
}

/* A checkpoint of the data; NULL where there are none. */
static char *convert(struct model *m)
{
	const char *shared = getenv("QAIC_SHARED");
	char *path = qaic_path(shared ? shared : "../shared", m->file);
	struct qaic_map map;
	struct data d = { 0 };
	char *dir;

	if (!qaic_is_file(path)) {
		print_message("skipped: %s is not there\n", path);
		free(path);
		return NULL;
	}
	assert_int_equal(qaic_map_file(&map, path, &err), 0);
	d.at = map.data;
	d.end = d.at + map.size / sizeof(float);
	m->weights(&d);
	qaic_str_putc(&d.header.s, '}');
	read_steps(m, &d);
	dir = temp_dir();
	write_model(&d, dir, m->config);
	qaic_unmap_file(&map);
	qaic_str_free(&d.header.s);
	qaic_str_free(&d.bytes);
	free(path);
	return dir;
}

/* ---- on the card ---- */

struct check {
	const struct model *m;
	size_t prompt_len, calls;
};

static int on_logits(void *ctx, size_t row, const float *l, size_t n)
{
	struct check *c = ctx;
	size_t last = ++c->calls * c->prompt_len, i;

	assert_int_equal(n, VOCAB);
	if (last > TOKENS)
		last = TOKENS;
	for (i = 0; i < n; i++)
		if (!(fabs(l[i] - c->m->hidden[last - 1][i]) < LIMIT))
			fail_msg("%s: token %zu, element %zu: %g instead of %g",
				 c->m->file, last - 1, i, l[i],
				 c->m->hidden[last - 1][i]);
	return 0;
}

static void check_card(const struct model *m, const char *dir,
		       const char *cache, unsigned int prompt_len)
{
	struct qeff_build_options o = {
		.model_dir = dir, .cache_dir = cache, .num_cores = 3,
		.batch_size = 1, .prompt_len = prompt_len, .ctx_len = 16,
		.fp32 = true,
	};
	struct check c = { m, prompt_len, 0 };
	const int32_t *prompt = m->ids;
	const size_t len = TOKENS;
	struct qeff_request q = {
		.prompts = &prompt, .prompt_len = &len, .num_prompts = 1,
		.generation_len = 1, .logits = on_logits, .ctx = &c,
	};
	struct qeff_session_options so = { 0 };
	struct qeff_session *s;
	struct qeff_artefacts art;
	struct qeff_result res;

	if (qeff_build(&o, &art, &err))
		fail_msg("%s", err.msg);
	so.qpc_dir = art.qpc_dir;
	if (qeff_session_open(&so, &s, &err) ||
	    qeff_generate(s, &q, &res, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(c.calls, (TOKENS + prompt_len - 1) / prompt_len);
	qeff_result_release(&res);
	qeff_session_close(s);
	qeff_artefacts_release(&art);
}

static void check_model(struct model *m)
{
	char *dir = convert(m), *cache;

	if (!dir)
		skip();
	cache = temp_dir();
	check_card(m, dir, cache, 1);
	check_card(m, dir, cache, 3);
	drop_dir(cache);
	drop_dir(dir);
}

static void test_baichuan(void **state)
{
	struct model m = {
		.file = "models/baichuan-7b/baichuan7b_model.data",
		.config = "{\"architectures\":[\"BaiChuanForCausalLM\"],"
			"\"vocab_size\":32,\"hidden_size\":32,"
			"\"num_hidden_layers\":1,\"num_attention_heads\":8,"
			"\"intermediate_size\":96,\"rms_norm_eps\":1e-6,"
			"\"max_position_embeddings\":64,"
			"\"tie_word_embeddings\":false}",
		.weights = baichuan,
	};

	check_model(&m);
}

static void test_chatglm2(void **state)
{
	struct model m = {
		.file = "models/chatglm2/glm2_model.data",
		.config = "{\"architectures\":[\"ChatGLMModel\"],"
			"\"padded_vocab_size\":32,\"hidden_size\":32,"
			"\"num_layers\":1,\"num_attention_heads\":8,"
			"\"kv_channels\":4,\"ffn_hidden_size\":48,"
			"\"layernorm_epsilon\":1e-5,\"seq_length\":64,"
			"\"multi_query_attention\":true,"
			"\"multi_query_group_num\":2,\"add_qkv_bias\":true}",
		.weights = chatglm,
	};

	check_model(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_baichuan),
		cmocka_unit_test(test_chatglm2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
